-- Channels, who bring merchants to the acquirer, as a tree of any depth; keys that speak for a branch of it; who brought each
-- merchant; and when a key was last used.
--
-- Expands only: old code runs beside it. Merchants that are there stay the acquirer's own. Keys of channels lie in a table
-- of their own, since old code takes every key of api_keys that names no merchant for the acquirer's.

create table channels (
  id                text primary key check (id ~ '^[0-9A-Za-z]{1,32}$'),
  name              text not null check (length(name) between 1 and 256),
  -- Null: directly below the acquirer.
  parent            text references channels,
  -- Its number at the wallet (PID): the source of the merchants that it brings.
  source            text not null check (source ~ '^\d{16}$'),
  created_at        timestamptz not null default clock_timestamp(),
  -- Nothing is put below it any more, and no key speaks for it.
  closed_at         timestamptz
);
create index channels_of_parent on channels (parent);

-- No channel is ever below itself. Two moves at once may each be fine and make a ring together, so they take turns.
create function keep_channels_a_tree() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('shoudan channels'));
  if new.parent = new.id or exists (
    with recursive above as (
      select id, parent from channels where id = new.parent
      union
      select c.id, c.parent from channels c join above on c.id = above.parent
    )
    select from above where id = new.id
  ) then
    raise exception 'channel % cannot be below itself', new.id
      using errcode = 'check_violation', constraint = 'channels_are_a_tree', table = 'channels';
  end if;
  return new;
end $$;
create trigger channels_are_a_tree before insert or update of parent on channels
  for each row execute function keep_channels_a_tree();

alter table merchants
  -- Who brought it; null: the acquirer itself.
  add column channel_id text references channels;
create index merchants_of_channel on merchants (channel_id);

alter table wallet_bindings
  -- The PID that is told to the wallet as who brought the merchant; null where the wallet asks for none, and until it is known.
  add column source text check (source ~ '^\d{16}$');

alter table api_keys
  -- Written once a minute at most.
  add column last_used_at timestamptz;

create table channel_keys (
  -- As in api_keys.
  key_hash          bytea primary key check (length(key_hash) = 32),
  channel_id        text not null references channels,
  label             text not null,
  created_at        timestamptz not null default clock_timestamp(),
  revoked_at        timestamptz,
  last_used_at      timestamptz
);
