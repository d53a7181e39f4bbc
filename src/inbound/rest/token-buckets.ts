/** So many requests at once, and as many again within each window: what a limit promises whoever comes under it. */
export interface Quota {
  readonly name: string;
  readonly requests: number;
  readonly windowS: number;
}

/** What is left of a quota. */
export interface Standing {
  readonly quota: Quota;
  readonly remaining: number;
  /** Seconds until all of it is there again. */
  readonly fullInS: number;
  /** Whole seconds until there is something to take, at least 1; `null` when this one was taken. */
  readonly retryAfterS: number | null;
}

export interface TokenBuckets {
  take(owner: string, quota: Quota): Standing;
  /** What was taken turned out to be none of it. */
  giveBack(owner: string, quota: Quota): void;
}

/** Less is the inexactness of a sum, not time. */
const roundingMs = 0.001;

/**
 * A bucket for each owner, kept as the one number that says it all: when it is full again. A quota comes back evenly over its
 * window, so there is no edge of a window at which twice as much goes through. Of more owners than are remembered, the longest
 * silent are forgotten, whose buckets fill up by that.
 */
export function createTokenBuckets(monotonicMs: () => number, remembered: number): TokenBuckets {
  const fullAtMs = new Map<string, number>();

  function keep(owner: string, atMs: number): void {
    fullAtMs.delete(owner);
    fullAtMs.set(owner, atMs);
    const [oldest] = fullAtMs.keys();
    if (fullAtMs.size > remembered && oldest !== undefined) fullAtMs.delete(oldest);
  }

  return {
    take(owner, quota) {
      const nowMs = monotonicMs();
      const windowMs = quota.windowS * 1_000;
      const eachMs = windowMs / quota.requests;
      const beforeMs = Math.max(fullAtMs.get(owner) ?? 0, nowMs);
      const overMs = beforeMs + eachMs - nowMs - windowMs;
      const taken = overMs <= roundingMs;
      const afterMs = taken ? beforeMs + eachMs : beforeMs;
      // Whoever is refused is not silent.
      keep(owner, afterMs);
      return {
        quota,
        remaining: Math.max(0, Math.floor((windowMs + nowMs - afterMs + roundingMs) / eachMs)),
        fullInS: Math.ceil((afterMs - nowMs) / 1_000),
        retryAfterS: taken ? null : Math.max(1, Math.ceil((overMs - roundingMs) / 1_000)),
      };
    },
    giveBack(owner, quota) {
      const atMs = fullAtMs.get(owner);
      if (atMs !== undefined) fullAtMs.set(owner, atMs - (quota.windowS * 1_000) / quota.requests);
    },
  };
}
