/**
 * The Open Platform writes amounts as yuan with at most two decimals; the simulator counts fen.
 * Exact both ways, no floating point. Rule PAY-07.
 */

const yuanText = /^(\d{1,12})(?:\.(\d{1,2}))?$/;

/** Fen of a yuan text such as `88.88`, `88.8` or `88`; `null` for anything else (signs, exponents, a third decimal). */
export function fenOfYuan(text: string): bigint | null {
  const match = yuanText.exec(text);
  if (match === null) return null;
  const [, yuan = '0', decimals = ''] = match;
  return BigInt(yuan) * 100n + BigInt(decimals.padEnd(2, '0'));
}

/** Yuan text with two decimals. A negative amount is our own mistake. */
export function yuanOfFen(fen: bigint): string {
  if (fen < 0n) throw new RangeError(`an amount on the wire is never negative: ${fen} fen`);
  return `${fen / 100n}.${(fen % 100n).toString().padStart(2, '0')}`;
}
