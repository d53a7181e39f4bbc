-- A stray notification that somebody has looked into, and what was found.
--
-- Expands only: old code runs beside it, and goes on showing what is cleared.

alter table stray_notifications
  add column cleared_at timestamptz,
  add column cleared_note text,
  add check ((cleared_at is null) = (cleared_note is null));
