import { openApps } from './apps.ts';
import { control } from './control.ts';
import { faultRecords } from './faults.ts';
import { startHttpServer } from './http-server.ts';
import { lateArrivalRecords } from './late-arrivals.ts';
import { notificationOutbox } from './notifications/outbox.ts';
import { openPlatform } from './open-platform/gateway.ts';
import { openPlatformWays, tradeTeller } from './open-platform/notification.ts';
import { tradeRecords } from './open-platform/trade-records.ts';
import type { Books } from './open-platform/trades.ts';
import { addSandboxPayers, payerRecords } from './payers.ts';
import { requestLog } from './request-log.ts';
import { settingsRecords } from './settings.ts';
import { openJournal } from './storage.ts';

export interface SimulatorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** The simulator's files lie in `<dataDir>/simulator/`. */
  readonly dataDir: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Milliseconds since the epoch; default the machine's clock. */
  readonly now?: () => number;
}

export interface RunningSimulator {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the wallet: `/gateway.do` speaks the Open Platform's protocol, `/control/*` sets it up and shows its truth. Resolves once it
 * listens. Rejects with `StartRefused`, whose message is one sentence, when the port is in use or the folder cannot be written.
 */
export async function runSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const { port, dataDir, host = '127.0.0.1', now = Date.now } = options;
  const journal = openJournal(dataDir);
  try {
    const { db } = journal;
    const settings = settingsRecords(db);
    const payers = payerRecords(db);
    await addSandboxPayers(journal, payers);
    const apps = openApps(journal);
    const faults = faultRecords(db);
    const settingsFor: Books['settingsFor'] = (app) => ({ ...settings.current(), ...app?.settings });
    const outbox = notificationOutbox({
      journal,
      faults,
      ways: { alipay_open: openPlatformWays(apps) },
      speedFor: ({ appId }) => settingsFor(apps.find(appId)).notification_speed,
      now,
    });
    const tell = tradeTeller({ outbox, apps, payers, settingsFor });
    const books: Books = { trades: tradeRecords(db), payers, settingsFor, tell };
    const log = requestLog();
    const gateway = openPlatform({
      journal,
      books,
      apps,
      faults,
      lateArrivals: lateArrivalRecords(db, 'alipay_open'),
      outbox,
      log,
      now,
    });
    const server = await startHttpServer(port, host, {
      gateway: gateway.answer,
      control: control({ journal, books, apps, faults, outbox, settings, log, now }),
    });
    gateway.resume();
    outbox.resume();
    return {
      port: server.port,
      async close() {
        gateway.stop();
        outbox.stop();
        await server.close();
        // A call that arrived during the closing may have set a timer.
        gateway.stop();
        journal.close();
      },
    };
  } catch (error) {
    journal.close();
    throw error;
  }
}
