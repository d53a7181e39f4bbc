import { hostname } from 'node:os';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Logger } from 'pino';
import { tellingAttention } from '../adapters/begun-attention.ts';
import { createChanges, type LocalChanges } from '../adapters/changes.ts';
import { createEntropy } from '../adapters/entropy.ts';
import { createMerchantEndpoint } from '../adapters/merchants/endpoint.ts';
import { createCancelJournal } from '../adapters/postgres/cancel-journal.ts';
import { type Database, openDatabase } from '../adapters/postgres/database.ts';
import { openDatabaseClock } from '../adapters/postgres/database-clock.ts';
import { createDeliveryJournal } from '../adapters/postgres/delivery-journal.ts';
import { createDueRows } from '../adapters/postgres/due-rows.ts';
import { createMerchantDirectory } from '../adapters/postgres/merchant-directory.ts';
import { createStrayNotifications } from '../adapters/postgres/notifications.ts';
import { createPaymentJournal } from '../adapters/postgres/payment-journal.ts';
import { createRefundJournal } from '../adapters/postgres/refund-journal.ts';
import { openAccountBook } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { tracedCall, tracedEndpoint } from '../adapters/tracing.ts';
import { aroundWallets } from '../adapters/wallets/around-calls.ts';
import { endpointPolicy } from '../domain/endpoint.ts';
import type { NotificationOptions } from '../inbound/notifications/notification-routes.ts';
import type { DeliverEngine } from '../jobs/deliver.ts';
import { attentionLog } from './attention-log.ts';
import { tellOutages } from './outage-log.ts';
import { createProcessSignals, type ProcessSignals } from './process-signals.ts';
import type { Settings } from './settings.ts';
import { countedStrays, createReport, createUntrustedNotifications } from './untrusted.ts';
import { type HeardListener, openWallets } from './wallets.ts';

/** The engine on its real adapters, and what a process needs around it. */
export interface Gateway {
  readonly engine: DeliverEngine;
  readonly notifications: NotificationOptions;
  readonly signals: ProcessSignals;
  readonly database: Database;
  readonly changes: LocalChanges;
  /** Has this called at the end of each call of this process that tells something of its wallet account. */
  readonly onHeard: (listener: HeardListener) => void;
  /** Names this process among the workers. */
  readonly processName: string;
  /** Closes what is idle at once, and leaves calls that are still unanswered behind: their rows are picked up. */
  close(): Promise<void>;
}

const closingPatienceMs = 500;

export async function openGateway(
  settings: Settings,
  databaseUrl: string,
  masterKey: Uint8Array,
  log: Logger,
): Promise<Gateway> {
  const database = openDatabase({
    url: databaseUrl,
    poolSize: settings.databasePoolSize,
    applicationName: 'shoudan',
    onIdleError: (error) => log.warn({ error: error.message }, 'a database connection broke'),
  });
  const sealing = createSealing(masterKey, settings.furtherMasterKeys);
  const clock = await openDatabaseClock(database);
  const accounts = await openAccountBook(database, sealing, (error) =>
    log.error({ error: error.message }, 'a wallet account cannot be read'),
  );
  const changes = createChanges();
  const signals = createProcessSignals();
  const wallets = aroundWallets(
    aroundWallets(openWallets(accounts, settings.publicUrl), signals.aroundCall),
    tracedCall,
  );
  wallets.onHeard(tellOutages(log, clock.monotonicMs));
  const endpoint = createMerchantEndpoint({
    publicOnly: settings.environment === 'production',
    connectionsPerHost: 16,
  });
  const engine: DeliverEngine = {
    journal: tellingAttention(
      {
        ...createPaymentJournal(database),
        ...createRefundJournal(database),
        ...createCancelJournal(database),
      },
      attentionLog(log, accounts),
    ),
    due: createDueRows(database, clock),
    deliveries: createDeliveryJournal(database),
    merchants: createMerchantDirectory(database, sealing),
    wallets,
    endpoint: tracedEndpoint(signals.measured(endpoint)),
    endpointPolicy,
    clock,
    entropy: createEntropy(),
    changes,
    policySpeed: settings.policySpeed,
    report: createReport(database, sealing, log),
  };
  return {
    engine,
    notifications: {
      engine: { ...engine, strays: countedStrays(createStrayNotifications(database, sealing), signals) },
      readers: wallets.readers,
      untrusted: createUntrustedNotifications(database, sealing, log, signals),
      onAnswered: signals.notified,
    },
    signals,
    database,
    changes,
    onHeard: (listener) => wallets.onHeard(listener),
    processName: `${hostname()}/${process.pid}/${Date.now().toString(36)}`,
    async close() {
      clock.stop();
      accounts.stop();
      const idle = Promise.all([wallets.close(), endpoint.close()]);
      await Promise.race([idle, sleepFor(closingPatienceMs, undefined, { ref: false })]);
      await database.end();
    },
  };
}
