-- The seller that a wallet account's notifications name.
--
-- Expands only: old code runs beside it, and compares no seller.

alter table wallet_accounts
  -- The wallet's number of whoever is paid; null: not compared.
  add column seller_id text check (seller_id ~ '^\d{16}$');
