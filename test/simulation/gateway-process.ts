import { earliestFreeMs } from '../../src/adapters/memory/due-rows.ts';
import type { DeliverEngine } from '../../src/jobs/deliver.ts';
import { type DueLoop, startDueLoop } from '../../src/jobs/due-loop.ts';
import type { StrayNotifications } from '../../src/ports/stray-notifications.ts';
import { clockFaultNames } from './clocks.ts';
import { createEngine } from './engine.ts';
import { noteError } from './injected-failure.ts';
import { type Partition, partitionAt, partitionNames } from './partitions.ts';
import type { Plant } from './plant.ts';
import type { Timer } from './scheduler.ts';
import type { World } from './world.ts';

/** One life of a process, from its start to its crash. Nothing but the journal outlives it. */
export interface Life {
  readonly name: string;
  readonly bornMs: number;
  /** The process's own clock, now and at a true time: from its birth on, and a little too fast or too slow. */
  monotonicMs(): number;
  monotonicAtMs(trueMs: number): number;
  /** How long, in whole milliseconds of true time, so much takes on the process's clock. */
  trueMs(monotonicMs: number): number;
  isAlive(): boolean;
  /** Runs code of the process: never when the life has ended, later when the process stalls. */
  enter(run: () => void): void;
  crash(when: string): void;
  /** Freezes for some time. */
  stall(): void;
  /** What keeps it from its peer at a true time, now unless one is named. */
  cutOff(from: Partition['from'], atMs?: number): Partition | null;
  /** Counts a call that could not leave. */
  noteCutOff(partition: Partition): void;
  /** Lets every process see, sooner or later, what was recorded. */
  noticeWork(): void;
  wake(dueAt: Date): void;
  /** Called when it ends: connections to it break. */
  readonly onEnd: Set<() => void>;
}

/** What a process runs on. */
export type GatewayEngine = DeliverEngine & { readonly strays: StrayNotifications };

export interface GatewayProcess {
  readonly name: string;
  /** The present life and what it runs on; `null` while the process is down. */
  running(): { readonly life: Life; readonly engine: GatewayEngine } | null;
  start(): void;
  /** Work may fall due: has the process see it within its poll. */
  noticeWork(): void;
  reachesDatabase(): boolean;
}

/** Between looks that nothing calls for; all else is noticed, see {@link GatewayProcess.noticeWork}. */
const idlePollMs = 6 * 60 * 60_000;

/**
 * A process that serves merchants and runs a due loop, on the real operations and jobs. It may die at any port call
 * and stall whenever one resolves; what happens between two port calls is one piece.
 *
 * Its poll of the database is real time that mostly finds nothing, so only those looks are simulated that come within
 * one poll after something fell due.
 */
export function createGatewayProcess(
  world: World,
  /** From 0. */
  number: number,
  plant: Plant,
  all: () => readonly GatewayProcess[],
): GatewayProcess {
  const { scheduler, databaseClock, random, plan, trace, tally, memory } = world;
  const name = `gateway${number + 1}`;
  let running: { readonly life: Life; readonly engine: GatewayEngine } | null = null;
  let loop: DueLoop | null = null;
  let poll: Timer | null = null;

  const noticeWork = (): void => {
    const dueMs = earliestFreeMs(memory.records);
    if (running === null || dueMs === null) return;
    const inMs = Math.max(dueMs - databaseClock.nowMs(), 0);
    if (poll !== null && poll.atMs <= scheduler.nowMs() + inMs + plan.processes.pollMs) return;
    if (poll !== null) scheduler.cancel(poll);
    const { life } = running;
    const delayMs = inMs + random.integer(0, plan.processes.pollMs);
    const look = (): void => {
      const freeMs = earliestFreeMs(memory.records);
      if (freeMs !== null && freeMs <= databaseClock.nowMs()) loop?.wake(new Date(freeMs));
      poll = null;
      noticeWork();
    };
    poll = scheduler.after(delayMs, () => life.enter(look), true);
  };

  const cutOff = (from: Partition['from'], atMs = scheduler.nowMs()): Partition | null =>
    plan.partitions.length === 0 ? null : partitionAt(plan.partitions, number, from, atMs - plan.startMs);

  const bear = (): Life => {
    let alive = true;
    let stalledUntilMs = 0;
    const bornMs = scheduler.nowMs();
    const { processDriftPpmMax } = plan.clocks;
    const driftPpm = processDriftPpmMax === 0 ? 0 : random.integer(-processDriftPpmMax, processDriftPpmMax);
    if (driftPpm !== 0) tally.count('fault', clockFaultNames.processDrifts);
    const rate = 1 + driftPpm / 1e6;
    const life: Life = {
      name,
      bornMs,
      monotonicMs: () => (scheduler.nowMs() - bornMs) * rate,
      monotonicAtMs: (trueMs) => (trueMs - bornMs) * rate,
      trueMs: (monotonicMs) => Math.max(0, Math.ceil(monotonicMs / rate)),
      isAlive: () => alive,
      enter(run) {
        if (!alive) return;
        const waitMs = stalledUntilMs - scheduler.nowMs();
        if (waitMs > 0) scheduler.after(waitMs, () => life.enter(run));
        else run();
      },
      stall() {
        const ms = random.magnitude(plan.processes.stallMsMin, plan.processes.stallMsMax);
        tally.count('fault', 'process stalls');
        trace.add(name, 'stalls', ms);
        stalledUntilMs = Math.max(stalledUntilMs, scheduler.nowMs() + ms);
      },
      crash(when) {
        if (!alive) return;
        tally.count('fault', 'process crashes');
        trace.add(name, 'crashes', when);
        alive = false;
        running = null;
        loop = null;
        if (poll !== null) scheduler.cancel(poll);
        poll = null;
        for (const end of life.onEnd) end();
        scheduler.after(random.magnitude(100, plan.processes.restartMsMax), start);
      },
      cutOff,
      noteCutOff({ from, hangs }) {
        if (from === 'wallets') tally.count('fault', partitionNames.wallets);
        else {
          tally.count('fault', hangs ? partitionNames.databaseHangs : partitionNames.databaseFails);
          const isOfOthers = all().some((other) => other.reachesDatabase());
          if (isOfOthers) tally.count('fault', partitionNames.databaseOfOthers);
        }
      },
      noticeWork() {
        for (const process of all()) process.noticeWork();
      },
      wake(dueAt) {
        if (alive) loop?.wake(dueAt);
      },
      onEnd: new Set(),
    };
    return life;
  };

  const start = (): void => {
    const cut = cutOff('database');
    if (cut !== null) {
      // Without the database's time and its rows nothing starts: whoever starts it tries again.
      scheduler.after(plan.startMs + cut.untilMs - scheduler.nowMs(), start);
      return;
    }
    trace.add(name, 'starts');
    const life = bear();
    const engine = createEngine(world, life, plant);
    running = { life, engine };
    const started = startDueLoop(engine, {
      concurrency: plan.processes.concurrency,
      pollMs: idlePollMs,
      onError: (error) => noteError(world, name, error),
    });
    // Its first look may have been its end.
    if (life.isAlive()) loop = started;
    // Nor may it find anything: its polls go on all the same.
    noticeWork();
  };

  const reachesDatabase = (): boolean => running !== null && cutOff('database') === null;

  return { name, running: () => running, start, noticeWork, reachesDatabase };
}
