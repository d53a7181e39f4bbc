import type { Life } from './gateway-process.ts';
import { InjectedFailure } from './injected-failure.ts';
import { connectionTimeoutMs, type Partition, partitionNames, statementTimeoutMs } from './partitions.ts';
import type { World } from './world.ts';

/** Carries one call of a port to the database and its result back. */
export type Through = <Result>(
  name: string,
  about: unknown,
  effect: () => Promise<Result>,
) => Promise<Result>;

/**
 * The way to the database: a call takes effect some time after it was made, and its result arrives some time after
 * that. The process may crash before it is sent or after it took effect, the call may fail before or after, and the
 * process may stall before it sees the result. What a partition holds up goes on when it ends, unless whoever waits has given
 * up by then.
 */
export function createDatabaseConnection(world: World, life: Life): Through {
  const { scheduler, random, plan, trace, tally } = world;
  const { journal, processes } = plan;
  const legMs = (faults: boolean): number => {
    if (!faults || !random.chance(journal.slow)) return random.integer(0, journal.latencyMsMax);
    tally.count('fault', 'database is slow');
    return random.magnitude(journal.latencyMsMax, Math.max(journal.latencyMsMax, journal.slowMsMax));
  };
  const endsInMs = ({ untilMs }: Partition): number => plan.startMs + untilMs - scheduler.nowMs();
  return (name, about, effect) =>
    new Promise((resolve, reject) => {
      if (!life.isAlive()) return;
      const faults = world.faultsHold();
      if (faults && random.chance(processes.crash / 2)) {
        life.crash(`before ${name}`);
        return;
      }
      const back = (settle: () => void): void => {
        scheduler.after(1 + legMs(faults), () => {
          if (faults && random.chance(processes.stall)) life.stall();
          life.enter(settle);
        });
      };
      const failLater = (delayMs: number, why: string): void => {
        scheduler.after(delayMs, () => life.enter(() => reject(new InjectedFailure(why))));
      };
      const answer = (settle: () => void): void => {
        const cut = life.cutOff('database');
        if (cut === null) {
          back(settle);
          return;
        }
        tally.count('fault', partitionNames.databaseAnswers);
        const patienceMs = cut.hangs ? statementTimeoutMs : 0;
        if (endsInMs(cut) <= patienceMs) scheduler.after(endsInMs(cut), () => back(settle));
        else failLater(patienceMs, `the answer to ${name} did not arrive`);
      };
      if (faults && random.chance(journal.failsBefore)) {
        tally.count('fault', 'database call fails before its effect');
        back(() => reject(new InjectedFailure(`${name} did not reach the database`)));
        return;
      }
      let heldUpMs = 0;
      const cut = life.cutOff('database');
      if (cut?.loses === 'both ways') {
        life.noteCutOff(cut);
        const patienceMs = cut.hangs ? random.pick([connectionTimeoutMs, statementTimeoutMs]) : 1;
        heldUpMs = endsInMs(cut);
        if (heldUpMs > patienceMs) {
          failLater(patienceMs, `${name} found no way to the database`);
          return;
        }
      }
      scheduler.after(heldUpMs + legMs(faults), () => {
        effect().then((result) => {
          trace.add(life.name, name, about === undefined ? result : [about, result]);
          life.noticeWork();
          if (!life.isAlive()) return;
          if (faults && random.chance(processes.crash / 2)) {
            life.crash(`after ${name}`);
          } else if (faults && random.chance(journal.failsAfter)) {
            tally.count('fault', 'database call fails after its effect');
            back(() => reject(new InjectedFailure(`the answer to ${name} was lost`)));
          } else {
            answer(() => resolve(result));
          }
        }, reject);
      });
    });
}
