import { ProblemAnswer } from './problems.ts';

/** Why no payment is taken just now. */
export const overloadReasons = ['payments_in_flight', 'event_loop', 'database'] as const;
export type OverloadReason = (typeof overloadReasons)[number];

export interface AdmissionOptions {
  /** Payments in flight at most: being begun, called for, or waited for by whoever asked. */
  readonly paymentsMax: number;
  /** What else keeps this process from handling a payment in good time; `null`: nothing. */
  readonly strain: () => Exclude<OverloadReason, 'payments_in_flight'> | null;
  readonly monotonicMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onRefused?: (reason: OverloadReason) => void;
}

/** A payment may be begun. */
export interface Place {
  readonly kind: 'admitted';
  /** The place is not free before this work has ended either, whoever still waits for it. */
  holdUntil(work: Promise<unknown>): void;
  /** Whoever asked for the payment has been answered. Called once more it does nothing. */
  leave(): void;
}

export interface Overload {
  readonly kind: 'overloaded';
  readonly reason: OverloadReason;
  /** Whole seconds, different for each that is refused: they come back one after the other. */
  readonly retryAfterS: number;
}

/**
 * Decides, before anything is recorded, whether this process can handle one more payment: what is taken must get its
 * inquiries, its cancel and its answer, so what cannot have them in good time is not taken. Nothing that finishes or
 * undoes a payment asks here: cancels, refunds, looks and notifications go on, and make room.
 */
export interface Admission {
  enter(): Place | Overload;
  paymentsInFlight(): number;
  /**
   * Counts a request of any kind in until the function is called; `null` when far more are open than payments may be.
   * It bounds what a process holds in memory at all.
   */
  open(): (() => void) | null;
  /** A moment to come back, when {@link Admission.open} has answered `null`. */
  retryAfterS(): number;
}

/** Requests of every kind for each payment that may be in flight: looks and cancels are refused much later than payments. */
const requestsPerPayment = 8;
/**
 * From this share of the payments that may be in flight on. Fewer are not what strains a process: something else on the
 * machine does, or its start, and nobody would be helped by refusing them.
 */
const strainCountsFromShare = 1 / 20;
const spreadSecondsMin = 4;
const spreadSecondsMax = 30;
/** As long as refusals follow each other this closely, it is one overload. */
const oneOverloadMs = 5_000;

export function createAdmission(options: AdmissionOptions): Admission {
  const { paymentsMax, monotonicMs } = options;
  const strainCountsFrom = Math.ceil(paymentsMax * strainCountsFromShare);
  let inFlight = 0;
  let requests = 0;
  let refusals = { firstMs: Number.NEGATIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY };

  /** The longer it lasts, the wider those who wait are spread: all of them at once would only prolong it. */
  function retryAfterS(): number {
    const nowMs = monotonicMs();
    const goesOn = nowMs - refusals.lastMs <= oneOverloadMs;
    refusals = { firstMs: goesOn ? refusals.firstMs : nowMs, lastMs: nowMs };
    const lastsS = (nowMs - refusals.firstMs) / 1_000;
    const spreadS = Math.min(spreadSecondsMax, spreadSecondsMin + lastsS);
    return 1 + Math.floor(options.random() * spreadS);
  }

  function place(): Place {
    let holders = 1;
    let asked = true;
    inFlight += 1;
    const letGo = (): void => {
      holders -= 1;
      if (holders === 0) inFlight -= 1;
    };
    return {
      kind: 'admitted',
      holdUntil(work) {
        holders += 1;
        work.then(letGo, letGo);
      },
      leave() {
        if (asked) letGo();
        asked = false;
      },
    };
  }

  return {
    enter() {
      const strain = inFlight >= strainCountsFrom ? options.strain() : null;
      const reason = inFlight >= paymentsMax ? 'payments_in_flight' : strain;
      if (reason === null) return place();
      options.onRefused?.(reason);
      return { kind: 'overloaded', reason, retryAfterS: retryAfterS() };
    },
    paymentsInFlight: () => inFlight,
    open() {
      if (requests >= paymentsMax * requestsPerPayment) return null;
      requests += 1;
      let isOpen = true;
      return () => {
        if (isOpen) requests -= 1;
        isOpen = false;
      };
    },
    retryAfterS,
  };
}

/** Where nobody else comes: everything is taken. */
export function admitAll(): Admission {
  return createAdmission({
    paymentsMax: Number.POSITIVE_INFINITY,
    strain: () => null,
    monotonicMs: () => 0,
    random: () => 0,
  });
}

/** 503 before anything was recorded: unlike `unavailable` it leaves nothing unknown. */
export function overloaded(retryAfterS: number): ProblemAnswer {
  return new ProblemAnswer({
    code: 'overloaded',
    field: null,
    value: null,
    detail:
      'The gateway has all the work that it can do just now. Nothing of this request was recorded: send it again, with ' +
      `the same Idempotency-Key, after ${retryAfterS} seconds. An earlier copy of it may have been accepted: look with ` +
      'GET /v1/payments?merchant_order_no= before the sale is given up.',
    headers: { 'retry-after': `${retryAfterS}` },
  });
}
