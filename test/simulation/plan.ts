import type { Random } from './random.ts';

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
    readonly stallMsMax: number;
    /** How far each process's estimate of the database's clock is off. */
    readonly clockErrorMsMax: number;
    /** How long it takes a process to see work that another one recorded. */
    readonly pollMs: number;
    readonly concurrency: number;
  };
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
  readonly wallet: WalletTraits;
  readonly merchants: MerchantTraits;
  readonly endpoint: {
    readonly refuses: number;
    readonly timesOut: number;
    readonly answerLost: number;
    /** No message is accepted before this time after the start. */
    readonly downForMs: number;
  };
}

/** How the wallet of this seed behaves where the real one may differ. */
export interface WalletTraits {
  /** The payer is asked for a password. */
  readonly asksPayer: number;
  readonly declines: number;
  readonly payerConfirms: number;
  readonly payerRefuses: number;
  readonly payerMsMax: number;
  /** A payment code pays once. A trial's codes never wear out. */
  readonly codesAreSpent: boolean;
  /** Unpaid payments close at the time that was sent; otherwise so many minutes after they arrived. */
  readonly closesAtSentTime: boolean;
  readonly cancelWindowMs: number;
  /** A repeated cancel of what is closed: named again, accepted without a word, or refused once the window is over. */
  readonly repeatedCancel: 'named' | 'nothing_named' | 'window_first';
  /** A repeated refund of what is closed by now is told that the payment is closed, not that it is a repeat. */
  readonly closedBeforeRepeat: boolean;
  /** A refund's amount is compared with what is left before the refund is recognised as a repeat. */
  readonly amountBeforeRepeat: boolean;
  /** A refund inquiry finds a refund only so long after it was made. */
  readonly refundShowsAfterMs: number;
  /** The first inquiries do not find a payment that is there. */
  readonly hidesAtFirst: number;
  /** Refunds and cancels of paid payments must wait until the merchant's takings suffice. */
  readonly positionShortForMs: number;
  /** Refunds that the wallet refuses for good. */
  readonly refusesRefund: number;
  readonly refundSpacingMs: number;
}

export interface MerchantTraits {
  readonly orders: number;
  readonly withoutKey: number;
  readonly withoutNotifyUrl: number;
  readonly timeoutMsMax: number;
  /** Requests and answers between merchant and gateway. */
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
  const { calls, merchants, wallet } = plan;
  switch (random.pick(scenes)) {
    case 'anything':
      return plan;
    case 'crossing':
      return {
        ...plan,
        networkMsMax: random.magnitude(500, 5_000),
        lateArrival: 'soon',
        calls: { ...calls, pay: { ...calls.pay, requestLate: random.fraction() } },
        wallet: { ...wallet, asksPayer: random.fraction(), payerConfirms: random.fraction() },
        merchants: { ...merchants, cancelsOrderAside: 0.8, asideMsMax: random.magnitude(100, 10_000) },
      };
    case 'giving back':
      return {
        ...plan,
        wallet: { ...wallet, asksPayer: 0, declines: 0 },
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
        calls: { ...calls, pay: { ...calls.pay, requestLate: 0.9, requestLost: 0 } },
      };
  }
}

/** What a seed is about. Half of them are about nothing in particular. */
const scenes = ['anything', 'anything', 'anything', 'crossing', 'giving back', 'at the horizon'] as const;

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
      stallMsMax: random.magnitude(5 * secondMs, 30 * minuteMs),
      clockErrorMsMax: random.chance(0.5) ? random.integer(1, 20) : 0,
      pollMs: random.magnitude(200, 5 * secondMs),
      concurrency: random.pick([1, 4, 32]),
    },
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
    wallet: {
      asksPayer: weight(0.6, 1),
      declines: weight(0.4, 0.6),
      payerConfirms: random.fraction(),
      payerRefuses: random.fraction() * 0.5,
      payerMsMax: random.magnitude(2 * secondMs, 8 * minuteMs),
      codesAreSpent: random.chance(0.5),
      closesAtSentTime: random.chance(0.5),
      cancelWindowMs: random.chance(0.6) ? 24 * hourMs : random.magnitude(5 * secondMs, hourMs),
      repeatedCancel: random.pick(['named', 'nothing_named', 'window_first']),
      closedBeforeRepeat: random.chance(0.3),
      amountBeforeRepeat: random.chance(0.3),
      refundShowsAfterMs: random.chance(0.3) ? random.integer(0, 9 * secondMs) : 0,
      hidesAtFirst: weight(0.3, 1),
      positionShortForMs: random.chance(0.15) ? random.magnitude(5 * secondMs, 6 * hourMs) : 0,
      refusesRefund: weight(0.3, 0.7),
      refundSpacingMs: 3 * secondMs,
    },
    merchants: {
      orders: random.integer(1, 4),
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
    },
    endpoint: {
      refuses: weight(0.3, 0.6),
      timesOut: weight(0.3, 0.5),
      answerLost: weight(0.3, 0.5),
      downForMs: random.pick([0, 0, 0, 0, 0, 0, 10 * secondMs, 20 * minuteMs, 3 * hourMs, 30 * hourMs]),
    },
  };
}
