import { complaintAboutMerchantUrl } from '../adapters/merchants/public-addresses.ts';
import { requireCurrentSchema } from '../adapters/postgres/migrations.ts';
import { watchStarter } from '../adapters/processes/starter-watch.ts';
import { createPageLimit } from '../inbound/cashier/page-limit.ts';
import { pageTokenKey } from '../inbound/cashier/page-token.ts';
import { openAdmission } from './admission.ts';
import { type DatabaseAccess, sharedDatabase } from './database-of-settings.ts';
import { openGateway } from './gateway.ts';
import { createGatewayApp } from './gateway-app.ts';
import { leaveProcess } from './leave-process.ts';
import { listenError } from './listen-error.ts';
import { openLog } from './log.ts';
import { masterKeyOf } from './master-key.ts';
import { gatewayMetrics } from './metrics.ts';
import { readinessOf } from './readiness.ts';
import type { Settings } from './settings.ts';
import { runWorker } from './worker.ts';

/**
 * `shoudan serve`: the gateway on PORT, with the due loop in the same process unless `worker` is false. Resolves when
 * it has stopped: by a signal, by its starter, or because the starter is gone.
 */
export async function serve(settings: Settings, options: { readonly worker: boolean }): Promise<void> {
  const log = openLog(settings, options.worker ? 'gateway' : 'serve');
  const stopAsked = Promise.withResolvers<void>();
  const starter = watchStarter(() => stopAsked.resolve());
  let access: DatabaseAccess | undefined;
  try {
    access = await sharedDatabase(settings, (line) => log.info(line));
    await requireCurrentSchema(access.url);
    const masterKey = masterKeyOf(settings);
    const gateway = await openGateway(settings, access.url, masterKey, log);
    const stopWorker = options.worker ? await runWorker(gateway, settings, log) : null;
    const { signals } = gateway;
    const { admission, load } = openAdmission(settings, gateway, { onRefused: signals.refused, log });
    const app = await createGatewayApp({
      rest: {
        admission,
        requestsPerS: settings.keyRequestsPerS,
        publicUrl: settings.publicUrl,
        engine: gateway.engine,
        readiness: () => readinessOf(gateway, settings),
        logger: log,
        trustedProxies: settings.trustedProxies,
        metricsText: gatewayMetrics({ database: gateway.database, signals, admission, load }),
        onAnswered: signals.answered,
        ...(settings.environment === 'production' ? { checkMerchantUrl: complaintAboutMerchantUrl } : {}),
      },
      notifications: gateway.notifications,
      cashier: {
        engine: gateway.engine,
        tokenKey: pageTokenKey(masterKey),
        furtherTokenKeys: settings.furtherMasterKeys.map(pageTokenKey),
        publicUrl: settings.publicUrl,
        supportName: settings.technicalSupport,
        sandbox: settings.environment === 'sandbox',
        retryAfterS: createPageLimit(() => performance.now()),
        admission,
      },
    });
    try {
      await app.listen({ host: settings.host, port: settings.port });
    } catch (error) {
      load.stop();
      await stopWorker?.();
      await gateway.close();
      throw listenError(error, settings);
    }
    log.info({ port: settings.port, database: access.description }, 'the gateway listens');
    starter.reportReady({ port: settings.port });
    await stopAsked.promise;
    log.info('the gateway stops');
    load.stop();
    await Promise.all([app.close(), stopWorker?.()]);
    await gateway.close();
  } finally {
    await access?.release();
    starter.close();
    leaveProcess();
  }
}
