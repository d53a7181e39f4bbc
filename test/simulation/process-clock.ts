import {
  aheadAfterSample,
  type ClockSample,
  sampleEveryMsDefault,
} from '../../src/adapters/clock-estimate.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { clockFaultNames } from './clocks.ts';
import type { Life } from './gateway-process.ts';
import type { World } from './world.ts';

/** A process that is off by more has not yet heard that the database's clock was set. */
const offMs = 1_000;

export interface ProcessClock extends Clock {
  /** What a claim has told of the database's time. */
  heard(sample: ClockSample): void;
}

/**
 * The database's clock as this process believes it to be, by its samples and claims and a monotonic clock of its own. Of the
 * samples between two looks at the clock only the last one that was answered is taken.
 */
export function createProcessClock(world: World, life: Life): ProcessClock {
  const { scheduler, random, plan, tally, databaseClock } = world;
  const { latencyMsMax, slow, slowMsMax } = plan.journal;
  let aheadMs = Number.NaN;
  let samples = -1;

  const legMs = (): number =>
    world.faultsHold() && random.chance(slow)
      ? random.magnitude(latencyMsMax, Math.max(latencyMsMax, slowMsMax))
      : random.integer(0, latencyMsMax);

  /** The sample that was answered at this true time. */
  const sampleAt = (answeredMs: number): void => {
    const back = legMs();
    const there = legMs();
    aheadMs = aheadAfterSample(aheadMs, {
      askedAtMs: life.monotonicAtMs(answeredMs - back - there),
      answeredAtMs: life.monotonicAtMs(answeredMs),
      toldMs: databaseClock.atMs(answeredMs - back),
    });
  };

  const sampled = (): void => {
    const last = Math.floor((scheduler.nowMs() - life.bornMs) / sampleEveryMsDefault);
    for (let number = last; number > samples; number -= 1) {
      const atMs = life.bornMs + number * sampleEveryMsDefault;
      if (life.cutOff('database', atMs) !== null) continue;
      sampleAt(atMs);
      break;
    }
    samples = last;
  };

  const now = (): Date => {
    sampled();
    const believedMs = Math.floor(life.monotonicMs() + aheadMs);
    if (Math.abs(believedMs - databaseClock.nowMs()) > offMs) {
      tally.count('fault', clockFaultNames.believesOldTime);
    }
    return new Date(believedMs);
  };

  return {
    now,
    heard(sample) {
      sampled();
      aheadMs = aheadAfterSample(aheadMs, sample);
    },
    monotonicMs: () => life.monotonicMs(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const ended = (): void => {
          scheduler.cancel(timer);
          signal?.removeEventListener('abort', ended);
          resolve();
        };
        const timer = scheduler.after(life.trueMs(ms), () => life.enter(ended), true);
        signal?.addEventListener('abort', ended, { once: true });
      }),
  };
}
