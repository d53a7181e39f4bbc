import { requireCurrentSchema } from '../adapters/postgres/migrations.ts';
import { watchStarter } from '../adapters/processes/starter-watch.ts';
import { type DatabaseAccess, sharedDatabase } from './database-of-settings.ts';
import { openGateway } from './gateway.ts';
import { leaveProcess } from './leave-process.ts';
import { openLog } from './log.ts';
import { masterKeyOf } from './master-key.ts';
import type { Settings } from './settings.ts';
import { runWorker } from './worker.ts';
import { listenAsWorker } from './worker-status.ts';

/** `shoudan work`: the due loop alone. Any number of these may run beside each other and beside gateways. */
export async function work(settings: Settings): Promise<void> {
  const log = openLog(settings, 'worker');
  const stopAsked = Promise.withResolvers<void>();
  const starter = watchStarter(() => stopAsked.resolve());
  let access: DatabaseAccess | undefined;
  try {
    access = await sharedDatabase(settings, (line) => log.info(line));
    await requireCurrentSchema(access.url);
    const gateway = await openGateway(settings, access.url, masterKeyOf(settings), log);
    const stopWorker = await runWorker(gateway, settings, log);
    const stopListening = await listenAsWorker(gateway, settings).catch(async (error: Error) => {
      await stopWorker();
      await gateway.close();
      throw error;
    });
    log.info({ worker: gateway.processName, database: access.description }, 'the worker runs');
    starter.reportReady();
    await stopAsked.promise;
    log.info('the worker stops');
    await Promise.all([stopListening(), stopWorker()]);
    await gateway.close();
  } finally {
    await access?.release();
    starter.close();
    leaveProcess();
  }
}
