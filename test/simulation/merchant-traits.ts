import type { Random } from './random.ts';

export interface MerchantTraits {
  readonly orders: number;
  /** Of the orders: how many are in yuan, at the Open Platform; the others are in dollars, at Alipay+. */
  readonly inYuan: number;
  /** Of the orders: how many are paid by a code that the till shows. */
  readonly showsCode: number;
  /** How long such a code lives unless the request says otherwise. */
  readonly orderCodeMs: number;
  /** How long any other payment may take unless the request says otherwise; 0: as long as the wallet's policy says. */
  readonly expiryDefaultMs: number;
  readonly withoutKey: number;
  readonly withoutNotifyUrl: number;
  readonly timeoutMsMax: number;
  /** Requests and answers between merchant and gateway, and between a payer's page and the gateway. */
  readonly requestLost: number;
  readonly requestLate: number;
  readonly answerLost: number;
  /** A cancel of the order comes before, while or after the payment is created. */
  readonly cancelsOrderAside: number;
  /** How long after the request for the payment at most. */
  readonly asideMsMax: number;
  readonly cancelsPaid: number;
  readonly cancelsPaidMsMax: number;
  readonly cancelsUnanswered: number;
  readonly vanishes: number;
  readonly patienceMsMax: number;
  readonly triesAgain: number;
  readonly refunds: number;
  readonly refundsAtOnce: number;
  readonly expiryMsMax: number;
  /** Deliveries tell of the payments that begin on the payers' pages. */
  readonly isToldOfEntries: boolean;
}

/** What merchants do, as it is counted. */
export const merchantDeeds = {
  polls: 'asks what has become of a payment',
  repeatsPayment: 'repeats an unanswered request for a payment',
  repeatsCancel: 'repeats an unanswered cancel',
  repeatsRefund: 'repeats an unanswered refund',
  triesAgain: 'tries an order again',
  vanishes: 'vanishes without the result',
  cancelsUnanswered: 'cancels what was not answered',
  cancelsAside: 'cancels an order while it is sold',
  cancelsPaid: 'cancels what is paid',
} as const;

/** How those are who come to a code that is shown, or open the page of a static one. */
export interface VisitorTraits {
  /** Payers who open the store's page. */
  readonly entries: number;
  readonly entersTwice: number;
  readonly tapsTwice: number;
  readonly reloads: number;
  /** Goes to the wallet at once; the others within this time. */
  readonly dawdleMsMax: number;
  readonly dawdles: number;
  /** Comes to the wallet about the close time, or hours later. */
  readonly comesLate: number;
  /** Leaves, and never comes to the wallet. */
  readonly abandons: number;
  /** A second payer scans the same code. */
  readonly secondPayer: number;
  /** How long a page stays open at most. */
  readonly openMsMax: number;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

export function drawMerchantTraits(random: Random): MerchantTraits {
  const weight = (share: number, max: number): number => (random.chance(share) ? max * random.fraction() : 0);
  return {
    orders: random.integer(1, 4),
    inYuan: random.pick([0, 0.5, 1]),
    showsCode: weight(0.45, 1),
    orderCodeMs: random.magnitude(minuteMs, 10 * minuteMs),
    expiryDefaultMs: random.chance(0.4) ? 0 : random.magnitude(minuteMs, 6 * minuteMs),
    withoutKey: random.chance(0.4) ? random.fraction() : 0,
    withoutNotifyUrl: random.chance(0.4) ? random.fraction() : 0,
    timeoutMsMax: random.magnitude(5 * secondMs, minuteMs),
    requestLost: weight(0.3, 0.3),
    requestLate: weight(0.3, 0.4),
    answerLost: weight(0.3, 0.4),
    cancelsOrderAside: weight(0.4, 1),
    asideMsMax: random.pick([400, 4_000, 20_000, 90_000]),
    cancelsPaid: weight(0.6, 0.8),
    cancelsPaidMsMax: random.pick([minuteMs, 3 * hourMs]),
    cancelsUnanswered: random.fraction(),
    vanishes: weight(0.4, 0.7),
    patienceMsMax: random.magnitude(5 * secondMs, 5 * minuteMs),
    triesAgain: weight(0.7, 1),
    refunds: weight(0.7, 1),
    refundsAtOnce: weight(0.5, 0.8),
    expiryMsMax: random.chance(0.7) ? 0 : random.magnitude(minuteMs, 40 * minuteMs),
    isToldOfEntries: random.chance(0.5),
  };
}

export function drawVisitorTraits(random: Random): VisitorTraits {
  const weight = (share: number, max: number): number => (random.chance(share) ? max * random.fraction() : 0);
  return {
    entries: random.chance(0.3) ? random.integer(1, 2) : 0,
    entersTwice: weight(0.3, 0.5),
    tapsTwice: weight(0.5, 0.8),
    reloads: weight(0.4, 0.7),
    dawdleMsMax: random.magnitude(5 * secondMs, 10 * minuteMs),
    dawdles: weight(0.5, 0.8),
    comesLate: weight(0.4, 0.8),
    abandons: weight(0.3, 0.5),
    secondPayer: weight(0.3, 0.6),
    openMsMax: random.magnitude(5 * secondMs, 10 * minuteMs),
  };
}
