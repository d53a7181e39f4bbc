import { formatDecimal, type Money, parseDecimal } from '../../domain/money.ts';

/**
 * An amount as the Open Platform writes it: yuan with two digits, `88.88`. Rule PAY-07.
 * @throws RangeError for another currency or a negative amount, which nothing may have let through to here.
 */
export function printYuan(amount: Money): string {
  if (amount.currency !== 'CNY') throw new RangeError(`the Open Platform takes CNY, not ${amount.currency}`);
  if (amount.minor < 0n) throw new RangeError(`an amount of ${amount.minor} fen cannot be sent`);
  return formatDecimal(amount);
}

/** Inverse of {@link printYuan}, exact; `null` when it is no plain decimal of at most two digits. */
export function readYuan(text: string): Money | null {
  return parseDecimal('CNY', text);
}
