import Fastify from 'fastify';
import { statusRoutes } from '../inbound/status/status-routes.ts';
import type { Gateway } from './gateway.ts';
import { listenError } from './listen-error.ts';
import { gatewayMetrics } from './metrics.ts';
import { readinessOf } from './readiness.ts';
import type { Settings } from './settings.ts';

/**
 * `/livez`, `/readyz` and `/metrics` of a process that is a worker alone: its calls to wallets are in no gateway's metrics.
 * Nothing is listened to unless a port is set. Answers with how to stop it.
 */
export async function listenAsWorker(
  gateway: Pick<Gateway, 'database' | 'signals'>,
  settings: Settings,
): Promise<() => Promise<void>> {
  if (settings.workerPort === null) return async () => {};
  const app = Fastify();
  statusRoutes(app, {
    readiness: () => readinessOf(gateway, settings),
    metricsText: gatewayMetrics({ database: gateway.database, signals: gateway.signals }),
  });
  try {
    await app.listen({ host: settings.host, port: settings.workerPort });
  } catch (error) {
    throw listenError(error, { ...settings, port: settings.workerPort }, 'SHOUDAN_WORKER_PORT');
  }
  return () => app.close();
}
