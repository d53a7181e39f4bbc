import { type ProductName, productNames, type WalletName } from './wallets.ts';

/**
 * How often to try again: `firstMs`, then `nextMs`, until `fastTries` tries were made; from there each wait is
 * twice the one before, up to `maxMs`. It never ends: after the fast tries the row goes on at a slow pace and
 * stands in an operator's sight. RES-06, RES-12, CAN-03.
 */
export interface RetryPace {
  readonly firstMs: number;
  readonly nextMs: number;
  readonly fastTries: number;
  readonly maxMs: number;
}

/**
 * Timings and limits of one product at one wallet. Every figure is data; a merchant may override it within what
 * `policy-ranges.ts` allows. Each stands in `policy-figures.ts` too, under the name that people use.
 */
export interface PaymentPolicy {
  /** How long the answer to `pay` is awaited. RES-02. */
  readonly payAnswerMs: number;
  /** Limit of an inquiry, cancel or refund call. RES-04, RES-06. */
  readonly callLimitMs: number;
  /** Inquiries while the outcome is unknown: the first at once, then at this distance. RES-03. */
  readonly inquiryIntervalMs: number;
  readonly inquiryCount: number;
  /**
   * When a payment without a final answer is given up and undone: once its inquiries are used up, or at the close time
   * that the wallet was told and never sooner, since its payer may still be typing. RES-05, RES-16.
   */
  readonly givesUpAt: 'inquiries_used_up' | 'close_time';
  /** Distance of inquiries while nobody is seen at the payer's side. RES-16. */
  readonly idleInquiryIntervalMs: number;
  /** How long after its last sign a payer counts as active. RES-16. */
  readonly payerActiveMs: number;
  /** One cancel is sent after the wallet's word that the attempt failed; whatever it is answered, the failure stands. RES-04. */
  readonly cancelsFailed: boolean;
  readonly cancelRetry: RetryPace;
  readonly refundRetry: RetryPace;
  /** Least distance between two refund calls of one payment. */
  readonly refundSpacingMs: number;
  /** A refund inquiry is asked no sooner than this after the refund call. */
  readonly refundInquiryDelayMs: number;
  /** Pace of inquiring and cancelling a provisionally cancelled payment. RES-20. */
  readonly watchRetry: RetryPace;
  /** After the sent expiry and this grace no delayed call of the id can be paid. RES-20. */
  readonly expiryGraceMs: number;
  /**
   * Longest time that a code can be scanned after it was asked for, whatever expiry was sent; the order's own life
   * counts from the scan. Zero where the sent expiry bounds both. RES-20.
   */
  readonly codeLifeMs: number;
  /** One more look at a payment that ended provisionally, this long after its horizon. */
  readonly finalLookMs: number;
  /** Expiry sent when the merchant names none. PAY-08, PAY-20. */
  readonly expiryDefaultMs: number;
  readonly expiryMinMs: number;
  readonly expiryMaxMs: number;
  /** Largest amount of one payment, in minor units. */
  readonly amountMaxMinor: bigint;
  /** How long the merchant waits for a final result, as agreed with it; `null`: nothing is agreed. ACQ-02, ACQ-03. */
  readonly merchantTimeoutMs: number | null;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** How long an order code lives unless something else is said where order codes are turned on: anybody who sees it can pay it. PAY-16. */
export const orderCodeExpiryMsDefault = 2 * minuteMs;

/** What the wallets' products have in common; each names what differs. */
const common = {
  callLimitMs: 3_000,
  // The wallets say to inquire slowly while nobody is at the page, and name no figure.
  idleInquiryIntervalMs: 20_000,
  payerActiveMs: 30_000,
  cancelRetry: { firstMs: 5_000, nextMs: 10_000, fastTries: 6, maxMs: 10 * minuteMs },
  refundRetry: { firstMs: 5_000, nextMs: 10_000, fastTries: 6, maxMs: 10 * minuteMs },
  watchRetry: { firstMs: 5_000, nextMs: 15_000, fastTries: 4, maxMs: 2 * minuteMs },
  expiryGraceMs: 5 * minuteMs,
  codeLifeMs: 0,
  finalLookMs: 24 * hourMs,
  merchantTimeoutMs: null,
} as const satisfies Partial<PaymentPolicy>;

const alipayOpenPaymentCode: PaymentPolicy = {
  ...common,
  payAnswerMs: 15_000,
  // As the wallet's guide for acquirers has it: 5 s × 12. Its newer documents say 3 s × 10, or 3 to 6 s for a minute.
  inquiryIntervalMs: 5_000,
  inquiryCount: 12,
  givesUpAt: 'inquiries_used_up',
  cancelsFailed: false,
  refundSpacingMs: 3_000,
  refundInquiryDelayMs: 10_000,
  // The wallet counts whole minutes and recommends at least five; its own default would be hours.
  expiryDefaultMs: 5 * minuteMs,
  expiryMinMs: minuteMs,
  expiryMaxMs: 15 * 24 * hourMs,
  // 100 000 000 yuan.
  amountMaxMinor: 10_000_000_000n,
};

const alipayPlusPaymentCode: PaymentPolicy = {
  ...common,
  // As the wallet's guide for acquirers has it: 15 s, or 25 s on a poor network. Its pages for payment codes say 5 s.
  payAnswerMs: 15_000,
  // As the guide has it: 3 s apart, 10 to 20 times.
  inquiryIntervalMs: 3_000,
  inquiryCount: 20,
  givesUpAt: 'inquiries_used_up',
  cancelsFailed: true,
  refundSpacingMs: 0,
  // A refund that was just made may not be found yet: the wallet says to ask again after about 15 s.
  refundInquiryDelayMs: 15_000,
  expiryDefaultMs: 5 * minuteMs,
  expiryMinMs: minuteMs,
  // Older pages of the wallet want the expiry less than half an hour away.
  expiryMaxMs: 30 * minuteMs,
  // The wire carries sixteen digits; JSON integers end before that.
  amountMaxMinor: 1_000_000_000_000n,
};

/** `S` of these is a URL or a code; the payer comes later, and the close time ends the wait. RES-16. */
const alipayPlusEntryCode: PaymentPolicy = {
  ...alipayPlusPaymentCode,
  givesUpAt: 'close_time',
  // The contract's default is 3 to 14 minutes, by page and year.
  expiryDefaultMs: 10 * minuteMs,
};

const defaultPolicies: {
  readonly [wallet in WalletName]: { readonly [product in ProductName]?: PaymentPolicy };
} = {
  alipay_open: {
    payment_code: alipayOpenPaymentCode,
    order_code: {
      ...alipayOpenPaymentCode,
      inquiryIntervalMs: 3_000,
      givesUpAt: 'close_time',
      // The code can be scanned for two hours, whatever expiry was sent, and the order lives from the scan.
      codeLifeMs: 2 * hourMs,
      watchRetry: { ...common.watchRetry, maxMs: 10 * minuteMs },
      expiryDefaultMs: orderCodeExpiryMsDefault,
      expiryMaxMs: 2 * hourMs,
    },
  },
  alipay_plus: {
    payment_code: alipayPlusPaymentCode,
    entry_code: alipayPlusEntryCode,
    order_code: { ...alipayPlusEntryCode, expiryDefaultMs: orderCodeExpiryMsDefault },
  },
};

/** Whether payments of this product can be made at this wallet. */
export function offersProduct(wallet: WalletName, product: ProductName): boolean {
  return defaultPolicies[wallet][product] !== undefined;
}

/** Products that the wallet offers, in the order of {@link productNames}. */
export function productsOf(wallet: WalletName): readonly ProductName[] {
  return productNames.filter((product) => offersProduct(wallet, product));
}

/** What a merchant has instead of a product's defaults, figure by figure; of a pace, part by part. */
export type PolicyOverride = {
  readonly [name in keyof PaymentPolicy]?: PaymentPolicy[name] extends RetryPace
    ? Partial<RetryPace>
    : PaymentPolicy[name];
};

/** The overrides of one merchant: each holds for one product of one wallet, since their figures have different reasons. */
export type PolicyOverrides = {
  readonly [wallet in WalletName]?: { readonly [product in ProductName]?: PolicyOverride };
};

/**
 * The policy that holds: the wallet's and product's default with the merchant's overrides on top. A product that the
 * wallet does not offer is our own mistake: {@link offersProduct} is asked first.
 */
export function policyFor(
  wallet: WalletName,
  product: ProductName,
  overrides: PolicyOverrides = {},
): PaymentPolicy {
  const policy = defaultPolicies[wallet][product];
  if (policy === undefined) throw new RangeError(`${wallet} offers no ${product}`);
  const override = overrides[wallet]?.[product];
  if (override === undefined) return policy;
  return {
    ...policy,
    ...override,
    cancelRetry: { ...policy.cancelRetry, ...override.cancelRetry },
    refundRetry: { ...policy.refundRetry, ...override.refundRetry },
    watchRetry: { ...policy.watchRetry, ...override.watchRetry },
  };
}

/**
 * How long an order code lives unless its request says otherwise: as the merchant's scene has it, within what the policy
 * takes, since a scene is named for every wallet at once. PAY-16.
 */
export function orderCodeLifeMs(policy: PaymentPolicy, sceneExpiryMs: number | null): number {
  const wishedMs = sceneExpiryMs ?? policy.expiryDefaultMs;
  return Math.max(policy.expiryMinMs, Math.min(wishedMs, policy.expiryMaxMs));
}

/**
 * The same policy on a faster clock, for trials: waits shrink by `speed`, counts and amounts stay, and so does
 * what the wallet is told (its expiry counts real minutes).
 */
export function hastened(policy: PaymentPolicy, speed: number): PaymentPolicy {
  if (!(speed >= 1)) throw new RangeError(`policy speed ${speed} is below 1`);
  const shrink = (ms: number): number => Math.max(1, Math.round(ms / speed));
  const pace = (retry: RetryPace): RetryPace => ({
    firstMs: shrink(retry.firstMs),
    nextMs: shrink(retry.nextMs),
    fastTries: retry.fastTries,
    maxMs: shrink(retry.maxMs),
  });
  return {
    ...policy,
    payAnswerMs: shrink(policy.payAnswerMs),
    callLimitMs: shrink(policy.callLimitMs),
    inquiryIntervalMs: shrink(policy.inquiryIntervalMs),
    idleInquiryIntervalMs: shrink(policy.idleInquiryIntervalMs),
    payerActiveMs: shrink(policy.payerActiveMs),
    cancelRetry: pace(policy.cancelRetry),
    refundRetry: pace(policy.refundRetry),
    refundSpacingMs: shrink(policy.refundSpacingMs),
    refundInquiryDelayMs: shrink(policy.refundInquiryDelayMs),
    watchRetry: pace(policy.watchRetry),
  };
}

/** Wait before the next try when `tries` tries (≥ 1) have been made. */
export function retryDelayMs(pace: RetryPace, tries: number): number {
  if (tries <= 1) return Math.min(pace.firstMs, pace.maxMs);
  if (tries <= pace.fastTries) return Math.min(pace.nextMs, pace.maxMs);
  const doublings = Math.min(tries - pace.fastTries, 30);
  return Math.min(pace.nextMs * 2 ** doublings, pace.maxMs);
}
