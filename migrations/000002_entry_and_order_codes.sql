-- A second wallet, entry codes and order codes, and wallets' notifications.
--
-- Expands only: old code runs beside it, as long as no payment of the new products is made.

alter table merchants
  -- ISO 18245; a wallet that wants it refuses payments without.
  add column mcc text check (mcc ~ '^\d{4}$'),
  -- Where this merchant shows order codes; null: nowhere, anybody who sees one can pay it.
  add column order_code_scene text,
  add column order_code_expiry_ms integer check (order_code_expiry_ms between 60000 and 7200000),
  add check ((order_code_scene is null) = (order_code_expiry_ms is null));

alter table stores
  add column mcc text check (mcc ~ '^\d{4}$');

-- Codes that hang in shops. Never deleted: one that was printed can be scanned for years.
create table entry_codes (
  merchant_id       text not null,
  code              text not null check (code ~ '^[0-9A-HJKMNP-TV-Z]{20}$'),
  store_id          text not null,
  currency          text not null check (currency ~ '^[A-Z]{3}$'),
  created_at        timestamptz not null default clock_timestamp(),
  disabled_at       timestamptz,
  primary key (merchant_id, code),
  foreign key (merchant_id, store_id) references stores
);

alter table payments
  -- The URL or code of an entry or order code, as the wallet issued it.
  add column payer_action       jsonb,
  add column payer_active_until timestamptz,
  add column paid_at            timestamptz,
  add column refund_ids_spent   smallint not null default 0,
  add column refund_id_doubted  boolean not null default false,
  drop constraint payments_state_check,
  add constraint payments_state_check
    check (state in ('submitted', 'issued', 'awaiting_payer', 'unknown', 'succeeded', 'failed', 'reversing',
                     'cancelled_provisionally', 'cancelled')) not valid;

-- Signed notifications of payments that this database does not know: after a restore the wallet may.
create table stray_notifications (
  wallet             text not null,
  account            text not null,
  payment_request_id text not null,
  says               text not null,
  times              integer not null default 1,
  sealed_bytes       bytea not null,
  created_at         timestamptz not null default clock_timestamp(),
  last_at            timestamptz not null default clock_timestamp(),
  primary key (wallet, account, payment_request_id, says)
);

-- Notifications whose signature does not hold: the bytes sealed, kept shortly, for people who must look.
create table untrusted_notifications (
  id                bigint generated always as identity primary key,
  wallet            text not null,
  account           text not null,
  received_at       timestamptz not null default clock_timestamp(),
  detail            text not null,
  sealed_bytes      bytea not null
);
create index untrusted_notifications_by_age on untrusted_notifications (received_at);
