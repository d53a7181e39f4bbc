import { parentPort } from 'node:worker_threads';
import { runSeeds } from './seed-run.ts';
import type { Stretch } from './seed-threads.ts';

/* A thread that runs one stretch of seeds after the other, as it is told. */

parentPort?.on('message', ({ from, count }: Stretch) => {
  void runSeeds(from, count).then((run) => parentPort?.postMessage(run));
});
