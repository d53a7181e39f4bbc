import type { Clock } from '../../ports/clock.ts';

export interface Background {
  /** Watches work that nobody may be waiting for any more; hands the same promise back. */
  watched<Row>(work: Promise<Row>): Promise<Row>;
  /** Resolves when all of it has ended, at the latest after `ms`. */
  ended(ms: number): Promise<void>;
}

/**
 * Calls that outlive the request that made them. When the process ends before they do, nothing is lost: each row
 * carries its next step.
 */
export function createBackground(
  clock: Pick<Clock, 'sleep'>,
  onFailed: (error: unknown) => void,
): Background {
  const running = new Set<Promise<unknown>>();
  return {
    watched(work) {
      const ending: Promise<void> = work
        .then(() => {}, onFailed)
        .finally(() => {
          running.delete(ending);
        });
      running.add(ending);
      return work;
    },
    async ended(ms) {
      const patience = new AbortController();
      await Promise.race([Promise.all(running), clock.sleep(ms, patience.signal)]);
      patience.abort();
    },
  };
}
