import type { Logger } from 'pino';
import { sendHeldCancels } from '../adapters/postgres/cancel-journal.ts';
import { dropOutlived, ensurePartitions, heartbeat, leave } from '../adapters/postgres/housekeeping.ts';
import { tracedStep } from '../adapters/tracing.ts';
import { startDueLoop } from '../jobs/due-loop.ts';
import { releasePace, startReleases } from '../jobs/release.ts';
import type { DueRow } from '../ports/due-rows.ts';
import type { Gateway } from './gateway.ts';
import type { Settings } from './settings.ts';

const heartbeatEveryMs = 3_000;
const housekeepingEveryMs = 3_600_000;
const untrustedAnswerDays = 14;
const clearedStrayDays = 90;
const failingEndpointDays = 30;
const idempotencyKeyDays = 90;

/** A loop that has not looked for this long is stuck, and must not claim to be alive. */
const stuckAfterMs = 10_000;

/** Runs the due loop in this process and keeps its tables in order. Answers with how to stop it. */
export async function runWorker(
  gateway: Gateway,
  settings: Settings,
  log: Logger,
): Promise<() => Promise<void>> {
  let lookedAtMs = performance.now();
  const loop = startDueLoop(gateway.engine, {
    concurrency: settings.workerConcurrency,
    pollMs: 500,
    around: tracedStep,
    onError: (error, row) =>
      log.error(
        {
          error: error instanceof Error ? error.message : String(error),
          row: row === null ? null : rowName(row),
        },
        'a due step could not be performed',
      ),
    onLook: () => {
      lookedAtMs = performance.now();
    },
  });
  gateway.changes.onDue((dueAt) => loop.wake(dueAt));
  const releases = startReleases(gateway.engine, {
    ...releasePace,
    onError: (error) =>
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'steps that wait for a wallet account could not be brought forward',
      ),
  });
  gateway.onHeard((...heard) => releases.heard(...heard));
  const beat = async (): Promise<void> => {
    if (performance.now() - lookedAtMs < stuckAfterMs) await heartbeat(gateway.database, gateway.processName);
  };
  const keepHouse = async (): Promise<void> => {
    // One that fails, such as a month that cannot be made, keeps none of the others from being done.
    const done = await Promise.allSettled([
      ensurePartitions(gateway.database),
      sendHeldCancels(gateway.database),
      dropOutlived(gateway.database, {
        eventDays: settings.eventRetentionDays,
        untrustedAnswerDays,
        clearedStrayDays,
        failingEndpointDays,
        idempotencyKeyDays,
      }),
    ]);
    const failed = done.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
  const underWay = new Set<Promise<void>>();
  const quietly = (what: string, work: () => Promise<void>) => () => {
    const done: Promise<void> = work()
      .catch((error: Error) => log.warn({ error: error.message }, `${what} failed`))
      .finally(() => underWay.delete(done));
    underWay.add(done);
  };
  await beat();
  const beating = setInterval(quietly('the heartbeat', beat), heartbeatEveryMs);
  const housekeeping = setInterval(quietly('housekeeping', keepHouse), housekeepingEveryMs);
  quietly('housekeeping', keepHouse)();
  return async () => {
    clearInterval(beating);
    clearInterval(housekeeping);
    await Promise.all([loop.stop(), releases.stop()]);
    // Both need the database, and a heartbeat after the farewell would speak of a worker that is gone.
    await Promise.all(underWay);
    await leave(gateway.database, gateway.processName).catch(() => {});
  };
}

/** Which row it was, for whoever reads the log. */
function rowName(row: DueRow): string {
  switch (row.kind) {
    case 'payment':
      return `payment ${row.payment.id}`;
    case 'refund':
      return `refund ${row.refund.id}`;
    case 'stray_cancel':
      return `stray cancel ${row.cancel.id}`;
    case 'delivery':
      return `delivery ${row.delivery.id}`;
    default:
      return row satisfies never;
  }
}
