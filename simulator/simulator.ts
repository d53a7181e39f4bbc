import { openClients } from './ams/clients.ts';
import { amsGateway } from './ams/gateway.ts';
import { amsNotifications } from './ams/notification.ts';
import { amsPaymentRecords } from './ams/payment-records.ts';
import type { AmsBooks } from './ams/payments.ts';
import { registrationRecords } from './ams/registration-records.ts';
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
import { phone } from './phone/phone.ts';
import { requestLog } from './request-log.ts';
import { type Settings, settingsRecords } from './settings.ts';
import { openJournal } from './storage.ts';

export interface SimulatorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** The simulator's files lie in `<dataDir>/simulator/`. */
  readonly dataDir: string;
  /** Milliseconds since the epoch; default the machine's clock. */
  readonly now?: () => number;
}

export interface RunningSimulator {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the wallets: `/gateway.do` speaks the Open Platform's protocol, `/ams/*` that of AMS, `/phone` is what their payers hold in
 * hand, `/control/*` sets them up and shows their truth. Resolves once it
 * listens. Rejects with `StartRefused`, whose message is one sentence, when the port is in use or the folder cannot be written.
 */
export async function runSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const { port, dataDir, now = Date.now } = options;
  const journal = openJournal(dataDir);
  try {
    const { db } = journal;
    const settings = settingsRecords(db);
    const payers = payerRecords(db);
    await addSandboxPayers(journal, payers);
    const apps = openApps(journal);
    const clients = openClients(journal);
    const faults = faultRecords(db);
    const settingsFor = (caller: { readonly settings: Partial<Settings> } | undefined): Settings => ({
      ...settings.current(),
      ...caller?.settings,
    });
    const outbox = notificationOutbox({
      journal,
      faults,
      ways: { alipay_open: openPlatformWays(apps), alipay_plus: amsNotifications(clients) },
      speedFor: ({ wallet, appId }) =>
        settingsFor(wallet === 'alipay_open' ? apps.find(appId) : clients.find(appId)).notification_speed,
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
    const amsBooks: AmsBooks = {
      payments: amsPaymentRecords(db),
      registrations: registrationRecords(db),
      payers,
      outbox,
      settingsFor,
    };
    const ams = amsGateway({
      journal,
      books: amsBooks,
      clients,
      faults,
      lateArrivals: lateArrivalRecords(db, 'alipay_plus'),
      log,
      now,
    });
    const amsControl = { journal, books: amsBooks, clients, now };
    const server = await startHttpServer(port, {
      gateway: gateway.answer,
      ams: ams.answer,
      phone: phone({ journal, books, apps, ams: amsBooks, clients, now }),
      control: control({ journal, books, ams: amsControl, apps, faults, outbox, settings, log, now }),
    });
    gateway.resume();
    ams.resume();
    outbox.resume();
    return {
      port: server.port,
      async close() {
        gateway.stop();
        ams.stop();
        outbox.stop();
        await server.close();
        // A call that arrived during the closing may have set a timer.
        gateway.stop();
        ams.stop();
        journal.close();
      },
    };
  } catch (error) {
    journal.close();
    throw error;
  }
}
