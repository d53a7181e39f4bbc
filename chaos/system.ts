import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '../src/adapters/embedded-postgres/embedded-postgres.ts';
import { type Database, openDatabase } from '../src/adapters/postgres/database.ts';
import { migrate } from '../src/adapters/postgres/migrations.ts';
import { type SupervisedChild, superviseChild } from '../src/adapters/processes/child-processes.ts';
import { setUpSandbox } from '../src/apps/sandbox.ts';
import type { Sandbox } from '../src/apps/sandbox-file.ts';
import { readSettings } from '../src/apps/settings.ts';
import { killDatabaseServer, killHard } from './database-server.ts';
import { openFrontDoor } from './front-door.ts';
import type { Victim } from './kill-plan.ts';
import { freePort } from './ports.ts';
import { type WalletControl, walletControl } from './wallet-control.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** Longer than any start takes on a busy machine, a recovery of the database included. */
const startTimeoutMs = 60_000;

/** The real thing on one machine: PostgreSQL, the wallets, two gateways and two workers, each a process. */
export interface System {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly databaseVersion: string;
  readonly database: Database;
  readonly sandbox: Sandbox;
  readonly wallet: WalletControl;
  /** Where merchants, payers and wallets reach the gateways. */
  readonly url: string;
  /** `kill -9`; who keeps it running starts it again. False when it was just down. */
  kill(victim: Victim, which: number): boolean;
  /** Waits until every process runs and the database answers. */
  untilUp(): Promise<void>;
  startProgram(name: string, entry: string, args: readonly string[]): Promise<SupervisedChild>;
  stopWallet(): Promise<void>;
  startWallet(): Promise<void>;
  /** Ends everything in order and removes the data. */
  stop(): Promise<void>;
}

export interface SystemOptions {
  /** Divides the policies' waits. */
  readonly policySpeed: number;
  readonly signal: AbortSignal;
}

export async function startSystem({ policySpeed, signal }: SystemOptions): Promise<System> {
  const dataDir = mkdtempSync(join(tmpdir(), `shoudan-chaos-${process.pid}-`));
  chmodSync(dataDir, 0o755);
  const endings: (() => Promise<void> | void)[] = [
    () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }),
  ];
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).toReversed()) await end();
  };
  try {
    const server = await startEmbeddedPostgres({ dataDir });
    endings.push(() => server.stop());
    signal.throwIfAborted();
    await migrate(server.databaseUrl);
    const database = openDatabase({
      url: server.databaseUrl,
      poolSize: 2,
      applicationName: 'chaos',
      onIdleError: () => {},
    });
    endings.push(() => database.end());
    const walletPort = await freePort();
    const ports = [await freePort(walletPort), await freePort(walletPort + 10)];
    const door = await openFrontDoor(ports);
    endings.push(() => door.close());
    const walletUrl = `http://127.0.0.1:${walletPort}`;
    const env = {
      SHOUDAN_ENV: 'sandbox',
      DATABASE_URL: server.databaseUrl,
      SHOUDAN_DATA_DIR: dataDir,
      SIMULATOR_PORT: `${walletPort}`,
      SHOUDAN_PUBLIC_URL: door.url,
      SHOUDAN_POLICY_SPEED: `${policySpeed}`,
      SHOUDAN_LOG_LEVEL: 'fatal',
    };
    // Kills are meant and nobody is told of them; a process that does not come back has said why.
    const lastWords = new Map<string, string>();
    const launch = (name: string, entry: string, args: readonly string[], port?: number) =>
      superviseChild({
        name,
        entry,
        args,
        env: port === undefined ? env : { ...env, PORT: `${port}` },
        readyTimeoutMs: startTimeoutMs,
        stopTimeoutMs: 10_000,
        log: (line) => void lastWords.set(name, line),
        onLine: () => {},
        signal,
      });
    const startProgram: System['startProgram'] = async (name, entry, args) => {
      const child = await launch(name, entry, args);
      endings.push(() => child.stop());
      return child;
    };
    let simulator = await launch('simulator', path('../simulator/main.ts'), []);
    endings.push(() => simulator.stop());
    const sandbox = await setUpSandbox(
      readSettings({ SHOUDAN_DATA_DIR: dataDir, SHOUDAN_PUBLIC_URL: door.url }),
      server.databaseUrl,
      walletUrl,
    );
    const cli = path('../src/apps/cli.ts');
    const workers = await all([1, 2].map((no) => launch(`worker ${no}`, cli, ['work'])));
    endings.push(async () => void (await Promise.all(workers.map((child) => child.stop()))));
    const gateways = await all(
      ports.map((port, index) => launch(`gateway ${index + 1}`, cli, ['serve', '--no-worker'], port)),
    );
    endings.push(async () => void (await Promise.all(gateways.map((child) => child.stop()))));
    const { rows } = await database.query<{ readonly folder: string }>(
      `select current_setting('data_directory') as folder`,
    );
    const folder = rows[0]?.folder ?? '';

    return {
      dataDir,
      databaseUrl: server.databaseUrl,
      databaseVersion: server.version,
      database,
      sandbox,
      wallet: walletControl(walletUrl),
      url: door.url,
      kill(victim, which) {
        if (victim === 'database') return killDatabaseServer(folder) > 0;
        const pid = (victim === 'gateway' ? gateways : workers)[which]?.pid();
        if (pid === undefined) return false;
        killHard(pid);
        return true;
      },
      async untilUp() {
        const giveUpAtMs = performance.now() + 2 * startTimeoutMs;
        while (performance.now() < giveUpAtMs) {
          const runs = [...gateways, ...workers].every((child) => child.pid() !== undefined);
          if (runs && (await answers(database)) && (await isReady(ports))) return;
          await sleepFor(100);
        }
        throw new Error(`the system did not come up again: ${[...lastWords.values()].join('; ')}`);
      },
      startProgram,
      stopWallet: () => simulator.stop(),
      async startWallet() {
        simulator = await launch('simulator', path('../simulator/main.ts'), []);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** All of them, or none is left running: the first failure is thrown when every one has ended or runs. */
async function all(starts: readonly Promise<SupervisedChild>[]): Promise<SupervisedChild[]> {
  const settled = await Promise.allSettled(starts);
  const running = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed === undefined) return running;
  await Promise.all(running.map((child) => child.stop()));
  throw failed.reason;
}

/** The settings that say whether what was committed survives. None is relaxed. */
export async function durabilityOf({ database }: System): Promise<string> {
  const { rows } = await database.query<{ readonly name: string; readonly setting: string }>(
    `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name`,
  );
  return rows.map(({ name, setting }) => `${name} ${setting}`).join(', ');
}

async function answers(database: Database): Promise<boolean> {
  return database.query('select 1').then(
    () => true,
    () => false,
  );
}

async function isReady(ports: readonly number[]): Promise<boolean> {
  const statuses = await Promise.all(
    ports.map((port) =>
      fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
        async (answer) => {
          await answer.arrayBuffer();
          return answer.status;
        },
        () => 0,
      ),
    ),
  );
  return statuses.every((status) => status === 200);
}
