import type { Random } from './random.ts';

/** How a wallet's payers are. */
export interface PayerTraits {
  /** The payer of a payment code is asked for a password. */
  readonly asksPayer: number;
  readonly declines: number;
  readonly payerConfirms: number;
  readonly payerRefuses: number;
  readonly payerMsMax: number;
  /** Who is asked answers shortly before the close time, or after it. */
  readonly confirmsAtTheClose: number;
}

/** How a wallet of this seed behaves where the real one may differ: what the wallets have in common. */
export interface WalletTraits extends PayerTraits {
  /** A payment code pays once. A trial's codes never wear out. */
  readonly codesAreSpent: boolean;
  readonly cancelWindowMs: number;
  /** A repeated cancel is refused once the window is over, although it took effect. */
  readonly windowFirst: boolean;
  /** A refund inquiry finds a refund only so long after it was made. */
  readonly refundShowsAfterMs: number;
  /** The first inquiries do not find a payment that is there. */
  readonly hidesAtFirst: number;
  /** Refunds and cancels of paid payments must wait until the merchant's takings suffice. */
  readonly positionShortForMs: number;
  /** Merchants' refunds that the wallet refuses for good. */
  readonly refusesRefund: number;
  /** Success of a payment code's payment is notified, which nobody may rely on. */
  readonly notifiesPaymentCodes: number;
}

export interface OpenPlatformTraits extends WalletTraits {
  /** Unpaid payments close at the time that was sent; otherwise so many minutes after they arrived or were scanned. */
  readonly closesAtSentTime: boolean;
  /** A repeated cancel of what is closed names what was done, or is accepted without a word. */
  readonly namesRepeatedCancel: boolean;
  /** A repeated refund of what is closed by now is told that the payment is closed, not that it is a repeat. */
  readonly closedBeforeRepeat: boolean;
  /** A refund's amount is compared with what is left before the refund is recognised as a repeat. */
  readonly amountBeforeRepeat: boolean;
  readonly refundSpacingMs: number;
  /** A scanned order's coming into being, its refunds and its close are notified too. */
  readonly notifiesChanges: number;
}

export interface AlipayPlusTraits extends WalletTraits {
  /** An unpaid payment fails so long after the time that was sent. */
  readonly closesLateMs: number;
  /** "In process" is told as an unclear answer, not as a payer who is asked. */
  readonly asksUnclearly: boolean;
  /** How long a payer's confirmation takes to reach the wallet at most, and how often it takes any time at all. */
  readonly settlesLate: number;
  readonly settlesMsMax: number;
  /** A cancel of what has failed is accepted; otherwise its status forbids it. */
  readonly cancelsFailed: boolean;
  /** Cancels, too, do not find at first a payment that is there. */
  readonly hidesFromCancels: boolean;
  /** An unpaid payment is cancelled on the wallet's side, and nobody here asked for it. */
  readonly cancelsAside: number;
  /** A refund id of a reversal fails for good, a few times per payment at most. */
  readonly spendsRefundId: number;
  /** The refund inquiry names what failed for good; otherwise it does not find it. */
  readonly namesFailedRefunds: boolean;
  /** A refund is in process for some seconds. */
  readonly refundsSlowly: number;
  readonly notifiesFailures: number;
}

export interface AllWalletTraits {
  readonly alipay_open: OpenPlatformTraits;
  readonly alipay_plus: AlipayPlusTraits;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** An unpaid payment is not closed later than this after the time that was sent. */
export const closesLateMsMax = 4 * minuteMs;

/** The same change to both wallets' traits. */
export function withTraits(wallets: AllWalletTraits, change: Partial<WalletTraits>): AllWalletTraits {
  return {
    alipay_open: { ...wallets.alipay_open, ...change },
    alipay_plus: { ...wallets.alipay_plus, ...change },
  };
}

export function drawWalletTraits(random: Random): AllWalletTraits {
  const weight = (share: number, max: number): number => (random.chance(share) ? max * random.fraction() : 0);
  const common = (refundShowsMsMax: number): WalletTraits => ({
    asksPayer: weight(0.6, 1),
    declines: weight(0.4, 0.6),
    payerConfirms: random.fraction(),
    payerRefuses: random.fraction() * 0.5,
    payerMsMax: random.magnitude(2 * secondMs, 8 * minuteMs),
    confirmsAtTheClose: weight(0.3, 0.6),
    codesAreSpent: random.chance(0.5),
    cancelWindowMs: random.chance(0.6) ? 24 * hourMs : random.magnitude(5 * secondMs, hourMs),
    windowFirst: random.chance(0.33),
    refundShowsAfterMs: random.chance(0.3) ? random.integer(0, refundShowsMsMax) : 0,
    hidesAtFirst: weight(0.3, 1),
    positionShortForMs: random.chance(0.15) ? random.magnitude(5 * secondMs, 6 * hourMs) : 0,
    refusesRefund: weight(0.3, 0.7),
    notifiesPaymentCodes: random.chance(0.5) ? random.fraction() : 0,
  });
  return {
    alipay_open: {
      ...common(9 * secondMs),
      closesAtSentTime: random.chance(0.5),
      namesRepeatedCancel: random.chance(0.5),
      closedBeforeRepeat: random.chance(0.3),
      amountBeforeRepeat: random.chance(0.3),
      refundSpacingMs: 3 * secondMs,
      notifiesChanges: weight(0.5, 1),
    },
    alipay_plus: {
      ...common(14 * secondMs),
      closesLateMs: random.chance(0.5) ? 0 : random.magnitude(secondMs, closesLateMsMax),
      asksUnclearly: random.chance(0.3),
      settlesLate: weight(0.4, 1),
      settlesMsMax: random.magnitude(2 * secondMs, 2 * minuteMs),
      cancelsFailed: random.chance(0.5),
      hidesFromCancels: random.chance(0.5),
      cancelsAside: weight(0.3, 0.5),
      spendsRefundId: weight(0.4, 0.8),
      namesFailedRefunds: random.chance(0.6),
      refundsSlowly: weight(0.3, 0.8),
      notifiesFailures: random.chance(0.5) ? random.fraction() : 0,
    },
  };
}
