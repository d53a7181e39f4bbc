-- Cancels of payments that nobody here knows, on their way to the merchant's wallet accounts: one row for each account,
-- its own timer. The amount is the wallet's word, once it has shown that it knows the payment. Held cancels are cleared by
-- a person who has looked into them.
--
-- Expands only. Old code beside it keeps a cancel in held_cancels alone; housekeeping sends those off as this migration
-- does with what is held already.

create table stray_cancels (
  merchant_id text not null,
  id text not null,
  payment_request_id text not null,
  wallet text not null,
  account text not null,
  currency text,
  amount bigint check (amount > 0),
  state text not null check (state in ('reversing', 'cancelled_provisionally', 'cancelled')),
  reversal_state text not null
    check (reversal_state in ('cancelling', 'settling', 'refunding', 'watching', 'effected', 'baseless')),
  refund_instead boolean not null default false,
  refund_ids_spent smallint not null default 0,
  refund_id_doubted boolean not null default false,
  known_to_wallet boolean not null default false,
  paid_evidence boolean not null default false,
  wallet_transaction_id text,
  cancelled_by text,
  next_step text,
  due_at timestamptz,
  tries integer not null default 0,
  attention text,
  attention_since timestamptz,
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  lease_until timestamptz,
  waits_for text,
  window_ends_at timestamptz,
  primary key (merchant_id, id),
  foreign key (merchant_id, payment_request_id) references held_cancels (merchant_id, payment_request_id),
  check ((currency is null) = (amount is null)),
  check ((next_step is null) = (due_at is null)),
  check (state = 'cancelled' or due_at is not null),
  check ((waits_for is null) = (window_ends_at is null))
);

create index stray_cancels_of_request on stray_cancels (payment_request_id, merchant_id);

create index stray_cancels_due on stray_cancels (due_at) where due_at is not null;

create index stray_cancels_waiting_for_account on stray_cancels (waits_for, window_ends_at)
  where waits_for is not null and due_at is not null;

alter table held_cancels
  add column cleared_at timestamptz,
  add column cleared_note text,
  add check ((cleared_at is null) = (cleared_note is null));

create index held_cancels_open on held_cancels (created_at) where cleared_at is null;

insert into stray_cancels (
  merchant_id, id, payment_request_id, wallet, account, state, reversal_state, next_step, due_at, version, created_at,
  updated_at)
select distinct h.merchant_id, h.payment_request_id || '@' || b.wallet || '/' || b.account, h.payment_request_id,
       b.wallet, b.account, 'reversing', 'cancelling', 'cancel', clock_timestamp(), 1, h.created_at, h.created_at
from held_cancels h join wallet_bindings b on b.merchant_id = h.merchant_id;
