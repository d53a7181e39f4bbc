import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { createTokenBuckets, type Quota, type TokenBuckets } from './token-buckets.ts';

const quota: Quota = { name: 'requests', requests: 10, windowS: 10 };

let nowMs: number;
let buckets: TokenBuckets;
beforeEach(() => {
  nowMs = 0;
  buckets = createTokenBuckets(() => nowMs, 100);
});

const takes = (count: number, owner = 'A') => Array.from({ length: count }, () => buckets.take(owner, quota));
const taken = (count: number, owner = 'A') =>
  takes(count, owner).filter((one) => one.retryAfterS === null).length;

test('all of a quota may come at once, and comes back evenly', () => {
  expect(takes(10).map(({ remaining }) => remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  expect(buckets.take('A', quota)).toEqual({ quota, remaining: 0, fullInS: 10, retryAfterS: 1 });
  nowMs = 999;
  expect(taken(1)).toBe(0);
  nowMs = 1_000;
  expect(taken(2)).toBe(1);
  nowMs = 4_500;
  expect(taken(9)).toBe(3);
  nowMs = 60_000;
  expect(taken(20)).toBe(10);
});

test('what is refused costs nothing', () => {
  takes(5_000);
  nowMs = 10_000;
  expect(taken(20)).toBe(10);
});

test('whoever keeps to Retry-After is served', () => {
  const slow: Quota = { name: 'requests', requests: 3, windowS: 10 };
  for (let request = 0; request < 100; request += 1) {
    const { retryAfterS } = buckets.take('A', slow);
    if (retryAfterS === null) continue;
    nowMs += retryAfterS * 1_000;
    expect(buckets.take('A', slow).retryAfterS).toBeNull();
  }
  expect(nowMs).toBeGreaterThan(100_000);
});

test('one owner’s are not another’s', () => {
  takes(10);
  expect(taken(10, 'B')).toBe(10);
});

test('what was given back may be taken again, and never makes more of it', () => {
  takes(10);
  buckets.giveBack('A', quota);
  expect(taken(3)).toBe(1);
  for (let time = 0; time < 50; time += 1) buckets.giveBack('A', quota);
  expect(taken(50)).toBe(10);
});

test('a quota that is changed holds from the next request on', () => {
  takes(10);
  const more: Quota = { ...quota, requests: 1_000 };
  expect(buckets.take('A', more).retryAfterS).toBe(1);
  nowMs = 1_000;
  expect(
    Array.from({ length: 200 }, () => buckets.take('A', more)).filter((one) => one.retryAfterS === null),
  ).toHaveLength(100);
});

test('of very many owners the longest silent is forgotten, and not one that keeps coming', () => {
  takes(10, 'busy');
  takes(10, 'silent');
  for (let other = 0; other < 1_000; other += 1) {
    taken(1, `other-${other}`);
    expect(taken(1, 'busy')).toBe(0);
  }
  expect(taken(1, 'silent')).toBe(1);
});

test('whatever comes when, no window takes more than twice the quota, and what is told remains is there', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 40 })), {
        maxLength: 60,
      }),
      (requests, arrivals) => {
        const any: Quota = { name: 'requests', requests, windowS: 10 };
        nowMs = 0;
        const some = createTokenBuckets(() => nowMs, 10);
        const takenAtMs: number[] = [];
        let promised = requests;
        for (const [laterMs, count] of arrivals) {
          nowMs += laterMs;
          for (let one = 0; one < count; one += 1) {
            const { remaining, retryAfterS } = some.take('A', any);
            if (promised > 0) expect(retryAfterS).toBeNull();
            if (retryAfterS === null) takenAtMs.push(nowMs);
            promised = remaining;
          }
          const inWindow = takenAtMs.filter((atMs) => atMs > nowMs - 10_000).length;
          expect(inWindow).toBeLessThanOrEqual(2 * requests);
        }
      },
    ),
    { numRuns: 200 },
  );
});
