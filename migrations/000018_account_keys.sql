-- Several keys of a wallet account side by side, so that ours and the wallet's can be changed while payments go on.
--
-- Expands only: old code runs beside it. The columns of wallet_accounts stay what signs and what is verified with; old code
-- knows no other key, and a trigger keeps what it changes there in step here.

create table wallet_account_keys (
  wallet            text not null,
  account           text not null,
  -- Whose key pair it is: ours, which signs what we send, or the wallet's, which verifies what it says.
  holder            text not null check (holder in ('ours', 'wallet')),
  -- Of ours at alipay_plus what the signature header names; elsewhere a number to call it by.
  version           integer not null check (version between 1 and 999999999),
  state             text not null check (state in ('signing', 'accepted', 'retired')),
  -- Sealed, as wallet_accounts.private_key is: ours, until it is retired.
  private_key       bytea,
  -- PEM: of the wallet, and what is left of ours that is retired (null: it could not be unsealed).
  public_key        text,
  created_at        timestamptz not null default clock_timestamp(),
  changed_at        timestamptz not null default clock_timestamp(),
  primary key (wallet, account, holder, version),
  foreign key (wallet, account) references wallet_accounts on delete cascade,
  check (holder = 'ours' or state <> 'signing'),
  check ((private_key is not null) = (holder = 'ours' and state <> 'retired')),
  check (private_key is null or public_key is null),
  check (holder = 'ours' or public_key is not null)
);
-- One key signs.
create unique index wallet_account_keys_signing on wallet_account_keys (wallet, account) where state = 'signing';

-- What stands in wallet_accounts is the key that signs and a key that is accepted, whoever has written it.
create function keep_account_keys() returns trigger language plpgsql as $$
declare
  signing integer;
begin
  if tg_op = 'INSERT' or new.private_key <> old.private_key or new.key_version is distinct from old.key_version then
    signing := coalesce(new.key_version, case new.wallet when 'alipay_plus' then 1 else (
      select version from wallet_account_keys where wallet = new.wallet and account = new.name and state = 'signing'
    ) end, 1);
    update wallet_account_keys set state = 'accepted', changed_at = clock_timestamp()
    where wallet = new.wallet and account = new.name and state = 'signing' and version <> signing;
    insert into wallet_account_keys as known (wallet, account, holder, version, state, private_key)
    values (new.wallet, new.name, 'ours', signing, 'signing', new.private_key)
    on conflict (wallet, account, holder, version) do update
      set state = 'signing', private_key = excluded.private_key, public_key = null,
        created_at = case when known.private_key = excluded.private_key then known.created_at else clock_timestamp() end,
        changed_at = clock_timestamp()
      where known.state <> 'signing' or known.private_key <> excluded.private_key;
  end if;
  if tg_op = 'INSERT' or new.wallet_public_key <> old.wallet_public_key then
    if tg_op = 'UPDATE' then
      update wallet_account_keys set state = 'retired', changed_at = clock_timestamp()
      where wallet = new.wallet and account = new.name and holder = 'wallet' and state = 'accepted'
        and public_key = old.wallet_public_key;
    end if;
    insert into wallet_account_keys (wallet, account, holder, version, state, public_key)
    select new.wallet, new.name, 'wallet', coalesce(max(version), 0) + 1, 'accepted', new.wallet_public_key
    from wallet_account_keys where wallet = new.wallet and account = new.name and holder = 'wallet'
    having not coalesce(bool_or(state = 'accepted' and public_key = new.wallet_public_key), false);
  end if;
  return null;
end $$;
create trigger wallet_accounts_keys after insert or update on wallet_accounts
  for each row execute function keep_account_keys();

insert into wallet_account_keys (wallet, account, holder, version, state, private_key, created_at)
select wallet, name, 'ours', coalesce(key_version, 1), 'signing', private_key, created_at from wallet_accounts;
insert into wallet_account_keys (wallet, account, holder, version, state, public_key, created_at)
select wallet, name, 'wallet', 1, 'accepted', wallet_public_key, created_at from wallet_accounts;
