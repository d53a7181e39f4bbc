import { setImmediate as nextTurn } from 'node:timers/promises';
import { createAfterSales } from './after-sales.ts';
import { audit } from './auditor.ts';
import { startClockFaults } from './clock-faults.ts';
import { startVisitors } from './entry-page.ts';
import { createFrontDoor } from './front-door.ts';
import { createGatewayProcess, type GatewayProcess } from './gateway-process.ts';
import type { Violation } from './invariants.ts';
import { startLostSales } from './lost-sales.ts';
import { startMerchant } from './merchant.ts';
import { startNotices } from './notices.ts';
import { type Plant, sound } from './plant.ts';
import { tallyRun } from './run-tally.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';
import { createWorld } from './world.ts';

/** What a seed led to. */
export interface SeedOutcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly tally: Tally;
  readonly trace: Trace;
  /** Events that happened, and how much virtual time they took. */
  readonly events: number;
  readonly virtualMs: number;
}

/** Everything has ended long before: the horizon, the look a day later, the last delivery, refunds put off. */
const limitMs = 96 * 60 * 60_000;

/** Seeds take about a thousand events, the busiest some ten thousand. */
const eventsLimit = 150_000;

/**
 * Runs one seed to its rest and audits it. The same seed and plant give the same outcome, to the byte.
 *
 * A seed draws a plan: which faults there are and how often, how the wallet behaves where it may differ, what the
 * merchant is like, and when everything begins to work again. One queue of events holds all that is to happen, on a
 * virtual clock. Gateway processes run the real operations and due loops; every call that they make of a port is two
 * or more events, so that calls of all processes interleave, and each is a place to crash, to fail or to stall. The
 * journal in memory outlives the processes, as the database does. At rest no row waits, nobody is asked anything and
 * no message is under way; then the auditor compares the four views.
 */
export async function simulateSeed(seed: number, plant: Plant = sound): Promise<SeedOutcome> {
  const world = createWorld(seed);
  const { scheduler, plan, memory } = world;
  const processes: GatewayProcess[] = [];
  for (let number = 0; number < plan.processes.count; number += 1) {
    processes.push(createGatewayProcess(world, number, plant, () => processes));
  }
  for (const process of processes) process.start();
  startClockFaults(world, processes);
  startNotices(world, processes, plant);
  const door = createFrontDoor(world, processes);
  const sales = createAfterSales(world, door);
  startMerchant(world, door, sales);
  startVisitors(world, door, sales);
  startLostSales(world, sales);
  const end = await scheduler.run(() => memory.records.waiting.size === 0, {
    untilMs: plan.startMs + limitMs,
    events: eventsLimit,
  });
  if (end === 'limit') {
    const detail = `something was still going on after ${scheduler.happened()} events`;
    world.violations.push({ invariant: 'not-quiet', detail });
  }
  const violations = audit(world);
  for (const violation of violations) world.trace.add('auditor', violation.invariant, violation.detail);
  tallyRun(world);
  return {
    seed,
    violations,
    tally: world.tally,
    trace: world.trace,
    events: scheduler.happened(),
    virtualMs: scheduler.nowMs() - plan.startMs,
  };
}

/**
 * Runs seed after seed, `count` of them, until `onOutcome` answers `false`. Faults are thrown by the thousand, so they
 * carry no stacks here; {@link simulateSeed} alone shows them. Signals are heard between seeds.
 */
export async function simulateSeeds(
  from: number,
  count: number,
  onOutcome: (outcome: SeedOutcome) => boolean,
  plant: Plant = sound,
): Promise<void> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (let seed = from; seed < from + count; seed += 1) {
      if (!onOutcome(await simulateSeed(seed, plant))) return;
      if (seed % 50 === 0) await nextTurn();
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
