import { expect, test } from 'vitest';
import {
  deliveryDelayMs,
  deliveryScheduleMs,
  deliveryTimeoutMs,
  longestPutOffMs,
  putOffMs,
} from './delivery.ts';

// proves NOT-03
test('a delivery is tried at once and at 1, 2, 4 and 8 s, then on the schedule of the Open Platform', () => {
  const seconds = deliveryScheduleMs.map((ms) => ms / 1000);
  const triedAt = seconds
    .slice(0, 4)
    .map((_, n) => seconds.slice(0, n + 1).reduce((sum, wait) => sum + wait, 0));
  expect(triedAt).toEqual([1, 2, 4, 8]);
  const minutes = seconds.slice(4).map((wait) => wait / 60);
  expect(minutes).toEqual([4, 10, 10, 60, 120, 360, 900]);
});

test('the wait follows the number of tries that failed, and ends when the schedule is used up', () => {
  const tries = Array.from({ length: deliveryScheduleMs.length }, (_, n) => n + 1);
  expect(tries.map(deliveryDelayMs)).toEqual(deliveryScheduleMs);
  expect(deliveryDelayMs(deliveryScheduleMs.length + 1)).toBeNull();
  expect(deliveryDelayMs(0)).toBeNull();
});

test('an endpoint has 5 s to answer', () => {
  expect(deliveryTimeoutMs).toBe(5_000);
});

// proves NOT-03
test.each([
  ['sound', 0, 1],
  ['sound', 8, 4],
  ['sound', 3_600, 10],
  ['failing', 1, 1],
  ['failing', 3_600, 1_800],
  ['failing', 86_400, 3_600],
] as const)('while its endpoint is %s, a delivery %i s old is put off by %i s', (standing, age, seconds) => {
  const createdAt = new Date('2026-03-02T04:00:00Z');
  const now = new Date(createdAt.getTime() + age * 1_000);
  expect(putOffMs({ createdAt }, longestPutOffMs(standing), now)).toBe(seconds * 1_000);
});
