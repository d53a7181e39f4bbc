import { expect, test, vi } from 'vitest';
import { gaps } from './report.ts';
import { simulateSeed, simulateSeeds } from './simulate-seed.ts';
import { createTally } from './tally.ts';

const seeds = 1_500;

// proves RES-01, RES-09, RES-10, RES-11, RES-13, RES-16, RES-17, RES-20, CAN-01, CAN-02, CAN-03, CAN-05, PAY-13,
// NOT-01, NOT-02
test(`every payment ends the same for payer, wallet, gateway and merchant in ${seeds} seeds`, async () => {
  const tally = createTally();
  const found: string[] = [];
  await simulateSeeds(1, seeds, ({ seed, violations, tally: seen }) => {
    tally.add(seen);
    for (const { invariant, detail } of violations) found.push(`seed ${seed}: ${invariant}: ${detail}`);
    return true;
  });
  expect(found).toEqual([]);
  // So few seeds need not show everything, but nearly all of it.
  expect(gaps(tally).length).toBeLessThan(4);
});

test('the same seed gives the same trace, to the byte', async () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const first = await simulateSeed(seed);
    const second = await simulateSeed(seed);
    expect(second.trace.lines().join('\n')).toBe(first.trace.lines().join('\n'));
    expect(second.events).toBe(first.events);
  }
  const one = await simulateSeed(1);
  const other = await simulateSeed(2);
  expect(other.trace.lines().join('\n')).not.toBe(one.trace.lines().join('\n'));
});

test('a run asks neither the host’s clocks nor its chance, and sets no timer', async () => {
  const forbidden = (name: string) => () => {
    throw new Error(`${name} was used`);
  };
  const spies = [
    vi.spyOn(Date, 'now').mockImplementation(forbidden('Date.now')),
    vi.spyOn(Math, 'random').mockImplementation(forbidden('Math.random')),
    vi.spyOn(performance, 'now').mockImplementation(forbidden('performance.now')),
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(forbidden('setTimeout')),
    vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation(forbidden('getRandomValues')),
  ];
  try {
    for (let seed = 1; seed <= 5; seed += 1) await simulateSeed(seed);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});
