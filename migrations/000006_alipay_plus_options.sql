-- What a contract with Alipay+ may add to an account: which settlement contract, which region, which of its keys.
--
-- Expands only: old code runs beside it, and sends none of them.

alter table wallet_accounts
  -- Null: the wallet chooses, since there is one settlement contract.
  add column settlement_currency text check (settlement_currency ~ '^[A-Z]{3}$'),
  -- Null: a gateway that asks for none.
  add column merchant_region text check (merchant_region ~ '^[A-Z]{2}$'),
  -- Null: the client's first key.
  add column key_version integer check (key_version between 1 and 999999999),
  add check (wallet = 'alipay_plus'
             or (settlement_currency is null and merchant_region is null and key_version is null));
