-- Merchants' endpoints that fail, and deliveries that are held while one is disabled.
--
-- Expands only: old code runs beside it. It goes on sending to an endpoint that is disabled, and leaves what is held.

-- One row per merchant and URL, from the first try that failed until one succeeds. Endpoints that work have none.
create table endpoints (
  merchant_id       text not null,
  url               text not null,
  failing_since     timestamptz not null,
  failures          integer not null,
  last_failure      text not null,
  -- Nothing is sent to it until somebody enables it.
  disabled_at       timestamptz,
  primary key (merchant_id, url)
);

alter table deliveries
  drop constraint deliveries_state_check,
  add constraint deliveries_state_check
    check (state in ('pending', 'delivered', 'withdrawn', 'exhausted', 'held')) not valid;
