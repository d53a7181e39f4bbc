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
   * Waits for a place, in order of arrival. The place is given back by calling the function, once.
   * `null` when none is free before `beforeMs` (monotonic).
   */
  enter(purpose: CallPurpose, beforeMs: number): Promise<(() => void) | null>;
}

/**
 * When a wallet stops answering, payments pile up until their limits pass. Resolutions go before them and keep some
 * places to themselves, so that the payments already begun are not the ones that wait (money case 14).
 */
export function createCallGate({ concurrency, reserved, monotonicMs }: CallGateOptions): CallGate {
  const underWay = { payment: 0, resolution: 0 };
  const waiting = { payment: new Set<() => void>(), resolution: new Set<() => void>() };

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
        for (const admit of waiting[next]) {
          if (!isFree(next)) break;
          admit();
        }
      }
    };
  }

  function enter(purpose: CallPurpose, beforeMs: number): Promise<(() => void) | null> {
    if (isFree(purpose)) return Promise.resolve(leaveFor(purpose));
    const waitMs = Math.min(beforeMs - monotonicMs(), 2 ** 31 - 1);
    if (waitMs <= 0) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting[purpose].delete(admit);
        resolve(null);
      }, waitMs);
      function admit(): void {
        clearTimeout(timer);
        waiting[purpose].delete(admit);
        resolve(leaveFor(purpose));
      }
      waiting[purpose].add(admit);
    });
  }

  return { enter };
}
