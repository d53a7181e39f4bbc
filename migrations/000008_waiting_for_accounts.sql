-- Steps whose wallet account does not answer, so that they can be brought forward when it does again: which account, and
-- when the usual cancel window ends, by which they are put in order. Any version that is recorded ends the wait.
--
-- Expands only: old code runs beside it, and leaves a mark standing that is cleared at the next version which new code records.

alter table payments
  add column waits_for text,
  add column window_ends_at timestamptz,
  add check ((waits_for is null) = (window_ends_at is null));

alter table refunds
  add column waits_for text,
  add column window_ends_at timestamptz,
  add check ((waits_for is null) = (window_ends_at is null));

create index payments_waiting_for_account on payments (waits_for, window_ends_at)
  where waits_for is not null and due_at is not null;

create index refunds_waiting_for_account on refunds (waits_for, window_ends_at)
  where waits_for is not null and due_at is not null;
