-- How many requests a second a key may make.
--
-- Expands only: old code runs beside it and limits nobody.

alter table api_keys
  -- Null: what every key may, by the gateway's setting.
  add column requests_per_s integer check (requests_per_s between 1 and 100000);

alter table channel_keys
  -- As in api_keys.
  add column requests_per_s integer check (requests_per_s between 1 and 100000);
