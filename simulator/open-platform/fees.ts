/**
 * Fee in fen, rounded half up; a result below one fen is no fee. The same rounding serves the fee taken and the fee given back.
 */
export function feeOn(amountMinor: bigint, ratePpm: number): bigint {
  return (amountMinor * BigInt(ratePpm) + 500_000n) / 1_000_000n;
}

/** Fee that goes back with a refund. The refund that completes the order brings back all that is left of the fee. */
export function feeReturnedOn(
  refundMinor: bigint,
  ratePpm: number,
  feeLeftMinor: bigint,
  completes: boolean,
): bigint {
  if (completes) return feeLeftMinor;
  const fee = feeOn(refundMinor, ratePpm);
  return fee < feeLeftMinor ? fee : feeLeftMinor;
}
