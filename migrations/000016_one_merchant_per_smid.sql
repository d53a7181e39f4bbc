-- One sub-merchant id is one merchant, in whatever currency, and at alipay_open through whatever account: there it is the wallet's
-- own number of the merchant. The index alone takes an id twice when the currencies differ, or the accounts.
--
-- Old code runs beside it, and is refused by the same name as before. What is shared already stays until it is bound anew.

create index wallet_bindings_of_smid on wallet_bindings (wallet, sub_merchant_id) where sub_merchant_id is not null;

create function keep_smids_apart() returns trigger language plpgsql as $$
begin
  if new.sub_merchant_id is null then
    return new;
  end if;
  -- Two merchants that are bound at once do not see each other's rows: they take turns.
  perform pg_advisory_xact_lock(hashtext('shoudan smid ' || new.wallet || ' ' || new.sub_merchant_id));
  if exists (
    select from wallet_bindings b
    where b.wallet = new.wallet and b.sub_merchant_id = new.sub_merchant_id and b.merchant_id <> new.merchant_id
      and (b.account = new.account or new.wallet = 'alipay_open')
  ) then
    raise exception 'sub-merchant % of % belongs to another merchant', new.sub_merchant_id, new.wallet
      using errcode = 'unique_violation', constraint = 'wallet_bindings_one_merchant_per_smid', table = 'wallet_bindings';
  end if;
  return new;
end $$;
create trigger wallet_bindings_one_merchant_per_smid before insert or update of account, sub_merchant_id on wallet_bindings
  for each row execute function keep_smids_apart();
