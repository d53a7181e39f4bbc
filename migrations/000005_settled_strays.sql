-- A stray notification that somebody has looked into, and what was found.
--
-- Expands only: old code runs beside it, and goes on showing what is settled.

alter table stray_notifications
  add column settled_at timestamptz,
  add column settled_note text,
  add check ((settled_at is null) = (settled_note is null));
