import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { startEmbeddedPostgres } from '../src/adapters/embedded-postgres/embedded-postgres.ts';
import { type Database, openDatabase } from '../src/adapters/postgres/database.ts';
import { createApiKey, saveMerchant } from '../src/adapters/postgres/merchant-records.ts';
import { migrate } from '../src/adapters/postgres/migrations.ts';
import { saveWalletAccount } from '../src/adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../src/adapters/sealing.ts';
import { cpuSecondsOfTree, parentOf } from './cpu.ts';
import { load, median } from './load.ts';

/*
 * Payments a second, latency and CPU of the gateway beside the plain integration with the official SDK, in one run:
 * the same PostgreSQL with all its durability, the same simulator, the same callers, in turn. A round counts only if
 * every charge in the wallet's ledger is known as charged here and every delivery arrived.
 */
const callers = Number(process.env['BENCH_CALLERS'] ?? 16);
const seconds = Number(process.env['BENCH_SECONDS'] ?? 6);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);

interface Contestant {
  readonly name: string;
  /** One payment, start to answer. Throws when it did not succeed. */
  readonly pay: (orderNo: string) => Promise<void>;
  readonly process: ChildProcess;
  /** Payments that it knows as charged. */
  readonly known: () => Promise<number>;
  /** Waits until everything owed for `payments` payments has arrived; answers with how many have. */
  readonly settled: (payments: number) => Promise<number>;
}

interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly gatewayCpuMs: number;
  readonly databaseCpuMs: number;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const amount = 1234;
const appId = '2021000000000001';
const smid = '2088000000000002';

const dataDir = mkdtempSync(join(tmpdir(), 'shoudan-bench-'));
chmodSync(dataDir, 0o755);
const children: ChildProcess[] = [];
const server = await startEmbeddedPostgres({ dataDir });
try {
  await run();
} finally {
  for (const child of children) {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function run(): Promise<void> {
  await migrate(server.databaseUrl);
  const database = openDatabase({
    url: server.databaseUrl,
    poolSize: 2,
    applicationName: 'bench',
    onIdleError: () => {},
  });
  const wallet = await launch(path('../simulator/main.ts'), [], {
    SIMULATOR_PORT: '0',
    SHOUDAN_DATA_DIR: dataDir,
  });
  const walletUrl = `http://127.0.0.1:${wallet.port}`;
  const contestants = await setUp(database, walletUrl);
  const postmaster = parentOf(await backendPid(database));
  const durability = await durabilityOf(database);

  print(
    `${callers} callers, ${rounds} rounds of ${seconds} s each, PostgreSQL ${server.version} (${durability}), one machine`,
  );
  const results = new Map<Contestant, Measured[]>(contestants.map((contestant) => [contestant, []]));
  let order = 0;
  for (let round = 0; round <= rounds; round += 1) {
    for (const contestant of contestants) {
      const before = {
        known: await contestant.known(),
        charged: await chargedAt(walletUrl),
        gateway: cpuSecondsOfTree(contestant.process.pid ?? 0),
        database: cpuSecondsOfTree(postmaster),
      };
      const measured = await load(callers, round === 0 ? 2 : seconds, async () => {
        order += 1;
        await contestant.pay(`B${process.pid}x${order}`);
      });
      const settled = await contestant.settled(measured.payments);
      const after = {
        gateway: cpuSecondsOfTree(contestant.process.pid ?? 0),
        database: cpuSecondsOfTree(postmaster),
      };
      const charged = (await chargedAt(walletUrl)) - before.charged;
      const known = (await contestant.known()) - before.known;
      if (charged !== measured.payments || known !== charged || settled !== measured.payments) {
        throw new Error(
          `${contestant.name}: ${measured.payments} answered, ${charged} charged, ${known} known, ` +
            `${settled} settled: this round does not count`,
        );
      }
      // The first round warms everything up.
      if (round === 0) continue;
      results.get(contestant)?.push({
        perSecond: measured.payments / measured.seconds,
        p50Ms: measured.p50Ms,
        p99Ms: measured.p99Ms,
        gatewayCpuMs: ((after.gateway - before.gateway) * 1_000) / measured.payments,
        databaseCpuMs: ((after.database - before.database) * 1_000) / measured.payments,
      });
    }
  }
  report(results);
  await database.end();
}

async function setUp(database: Database, walletUrl: string): Promise<Contestant[]> {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const registered = await fetch(`${walletUrl}/control/apps/${appId}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ public_key: keys.publicKey, pid: '2088000000000001', smids: [smid] }),
  });
  const { wallet_public_key: walletPublicKey } = (await registered.json()) as { wallet_public_key: string };
  const codes = (await (await fetch(`${walletUrl}/control/payment-codes`)).json()) as {
    readonly code: string;
    readonly payer_id: string;
  }[];
  const code = codes.find((entry) => entry.payer_id === 'sandbox-payer')?.code ?? '';

  const masterKey = randomBytes(32);
  const sealing = createSealing(masterKey);
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_open',
    name: 'sandbox',
    appId,
    gatewayUrl: `${walletUrl}/gateway.do`,
    privateKey: keys.privateKey,
    walletPublicKey,
  });
  await saveMerchant(database, sealing, {
    id: 'BENCH',
    name: 'Bench',
    mcc: null,
    notifyUrl: null,
    orderCodes: null,
    stores: [{ id: 'S1', name: 'Bench', mcc: null, terminalIds: ['T1'] }],
    bindings: [{ wallet: 'alipay_open', currency: 'CNY', account: 'sandbox', subMerchantId: smid }],
  });
  const apiKey = await createApiKey(database, {
    environment: 'sandbox',
    merchantId: 'BENCH',
    label: 'bench',
    // Nobody measures the limit.
    requestsPerS: 100_000,
  });
  const sink = await openSink();
  const gateway = await launch(path('../src/apps/cli.ts'), ['serve'], {
    PORT: `${await freePort()}`,
    DATABASE_URL: server.databaseUrl,
    SHOUDAN_DATA_DIR: dataDir,
    SHOUDAN_MASTER_KEY: masterKey.toString('hex'),
    SHOUDAN_LOG_LEVEL: 'error',
  });
  const settingsPath = join(dataDir, 'plain.json');
  writeFileSync(
    settingsPath,
    JSON.stringify({
      databaseUrl: server.databaseUrl,
      gatewayUrl: `${walletUrl}/gateway.do`,
      appId,
      privateKey: keys.privateKey,
      walletPublicKey,
      smid,
      storeId: 'S1',
      terminalId: 'T1',
    }),
    { mode: 0o600 },
  );
  const plain = await launch(path('./plain-integration.ts'), [settingsPath], {});
  const body = (orderNo: string, notifyUrl?: string) =>
    JSON.stringify({
      merchant_order_no: orderNo,
      amount: { currency: 'CNY', value: amount },
      product: 'payment_code',
      payment_code: code,
      store_id: 'S1',
      terminal_id: 'T1',
      subject: 'Bench',
      ...(notifyUrl === undefined ? {} : { notify_url: notifyUrl }),
    });
  const gatewayPool = new Pool(`http://127.0.0.1:${gateway.port}`, { connections: callers, pipelining: 1 });
  const plainPool = new Pool(`http://127.0.0.1:${plain.port}`, { connections: callers, pipelining: 1 });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const knownHere = async (): Promise<number> => {
    const { rows } = await database.query<{ readonly known: bigint }>(
      `select count(*) as known from payments where state = 'succeeded'`,
    );
    return Number(rows[0]?.known);
  };
  let delivered = 0;
  return [
    {
      name: 'plain official SDK',
      process: plain.process,
      pay: (orderNo) =>
        succeeded(
          plainPool,
          '/pay',
          { 'content-type': 'application/json' },
          JSON.stringify({
            order_no: orderNo,
            amount,
            payment_code: code,
          }),
        ),
      known: async () => {
        const { rows } = await database.query<{ readonly known: bigint }>(
          `select count(*) as known from plain_payments where status = 'succeeded'`,
        );
        return Number(rows[0]?.known);
      },
      settled: async (payments) => payments,
    },
    {
      name: 'Shoudan',
      process: gateway.process,
      pay: (orderNo) => succeeded(gatewayPool, '/v1/payments', headers, body(orderNo)),
      known: knownHere,
      settled: async (payments) => payments,
    },
    {
      name: 'Shoudan + delivery',
      process: gateway.process,
      pay: (orderNo) => succeeded(gatewayPool, '/v1/payments', headers, body(orderNo, sink.url)),
      known: knownHere,
      settled: async (payments) => {
        delivered += payments;
        for (let waitedMs = 0; sink.distinct() < delivered && waitedMs < 30_000; waitedMs += 20)
          await sleepFor(20);
        return sink.distinct() - (delivered - payments);
      },
    },
  ];
}

async function succeeded(
  pool: Pool,
  route: string,
  headers: Record<string, string>,
  body: string,
): Promise<void> {
  const answer = await pool.request({ method: 'POST', path: route, headers, body });
  const text = await answer.body.text();
  if (!text.includes('"status":"succeeded"')) throw new Error(`${answer.statusCode} ${text}`);
}

/** A merchant's endpoint that counts distinct messages. */
async function openSink(): Promise<{ readonly url: string; readonly distinct: () => number }> {
  const ids = new Set<string>();
  const sink = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      ids.add(String(request.headers['webhook-id']));
      response.end();
    });
  });
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  sink.unref();
  return {
    url: `http://127.0.0.1:${(sink.address() as AddressInfo).port}/hook`,
    distinct: () => ids.size,
  };
}

async function launch(
  entry: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${entry} ended (${code})`))),
  ])) as [{ readonly port: number }];
  return { process: child, port: message.port };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function chargedAt(walletUrl: string): Promise<number> {
  const ledger = (await (await fetch(`${walletUrl}/control/ledger`)).json()) as {
    readonly charged: number;
    readonly refunded: number;
  }[];
  return ledger.filter((line) => line.charged - line.refunded === amount).length;
}

async function backendPid(database: Database): Promise<number> {
  const { rows } = await database.query<{ readonly pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

async function durabilityOf(database: Database): Promise<string> {
  const { rows } = await database.query<{ readonly name: string; readonly setting: string }>(
    `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name`,
  );
  return rows.map(({ name, setting }) => `${name} ${setting}`).join(', ');
}

function report(results: ReadonlyMap<Contestant, readonly Measured[]>): void {
  const of = (measured: readonly Measured[], pick: (each: Measured) => number) => median(measured.map(pick));
  const [plain] = results.values();
  if (plain === undefined) return;
  const plainPerSecond = of(plain, (each) => each.perSecond);
  const plainCpu = of(plain, (each) => each.gatewayCpuMs + each.databaseCpuMs);
  print('');
  print(
    'medians               payments/s   p50 ms   p99 ms   gateway CPU ms   database CPU ms   speed   CPU',
  );
  for (const [contestant, measured] of results) {
    const cpu = of(measured, (each) => each.gatewayCpuMs + each.databaseCpuMs);
    const perSecond = of(measured, (each) => each.perSecond);
    print(
      [
        contestant.name.padEnd(20),
        perSecond.toFixed(0).padStart(11),
        of(measured, (each) => each.p50Ms)
          .toFixed(1)
          .padStart(8),
        of(measured, (each) => each.p99Ms)
          .toFixed(1)
          .padStart(8),
        of(measured, (each) => each.gatewayCpuMs)
          .toFixed(2)
          .padStart(16),
        of(measured, (each) => each.databaseCpuMs)
          .toFixed(2)
          .padStart(17),
        `${(perSecond / plainPerSecond).toFixed(2)}×`.padStart(7),
        `${(cpu / plainCpu).toFixed(2)}×`.padStart(5),
      ].join(' '),
    );
  }
  print('');
  print('Every charge is known as charged, and every delivery arrived: all rounds count.');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
