import {
  orderCodeLifeMs,
  type PaymentPolicy,
  type PolicyOverride,
  policyFor,
  type RetryPace,
} from './policy.ts';
import {
  type FigureValue,
  figureNamed,
  figureOf,
  figureText,
  type PolicyFigure,
  policyFigures,
} from './policy-figures.ts';
import { type FigureRange, rangeOf } from './policy-ranges.ts';
import { timeText } from './time-text.ts';
import type { ProductName, WalletName } from './wallets.ts';

/** What stands against an override: it names the figure, its value, what is allowed, and what to do. */
export interface PolicyComplaint {
  /** As people write it; of an unknown figure, its field. */
  readonly figure: string;
  readonly value: string;
  readonly allowed: string;
  readonly nextStep: string;
}

/** How a merchant is served: it decides which of the two timeouts has to be the longer one. ACQ-02, ACQ-03. */
export type Integration = 'rest' | 'forwarding';

export interface PolicyCheck {
  readonly integration: Integration;
  /** `trial`: waits and counts may be shorter than the rules want, so that nobody has to sit through them. */
  readonly purpose: 'earnest' | 'trial';
  /** How long the merchant's scene lets an order code live; `null`: its order codes are off. PAY-16. */
  readonly sceneExpiryMs: number | null;
}

/**
 * Everything that stands against these overrides of one product, nothing when they may be set: names that no policy has,
 * figures outside of their range, and figures that do not go together, the agreed timeout of the merchant among them.
 * RES-02, RES-03, RES-06, RES-12, RES-16, RES-20, PAY-08, PAY-20, ACQ-02, ACQ-03.
 */
export function policyComplaints(
  wallet: WalletName,
  product: ProductName,
  override: PolicyOverride,
  check: PolicyCheck,
): PolicyComplaint[] {
  const unknown = unknownNames(override);
  if (unknown.length > 0) return unknown;
  const ofFigures = policyFigures.flatMap((figure) => {
    const value = figureOf(figure, override);
    if (value === undefined) return [];
    return complaintAboutFigure(figure, value, rangeOf(wallet, product, figure), check.purpose) ?? [];
  });
  if (ofFigures.length > 0) return ofFigures;
  const policy = policyFor(wallet, product, { [wallet]: { [product]: override } });
  return [
    ...(check.purpose === 'earnest' ? complaintsAboutRules(policy) : []),
    ...complaintsAboutOrder(policy, product),
    ...(complaintAboutTimeout(
      policy.merchantTimeoutMs,
      timeToFinal(policy, product, check.sceneExpiryMs),
      check.integration,
    ) ?? []),
  ];
}

/** A complaint as one line. */
export function complaintText({ figure, value, allowed, nextStep }: PolicyComplaint): string {
  return `${figure} ${value} is not allowed, ${allowed}: ${nextStep}`;
}

/** What a range lets a figure be, as people write it; `–` where nothing can be set. */
export function rangeText(figure: PolicyFigure, range: FigureRange): string {
  switch (range.kind) {
    case 'between':
      return `${figureText(figure, range.min)} to ${figureText(figure, range.max)}`;
    case 'yes_or_no':
      return 'yes or no';
    case 'fixed':
      return 'fixed';
    case 'unused':
      return '–';
    default:
      return range satisfies never;
  }
}

/** How long after its request a payment is final in the usual case, and what that adds up, by the names of its figures. */
export interface TimeToFinal {
  readonly ms: number;
  readonly sum: string;
}

/**
 * The usual case is one in which the wallet answers inquiries and the cancel: the answer is awaited in vain, then every
 * inquiry is made, then a cancel. Where a close time ends it: the expiry that is sent unless the request names one, the last
 * inquiry and the cancel.
 */
export function timeToFinal(
  policy: PaymentPolicy,
  product: ProductName,
  sceneExpiryMs: number | null,
): TimeToFinal {
  const { payAnswerMs, inquiryCount, inquiryIntervalMs, callLimitMs } = policy;
  const limit = `call_limit ${timeText(callLimitMs)}`;
  switch (policy.givesUpAt) {
    case 'inquiries_used_up': {
      const inquiries = `inquiry_count ${inquiryCount} × inquiry_interval ${timeText(inquiryIntervalMs)}`;
      return {
        ms: payAnswerMs + inquiryCount * inquiryIntervalMs + callLimitMs,
        sum: `pay_answer ${timeText(payAnswerMs)} + ${inquiries} + ${limit}`,
      };
    }
    case 'close_time': {
      const isOrderCode = product === 'order_code';
      const closesMs = isOrderCode ? orderCodeLifeMs(policy, sceneExpiryMs) : policy.expiryDefaultMs;
      const what = isOrderCode ? 'life of an order code' : 'expiry_default';
      return { ms: closesMs + 2 * callLimitMs, sum: `${what} ${timeText(closesMs)} + 2 × ${limit}` };
    }
    default:
      return policy.givesUpAt satisfies never;
  }
}

/**
 * The merchant's agreed timeout beside ours. Over REST the gateway is the first to know: a merchant that asks until its
 * own time is over has got a final result by then. A forwarding merchant gives up first, and is cancelled for. ACQ-02, ACQ-03.
 */
function complaintAboutTimeout(
  agreedMs: number | null,
  { ms: finalMs, sum }: TimeToFinal,
  integration: Integration,
): PolicyComplaint[] | null {
  if (agreedMs === null) return null;
  const ours = `a payment is final after up to ${timeText(finalMs)} (${sum})`;
  const complaint = { figure: 'merchant_timeout', value: timeText(agreedMs) };
  switch (integration) {
    case 'rest':
      if (finalMs < agreedMs) return null;
      return [
        {
          ...complaint,
          allowed: `since ${ours} and the merchant has to wait for longer (ACQ-03)`,
          nextStep: `agree on more than ${timeText(finalMs)} with the merchant, or shorten ours`,
        },
      ];
    case 'forwarding':
      if (finalMs > agreedMs) return null;
      return [
        {
          ...complaint,
          allowed: `since ${ours} and a forwarding merchant has to give up sooner (ACQ-02)`,
          nextStep: `agree on less than ${timeText(finalMs)} with the merchant, or lengthen ours`,
        },
      ];
    default:
      return integration satisfies never;
  }
}

/** Fields that no policy has, and parts that no pace has: they would be carried along unseen. */
function unknownNames(override: PolicyOverride): PolicyComplaint[] {
  const fields = Object.entries(override).flatMap(([field, value]) => {
    const figures = policyFigures.filter((figure) => figure.field === field);
    const isPace = figures.some(({ part }) => part !== null);
    const isObject = typeof value === 'object' && value !== null;
    if (figures.length === 0 || isPace !== isObject) return [field];
    return Object.keys(value ?? {})
      .filter((name) => isPace && !figures.some(({ part }) => part === name))
      .map((name) => `${field}.${name}`);
  });
  return fields.map((field) => ({
    figure: field,
    value: 'of an override',
    allowed: 'since no policy has such a figure',
    nextStep: `use one of ${policyFigures.map(({ name }) => name).join(', ')}`,
  }));
}

function complaintAboutFigure(
  figure: PolicyFigure,
  value: FigureValue,
  range: FigureRange,
  purpose: PolicyCheck['purpose'],
): PolicyComplaint | null {
  const complaint = { figure: figure.name, value: figureText(figure, value) };
  switch (range.kind) {
    case 'fixed':
    case 'unused':
      return { ...complaint, allowed: `since ${range.because} (${figure.rule})`, nextStep: 'leave it out' };
    case 'yes_or_no':
      if (typeof value === 'boolean') return null;
      return { ...complaint, allowed: 'only yes or no', nextStep: 'set one of them' };
    case 'between': {
      const min = purpose === 'trial' ? leastInTrials(figure) : range.min;
      if (isNumberOf(figure, value) && value >= min && value <= range.max) return null;
      const allowed = `${figureText(figure, min)} to ${figureText(figure, range.max)}`;
      return { ...complaint, allowed: `only ${allowed} (${figure.rule})`, nextStep: 'set it within' };
    }
    default:
      return range satisfies never;
  }
}

/** A whole number, and of an amount's kind for an amount alone. */
function isNumberOf({ unit }: PolicyFigure, value: FigureValue): value is number | bigint {
  return unit === 'minor_units' ? typeof value === 'bigint' : Number.isSafeInteger(value);
}

function leastInTrials({ unit }: PolicyFigure): number | bigint {
  return unit === 'minor_units' ? 1n : 1;
}

/** What the rules want of several figures together. */
function complaintsAboutRules(policy: PaymentPolicy): PolicyComplaint[] {
  const inquiredMs = policy.payAnswerMs + policy.inquiryCount * policy.inquiryIntervalMs;
  const inquiries =
    policy.givesUpAt === 'inquiries_used_up' && inquiredMs > policy.expiryDefaultMs
      ? [
          {
            figure: 'inquiry_count',
            value: `${policy.inquiryCount}`,
            allowed: `since it inquires for ${timeText(inquiredMs)}, beyond expiry_default ${timeText(policy.expiryDefaultMs)} (PAY-08)`,
            nextStep: 'lower it or inquiry_interval, or raise expiry_default',
          },
        ]
      : [];
  return [
    ...inquiries,
    ...complaintAboutMinute('cancel_retry', policy.cancelRetry),
    ...complaintAboutMinute('refund_retry', policy.refundRetry),
  ];
}

/** Repeats every 5 to 10 s go on for a minute, the last one of which may be awaited. RES-06, RES-12. */
const fastPhaseMs = 50_000;

function complaintAboutMinute(name: string, { firstMs, nextMs, fastTries }: RetryPace): PolicyComplaint[] {
  const phaseMs = firstMs + (fastTries - 1) * nextMs;
  if (phaseMs >= fastPhaseMs) return [];
  const { rule = '' } = figureNamed(`${name}_fast_tries`) ?? {};
  return [
    {
      figure: `${name}_fast_tries`,
      value: `${fastTries}`,
      allowed: `since fast tries would end after ${timeText(phaseMs)} instead of a minute (${rule})`,
      nextStep: `raise it until ${name}_first and the ${name}_next of the others add up to ${timeText(fastPhaseMs)}`,
    },
  ];
}

/** What would contradict itself whatever the rules want. */
function complaintsAboutOrder(policy: PaymentPolicy, product: ProductName): PolicyComplaint[] {
  const { cancelRetry, refundRetry, watchRetry } = policy;
  const pairs: readonly (readonly [least: string, number, most: string, number])[] = [
    ...(product === 'order_code'
      ? ([['expiry_min', policy.expiryMinMs, 'expiry_max', policy.expiryMaxMs]] as const)
      : ([
          ['expiry_min', policy.expiryMinMs, 'expiry_default', policy.expiryDefaultMs],
          ['expiry_default', policy.expiryDefaultMs, 'expiry_max', policy.expiryMaxMs],
        ] as const)),
    ...inOrder('cancel_retry', cancelRetry),
    ...inOrder('refund_retry', refundRetry),
    ...inOrder('watch_retry', watchRetry),
    ...(policy.givesUpAt === 'close_time'
      ? ([
          [
            'inquiry_interval',
            policy.inquiryIntervalMs,
            'idle_inquiry_interval',
            policy.idleInquiryIntervalMs,
          ],
        ] as const)
      : []),
  ];
  return pairs
    .filter(([, leastMs, , mostMs]) => leastMs > mostMs)
    .map(([least, leastMs, most, mostMs]) => ({
      figure: least,
      value: timeText(leastMs),
      allowed: `since ${most} is ${timeText(mostMs)}`,
      nextStep: `set ${least} to ${timeText(mostMs)} or less, or raise ${most}`,
    }));
}

function inOrder(name: string, { firstMs, nextMs, maxMs }: RetryPace) {
  return [
    [`${name}_first`, firstMs, `${name}_max`, maxMs],
    [`${name}_next`, nextMs, `${name}_max`, maxMs],
  ] as const;
}
