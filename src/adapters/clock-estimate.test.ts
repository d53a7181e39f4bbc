import { expect, it } from 'vitest';
import { aheadAfterSample } from './clock-estimate.ts';

const toldMs = 1_000_000;

// Money case 12: a process is never ahead of the clock that due times and leases are compared with.
it.each([
  ['the first sample gives its earlier bound', Number.NaN, 5, toldMs - 45],
  ['what is known stays between the bounds', toldMs - 20, 5, toldMs - 20],
  ['at the earlier bound', toldMs - 45, 5, toldMs - 45],
  ['at the later bound, with the millisecond that was cut off', toldMs + 1 - 5, 5, toldMs - 4],
  ['what would be ahead falls back', toldMs + 2 - 5, 5, toldMs - 45],
  ['what would be more than a round trip behind comes near', toldMs - 46, 5, toldMs - 45],
  ['a clock that went back an hour is followed', toldMs + 3_600_000, 5, toldMs - 45],
])('%s', (_, knownMs, askedAtMs, aheadMs) => {
  expect(aheadAfterSample(knownMs, { askedAtMs, answeredAtMs: 45, toldMs })).toBe(aheadMs);
});
