import { afterEach, expect, test, vi } from 'vitest';
import { runSimulation } from './main.ts';
import { gaps, missingFrom } from './report.ts';
import { createTally, moneyCases } from './tally.ts';

// A run that shows nothing, as soon as it is asked for.
vi.mock('./seed-threads.ts', () => ({ runOnThreads: async () => {} }));

afterEach(() => {
  vi.restoreAllMocks();
});

test('a run should show each money case, each lifecycle edge and each fault by its name', () => {
  const missing = gaps(createTally());
  expect(new Set(missing).size).toBe(missing.length);
  for (const name of Object.values(moneyCases)) expect(missing).toContain(`money case: ${name}`);
  for (const name of [
    'payment: SuccessFound',
    'reversal: LatePaymentReversed',
    'refund: RefundFailureFound',
    'fault: process crashes',
    'fault: a process cannot reach the database',
    'fault: the database’s clock goes back',
    'fault of cancel: answer lost',
    'merchant: vanishes without the result',
    'misleading status: SUCCESS of what was given back',
  ]) {
    expect(missing).toContain(name);
  }
});

test('what has occurred once is missing no more, and few seeds may leave anything out', () => {
  const tally = createTally();
  for (const gap of gaps(tally)) {
    const [group = '', ...name] = gap.split(': ');
    if (gap !== 'fault: process stalls') tally.count(group, name.join(': '));
  }
  expect(missingFrom(tally, 10_000)).toEqual(['fault: process stalls']);
  expect(missingFrom(tally, 9_999)).toEqual([]);
});

test.each([
  { seeds: 9_999, code: 0 },
  { seeds: 10_000, code: 1 },
])('a run of $seeds seeds that shows nothing ends with $code', async ({ seeds, code }) => {
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  expect(await runSimulation(['--seeds', `${seeds}`])).toBe(code);
  const lines = printed.join('').trimEnd().split('\n');
  expect(lines.at(-1)).toBe(`${seeds} seeds, 0 violations`);
  expect(lines.includes('a gap in 10000 seeds: payment: SuccessFound')).toBe(code === 1);
});
