import type { PaymentPolicy, PolicyOverride, RetryPace } from './policy.ts';
import { timeOfText, timeText } from './time-text.ts';

/** What a figure counts. Times are milliseconds inside, amounts minor units of the payment's currency. */
export type FigureUnit = 'time' | 'count' | 'minor_units' | 'yes_or_no' | 'word';

/** `null`: nothing is said. */
export type FigureValue = number | bigint | boolean | string | null;

/** One figure of a policy under the name by which people set and read it. */
export interface PolicyFigure {
  readonly name: string;
  readonly field: keyof PaymentPolicy;
  /** Of a pace of repeating, which part. */
  readonly part: keyof RetryPace | null;
  readonly unit: FigureUnit;
  /** What it says, in a sentence. */
  readonly about: string;
  /** The rules that want it. */
  readonly rule: string;
}

/** Every figure that a policy has, in the order in which people read them. */
export const policyFigures: readonly PolicyFigure[] = [
  figure('pay_answer', 'payAnswerMs', 'time', 'RES-02', 'How long the answer to `pay` is awaited.'),
  figure(
    'call_limit',
    'callLimitMs',
    'time',
    'RES-04, RES-06',
    'Limit of an inquiry, cancel or refund call.',
  ),
  figure(
    'inquiry_interval',
    'inquiryIntervalMs',
    'time',
    'RES-03, RES-16',
    'Distance of inquiries while the outcome is unknown; for codes, while a payer is active.',
  ),
  figure('inquiry_count', 'inquiryCount', 'count', 'RES-03', 'Inquiries until a payment code is given up.'),
  figure('gives_up_at', 'givesUpAt', 'word', 'RES-05, RES-16', 'When a payment without a result is undone.'),
  figure(
    'idle_inquiry_interval',
    'idleInquiryIntervalMs',
    'time',
    'RES-16',
    'Distance of inquiries while no payer is seen.',
  ),
  figure(
    'payer_active',
    'payerActiveMs',
    'time',
    'RES-16',
    'How long after its last sign a payer counts as active.',
  ),
  figure(
    'cancels_failed',
    'cancelsFailed',
    'yes_or_no',
    'RES-04',
    'Whether one cancel is sent after the wallet’s word that a payment failed.',
  ),
  ...pace('cancel_retry', 'cancelRetry', 'RES-06', 'a cancel without a clear answer'),
  ...pace('refund_retry', 'refundRetry', 'RES-12', 'a refund without a clear answer'),
  figure(
    'refund_spacing',
    'refundSpacingMs',
    'time',
    'RES-12',
    'Least distance of two refund calls of one payment.',
  ),
  figure(
    'refund_inquiry_delay',
    'refundInquiryDelayMs',
    'time',
    'RES-12',
    'How long after a refund call its inquiry is asked, at the soonest.',
  ),
  ...pace(
    'watch_retry',
    'watchRetry',
    'RES-20',
    'the inquiry and cancel of a provisionally cancelled payment',
  ),
  figure(
    'expiry_grace',
    'expiryGraceMs',
    'time',
    'RES-20',
    'How long after the sent expiry a delayed call is still feared.',
  ),
  figure(
    'code_life',
    'codeLifeMs',
    'time',
    'RES-20',
    'How long a code can be scanned, whatever expiry was sent.',
  ),
  figure(
    'final_look',
    'finalLookMs',
    'time',
    'RES-20',
    'How long after its end a provisional cancel is looked at once more.',
  ),
  figure(
    'expiry_default',
    'expiryDefaultMs',
    'time',
    'PAY-08, PAY-20',
    'Expiry sent when the merchant names none.',
  ),
  figure('expiry_min', 'expiryMinMs', 'time', 'PAY-08', 'Shortest expiry that a merchant may name.'),
  figure('expiry_max', 'expiryMaxMs', 'time', 'PAY-08', 'Longest expiry that a merchant may name.'),
  figure('amount_max', 'amountMaxMinor', 'minor_units', 'PAY-07', 'Largest amount of one payment.'),
  figure(
    'merchant_timeout',
    'merchantTimeoutMs',
    'time',
    'ACQ-02, ACQ-03',
    'How long the merchant waits for a final result, as agreed with it.',
  ),
];

function figure(
  name: string,
  field: Exclude<keyof PaymentPolicy, PaceField>,
  unit: FigureUnit,
  rule: string,
  about: string,
): PolicyFigure {
  return { name, field, part: null, unit, about, rule };
}

type PaceField = 'cancelRetry' | 'refundRetry' | 'watchRetry';

function pace(name: string, field: PaceField, rule: string, what: string): PolicyFigure[] {
  const part = (suffix: string, of: keyof RetryPace, unit: FigureUnit, about: string): PolicyFigure => ({
    name: `${name}_${suffix}`,
    field,
    part: of,
    unit,
    about,
    rule,
  });
  return [
    part('first', 'firstMs', 'time', `Wait before ${what} is first repeated.`),
    part('next', 'nextMs', 'time', 'Wait before each further fast repeat of it.'),
    part('fast_tries', 'fastTries', 'count', 'Tries until each wait is twice the one before.'),
    part('max', 'maxMs', 'time', 'Longest wait between two tries, which never end.'),
  ];
}

/** The figure of that name; `null` when no policy has one. */
export function figureNamed(name: string): PolicyFigure | null {
  return policyFigures.find((one) => one.name === name) ?? null;
}

/** What a policy, or an override, says of a figure; `undefined` where an override leaves it alone. */
export function figureOf(figure: PolicyFigure, of: PaymentPolicy): FigureValue;
export function figureOf(figure: PolicyFigure, of: PolicyOverride): FigureValue | undefined;
export function figureOf({ field, part }: PolicyFigure, of: PolicyOverride): FigureValue | undefined {
  const value = of[field];
  if (typeof value !== 'object' || value === null) return value;
  return part === null ? undefined : value[part];
}

/** The same override with that figure, or without it when the value is `undefined`. */
export function withFigure(
  override: PolicyOverride,
  { field, part }: PolicyFigure,
  value: FigureValue | undefined,
): PolicyOverride {
  if (part === null) return withEntry(override, field, value);
  const before = override[field];
  const after = withEntry(typeof before === 'object' && before !== null ? before : {}, part, value);
  return withEntry(override, field, Object.keys(after).length === 0 ? undefined : after);
}

/** Entries keep their type: a figure's value was read by its unit, or is checked before it is used. */
function withEntry<Entries extends object>(entries: Entries, key: string, value: unknown): Entries {
  const { [key]: _, ...others } = entries as { readonly [key: string]: unknown };
  return (value === undefined ? others : { ...others, [key]: value }) as Entries;
}

/** A value as people write it: `15s`, `12`, `yes`, and `–` where nothing is said. */
export function figureText({ unit }: Pick<PolicyFigure, 'unit'>, value: FigureValue): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return unit === 'time' && typeof value === 'number' ? timeText(value) : `${value}`;
}

/** The value that such a text stands for; `null` when it is none of that unit. */
export function figureOfText({ unit }: Pick<PolicyFigure, 'unit'>, text: string): FigureValue {
  switch (unit) {
    case 'time':
      return timeOfText(text);
    case 'count':
      return /^\d{1,9}$/.test(text) ? Number(text) : null;
    case 'minor_units':
      return /^\d{1,18}$/.test(text) ? BigInt(text) : null;
    case 'yes_or_no':
      return text === 'yes' ? true : text === 'no' ? false : null;
    case 'word':
      return text;
    default:
      return unit satisfies never;
  }
}
