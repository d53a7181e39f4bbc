import { policyFor } from './policy.ts';
import type { PolicyFigure } from './policy-figures.ts';
import type { ProductName, WalletName } from './wallets.ts';

/** What a merchant's policy may have for one figure of one product. */
export type FigureRange =
  | { readonly kind: 'between'; readonly min: number | bigint; readonly max: number | bigint }
  | { readonly kind: 'yes_or_no' }
  /** The same for everybody; `because` says why. */
  | { readonly kind: 'fixed'; readonly because: string }
  /** Payments of the product never come to use it. */
  | { readonly kind: 'unused'; readonly because: string };

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Repeating a cancel or a refund: after 5 to 10 s for a minute, then slowly, without end. RES-06, RES-12. */
function repeating(name: string): { readonly [figure: string]: FigureRange } {
  return {
    [`${name}_first`]: between(5 * secondMs, 10 * secondMs),
    [`${name}_next`]: between(5 * secondMs, 10 * secondMs),
    [`${name}_fast_tries`]: between(6, 12),
    [`${name}_max`]: between(minuteMs, 30 * minuteMs),
  };
}

const payersCode = 'the payer of a payment code is present: it is given up once its inquiries are used up';
const typingPayer = 'a payer who is still typing is never cut off by a count of inquiries';
const namedByScene = 'how long order codes live is said where they are turned on (--order-code-expiry)';
const boundByExpiry = 'the sent expiry bounds how long such a code lives';

/** What holds for every product, unless {@link ofProducts} says otherwise. */
const ofAll: { readonly [figure: string]: FigureRange } = {
  pay_answer: between(5 * secondMs, 60 * secondMs),
  // A claimed row is left to its claimant for 15 s: the answer has to be recorded by then.
  call_limit: between(secondMs, 10 * secondMs),
  inquiry_interval: between(2 * secondMs, 10 * secondMs),
  inquiry_count: { kind: 'unused', because: typingPayer },
  gives_up_at: { kind: 'fixed', because: typingPayer },
  idle_inquiry_interval: between(10 * secondMs, 5 * minuteMs),
  payer_active: between(10 * secondMs, 5 * minuteMs),
  cancels_failed: { kind: 'yes_or_no' },
  ...repeating('cancel_retry'),
  ...repeating('refund_retry'),
  refund_spacing: between(0, minuteMs),
  refund_inquiry_delay: between(15 * secondMs, 5 * minuteMs),
  watch_retry_first: between(5 * secondMs, minuteMs),
  watch_retry_next: between(5 * secondMs, minuteMs),
  watch_retry_fast_tries: between(1, 20),
  watch_retry_max: between(30 * secondMs, 10 * minuteMs),
  expiry_grace: between(5 * minuteMs, dayMs),
  code_life: { kind: 'unused', because: boundByExpiry },
  final_look: between(dayMs, 7 * dayMs),
  merchant_timeout: between(10 * secondMs, 30 * dayMs),
};

const ofPaymentCodes: { readonly [figure: string]: FigureRange } = {
  gives_up_at: { kind: 'fixed', because: payersCode },
  idle_inquiry_interval: { kind: 'unused', because: payersCode },
  payer_active: { kind: 'unused', because: payersCode },
};

/** The Open Platform wants 3 s between two refunds, and is asked for one 10 s after it. */
const ofAlipayOpen: { readonly [figure: string]: FigureRange } = {
  refund_spacing: between(3 * secondMs, minuteMs),
  refund_inquiry_delay: between(10 * secondMs, 5 * minuteMs),
};

/** What holds for one product of one wallet in particular. */
const ofProducts: {
  readonly [wallet in WalletName]: {
    readonly [product in ProductName]?: { readonly [figure: string]: FigureRange };
  };
} = {
  alipay_open: {
    payment_code: {
      ...ofAlipayOpen,
      ...ofPaymentCodes,
      // Between the guide's 5 s × 12 and the newer 3 s × 10, or as patient as a minute's typing of a password wants.
      inquiry_interval: between(3 * secondMs, 10 * secondMs),
      inquiry_count: between(10, 20),
    },
    order_code: {
      ...ofAlipayOpen,
      // Whatever the wallet says later, no code may be forgotten that it may still let people scan.
      code_life: between(2 * hourMs, dayMs),
    },
  },
  alipay_plus: {
    payment_code: {
      ...ofPaymentCodes,
      // 10 to 20 times, 3 s apart; a slow network may want more distance.
      inquiry_interval: between(3 * secondMs, 5 * secondMs),
      inquiry_count: between(10, 20),
    },
  },
};

/** What a merchant's policy may have for this figure. An expiry and an amount never go beyond what the wallet takes. */
export function rangeOf(wallet: WalletName, product: ProductName, { name }: PolicyFigure): FigureRange {
  const { expiryMinMs, expiryMaxMs, amountMaxMinor } = policyFor(wallet, product);
  const range = {
    ...ofAll,
    ...ofProducts[wallet][product],
    ...takenByWallet(product, expiryMinMs, expiryMaxMs, amountMaxMinor),
  }[name];
  if (range === undefined) throw new RangeError(`figure ${name} has no range`);
  return range;
}

function takenByWallet(
  product: ProductName,
  expiryMinMs: number,
  expiryMaxMs: number,
  amountMaxMinor: bigint,
): { readonly [figure: string]: FigureRange } {
  const expiry = between(expiryMinMs, expiryMaxMs);
  return {
    expiry_default: product === 'order_code' ? { kind: 'unused', because: namedByScene } : expiry,
    expiry_min: expiry,
    expiry_max: expiry,
    amount_max: between(1n, amountMaxMinor),
  };
}

function between(min: number | bigint, max: number | bigint): FigureRange {
  return { kind: 'between', min, max };
}
