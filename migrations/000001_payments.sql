-- The first schema: who takes payments, the payments themselves, and what merchants are told.
--
-- Every table that grows with traffic has merchant_id first in its primary key and every hot statement names it,
-- so that the same tables can be spread over many machines by merchant. Money is bigint minor units beside its
-- currency. Payments, orders, refunds and keys are never dropped by age; events and deliveries are partitioned by
-- time so that old ones can be.

create table merchants (
  id                text primary key check (id ~ '^[0-9A-Za-z]{1,32}$'),
  -- Carried by every id made for the merchant; 35 bits fit seven characters of an id.
  short_no          bigint generated always as identity unique check (short_no < 34359738368),
  name              text not null,
  policy_override   jsonb not null default '{}',
  notify_url        text,
  -- The secret that signs deliveries, sealed under the master key.
  delivery_secret   bytea not null,
  created_at        timestamptz not null default clock_timestamp()
);

create table stores (
  merchant_id       text not null references merchants,
  id                text not null check (id ~ '^[0-9A-Za-z]{1,32}$'),
  name              text not null,
  created_at        timestamptz not null default clock_timestamp(),
  primary key (merchant_id, id)
);

create table terminals (
  merchant_id       text not null,
  store_id          text not null,
  id                text not null check (id ~ '^[0-9A-Za-z]{1,8}$'),
  created_at        timestamptz not null default clock_timestamp(),
  primary key (merchant_id, store_id, id),
  foreign key (merchant_id, store_id) references stores
);

create table wallet_accounts (
  wallet            text not null,
  name              text not null check (name ~ '^[0-9A-Za-z_-]{1,32}$'),
  gateway_url       text not null,
  app_id            text not null,
  -- Ours, sealed under the master key; the wallet's is public.
  private_key       bytea not null,
  wallet_public_key text not null,
  created_at        timestamptz not null default clock_timestamp(),
  updated_at        timestamptz not null default clock_timestamp(),
  primary key (wallet, name)
);

create table wallet_bindings (
  merchant_id       text not null references merchants,
  wallet            text not null,
  currency          text not null check (currency ~ '^[A-Z]{3}$'),
  account           text not null,
  sub_merchant_id   text,
  created_at        timestamptz not null default clock_timestamp(),
  primary key (merchant_id, wallet, currency),
  foreign key (wallet, account) references wallet_accounts
);

-- One smid is one merchant: sharing one between merchants gets all of them blocked by the wallet.
create unique index wallet_bindings_one_merchant_per_smid
  on wallet_bindings (wallet, account, sub_merchant_id, currency) where sub_merchant_id is not null;

create table api_keys (
  -- SHA-256 of the key: the key itself is shown once and kept nowhere.
  key_hash          bytea primary key check (length(key_hash) = 32),
  scope             text not null check (scope in ('acquirer', 'merchant')),
  merchant_id       text references merchants,
  label             text not null,
  created_at        timestamptz not null default clock_timestamp(),
  revoked_at        timestamptz,
  check ((scope = 'merchant') = (merchant_id is not null))
);

-- One row per business order. Its row lock is where a payment and a cancel of an order that nobody has seen yet
-- meet: both write it first, so one of them sees the other.
create table orders (
  merchant_id       text not null,
  merchant_order_no text not null,
  -- A cancel was accepted when no attempt was open or paid: no payment of this order is ever sent again.
  closed_at         timestamptz,
  -- How often a payment of it was asked for, refusals included. A second time without an idempotency key may be
  -- the late copy of the first, and is refused.
  requests          integer not null default 0,
  created_at        timestamptz not null default clock_timestamp(),
  primary key (merchant_id, merchant_order_no)
);

-- One attempt to pay an order. The row is its own timer: next_step falls due at due_at, and whoever holds an
-- unexpired lease acts on it.
create table payments (
  merchant_id           text not null,
  id                    text not null,
  merchant_order_no     text not null,
  wallet                text not null,
  account               text not null,
  product               text not null,
  currency              text not null,
  amount                bigint not null check (amount > 0),
  store_id              text not null,
  terminal_id           text not null,
  sub_merchant_id       text not null,
  subject               text not null,
  notify_url            text,
  metadata              jsonb not null,
  expires_at            timestamptz not null,
  created_at            timestamptz not null,

  state                 text not null,
  reversal_state        text,
  reversal_by           text,
  refund_instead        boolean not null default false,
  known_to_wallet       boolean not null default false,
  paid_evidence         boolean not null default false,
  wallet_transaction_id text,
  failure               jsonb,
  cancelled_by          text,
  refund_reserved       bigint not null default 0,
  refunded              bigint not null default 0,
  open_refunds          integer not null default 0 check (open_refunds >= 0),
  next_step             text,
  due_at                timestamptz,
  tries                 integer not null default 0,
  attention             text,
  attention_since       timestamptz,
  version               integer not null,
  updated_at            timestamptz not null,
  lease_until           timestamptz,
  refund_turn_at        timestamptz,

  primary key (merchant_id, id),
  foreign key (merchant_id, merchant_order_no) references orders,
  check (state in ('submitted', 'awaiting_payer', 'unknown', 'succeeded', 'failed', 'reversing',
                   'cancelled_provisionally', 'cancelled')),
  check (reversal_state in ('cancelling', 'settling', 'refunding', 'watching', 'effected', 'baseless')),
  check ((reversal_state is null) = (reversal_by is null)),
  check ((next_step is null) = (due_at is null)),
  -- Nothing open is ever forgotten: what is not final has a next step.
  check (state in ('succeeded', 'failed', 'cancelled') or due_at is not null),
  -- No race can give back more than was received.
  check (0 <= refunded and refunded <= refund_reserved and refund_reserved <= amount)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

-- Secondary indexes do not begin with merchant_id: on a young table the planner would take one of them by that
-- prefix for a look-up by primary key, keep the plan, and read all of a merchant's rows for years.

-- An order has at most one attempt that is not finally unpaid.
create unique index payments_one_holder_per_order on payments (merchant_order_no, merchant_id)
  where state not in ('failed', 'cancelled');
create index payments_of_order on payments (merchant_order_no, merchant_id, created_at);
-- The due loop's candidates; settled payments are not in it.
create index payments_due on payments (due_at) where due_at is not null;
create index payments_attention on payments (attention_since) where attention is not null;

create table refunds (
  merchant_id           text not null,
  id                    text not null,
  payment_id            text not null,
  merchant_refund_no    text,
  currency              text not null,
  amount                bigint not null check (amount > 0),
  reason                text,
  created_at            timestamptz not null,

  state                 text not null check (state in ('accepted', 'unknown', 'refused', 'succeeded', 'failed')),
  failure               jsonb,
  next_step             text,
  due_at                timestamptz,
  tries                 integer not null default 0,
  attention             text,
  attention_since       timestamptz,
  version               integer not null,
  updated_at            timestamptz not null,
  lease_until           timestamptz,

  primary key (merchant_id, id),
  foreign key (merchant_id, payment_id) references payments,
  check ((next_step is null) = (due_at is null)),
  check ((state in ('succeeded', 'failed')) = (due_at is null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

create unique index refunds_one_per_merchant_no on refunds (payment_id, merchant_id, merchant_refund_no)
  where merchant_refund_no is not null;
create index refunds_of_payment on refunds (payment_id, merchant_id, created_at);
create index refunds_due on refunds (due_at) where due_at is not null;

-- A caller's key for a request that may be repeated. Written in the transaction of what it asked for.
create table idempotency_keys (
  merchant_id       text not null,
  key               text not null,
  fingerprint       bytea not null,
  payment_id        text,
  refund_id         text,
  created_at        timestamptz not null default clock_timestamp(),
  primary key (merchant_id, key),
  check ((payment_id is null) <> (refund_id is null))
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Cancels that name an upstream id which this database does not know: after a restore the wallet may.
create table held_cancels (
  merchant_id        text not null,
  payment_request_id text not null,
  created_at         timestamptz not null default clock_timestamp(),
  primary key (merchant_id, payment_request_id)
);

-- What has happened, append-only.
create table payment_events (
  merchant_id       text not null,
  payment_id        text not null,
  version           integer not null,
  ordinal           smallint not null,
  type              text not null,
  data              jsonb not null,
  occurred_at       timestamptz not null,
  primary key (merchant_id, payment_id, version, ordinal, occurred_at)
) partition by range (occurred_at);
create table payment_events_rest partition of payment_events default;

-- What merchants are told, one row per message and URL.
create table deliveries (
  merchant_id       text not null,
  id                text not null,
  type              text not null,
  subject           text not null check (subject in ('payment', 'refund')),
  subject_id        text not null,
  payment_id        text not null,
  url               text not null,
  state             text not null check (state in ('pending', 'delivered', 'withdrawn', 'exhausted')),
  tries             integer not null default 0,
  last_failure      text,
  due_at            timestamptz,
  lease_until       timestamptz,
  created_at        timestamptz not null,
  ended_at          timestamptz,
  primary key (merchant_id, id, created_at),
  check ((state = 'pending') = (due_at is not null))
) partition by range (created_at);
create table deliveries_rest partition of deliveries default;
create index deliveries_due on deliveries (due_at) where due_at is not null;
create index deliveries_of_payment on deliveries (payment_id, merchant_id);

-- Answers that could not be trusted: the bytes sealed, kept shortly, for people who must look.
create table untrusted_answers (
  merchant_id       text not null,
  payment_id        text not null,
  received_at       timestamptz not null default clock_timestamp(),
  call              text not null,
  detail            text not null,
  sealed_bytes      bytea,
  primary key (merchant_id, payment_id, received_at)
);
create index untrusted_answers_by_age on untrusted_answers (received_at);

-- Which processes run the due loop, and that they are alive.
create table workers (
  id                text primary key,
  started_at        timestamptz not null default clock_timestamp(),
  seen_at           timestamptz not null default clock_timestamp()
);

-- Makes the month's partition of the tables that are kept by time. Called ahead of time by the migration and by
-- every worker; safe to call again and from several processes at once.
create function ensure_month_partitions(month date) returns void language plpgsql as $$
declare
  first_day date := date_trunc('month', month)::date;
  next_month date := (date_trunc('month', month) + interval '1 month')::date;
  parent text;
  child text;
begin
  perform pg_advisory_xact_lock(hashtext('shoudan partitions'));
  foreach parent in array array['payment_events', 'deliveries'] loop
    child := parent || '_' || to_char(first_day, 'YYYYMM');
    if to_regclass(child) is null then
      -- Months are UTC's, whatever the session's time zone.
      execute format('create table %I partition of %I for values from (%L) to (%L)',
                     child, parent, first_day || ' 00:00:00+00', next_month || ' 00:00:00+00');
    end if;
  end loop;
end $$;

select ensure_month_partitions(((clock_timestamp() at time zone 'UTC') + make_interval(months => ahead))::date)
from generate_series(0, 2) ahead;
