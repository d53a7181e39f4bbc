import { expect, test } from 'vitest';
import type { SeedRun } from './seed-run.ts';
import { runOnThreads } from './seed-threads.ts';

async function runsOf(threads: number): Promise<SeedRun[]> {
  const runs: SeedRun[] = [];
  await runOnThreads(11, 70, threads, (run) => runs.push(run), 20);
  return runs;
}

test('two threads tell the same of the same seeds, in the same order, as one', async () => {
  const runs = await runsOf(1);
  expect(runs).toHaveLength(4);
  expect(await runsOf(2)).toEqual(runs);
});
