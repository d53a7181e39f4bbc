import { expect, test } from 'vitest';
import type { SeedRun } from './seed-run.ts';
import { runOnThreads } from './seed-threads.ts';

async function runsOf(threads: number): Promise<SeedRun[]> {
  const runs: SeedRun[] = [];
  await runOnThreads(11, 510, threads, (run) => runs.push(run));
  return runs;
}

test('two threads tell the same of the same seeds, in the same order, as one', async () => {
  const runs = await runsOf(1);
  expect(runs).toHaveLength(3);
  expect(await runsOf(2)).toEqual(runs);
});
