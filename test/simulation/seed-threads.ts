import { Worker } from 'node:worker_threads';
import { runSeeds, type SeedRun } from './seed-run.ts';

/** Seeds in a row that one thread runs at a time. */
export interface Stretch {
  readonly from: number;
  readonly count: number;
}

/**
 * Runs seeds on so many threads, and hands over what they led to stretch by stretch, in the order of the seeds: a seed knows
 * nothing of others, so the sum is the same on any number of threads. One thread is the caller's own.
 */
export async function runOnThreads(
  from: number,
  count: number,
  threads: number,
  onRun: (run: SeedRun) => void,
  /** Seeds of a stretch. */
  stretchSeeds = 250,
): Promise<void> {
  const stretches: Stretch[] = [];
  for (let first = from; first < from + count; first += stretchSeeds) {
    stretches.push({ from: first, count: Math.min(stretchSeeds, from + count - first) });
  }
  if (threads === 1 || stretches.length === 1) {
    for (const stretch of stretches) onRun(await runSeeds(stretch.from, stretch.count));
    return;
  }
  const runs: (SeedRun | undefined)[] = [];
  let taken = 0;
  let handedOver = 0;
  const work = async (): Promise<void> => {
    const thread = new Worker(new URL('./seed-thread.ts', import.meta.url));
    try {
      for (;;) {
        const number = taken;
        const stretch = stretches[number];
        if (stretch === undefined) return;
        taken += 1;
        runs[number] = await runThere(thread, stretch);
        for (let next = runs[handedOver]; next !== undefined; next = runs[handedOver]) {
          onRun(next);
          runs[handedOver] = undefined;
          handedOver += 1;
        }
      }
    } finally {
      await thread.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, stretches.length) }, work));
}

function runThere(thread: Worker, stretch: Stretch): Promise<SeedRun> {
  return new Promise((resolve, reject) => {
    thread.once('message', (run: SeedRun) => {
      thread.off('error', reject);
      resolve(run);
    });
    thread.once('error', reject);
    thread.postMessage(stretch);
  });
}
