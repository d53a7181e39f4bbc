import type { Random } from '../test/simulation/random.ts';

export const victims = ['gateway', 'worker', 'database'] as const;
export type Victim = (typeof victims)[number];

/** A `kill -9` at a time of the run. `which` names one of the two gateways or workers; the database is one. */
export interface PlannedKill {
  readonly atMs: number;
  readonly victim: Victim;
  readonly which: 0 | 1;
}

/** A database that is down stops everybody: it dies less often, so that there is work to die in. */
const likely = [
  'gateway',
  'gateway',
  'gateway',
  'worker',
  'worker',
  'worker',
  'database',
  'database',
] as const;
/** Time between two kills: often enough that a short run has some of each, far enough apart that work goes on between. */
const pauseMsMin = 2_500;
const pauseMsMax = 8_000;

/** The kills of a run, in order. The same chance makes the same plan; each kind comes before any comes a second time. */
export function killPlan(random: Random, durationMs: number): PlannedKill[] {
  const pauseMs = Math.min(pauseMsMax, Math.max(pauseMsMin, durationMs / 12));
  const firsts = shuffled(random, victims);
  const plan: PlannedKill[] = [];
  let atMs = pauseMs * 0.6;
  while (atMs < durationMs) {
    const victim = firsts.shift() ?? random.pick(likely);
    const which = victim !== 'database' && random.chance(0.5) ? 1 : 0;
    plan.push({ atMs: Math.round(atMs), victim, which });
    atMs += pauseMs * (0.5 + random.fraction());
  }
  return plan;
}

/** One line that says the whole plan. */
export function planInWords(plan: readonly PlannedKill[]): string {
  return plan
    .map(({ atMs, victim, which }) => {
      const name = victim === 'database' ? victim : `${victim} ${which + 1}`;
      return `${(atMs / 1_000).toFixed(1)} s ${name}`;
    })
    .join(', ');
}

function shuffled<Value>(random: Random, values: readonly Value[]): Value[] {
  const rest = [...values];
  const order: Value[] = [];
  while (rest.length > 0) order.push(...rest.splice(random.integer(0, rest.length - 1), 1));
  return order;
}
