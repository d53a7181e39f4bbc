-- Every delivery's state is one of those that 000009 lists. A migration of its own: it reads the whole table, and only
-- without the lock that adding the constraint takes do deliveries go on meanwhile.
--
-- Old code runs beside it.

alter table deliveries validate constraint deliveries_state_check;
