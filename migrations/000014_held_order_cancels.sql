-- Cancels of orders that no payment had come of when they were accepted. The order's own row keeps such a payment from ever
-- being sent; these are for people, since after a restore the payment may be one that this database has lost.
--
-- Expands only. Old code beside it closes orders without a row here.

create table held_order_cancels (
  merchant_id text not null,
  merchant_order_no text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (merchant_id, merchant_order_no)
);

create index held_order_cancels_by_age on held_order_cancels (created_at);
