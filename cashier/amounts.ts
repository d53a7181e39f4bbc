/** How amounts of one currency are written on a page. */
export interface CurrencyForm {
  /** ISO 4217. */
  readonly code: string;
  /** Digits of the minor unit. */
  readonly decimals: number;
  /** Digits after the point that a payer may type: fewer where no smaller money circulates (IDR: 0). */
  readonly typedDecimals: number;
}

export type AmountFault = 'missing' | 'not_an_amount' | 'zero' | 'too_many_decimals' | 'too_large';

export type AmountRead =
  | { readonly kind: 'amount'; readonly minor: bigint }
  | { readonly kind: 'fault'; readonly fault: AmountFault };

/** The currency's form, for amounts that are multiples of `stepMinor`. */
export function currencyForm(code: string, decimals: number, stepMinor: bigint): CurrencyForm {
  let typedDecimals = decimals;
  for (let step = stepMinor; typedDecimals > 0 && step > 1n && step % 10n === 0n; step /= 10n)
    typedDecimals -= 1;
  return { code, decimals, typedDecimals };
}

/**
 * Minor units as people read them: `1,234.50`. Digits that nobody can type are shown only where they are not zero.
 * Negative amounts do not come up on these pages.
 */
export function amountText(minor: bigint, form: CurrencyForm): string {
  const digits = minor.toString().padStart(form.decimals + 1, '0');
  const whole = digits.slice(0, digits.length - form.decimals).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.slice(digits.length - form.decimals);
  const idle = fraction.slice(form.typedDecimals);
  const shown = /^0*$/.test(idle) ? fraction.slice(0, form.typedDecimals) : fraction;
  return shown === '' ? whole : `${whole}.${shown}`;
}

/** The same with its currency in front: `CNY 1,234.50`, on one line. */
export function moneyText(minor: bigint, form: CurrencyForm): string {
  return `${form.code}\u00a0${amountText(minor, form)}`;
}

/**
 * Reads what a payer typed: `12`, `12.3`, `12.34`, `.5`, in full-width digits too. Exact; what is no amount is never
 * turned into one, so no other sign is taken for a digit: `10²` is not 102. A comma counts as the point only where it
 * can mean nothing else. PAY-07.
 */
export function readAmount(typed: string, form: CurrencyForm, maxMinor: bigint): AmountRead {
  const text = typed.trim().replace(/[０-９．，]/g, halfWidth);
  if (text === '') return fault('missing');
  const match = /^(\d{0,15})(?:[.,](\d{0,15}))?$/.exec(text);
  if (match === null) return /^\d{16,30}$/.test(text) ? fault('too_large') : fault('not_an_amount');
  const [, whole = '', fraction = ''] = match;
  if (whole === '' && fraction === '') return fault('not_an_amount');
  if (text.includes(',') && (form.typedDecimals === 0 || fraction.length > 2)) return fault('not_an_amount');
  if (fraction.length > form.typedDecimals) return fault('too_many_decimals');
  const minor = BigInt(whole + fraction.padEnd(form.decimals, '0'));
  if (minor === 0n) return fault('zero');
  return minor > maxMinor ? fault('too_large') : { kind: 'amount', minor };
}

/** What a Chinese keyboard types: the same sign, as wide as the characters beside it. */
function halfWidth(sign: string): string {
  return String.fromCharCode(sign.charCodeAt(0) - 0xfee0);
}

function fault(name: AmountFault): AmountRead {
  return { kind: 'fault', fault: name };
}
