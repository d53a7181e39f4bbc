import type { ProductName, WalletName } from './wallets.ts';

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

/** Timings and limits of one product at one wallet. Every figure is data; a merchant may override it. */
export interface PaymentPolicy {
  /** How long the answer to `pay` is awaited. RES-02. */
  readonly payAnswerMs: number;
  /** Limit of an inquiry, cancel or refund call. RES-04, RES-06. */
  readonly callLimitMs: number;
  /** Inquiries while the outcome is unknown: the first at once, then at this distance. RES-03. */
  readonly inquiryIntervalMs: number;
  readonly inquiryCount: number;
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
  /** One more look at a payment that ended provisionally, this long after its horizon. */
  readonly finalLookMs: number;
  /** Expiry sent when the merchant names none. PAY-08, PAY-20. */
  readonly expiryDefaultMs: number;
  readonly expiryMinMs: number;
  readonly expiryMaxMs: number;
  /** Largest amount of one payment, in minor units. */
  readonly amountMaxMinor: bigint;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const defaultPolicies: {
  readonly [wallet in WalletName]: { readonly [product in ProductName]: PaymentPolicy };
} = {
  alipay_open: {
    payment_code: {
      payAnswerMs: 15_000,
      callLimitMs: 3_000,
      // The seed's 5 s × 12. The wallet's newer documents say 3 s × 10.
      inquiryIntervalMs: 5_000,
      inquiryCount: 12,
      cancelRetry: { firstMs: 5_000, nextMs: 10_000, fastTries: 6, maxMs: 10 * minuteMs },
      refundRetry: { firstMs: 5_000, nextMs: 10_000, fastTries: 6, maxMs: 10 * minuteMs },
      refundSpacingMs: 3_000,
      refundInquiryDelayMs: 10_000,
      watchRetry: { firstMs: 5_000, nextMs: 15_000, fastTries: 4, maxMs: 2 * minuteMs },
      expiryGraceMs: 5 * minuteMs,
      finalLookMs: 24 * hourMs,
      // The wallet counts whole minutes and recommends at least five; its own default would be hours.
      expiryDefaultMs: 5 * minuteMs,
      expiryMinMs: minuteMs,
      expiryMaxMs: 15 * 24 * hourMs,
      // 100 000 000 yuan.
      amountMaxMinor: 10_000_000_000n,
    },
  },
};

export type PolicyOverride = { readonly [key in keyof PaymentPolicy]?: PaymentPolicy[key] };

/** The policy that holds: the wallet's and product's default with the merchant's overrides on top. */
export function policyFor(
  wallet: WalletName,
  product: ProductName,
  override: PolicyOverride = {},
): PaymentPolicy {
  return { ...defaultPolicies[wallet][product], ...override };
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
