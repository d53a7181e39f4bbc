import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/embedded-postgres.ts';
import { type Database, openDatabase } from '../../src/adapters/postgres/database.ts';
import { saveMerchant } from '../../src/adapters/postgres/merchant-records.ts';
import { migrate } from '../../src/adapters/postgres/migrations.ts';
import { changePolicyOverrides } from '../../src/adapters/postgres/policy-overrides.ts';
import { saveWalletAccount } from '../../src/adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../../src/adapters/sealing.ts';
import { openGateway } from '../../src/apps/gateway.ts';
import { readSettings } from '../../src/apps/settings.ts';
import { runWorker } from '../../src/apps/worker.ts';
import { paymentRequestId } from '../../src/domain/ids.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import { onEveryProduct } from '../../src/domain/policy.fixture.ts';
import { eventually, type LedgerLine, merchantId, quickPolicy } from '../gateway/real-gateway.ts';
import type { PaymentRequestJson } from './doomed-gateway.ts';

/*
 * kill -9 of everything at once, really: the gateway at one exact instant of twenty payments, the wallet, the
 * database's postmaster and every one of its backends. PostgreSQL keeps all its durability here.
 */
const openPayments = 20;
const simulatorEntry = fileURLToPath(new URL('../../simulator/main.ts', import.meta.url));
const doomedEntry = fileURLToPath(new URL('./doomed-gateway.ts', import.meta.url));
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe('kill -9 of gateway, wallet and database under twenty open payments', () => {
  // proves CAN-05, RES-13
  it('between record and act: after a restart every payment ends unpaid for everybody', async () => {
    const { payments, ledger } = await crashAndRecover('before_act');
    expect(payments).toHaveLength(openPayments);
    expect(payments.map(publicStatus)).toEqual(Array(openPayments).fill('cancelled'));
    expect(ledger).toEqual([]);
  });

  // proves RES-02, RES-04, RES-13
  it('between act and record: after a restart every payment is found paid, once', async () => {
    const { payments, ledger } = await crashAndRecover('before_record');
    expect(payments).toHaveLength(openPayments);
    expect(payments.map(publicStatus)).toEqual(Array(openPayments).fill('succeeded'));
    expect(ledger).toHaveLength(openPayments);
    for (const payment of payments) {
      const line = ledger.find((entry) => entry.payment_request_id === paymentRequestId(payment.id));
      expect(line).toMatchObject({ charged: Number(payment.amount.minor), refunded: 0 });
    }
  });
});

async function crashAndRecover(
  instant: 'before_act' | 'before_record',
): Promise<{ payments: Payment[]; ledger: LedgerLine[] }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'shoudan-crash-'));
  chmodSync(dataDir, 0o755);
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const masterKey = randomBytes(32);
  const settings = readSettings({ SHOUDAN_DATA_DIR: dataDir });
  const log = pino({ level: 'silent' });

  const [server, wallet] = await Promise.all([startEmbeddedPostgres({ dataDir }), startWallet(dataDir, 0)]);
  await migrate(server.databaseUrl);
  const paymentCode = await setUp(server.databaseUrl, masterKey, wallet.port);
  const doomed = spawn(process.execPath, [doomedEntry], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(doomed, 'message');
  doomed.send({
    databaseUrl: server.databaseUrl,
    masterKey: masterKey.toString('hex'),
    dataDir,
    merchantId,
    instant,
    requests: Array.from(
      { length: openPayments },
      (_, index): PaymentRequestJson => ({
        merchantOrderNo: `CRASH-${index}`,
        amountMinor: 1_000 + index,
        start: { product: 'payment_code', paymentCode },
        storeId: 'S1',
        terminalId: 'T1',
        subject: 'Coffee',
        wallet: null,
        notifyUrl: null,
        metadata: {},
      }),
    ),
  });
  await untilReached(doomed, openPayments);

  const postgres = processesOfCluster(dataDir);
  expect(postgres.length).toBeGreaterThan(1);
  for (const pid of [doomed.pid, wallet.process.pid, ...postgres]) kill(pid);
  await Promise.all([once(doomed, 'exit'), once(wallet.process, 'exit')]);

  // Our supervisor brings the killed server back by itself; what counts is what its files hold.
  const revived = await startWallet(dataDir, wallet.port);
  cleanups.push(async () => {
    revived.process.kill('SIGKILL');
    await server.stop();
  });
  const gateway = await eventually(
    () => openGateway(settings, server.databaseUrl, masterKey, log).catch(() => null),
    (opened) => opened !== null,
  );
  if (gateway === null) throw new Error('the gateway did not open');
  const stopWorker = await runWorker(gateway, settings, log);
  cleanups.push(async () => {
    await stopWorker();
    await gateway.close();
  });
  const payments = await eventually(
    () => paymentsOf(gateway.database, (id) => gateway.engine.journal.findPayment(merchantId, id)),
    (found) => found.every((payment) => publicStatus(payment) !== 'processing'),
  );
  return { payments, ledger: await ledgerOf(wallet.port) };
}

async function paymentsOf(
  database: Database,
  find: (id: string) => Promise<Payment | null>,
): Promise<Payment[]> {
  const { rows } = await database.query<{ readonly id: string }>('select id from payments');
  const payments = await Promise.all(rows.map(({ id }) => find(id)));
  return payments.filter((payment) => payment !== null);
}

async function setUp(databaseUrl: string, masterKey: Buffer, walletPort: number): Promise<string> {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const wallet = `http://127.0.0.1:${walletPort}`;
  const app = await fetch(`${wallet}/control/apps/2021000000000001`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      public_key: keys.publicKey,
      pid: '2088000000000001',
      smids: ['2088000000000002'],
    }),
  });
  const { wallet_public_key: walletPublicKey } = (await app.json()) as { wallet_public_key: string };
  const sealing = createSealing(masterKey);
  const database = openDatabase({
    url: databaseUrl,
    poolSize: 2,
    applicationName: 'test',
    onIdleError: () => {},
  });
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_open',
    name: 'sandbox',
    appId: '2021000000000001',
    gatewayUrl: `${wallet}/gateway.do`,
    privateKey: keys.privateKey,
    walletPublicKey,
  });
  await saveMerchant(database, sealing, {
    id: merchantId,
    name: 'Test Shop',
    mcc: null,
    notifyUrl: null,
    orderCodes: null,
    stores: [{ id: 'S1', name: 'Test Store', mcc: null, terminalIds: ['T1'] }],
    bindings: [
      { wallet: 'alipay_open', currency: 'CNY', account: 'sandbox', subMerchantId: '2088000000000002' },
    ],
  });
  const policy = { ...quickPolicy, payAnswerMs: 3_000 };
  await changePolicyOverrides(database, merchantId, () => onEveryProduct(policy));
  await database.end();
  const codes = (await (await fetch(`${wallet}/control/payment-codes`)).json()) as {
    readonly code: string;
    readonly payer_id: string;
  }[];
  return codes.find((entry) => entry.payer_id === 'sandbox-payer')?.code ?? '';
}

async function startWallet(
  dataDir: string,
  port: number,
): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const child = spawn(process.execPath, [simulatorEntry], {
    env: { ...process.env, SIMULATOR_PORT: `${port}`, SHOUDAN_DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  cleanups.push(() => void child.kill('SIGKILL'));
  const [message] = (await once(child, 'message')) as [{ readonly port: number }];
  return { process: child, port: message.port };
}

function untilReached(doomed: ChildProcess, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    doomed.on('message', (message: { readonly reached?: number }) => {
      if (message.reached === count) resolve();
    });
    doomed.once('exit', (code) => reject(new Error(`the doomed gateway ended by itself (${code})`)));
  });
}

/** The postmaster of the cluster in this folder and all its backends. */
function processesOfCluster(dataDir: string): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const postmasters = all.filter((pid) => read(`/proc/${pid}/cmdline`).includes(dataDir));
  const postgres = postmasters.filter((pid) => /postgres/.test(read(`/proc/${pid}/comm`)));
  const children = all.filter((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    return postgres.includes(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  });
  return [...postgres, ...children];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number | undefined): void {
  if (pid === undefined) throw new Error('a process to kill has no id');
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // A backend may already have gone with its postmaster.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function ledgerOf(port: number): Promise<LedgerLine[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/control/ledger`);
  return (await answer.json()) as LedgerLine[];
}
