import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';
import type { Database } from './database.ts';

export interface DatabaseClock extends Clock {
  /** Asks the database for its time once more. */
  sample(): Promise<void>;
  /** Ends the regular sampling. */
  stop(): void;
}

/**
 * The database's clock as this process knows it: the last sample plus what has passed since on the monotonic
 * clock. Half of the round trip is taken as the answer's age. The host's wall clock plays no part, so a wrong or
 * jumping one moves no due time and no lease. Money case 12.
 */
export async function openDatabaseClock(database: Database, sampleEveryMs = 10_000): Promise<DatabaseClock> {
  let sampledNowMs = 0;
  let sampledAtMs = 0;
  const sample = async (): Promise<void> => {
    const askedAtMs = performance.now();
    const { rows } = await database.query<{ readonly now: Date }>({
      name: 'database_now',
      text: 'select clock_timestamp() as now',
    });
    const [row] = rows;
    if (row === undefined) throw new Error('the database did not tell its time');
    const answeredAtMs = performance.now();
    sampledNowMs = row.now.getTime() + (answeredAtMs - askedAtMs) / 2;
    sampledAtMs = answeredAtMs;
  };
  await sample();
  // A sample that fails leaves the last one in force: drift over seconds is far below any wait we measure.
  const timer = setInterval(() => void sample().catch(() => {}), sampleEveryMs);
  timer.unref();
  return {
    now: () => new Date(sampledNowMs + (performance.now() - sampledAtMs)),
    monotonicMs: () => performance.now(),
    async sleep(ms, signal) {
      if (signal?.aborted === true) return;
      await sleepFor(ms, undefined, signal === undefined ? {} : { signal }).catch((error: Error) => {
        if (error.name !== 'AbortError') throw error;
      });
    },
    sample,
    stop: () => clearInterval(timer),
  };
}
