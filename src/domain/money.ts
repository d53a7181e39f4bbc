import currencyCodes from 'currency-codes';

/**
 * An amount of money: an integer of the currency's minor unit (fen, cents; yen for JPY) and an
 * ISO 4217 alphabetic code. No floating point anywhere. Rule PAY-07.
 */
export interface Money {
  readonly currency: string;
  readonly minor: bigint;
}

const exponents: ReadonlyMap<string, number> = new Map(
  currencyCodes.data.map((entry) => [entry.code, entry.digits] as const),
);

/** Digits after the decimal point of a currency (ISO 4217), or `null` for a code that ISO does not list. */
export function minorUnitDigits(currency: string): number | null {
  return exponents.get(currency) ?? null;
}

export function money(currency: string, minor: bigint): Money {
  if (!exponents.has(currency)) throw new RangeError(`${currency} is not an ISO 4217 currency`);
  return { currency, minor };
}

export function sameMoney(a: Money, b: Money): boolean {
  return a.currency === b.currency && a.minor === b.minor;
}

/** a + b. Both must be of one currency: mixing them is our own mistake, so it throws. */
export function addMoney(a: Money, b: Money): Money {
  requireSameCurrency(a, b);
  return { currency: a.currency, minor: a.minor + b.minor };
}

/** a − b; may be negative. Both must be of one currency. */
export function subtractMoney(a: Money, b: Money): Money {
  requireSameCurrency(a, b);
  return { currency: a.currency, minor: a.minor - b.minor };
}

/**
 * The amount as a decimal string in major units with exactly the currency's digits: CNY 8888 → `88.88`,
 * JPY 599 → `599`. Exact; the inverse of {@link parseDecimal}.
 */
export function formatDecimal(amount: Money): string {
  const digits = requireDigits(amount.currency);
  const sign = amount.minor < 0n ? '-' : '';
  const text = (amount.minor < 0n ? -amount.minor : amount.minor).toString().padStart(digits + 1, '0');
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/**
 * Reads a decimal string in major units (`88.88`, `88.8`, `88`) exactly. `null` when it is not a plain decimal
 * or has more digits than the currency: a wallet's amount that cannot be read is never rounded into one that can.
 */
export function parseDecimal(currency: string, text: string): Money | null {
  const digits = requireDigits(currency);
  const match = /^(-?)(\d{1,18})(?:\.(\d+))?$/.exec(text);
  if (match === null) return null;
  const fraction = match[3] ?? '';
  if (fraction.length > digits && /[^0]/.test(fraction.slice(digits))) return null;
  const minor = BigInt((match[2] ?? '') + fraction.slice(0, digits).padEnd(digits, '0'));
  return { currency, minor: match[1] === '-' ? -minor : minor };
}

function requireDigits(currency: string): number {
  const digits = minorUnitDigits(currency);
  if (digits === null) throw new RangeError(`${currency} is not an ISO 4217 currency`);
  return digits;
}

function requireSameCurrency(a: Money, b: Money): void {
  if (a.currency !== b.currency) throw new RangeError(`${a.currency} and ${b.currency} cannot be combined`);
}
