import { createHash } from 'node:crypto';
import type { ApiKey } from '../../ports/merchant-directory.ts';
import { ProblemAnswer } from './problems.ts';
import { sourceOf } from './source-address.ts';
import { createTokenBuckets, type Quota, type Standing } from './token-buckets.ts';

/*
 * How much one key may ask for, and how much an address that shows no good key. It is counted in this process alone: several
 * gateways let through as many times as much, and no payment waits for a count that is kept elsewhere.
 */

/** What became of a key that was shown. */
export type ShownKey =
  | { readonly kind: 'known'; readonly key: ApiKey; readonly keyHash: string }
  | { readonly kind: 'unknown'; readonly standing: Standing | null }
  /** Its address has shown too many that are none: this one was not looked up. */
  | { readonly kind: 'limited'; readonly standing: Standing };

/** Somebody who has used up what there is. */
export type Limited =
  | { readonly kind: 'key'; readonly keyId: string; readonly quota: string }
  | { readonly kind: 'address'; readonly address: string };

export interface RateLimits {
  /** Looks a key up for `address`; `null` stands for none. Throws what `find` throws, which counts for nothing. */
  look(
    address: string,
    apiKey: string | null,
    find: (apiKey: string) => Promise<ApiKey | null>,
  ): Promise<ShownKey>;
  /** Counts a request with a known key. A cancel comes under a limit of its own, so that no payments can use it up. */
  take(shown: Extract<ShownKey, { readonly kind: 'known' }>, kind: 'request' | 'cancel'): Standing | null;
}

/** A burst is as much as may come in this time. */
const windowS = 10;
/** As much of a key's hash as names it to operators. */
const keyIdLength = 16;
/** Cancels for each other request: one that was not answered is sent again, and all that is open may have to be undone at once. */
const cancelsPerRequest = 4;
/** Keys that are none, from one address: a merchant that has mistaken its key notices, and whoever guesses gets nowhere. */
const strangers: Quota = { name: 'unauthenticated', requests: 100, windowS };
/** A crowd is refused many times a second, and named so often. */
const namedEveryMs = 10_000;
/** Buckets of each kind, and keys that were good, that are remembered: about 20 MB in all. */
const remembered = 50_000;

export function createRateLimits(options: {
  /** Of a key that has none of its own. */
  readonly requestsPerS: number;
  readonly monotonicMs: () => number;
  /** Told of somebody who is refused, and not of everybody. */
  readonly onLimited?: (who: Limited) => void;
}): RateLimits {
  const requests = createTokenBuckets(options.monotonicMs, remembered);
  const cancels = createTokenBuckets(options.monotonicMs, remembered);
  const ofStrangers = createTokenBuckets(options.monotonicMs, remembered);
  // By their hash. Whoever guesses behind the same address does not keep these out.
  const good = new Set<string>();
  const beingLookedUp = new Set<string>();
  let namedAtMs = Number.NEGATIVE_INFINITY;

  function tell(who: Limited): void {
    if (options.onLimited === undefined || options.monotonicMs() < namedAtMs + namedEveryMs) return;
    namedAtMs = options.monotonicMs();
    options.onLimited(who);
  }

  function rememberGood(keyHash: string): void {
    good.delete(keyHash);
    good.add(keyHash);
    const [oldest] = good;
    if (good.size > remembered && oldest !== undefined) good.delete(oldest);
  }

  function stranger(source: string): ShownKey {
    const standing = ofStrangers.take(source, strangers);
    if (standing.retryAfterS === null) return { kind: 'unknown', standing };
    tell({ kind: 'address', address: source });
    return { kind: 'limited', standing };
  }

  function counted(keyHash: string, standing: Standing): Standing {
    if (standing.retryAfterS !== null) {
      tell({ kind: 'key', keyId: keyHash.slice(0, keyIdLength), quota: standing.quota.name });
    }
    return standing;
  }

  return {
    async look(address, apiKey, find) {
      const source = sourceOf(address);
      if (apiKey === null) return stranger(source);
      const keyHash = createHash('sha256').update(apiKey).digest('hex');
      // Paid for beforehand, or a thousand guesses at the same moment would all be looked up.
      const asks = !good.has(keyHash) && !beingLookedUp.has(keyHash);
      const advance = asks ? stranger(source) : null;
      if (advance?.kind === 'limited') return advance;
      if (asks) beingLookedUp.add(keyHash);
      let key: ApiKey | null;
      try {
        key = await find(apiKey);
      } catch (error) {
        if (asks) ofStrangers.giveBack(source, strangers);
        throw error;
      } finally {
        if (asks) beingLookedUp.delete(keyHash);
      }
      if (key === null) {
        good.delete(keyHash);
        return advance ?? stranger(source);
      }
      if (asks) ofStrangers.giveBack(source, strangers);
      rememberGood(keyHash);
      return { kind: 'known', key, keyHash };
    },
    take({ key, keyHash }, kind) {
      const most = (key.requestsPerS ?? options.requestsPerS) * windowS;
      switch (kind) {
        case 'request':
          return counted(keyHash, requests.take(keyHash, { name: 'requests', requests: most, windowS }));
        case 'cancel':
          return counted(
            keyHash,
            cancels.take(keyHash, { name: 'cancels', requests: most * cancelsPerRequest, windowS }),
          );
        default:
          return kind satisfies never;
      }
    },
  };
}

/** Where nobody else comes: everything is taken. */
export function limitNothing(): RateLimits {
  return {
    async look(_, apiKey, find) {
      const key = apiKey === null ? null : await find(apiKey);
      return key === null ? { kind: 'unknown', standing: null } : { kind: 'known', key, keyHash: '' };
    },
    take: () => null,
  };
}

/** The headers of draft-ietf-httpapi-ratelimit-headers, in the form that it has since its version 09. */
export function rateLimitHeaders(standing: Standing | null): Readonly<Record<string, string>> {
  if (standing === null) return {};
  const { quota, remaining, fullInS } = standing;
  return {
    'ratelimit-policy': `"${quota.name}";q=${quota.requests};w=${quota.windowS}`,
    ratelimit: `"${quota.name}";r=${remaining};t=${fullInS}`,
  };
}

/** 429 before anything was looked at. */
export function rateLimited({ quota, retryAfterS }: Standing): ProblemAnswer {
  const ofStrangers = quota === strangers;
  return new ProblemAnswer({
    code: 'rate_limited',
    field: 'Authorization',
    value: null,
    detail: ofStrangers
      ? `Too many requests without a known API key came from this address (${quota.requests} in ${quota.windowS} seconds are the ` +
        `most), so this Authorization was not looked at: send one with a key that the acquirer issued, after ${retryAfterS} seconds.`
      : `The key in Authorization has made all the ${quota.name} that it may (${quota.requests} in ${quota.windowS} seconds). Nothing of ` +
        `this request was recorded: send it again, with the same Idempotency-Key, after ${retryAfterS} seconds. An earlier ` +
        'copy of it may have been accepted: look with GET /v1/payments?merchant_order_no= before the sale is given up.',
    headers: { 'retry-after': `${retryAfterS}` },
  });
}
