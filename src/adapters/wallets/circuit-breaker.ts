import type { CallPurpose } from './call-gate.ts';

/** How a call ended, as far as it says something of the account's line. `untold`: it was not tried, or proves nothing. */
export type CallEnd = 'answered' | 'unanswered' | 'untold';

/** Knows whether a wallet account answers. Times are the process's own, monotonic milliseconds. */
export interface CircuitBreaker {
  /**
   * Whether a call may be made now. While the account is silent only probes may; who is admitted tells
   * {@link ended} how it went.
   */
  admits(purpose: CallPurpose, nowMs: number): boolean;
  ended(how: CallEnd, nowMs: number): void;
  /** Whether a call of this purpose would be refused now. */
  refuses(purpose: CallPurpose, nowMs: number): boolean;
  isOpen(): boolean;
}

/** Calls of so long ago count. */
const windowMs = 10_000;
const bucketMs = 1_000;

/** Fewer calls than this say nothing: where little is called, each row's own pace is gentle enough. */
const callsMinDefault = 20;

/**
 * The share of unanswered calls from which on an account counts as silent. In an outage it is nearly all of them. With
 * one call in twenty lost by chance, three in four of twenty calls are lost less than once in 10¹⁵ windows.
 */
const silentShare = 0.75;

/** While the account is silent one call probes it, so long after the last probe has ended. */
const probeEveryMs = 1_000;

/** A payer is let in as a probe only when no inquiry, cancel or refund has probed for so long. */
const payerProbesAfterMs = 3_000;

/**
 * Opens when an account has gone silent, and closes at the first answer, whichever call it is for. A few unanswered
 * calls never open it. Each process learns by itself, within a probe's time. Money case 14.
 */
export function createCircuitBreaker(callsMin = callsMinDefault): CircuitBreaker {
  let buckets: { readonly startMs: number; answered: number; unanswered: number }[] = [];
  let open = false;
  let probeUnderWay = false;
  let probedAtMs = 0;

  function admits(purpose: CallPurpose, nowMs: number): boolean {
    if (refuses(purpose, nowMs)) return false;
    if (open) probeUnderWay = true;
    return true;
  }

  function refuses(purpose: CallPurpose, nowMs: number): boolean {
    if (!open) return false;
    const restMs = purpose === 'payment' ? payerProbesAfterMs : probeEveryMs;
    return probeUnderWay || nowMs < probedAtMs + restMs;
  }

  function ended(how: CallEnd, nowMs: number): void {
    if (how === 'answered') {
      if (open) buckets = [];
      open = false;
      probeUnderWay = false;
    }
    if (open) {
      // Which call it was does not matter: one that began before is as good a probe.
      if (how === 'unanswered') probedAtMs = nowMs;
      probeUnderWay = false;
      return;
    }
    if (how === 'untold') return;
    bucketAt(nowMs)[how] += 1;
    if (how === 'unanswered' && isSilent()) {
      open = true;
      probeUnderWay = false;
      probedAtMs = nowMs;
    }
  }

  function bucketAt(nowMs: number) {
    const startMs = Math.floor(nowMs / bucketMs) * bucketMs;
    buckets = buckets.filter((bucket) => bucket.startMs > nowMs - windowMs);
    const last = buckets.at(-1);
    if (last !== undefined && last.startMs >= startMs) return last;
    const fresh = { startMs, answered: 0, unanswered: 0 };
    buckets.push(fresh);
    return fresh;
  }

  function isSilent(): boolean {
    let answered = 0;
    let unanswered = 0;
    for (const bucket of buckets) {
      answered += bucket.answered;
      unanswered += bucket.unanswered;
    }
    const calls = answered + unanswered;
    return calls >= callsMin && unanswered >= calls * silentShare;
  }

  return { admits, ended, refuses, isOpen: () => open };
}
