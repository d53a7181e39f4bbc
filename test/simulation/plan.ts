import { type ClockFaults, drawClockFaults, soundClocks } from './clocks.ts';
import { drawLostSales, type LostSalesTraits } from './lost-sales.ts';
import {
  drawMerchantTraits,
  drawVisitorTraits,
  type MerchantTraits,
  type VisitorTraits,
} from './merchant-traits.ts';
import type { NoticeFaults } from './notices.ts';
import { drawOutage, type Outage } from './outage.ts';
import { drawPartitions, type Partition } from './partitions.ts';
import type { Random } from './random.ts';
import { type AllWalletTraits, drawWalletTraits, withTraits } from './wallet-traits.ts';

/** The calls of a wallet that faults are drawn for. */
export const walletCalls = ['pay', 'inquire', 'cancel', 'refund', 'inquire_refund'] as const;
export type WalletCall = (typeof walletCalls)[number];

/** What can go wrong with one wallet call; each figure is the probability per call. */
export interface CallFaults {
  /** No byte leaves the process. */
  readonly notSent: number;
  /** The request is lost; the caller learns nothing until its time is up. */
  readonly requestLost: number;
  /** The request arrives long after its caller has given up. */
  readonly requestLate: number;
  /** The request arrives twice, the second time later; nobody sees the second answer. */
  readonly requestRepeated: number;
  readonly answerLost: number;
  readonly answerLate: number;
  /** The connection breaks; the request has arrived or not. */
  readonly connectionLost: number;
  /** The wallet answers "system error", having done what was asked. */
  readonly unclear: number;
  /** The same, having done nothing. */
  readonly unclearUndone: number;
  readonly untrusted: number;
  readonly malformed: number;
}

/** Faults of a wallet call as they are counted. */
export const callFaultNames: { readonly [fault in keyof CallFaults]: string } = {
  notSent: 'not sent',
  requestLost: 'request lost',
  requestLate: 'request late',
  requestRepeated: 'request repeated',
  answerLost: 'answer lost',
  answerLate: 'answer late',
  connectionLost: 'connection lost',
  unclear: 'unclear answer',
  unclearUndone: 'unclear answer, nothing done',
  untrusted: 'untrusted answer',
  malformed: 'malformed answer',
};

/** What one seed is made of. All probabilities hold until `faultsEndMs`, from then on everything works. */
export interface Plan {
  readonly startMs: number;
  /** After the start; crashes, stalls and lost messages end then. */
  readonly faultsEndMs: number;
  readonly processes: {
    readonly count: number;
    /** Per port call, before or after its effect. */
    readonly crash: number;
    readonly restartMsMax: number;
    readonly stall: number;
    /** Per `pay`, before its bytes leave. */
    readonly stallBeforePay: number;
    readonly stallMsMin: number;
    readonly stallMsMax: number;
    /** How long it takes a process to see work that another one recorded. */
    readonly pollMs: number;
    readonly concurrency: number;
  };
  readonly clocks: ClockFaults;
  readonly partitions: readonly Partition[];
  readonly journal: {
    readonly latencyMsMax: number;
    readonly slow: number;
    readonly slowMsMax: number;
    /** The call fails: nothing is written, or all of it is. */
    readonly failsBefore: number;
    readonly failsAfter: number;
  };
  /** How long a message to or from the wallet takes when nothing goes wrong. */
  readonly networkMsMax: number;
  readonly calls: { readonly [call in WalletCall]: CallFaults };
  /** When late requests arrive: any time, while somebody still waits, or at the last possible moment. */
  readonly lateArrival: 'any' | 'soon' | 'last';
  /** Of the late `pay` requests: how many arrive when, by what the gateway takes for granted, none can. */
  readonly payBeyondHorizon: number;
  readonly wallets: AllWalletTraits;
  /** When a wallet's account cannot be reached at all. */
  readonly outage: Outage | null;
  readonly notices: NoticeFaults;
  readonly merchants: MerchantTraits;
  readonly visitors: VisitorTraits;
  readonly lostSales: LostSalesTraits;
  readonly endpoint: {
    readonly refuses: number;
    readonly timesOut: number;
    readonly answerLost: number;
    /** No message is accepted before this time after the start. */
    readonly downForMs: number;
    /** Every try has failed for this long, and these were so many: the endpoint is disabled until an operator comes. */
    readonly disableAfterMs: number;
    readonly disableAfterFailures: number;
    /** Failures from which on the endpoint gets few places. */
    readonly failingAfter: number;
    /** How long an operator takes to see it. */
    readonly operatorMsMax: number;
  };
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/**
 * Draws the plan of a seed. Most faults are absent from most seeds and frequent in some: a seed in which everything
 * fails a little finds less than many seeds in which a few things fail often.
 */
export function drawPlan(random: Random): Plan {
  const plan = drawAnything(random);
  const { calls, merchants, visitors, wallets } = plan;
  switch (random.pick(scenes)) {
    case 'anything':
      return plan;
    case 'crossing':
      return {
        ...plan,
        networkMsMax: random.magnitude(500, 5_000),
        lateArrival: 'soon',
        calls: { ...calls, pay: { ...calls.pay, requestLate: random.fraction() } },
        wallets: settlingLate(
          withTraits(wallets, { asksPayer: random.fraction(), payerConfirms: random.fraction() }),
          random,
        ),
        merchants: { ...merchants, cancelsOrderAside: 0.8, asideMsMax: random.magnitude(100, 10_000) },
      };
    case 'giving back':
      return {
        ...plan,
        wallets: spendingRefundIds(
          withTraits(wallets, {
            asksPayer: 0,
            declines: 0,
            cancelWindowMs: random.pick([wallets.alipay_plus.cancelWindowMs, 10 * secondMs]),
          }),
          random,
        ),
        processes: random.chance(0.5) ? plan.processes : stalling(plan.processes, random),
        merchants: {
          ...merchants,
          cancelsOrderAside: 0,
          refunds: 1,
          refundsAtOnce: random.fraction(),
          cancelsPaid: random.fraction(),
          cancelsPaidMsMax: random.magnitude(100, 60_000),
        },
      };
    case 'at the horizon':
      return {
        ...plan,
        faultsEndMs: Math.max(plan.faultsEndMs, 30 * minuteMs),
        networkMsMax: random.magnitude(500, 5_000),
        lateArrival: 'last',
        payBeyondHorizon: random.chance(0.3) ? 0.5 : plan.payBeyondHorizon,
        calls: { ...calls, pay: { ...calls.pay, requestLate: 0.9, requestLost: 0 } },
      };
    case 'about the close':
      return {
        ...plan,
        wallets: settlingLate(
          withTraits(wallets, {
            payerConfirms: 0.5 + random.fraction() / 2,
            confirmsAtTheClose: random.fraction() / 2,
          }),
          random,
        ),
        merchants: { ...merchants, orders: 2, showsCode: 1, cancelsOrderAside: random.fraction() / 2 },
        visitors: { ...visitors, entries: random.integer(0, 1), comesLate: random.fraction(), abandons: 0 },
      };
    case 'through an outage': {
      const faultsEndMs = Math.max(plan.faultsEndMs, 2 * minuteMs);
      return {
        ...plan,
        faultsEndMs,
        outage: drawOutage(random, faultsEndMs),
        wallets: withTraits(wallets, { asksPayer: 0, declines: 0 }),
        merchants: {
          ...merchants,
          orders: random.integer(2, 6),
          refunds: random.fraction(),
          cancelsPaid: random.fraction(),
          cancelsPaidMsMax: random.magnitude(secondMs, minuteMs),
        },
      };
    }
    case 'with frozen senders': {
      // Long enough that what they were about to send is given up by others, and its horizon is over.
      const processes = {
        ...plan.processes,
        count: 2,
        stall: 0,
        stallBeforePay: 0.5 * random.fraction(),
        stallMsMin: 8 * minuteMs,
        stallMsMax: 40 * minuteMs,
      };
      return {
        ...plan,
        faultsEndMs: Math.max(plan.faultsEndMs, 10 * minuteMs),
        processes,
        wallets: {
          ...wallets,
          alipay_open: { ...wallets.alipay_open, closesAtSentTime: random.chance(0.3) },
        },
        merchants: {
          ...merchants,
          orders: 4,
          inYuan: random.pick([0.5, 1]),
          showsCode: 0,
          expiryDefaultMs: minuteMs,
          expiryMsMax: 0,
        },
      };
    }
    case 'cut off': {
      const faultsEndMs = Math.max(plan.faultsEndMs, 2 * minuteMs);
      return {
        ...plan,
        faultsEndMs,
        partitions: drawPartitions(random, plan.processes.count, faultsEndMs),
      };
    }
    case 'by wrong clocks': {
      const faultsEndMs = Math.max(plan.faultsEndMs, 2 * minuteMs);
      return {
        ...plan,
        faultsEndMs,
        clocks: drawClockFaults(random, faultsEndMs),
        merchants: { ...merchants, showsCode: random.pick([merchants.showsCode, 1]) },
        visitors: { ...visitors, entries: random.integer(0, 3) },
      };
    }
    case 'on the payers’ pages':
      return {
        ...plan,
        wallets: withTraits(wallets, { payerConfirms: 0.5 + random.fraction() / 2 }),
        merchants: { ...merchants, orders: 0 },
        visitors: { ...visitors, entries: random.integer(1, 3), abandons: visitors.abandons / 2 },
        processes: stalling(plan.processes, random),
      };
  }
}

/** Processes that freeze, and go on when others have taken over. */
function stalling(processes: Plan['processes'], random: Random): Plan['processes'] {
  return {
    ...processes,
    stall: 0.1 * random.fraction(),
    stallMsMax: random.magnitude(20 * secondMs, 2 * minuteMs),
  };
}

/** Alipay+ lets many refund ids fail for good, and takes its time for it. */
function spendingRefundIds(wallets: AllWalletTraits, random: Random): AllWalletTraits {
  return {
    ...wallets,
    alipay_plus: {
      ...wallets.alipay_plus,
      spendsRefundId: random.fraction(),
      refundsSlowly: random.pick([0, random.fraction()]),
      refusesRefund: random.pick([0, 0.5 * random.fraction()]),
    },
  };
}

/** Alipay+ hears of many confirmations late: a cancel, ours or its own, may overtake them. */
function settlingLate(wallets: AllWalletTraits, random: Random): AllWalletTraits {
  const { alipay_plus } = wallets;
  const cancelsAside = random.pick([alipay_plus.cancelsAside, 0.5 * random.fraction()]);
  return { ...wallets, alipay_plus: { ...alipay_plus, settlesLate: random.fraction(), cancelsAside } };
}

/** What a seed is about. Nearly half of them are about nothing in particular. */
const scenes = [
  ...(['anything', 'anything', 'anything', 'anything', 'anything'] as const),
  'crossing',
  'crossing',
  'giving back',
  'at the horizon',
  'about the close',
  'on the payers’ pages',
  'through an outage',
  'by wrong clocks',
  'cut off',
  'with frozen senders',
] as const;

function drawAnything(random: Random): Plan {
  const weight = (share: number, max: number): number => (random.chance(share) ? max * random.fraction() : 0);
  const callFaults = (): CallFaults => ({
    notSent: weight(0.15, 0.3),
    requestLost: weight(0.35, 0.7),
    requestLate: weight(0.3, 0.7),
    requestRepeated: weight(0.25, 0.5),
    answerLost: weight(0.35, 0.7),
    answerLate: weight(0.3, 0.6),
    connectionLost: weight(0.2, 0.4),
    unclear: weight(0.2, 0.5),
    unclearUndone: weight(0.2, 0.5),
    untrusted: weight(0.15, 0.4),
    malformed: weight(0.15, 0.4),
  });
  return {
    // Some day and time of 2026, so that days end during some runs.
    startMs: Date.UTC(2026, 0, 5) + random.integer(0, 300 * 24 * 60) * minuteMs,
    faultsEndMs: random.pick([
      30 * secondMs,
      2 * minuteMs,
      5 * minuteMs,
      10 * minuteMs,
      30 * minuteMs,
      2 * hourMs,
      26 * hourMs,
    ]),
    processes: {
      count: random.chance(0.8) ? 2 : random.integer(1, 3),
      crash: weight(0.5, 0.05),
      restartMsMax: random.magnitude(secondMs, 20 * minuteMs),
      stall: weight(0.4, 0.05),
      stallBeforePay: 0,
      stallMsMin: secondMs,
      stallMsMax: random.magnitude(5 * secondMs, 30 * minuteMs),
      pollMs: random.magnitude(200, 5 * secondMs),
      concurrency: random.pick([1, 4, 32]),
    },
    clocks: soundClocks,
    partitions: [],
    journal: {
      latencyMsMax: random.pick([1, 5, 40]),
      slow: weight(0.3, 0.2),
      slowMsMax: random.magnitude(100, 20 * secondMs),
      failsBefore: weight(0.25, 0.1),
      failsAfter: weight(0.25, 0.1),
    },
    networkMsMax: random.pick([20, 250, 1_500]),
    calls: {
      pay: callFaults(),
      inquire: callFaults(),
      cancel: callFaults(),
      refund: callFaults(),
      inquire_refund: callFaults(),
    },
    lateArrival: 'any',
    payBeyondHorizon: random.chance(0.05) ? 0.5 : 0,
    wallets: drawWalletTraits(random),
    outage: null,
    notices: {
      lost: weight(0.4, 1),
      late: weight(0.4, 0.8),
      lateMsMax: random.pick([20 * secondMs, 10 * minuteMs, 3 * hourMs]),
      answerLost: weight(0.3, 0.7),
      repeated: weight(0.4, 1),
      repeatedMsMax: random.pick([2 * secondMs, 10 * minuteMs, 12 * hourMs]),
      forged: weight(0.2, 0.8),
      wrongAmount: weight(0.2, 0.8),
      contradicted: weight(0.2, 0.8),
      stray: weight(0.1, 0.5),
    },
    merchants: drawMerchantTraits(random),
    visitors: drawVisitorTraits(random),
    lostSales: drawLostSales(random),
    endpoint: {
      refuses: weight(0.3, 0.6),
      timesOut: weight(0.3, 0.5),
      answerLost: weight(0.3, 0.5),
      downForMs: random.pick([0, 0, 0, 0, 0, 0, 10 * secondMs, 20 * minuteMs, 3 * hourMs, 30 * hourMs]),
      disableAfterMs: random.pick([5 * secondMs, 10 * minuteMs, 2 * hourMs, 5 * 24 * hourMs]),
      disableAfterFailures: random.integer(1, 8),
      failingAfter: random.integer(1, 5),
      operatorMsMax: random.pick([minuteMs, hourMs, 6 * hourMs]),
    },
  };
}
