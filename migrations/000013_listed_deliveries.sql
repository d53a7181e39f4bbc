-- Deliveries in the order that they were made, which is how they are listed, and those that wait for a person by their
-- endpoint. Without these every list and every enabling reads the whole table.
--
-- Old code runs beside it. While an index is built, deliveries cannot be written: two to three seconds for a million rows. Whoever
-- cannot spare these builds the indexes of each month beforehand, concurrently; this then takes them over.

create index deliveries_by_age on deliveries (created_at, id);

create index deliveries_given_up on deliveries (merchant_id, url, created_at, id)
  where state in ('held', 'exhausted');
