import { expect, test } from 'vitest';
import { createRandom } from './random.ts';
import { createScheduler } from './scheduler.ts';

const limits = { untilMs: 1_000_000, events: 10_000 };

test('events happen in the order of their times, and of their scheduling within one time', async () => {
  const scheduler = createScheduler(1_000);
  const random = createRandom(7);
  const expected: { readonly atMs: number; readonly number: number }[] = [];
  const happened: number[] = [];
  for (let number = 0; number < 500; number += 1) {
    const delayMs = random.integer(0, 40);
    expected.push({ atMs: delayMs, number });
    scheduler.after(delayMs, () => happened.push(number));
  }
  expected.sort((a, b) => a.atMs - b.atMs || a.number - b.number);
  expect(await scheduler.run(() => true, limits)).toBe('quiet');
  expect(happened).toEqual(expected.map(({ number }) => number));
});

test('all promises that can settle have settled before the next event happens', async () => {
  const scheduler = createScheduler(0);
  const seen: string[] = [];
  const chain = async (): Promise<void> => {
    for (let link = 0; link < 50; link += 1) await Promise.resolve();
    seen.push('chain');
  };
  scheduler.after(1, () => void chain());
  scheduler.after(1, () => seen.push('next event'));
  await scheduler.run(() => true, limits);
  expect(seen).toEqual(['chain', 'next event']);
});

test('a cancelled event does not happen, and idle ones keep nothing going', async () => {
  const scheduler = createScheduler(0);
  const seen: string[] = [];
  scheduler.cancel(scheduler.after(1, () => seen.push('cancelled')));
  const poll = (): void => {
    seen.push('poll');
    scheduler.after(10, poll, true);
  };
  scheduler.after(10, poll, true);
  scheduler.after(35, () => seen.push('work'));
  expect(await scheduler.run(() => true, limits)).toBe('quiet');
  expect(seen).toEqual(['poll', 'poll', 'poll', 'work']);
  expect(scheduler.nowMs()).toBe(35);
});

test('the past cannot be changed', () => {
  const scheduler = createScheduler(1_000);
  expect(() => scheduler.after(-1, () => {})).toThrow('nothing can happen 1 ms ago');
});

test('what turns in circles without time going on is stopped', async () => {
  const scheduler = createScheduler(0);
  const turn = (): void => {
    scheduler.after(0, turn);
  };
  turn();
  expect(await scheduler.run(() => true, limits)).toBe('limit');
  expect(scheduler.happened()).toBe(limits.events);
});
