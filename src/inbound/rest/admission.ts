import { ProblemAnswer } from './problems.ts';

/** Why no payment is taken just now. */
export const overloadReasons = [
  'payments_in_flight',
  'merchant_in_flight',
  'event_loop',
  'database',
] as const;
export type OverloadReason = (typeof overloadReasons)[number];

export interface AdmissionOptions {
  /** Payments in flight at most: being begun, called for, or waited for by whoever asked. */
  readonly paymentsMax: number;
  /** What else keeps this process from handling a payment in good time; `null`: nothing. */
  readonly strain: () => Extract<OverloadReason, 'event_loop' | 'database'> | null;
  readonly monotonicMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onRefused?: (reason: OverloadReason, merchantId: string) => void;
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
 * undoes a payment asks here: cancels, refunds, looks and notifications go on, and make room. A merchant that sends
 * whatever it has leaves room for the others' payments.
 */
export interface Admission {
  enter(merchantId: string): Place | Overload;
  paymentsInFlight(): number;
  /**
   * Counts a request of any kind in until it is closed; `null` when far more are open than payments may be.
   * It bounds what a process holds in memory at all.
   */
  open(): OpenRequest | null;
  /** A moment to come back, when {@link Admission.open} has answered `null`. */
  retryAfterS(): number;
}

export interface OpenRequest {
  /** Counts it for whoever it comes from; `false` when that one has its share of all that may be open. Called once at most. */
  ownedBy(owner: string): boolean;
  /** The request has been answered. Called once more it does nothing. */
  close(): void;
}

/** Requests of every kind for each payment that may be in flight: looks and cancels are refused much later than payments. */
const requestsPerPayment = 8;
/**
 * From this share of the payments that may be in flight on. Fewer are not what strains a process: something else on the
 * machine does, or its start, and nobody would be helped by refusing them.
 */
const strainCountsFromShare = 1 / 20;
/**
 * So many times the places that are left free one merchant may have: alone it has nine tenths of them, two have nine
 * nineteenths each, and so on, so that the next that comes finds room.
 */
const merchantGreed = 9;
const spreadSecondsMin = 4;
const spreadSecondsMax = 30;
/** As long as refusals follow each other this closely, it is one overload. */
const oneOverloadMs = 5_000;

export function createAdmission(options: AdmissionOptions): Admission {
  const { paymentsMax, monotonicMs } = options;
  const strainCountsFrom = Math.ceil(paymentsMax * strainCountsFromShare);
  const requestsMax = paymentsMax * requestsPerPayment;
  const payments = createOwners();
  const requests = createOwners();
  let open = 0;
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

  function obstacle(merchantId: string): OverloadReason | null {
    const left = paymentsMax - payments.count();
    if (left <= 0) return 'payments_in_flight';
    if (payments.of(merchantId) >= merchantGreed * left) return 'merchant_in_flight';
    if (payments.count() < strainCountsFrom) return null;
    // As few as would not count as strain are shared by those who are there: whoever strains the process keeps nobody else out.
    const share = Math.floor(strainCountsFrom / payments.ownersWith(merchantId));
    return payments.of(merchantId) >= share ? options.strain() : null;
  }

  function place(merchantId: string): Place {
    const giveBack = payments.take(merchantId);
    let holders = 1;
    let asked = true;
    const letGo = (): void => {
      holders -= 1;
      if (holders === 0) giveBack();
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
    enter(merchantId) {
      const reason = obstacle(merchantId);
      if (reason === null) return place(merchantId);
      options.onRefused?.(reason, merchantId);
      return { kind: 'overloaded', reason, retryAfterS: retryAfterS() };
    },
    paymentsInFlight: payments.count,
    open() {
      if (open >= requestsMax) return null;
      open += 1;
      let isOpen = true;
      let disown = (): void => {};
      return {
        ownedBy(owner) {
          const left = requestsMax - requests.count();
          if (requests.of(owner) >= merchantGreed * left) return false;
          disown = requests.take(owner);
          return true;
        },
        close() {
          if (!isOpen) return;
          isOpen = false;
          open -= 1;
          disown();
        },
      };
    },
    retryAfterS,
  };
}

/** Who has how many of something. Whoever has none is not remembered. */
interface Owners {
  count(): number;
  of(owner: string): number;
  /** How many have any, this one counted in. */
  ownersWith(owner: string): number;
  /** Takes one; the function gives it back, and is called once. */
  take(owner: string): () => void;
}

function createOwners(): Owners {
  const counts = new Map<string, number>();
  let all = 0;
  const of = (owner: string): number => counts.get(owner) ?? 0;
  return {
    count: () => all,
    of,
    ownersWith: (owner) => counts.size + (counts.has(owner) ? 0 : 1),
    take(owner) {
      all += 1;
      counts.set(owner, of(owner) + 1);
      return () => {
        all -= 1;
        const left = of(owner) - 1;
        if (left > 0) counts.set(owner, left);
        else counts.delete(owner);
      };
    },
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
