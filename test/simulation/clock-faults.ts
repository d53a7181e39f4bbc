import { clockFaultNames, stepAheadMsMax } from './clocks.ts';
import type { GatewayProcess } from './gateway-process.ts';
import type { World } from './world.ts';

/** Counts the wrong clocks of a run, and has everybody look when the database's is set: more may be due now, or less. */
export function startClockFaults(world: World, processes: readonly GatewayProcess[]): void {
  const { scheduler, plan, tally, trace } = world;
  const { database, walletAheadMs } = plan.clocks;
  if (database.driftPpm !== 0) tally.count('fault', clockFaultNames.databaseDrifts);
  for (const aheadMs of Object.values(walletAheadMs)) {
    if (aheadMs !== 0) tally.count('fault', clockFaultNames.walletIsOff);
  }
  for (const { afterMs, byMs } of database.steps) {
    const kind = byMs < 0 ? 'back' : byMs <= stepAheadMsMax ? 'ahead' : 'farAhead';
    const step = (): void => {
      tally.count('fault', clockFaultNames[kind]);
      trace.add('database', 'clock is set', byMs);
      for (const process of processes) process.noticeWork();
    };
    scheduler.after(afterMs, step, true);
  }
}
