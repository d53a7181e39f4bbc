import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { invariants } from './invariants.ts';
import { missingFrom, tallyLines } from './report.ts';
import type { FailedSeed } from './seed-run.ts';
import { runOnThreads } from './seed-threads.ts';
import { simulateSeed } from './simulate-seed.ts';
import { createTally } from './tally.ts';

const usage = 'usage: simulate [--seeds N] [--seed FIRST] | simulate --seed S';
const defaultSeeds = 2_000;
/** Seeds that failed beyond these are named, not shown. */
const shownMax = 3;

type Wanted =
  | { readonly kind: 'one'; readonly seed: number }
  | { readonly kind: 'many'; readonly from: number; readonly count: number };

/**
 * Runs the simulation from the command line and prints its report on stdout. `--seeds N` runs the first N seeds, with
 * `--seed S` (or `--from S`) N seeds from S on; `--seed S` alone replays that seed with all of its trace. Resolves with the exit
 * code: 0 without a violation, 1 with one or when many seeds have left out what they should show, 2 when the arguments make
 * no sense.
 */
export async function runSimulation(argv: string[]): Promise<number> {
  const wanted = readArguments(argv);
  if (wanted === null) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  return wanted.kind === 'one' ? replay(wanted.seed) : runMany(wanted.from, wanted.count);
}

function readArguments(argv: string[]): Wanted | null {
  try {
    const { values } = parseArgs({
      args: argv,
      options: { seeds: { type: 'string' }, from: { type: 'string' }, seed: { type: 'string' } },
    });
    if (values.seed !== undefined && values.from !== undefined) return null;
    const from = readCount(values.seed ?? values.from ?? '1');
    if (values.seed !== undefined && values.seeds === undefined) {
      return from === null ? null : { kind: 'one', seed: from };
    }
    const count = readCount(values.seeds ?? `${defaultSeeds}`);
    return from === null || count === null || count === 0 ? null : { kind: 'many', from, count };
  } catch {
    return null;
  }
}

function readCount(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

async function replay(seed: number): Promise<number> {
  const outcome = await simulateSeed(seed);
  for (const line of outcome.trace.lines()) print(line);
  printViolations(outcome);
  print(`1 seeds, ${outcome.violations.length} violations`);
  return outcome.violations.length === 0 ? 0 : 1;
}

async function runMany(from: number, count: number): Promise<number> {
  const tally = createTally();
  const failed: number[] = [];
  let violations = 0;
  let events = 0;
  let virtualMs = 0;
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  await runOnThreads(from, count, availableParallelism(), (run) => {
    tally.add(run);
    events += run.events;
    virtualMs += run.virtualMs;
    for (const failure of run.failures) {
      violations += failure.violations.length;
      failed.push(failure.seed);
      if (failed.length <= shownMax) printFailure(failure);
    }
  });
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(startCpu);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  for (const line of tallyLines(tally)) print(line);
  const missing = missingFrom(tally, count);
  for (const gap of missing) print(`a gap in ${count} seeds: ${gap}`);
  const days = Math.round(virtualMs / 86_400_000);
  print(
    `${(count / seconds).toFixed(0)} seeds/s (${(count / cpuSeconds).toFixed(0)} a second of one core), ` +
      `${Math.round(events / count)} events a seed, ${days} days in ${seconds.toFixed(1)} s`,
  );
  if (failed.length > 0) print(`seeds with violations: ${failed.join(' ')}; replay one with --seed`);
  print(`${count} seeds, ${violations} violations`);
  return violations === 0 && missing.length === 0 ? 0 : 1;
}

function printFailure(failure: FailedSeed): void {
  for (const line of failure.lines) print(line);
  printViolations(failure);
}

function printViolations({ seed, violations }: Pick<FailedSeed, 'seed' | 'violations'>): void {
  for (const { invariant, detail } of violations) {
    print(`seed ${seed}: ${invariant}: ${detail}`);
    print(`    ${invariants[invariant]}`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
