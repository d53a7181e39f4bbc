export interface CallGateOptions {
  /** Calls under way at most. */
  readonly concurrency: number;
  /** Of these, how many no payment may take. */
  readonly reserved: number;
  readonly monotonicMs: () => number;
}

/**
 * What a call is for. `payment` begins something; `resolution` (inquiry, cancel, refund) finds out or undoes what
 * was begun.
 */
export type CallPurpose = 'payment' | 'resolution';

/** Bounds the calls under way to one wallet account. */
export interface CallGate {
  /**
   * Waits for a place: merchants in turn, each one's calls in order of arrival. The place is given back by calling the
   * function, once. `null` when none is free before `beforeMs` (monotonic).
   */
  enter(purpose: CallPurpose, beforeMs: number, merchant?: string): Promise<(() => void) | null>;
}

/**
 * When a wallet stops answering, payments pile up until their limits pass. Resolutions go before them and keep some
 * places to themselves, so that the payments already begun are not the ones that wait (money case 14). Between the
 * calls of a merchant that pile up, another's find their turn.
 */
export function createCallGate({ concurrency, reserved, monotonicMs }: CallGateOptions): CallGate {
  const underWay = { payment: 0, resolution: 0 };
  const waiting = { payment: createTurns(), resolution: createTurns() };

  function isFree(purpose: CallPurpose): boolean {
    if (underWay.payment + underWay.resolution >= concurrency) return false;
    return purpose === 'resolution' || underWay.payment < concurrency - reserved;
  }

  function leaveFor(purpose: CallPurpose): () => void {
    underWay[purpose] += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      underWay[purpose] -= 1;
      for (const next of ['resolution', 'payment'] as const) {
        while (isFree(next)) {
          const admit = waiting[next].take();
          if (admit === null) break;
          admit();
        }
      }
    };
  }

  function enter(purpose: CallPurpose, beforeMs: number, merchant = ''): Promise<(() => void) | null> {
    if (isFree(purpose)) return Promise.resolve(leaveFor(purpose));
    const waitMs = Math.min(beforeMs - monotonicMs(), 2 ** 31 - 1);
    if (waitMs <= 0) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting[purpose].remove(merchant, admit);
        resolve(null);
      }, waitMs);
      function admit(): void {
        clearTimeout(timer);
        resolve(leaveFor(purpose));
      }
      waiting[purpose].add(merchant, admit);
    });
  }

  return { enter };
}

/** Those who wait, by merchant. Merchants take turns: whoever had one goes behind the others. */
interface Turns {
  add(merchant: string, admit: () => void): void;
  remove(merchant: string, admit: () => void): void;
  /** The next one, which waits no more. */
  take(): (() => void) | null;
}

function createTurns(): Turns {
  const merchants = new Map<string, Set<() => void>>();
  return {
    add(merchant, admit) {
      const calls = merchants.get(merchant);
      if (calls === undefined) merchants.set(merchant, new Set([admit]));
      else calls.add(admit);
    },
    remove(merchant, admit) {
      const calls = merchants.get(merchant);
      calls?.delete(admit);
      if (calls?.size === 0) merchants.delete(merchant);
    },
    take() {
      for (const [merchant, calls] of merchants) {
        merchants.delete(merchant);
        for (const admit of calls) {
          calls.delete(admit);
          if (calls.size > 0) merchants.set(merchant, calls);
          return admit;
        }
      }
      return null;
    },
  };
}
