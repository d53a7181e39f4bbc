import { type Money, minorUnitDigits } from '../../domain/money.ts';

/** An amount on the wire: minor units as a string of digits. */
export interface WireAmount {
  readonly currency: string;
  readonly value: string;
}

/**
 * `{currency, value}` as AMS writes amounts: USD 5.99 and JPY 599 are both `599`. Rule PAY-07.
 * @throws RangeError for what is not positive or has more than sixteen digits.
 */
export function printAmount(amount: Money): WireAmount {
  const value = amount.minor.toString();
  if (amount.minor <= 0n || value.length > 16) {
    throw new RangeError(`${value} minor units of ${amount.currency} cannot be sent`);
  }
  return { currency: amount.currency, value };
}

/**
 * Inverse of {@link printAmount}. `null` for a number instead of a string, a sign, a point, a leading zero, more than
 * sixteen digits or a currency that ISO 4217 does not list: such an amount is never guessed.
 */
export function readAmount(value: unknown): Money | null {
  if (typeof value !== 'object' || value === null) return null;
  const { currency, value: digits } = value as Readonly<Record<string, unknown>>;
  if (typeof currency !== 'string' || minorUnitDigits(currency) === null) return null;
  if (typeof digits !== 'string' || !/^[1-9]\d{0,15}$/.test(digits)) return null;
  return { currency, minor: BigInt(digits) };
}
