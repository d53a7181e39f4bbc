import type { DueRow, DueRows } from '../../src/ports/due-rows.ts';
import { goesBackMs } from './clocks.ts';
import type { Plan } from './plan.ts';
import type { World } from './world.ts';

/** How long a due step may be left waiting while nothing goes wrong: its turn comes after all that came before it. */
const patienceMs = 3 * 60_000;

/** Until when a process that failed last of all may still be down, frozen, or hold a lease. */
function recoveredMs({ startMs, faultsEndMs, processes, journal, clocks }: Plan): number {
  const leaseMs = 15_000;
  return (
    startMs +
    faultsEndMs +
    processes.restartMsMax +
    processes.stallMsMax +
    processes.pollMs +
    journal.slowMsMax +
    leaseMs +
    goesBackMs(clocks)
  );
}

/**
 * Due rows that watch how late each step is taken. Once nothing goes wrong any more a step that is due is taken soon, whatever
 * else is stuck: no row waits behind another one. RES-13, CAN-03.
 */
export function timelyClaims(due: DueRows, world: World): DueRows {
  const { databaseClock } = world;
  const fromMs = databaseClock.atMs(recoveredMs(world.plan));
  return {
    ...due,
    async claimDue(...args) {
      const nowMs = databaseClock.nowMs();
      const rows = await due.claimDue(...args);
      for (const row of rows) {
        const dueAtMs = dueAtOf(row);
        if (dueAtMs === null) continue;
        const lateMs = nowMs - Math.max(dueAtMs, fromMs);
        if (lateMs <= patienceMs) continue;
        const detail = `${row.lanes.join(', ')}: ${lateMs} ms after it was due`;
        world.violations.push({ invariant: 'left-waiting', detail });
      }
      return rows;
    },
  };
}

function dueAtOf(row: DueRow): number | null {
  switch (row.kind) {
    case 'payment':
      return row.payment.nextStep?.dueAt.getTime() ?? null;
    case 'refund':
      return row.refund.nextStep?.dueAt.getTime() ?? null;
    case 'stray_cancel':
      return row.cancel.nextStep?.dueAt.getTime() ?? null;
    case 'delivery':
      return null;
    default:
      return row satisfies never;
  }
}
