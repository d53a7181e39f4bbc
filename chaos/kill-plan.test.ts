import { expect, it } from 'vitest';
import { createRandom } from '../test/simulation/random.ts';
import { killPlan, planInWords, victims } from './kill-plan.ts';
import { readOptions } from './options.ts';

it('a seed repeats its plan, and another seed has another one', () => {
  const plan = (seed: number) => planInWords(killPlan(createRandom(seed), 300_000));
  expect(plan(7)).toBe(plan(7));
  expect(plan(7)).not.toBe(plan(8));
});

it('five minutes have twenty kills and more, within their time and in order', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const times = killPlan(createRandom(seed), 300_000).map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThanOrEqual(20);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThan(300_000);
  }
});

it('half a minute has a kill of each kind', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const killed = new Set(killPlan(createRandom(seed), 25_000).map(({ victim }) => victim));
    expect([...killed].toSorted()).toEqual([...victims].toSorted());
  }
});

it.each([
  ['--minutes 5 --seed 3', { kind: 'chaos', minutes: 5, seed: 3, faultShare: 0.02, tills: 32 }],
  [
    '--minutes 0.5 --seed 0 --faults 0 --tills 4',
    { kind: 'chaos', minutes: 0.5, seed: 0, faultShare: 0, tills: 4 },
  ],
  ['--drain 10000', { kind: 'drain', cancels: 10_000 }],
  ['--drain 10 --minutes 5', null],
  ['--minutes 0', null],
  ['--minutes five', null],
  ['--faults 50', null],
  ['--speed 5', null],
])('the arguments %s', (words, wanted) => {
  expect(readOptions(words.split(' '))).toEqual(wanted);
});
