import type { Violation } from './invariants.ts';
import { simulateSeeds } from './simulate-seed.ts';
import { createTally, type Tally } from './tally.ts';

/** Lines of the trace that are kept of a seed that failed; a replay shows all. */
const tailLines = 40;

/** What some seeds in a row led to, in values that can pass from one thread to another. */
export interface SeedRun {
  readonly counts: Tally['counts'];
  readonly events: number;
  readonly virtualMs: number;
  readonly failures: readonly FailedSeed[];
}

export interface FailedSeed {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The end of its trace. */
  readonly lines: readonly string[];
}

export async function runSeeds(from: number, count: number): Promise<SeedRun> {
  const tally = createTally();
  const failures: FailedSeed[] = [];
  let events = 0;
  let virtualMs = 0;
  await simulateSeeds(from, count, ({ seed, violations, ...outcome }) => {
    tally.add(outcome.tally);
    events += outcome.events;
    virtualMs += outcome.virtualMs;
    if (violations.length > 0) failures.push({ seed, violations, lines: outcome.trace.lines(tailLines) });
    return true;
  });
  return { counts: tally.counts, events, virtualMs, failures };
}
