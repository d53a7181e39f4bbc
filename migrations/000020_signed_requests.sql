-- Keys whose requests are signed (RFC 9421): who may sign them, whether they must be, and what was signed already.
--
-- Expands only: old code runs beside it, and asks for no signature until it has ended.

alter table api_keys
  add column signature_required boolean not null default false;

alter table channel_keys
  -- As in api_keys.
  add column signature_required boolean not null default false;

create table request_signers (
  -- In api_keys or in channel_keys.
  key_hash          bytea not null check (length(key_hash) = 32),
  -- What signatures call it.
  keyid             text not null check (keyid ~ '^[0-9A-Za-z._:-]{1,64}$'),
  -- PEM.
  public_key        text not null,
  created_at        timestamptz not null default clock_timestamp(),
  -- It stays, so that nobody else is ever called the same.
  removed_at        timestamptz,
  primary key (key_hash, keyid)
);

-- Each was signed with once, and is forgotten when no signature of that time is taken any more. It is written before it is
-- known which merchant a request is for, so it lies by the key.
create table request_nonces (
  key_hash          bytea not null check (length(key_hash) = 32),
  nonce             text not null check (length(nonce) between 1 and 256),
  used_at           timestamptz not null default clock_timestamp(),
  primary key (key_hash, nonce)
);
create index request_nonces_by_age on request_nonces (used_at);
