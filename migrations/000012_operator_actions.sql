-- What operators have done, for good; and what whoever is alerted needs: the last answers of what is in trouble, and whom to
-- call about a wallet account.
--
-- Expands only: old code runs beside it. What it does for an operator leaves no row, and it keeps no answers.

-- One row per action, written in the transaction of the change itself.
create table operator_actions (
  id                bigint generated always as identity primary key,
  acted_at          timestamptz not null default clock_timestamp(),
  -- Who says to have done it.
  acted_by          text not null check (length(acted_by) between 1 and 100),
  -- By what: the command line.
  means             text not null check (means ~ '^[a-z_]{1,32}$'),
  action            text not null,
  -- Null: no single merchant's.
  merchant_id       text,
  subject           text not null,
  subject_id        text not null,
  -- What was written down: evidence, a reason, what was found.
  note              text,
  -- What was changed, without secrets. Before: null for what is new.
  before            jsonb,
  after             jsonb
);
create index operator_actions_of_merchant on operator_actions (merchant_id, id);
create index operator_actions_of_subject on operator_actions (subject_id, id);
create index operator_actions_by_age on operator_actions (acted_at);

-- Nobody takes an action back out of the log, or makes another of it.
create function keep_operator_actions() returns trigger language plpgsql as $$
begin
  raise exception 'operator_actions is append-only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger operator_actions_append_only before update or delete or truncate on operator_actions
  for each statement execute function keep_operator_actions();

-- Answers of payments and refunds in trouble, the last few of each: the bytes sealed, kept shortly, for people who must look.
create table kept_answers (
  merchant_id       text not null,
  payment_id        text not null,
  received_at       timestamptz not null default clock_timestamp(),
  -- Null: of a call that was made for the payment itself.
  refund_id         text,
  call              text not null,
  -- Its kind, or why it is none.
  answer            text not null,
  wallet_code       text,
  sealed_bytes      bytea not null,
  primary key (merchant_id, payment_id, received_at)
);
create index kept_answers_by_age on kept_answers (received_at);

alter table wallet_accounts
  -- Whom to call at the wallet, as people have written it down.
  add column support_contact text check (length(support_contact) between 1 and 200);
