-- Every payment's state is one of those that 000002 lists. A migration of its own: it reads the whole table, and only
-- without the lock that adding the constraint takes do payments go on meanwhile.
--
-- Old code runs beside it.

alter table payments validate constraint payments_state_check;
