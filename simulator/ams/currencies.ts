/**
 * The currencies of AMS: their decimals on the wire, which are not ISO 4217's everywhere (IDR and TWD have 2), and what one
 * whole unit is worth in millionths of a yuan. The rates are fixed, so that a test knows what its payer will be charged.
 */
const currencies = {
  AUD: { decimals: 2, worth: 4_700_000n },
  BDT: { decimals: 2, worth: 59_000n },
  BRL: { decimals: 2, worth: 1_300_000n },
  CAD: { decimals: 2, worth: 5_200_000n },
  CLP: { decimals: 0, worth: 7_500n },
  CNY: { decimals: 2, worth: 1_000_000n },
  EUR: { decimals: 2, worth: 7_800_000n },
  GBP: { decimals: 2, worth: 9_200_000n },
  HKD: { decimals: 2, worth: 923_000n },
  IDR: { decimals: 2, worth: 440n },
  JPY: { decimals: 0, worth: 48_000n },
  KRW: { decimals: 0, worth: 5_200n },
  MXN: { decimals: 2, worth: 380_000n },
  MYR: { decimals: 2, worth: 1_600_000n },
  NZD: { decimals: 2, worth: 4_200_000n },
  PEN: { decimals: 2, worth: 1_950_000n },
  PHP: { decimals: 2, worth: 125_000n },
  PKR: { decimals: 2, worth: 25_500n },
  PLN: { decimals: 2, worth: 1_850_000n },
  SGD: { decimals: 2, worth: 5_400_000n },
  THB: { decimals: 2, worth: 205_000n },
  TWD: { decimals: 2, worth: 222_000n },
  USD: { decimals: 2, worth: 7_200_000n },
  VND: { decimals: 0, worth: 284n },
} as const satisfies Record<string, { readonly decimals: 0 | 2; readonly worth: bigint }>;

export type AmsCurrency = keyof typeof currencies;

export const amsCurrencies = Object.keys(currencies) as readonly AmsCurrency[];

export function isAmsCurrency(text: string): text is AmsCurrency {
  return Object.hasOwn(currencies, text);
}

function currencyOf(code: string): { readonly decimals: 0 | 2; readonly worth: bigint } {
  if (!isAmsCurrency(code)) throw new Error(`${code} is no currency of AMS`);
  return currencies[code];
}

/** `amountMinor` of one currency in minor units of another, rounded half up, never less than one. */
export function convert(amountMinor: bigint, from: string, to: string): bigint {
  if (from === to) return amountMinor;
  const [source, target] = [currencyOf(from), currencyOf(to)];
  const over = amountMinor * source.worth * 10n ** BigInt(target.decimals);
  const under = target.worth * 10n ** BigInt(source.decimals);
  const converted = (2n * over + under) / (2n * under);
  return converted > 0n ? converted : 1n;
}

/** For people: `USD 5.99`, `JPY 599`. */
export function printMoney(amountMinor: bigint, code: string): string {
  const { decimals } = currencyOf(code);
  if (decimals === 0) return `${code} ${amountMinor}`;
  const digits = amountMinor.toString().padStart(decimals + 1, '0');
  return `${code} ${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
