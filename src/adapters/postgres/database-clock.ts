import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';
import { aheadAfterSample, type ClockSample, sampleEveryMsDefault } from '../clock-estimate.ts';
import type { Database } from './database.ts';

export interface DatabaseClock extends Clock {
  /** Asks the database for its time once more. */
  sample(): Promise<void>;
  /** What another question has told of its time. */
  heard(sample: ClockSample): void;
  /** Ends the regular sampling. */
  stop(): void;
}

/**
 * The database's clock as this process knows it: how far it is from the monotonic clock, by the last sample. The
 * host's wall clock plays no part, so a wrong or jumping one moves no due time and no lease. Money case 12.
 *
 * Between samples `now` is behind the database by a round trip at most and not ahead of it ({@link aheadAfterSample}): a
 * step that is recorded as due now can be claimed now.
 *
 * When the database's own clock jumps, the next sample follows it, backwards too: claims and leases are compared on
 * that clock, and a process that clung to the old time would record steps far in the database's future, and give up what was
 * begun since. So it asks every second, and each claim tells it as well. What was recorded before the jump falls due that much
 * sooner or later; no row loses its step by it. See docs/adr-010-what-a-wrong-clock-may-cost.md.
 */
export async function openDatabaseClock(
  database: Database,
  sampleEveryMs = sampleEveryMsDefault,
): Promise<DatabaseClock> {
  let aheadOfMonotonicMs = Number.NaN;
  const heard = (sample: ClockSample): void => {
    aheadOfMonotonicMs = aheadAfterSample(aheadOfMonotonicMs, sample);
  };
  const sample = async (): Promise<void> => {
    // The wait for a free connection is over before the database is asked, and blurs nothing.
    const connection = await database.connect();
    let broken = true;
    try {
      const askedAtMs = performance.now();
      const { rows } = await connection.query<{ readonly now: Date }>({
        name: 'database_now',
        text: 'select clock_timestamp() as now',
      });
      const answeredAtMs = performance.now();
      const [row] = rows;
      if (row === undefined) throw new Error('the database did not tell its time');
      broken = false;
      // The driver has cut the database's microseconds off.
      heard({ askedAtMs, answeredAtMs, toldMs: row.now.getTime() });
    } finally {
      connection.release(broken);
    }
  };
  await sample();
  // A sample that fails leaves the last one in force: drift over seconds is far below any wait we measure.
  let isAsking = false;
  const askAgain = async (): Promise<void> => {
    // A database that does not answer must not have a connection taken by each further question.
    if (isAsking) return;
    isAsking = true;
    await sample().catch(() => {});
    isAsking = false;
  };
  const timer = setInterval(() => void askAgain(), sampleEveryMs);
  timer.unref();
  return {
    now: () => new Date(performance.now() + aheadOfMonotonicMs),
    monotonicMs: () => performance.now(),
    async sleep(ms, signal) {
      if (signal?.aborted === true) return;
      await sleepFor(ms, undefined, signal === undefined ? {} : { signal }).catch((error: Error) => {
        if (error.name !== 'AbortError') throw error;
      });
    },
    sample,
    heard,
    stop: () => clearInterval(timer),
  };
}
