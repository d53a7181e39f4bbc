import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import Fastify from 'fastify';
import { pino } from 'pino';
import { runSimulator } from '../../simulator/simulator.ts';
import { type Database, openDatabase } from '../../src/adapters/postgres/database.ts';
import { createEntryCode } from '../../src/adapters/postgres/entry-codes.ts';
import { saveMerchant } from '../../src/adapters/postgres/merchant-records.ts';
import { changePolicyOverrides } from '../../src/adapters/postgres/policy-overrides.ts';
import { saveWalletAccount } from '../../src/adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../../src/adapters/sealing.ts';
import { type Gateway, openGateway } from '../../src/apps/gateway.ts';
import { readSettings } from '../../src/apps/settings.ts';
import { runWorker } from '../../src/apps/worker.ts';
import type { PaymentRequest } from '../../src/domain/accept-payment.ts';
import { entryOrderNo, paymentRequestId } from '../../src/domain/ids.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import { onEveryProduct } from '../../src/domain/policy.fixture.ts';
import type { PolicyOverride } from '../../src/domain/policy.ts';
import type { ProductName, WalletName } from '../../src/domain/wallets.ts';
import { notificationRoutes } from '../../src/inbound/notifications/notification-routes.ts';
import { beginEntryPayment, findEntry, type OpenEntry } from '../../src/operations/entry-payment.ts';
import { type PayResult, pay } from '../../src/operations/pay.ts';
import type { Merchant } from '../../src/ports/merchant-directory.ts';
import { createTestDatabase } from '../database/test-database.ts';

/*
 * The whole gateway for tests: the real engine on real PostgreSQL, the real adapters over HTTP to the simulator, which
 * notifies over HTTP, and a merchant's endpoint that listens. Waits are those of the policy, on a faster clock.
 */

export interface LedgerLine {
  readonly wallet: string;
  readonly payment_request_id: string;
  readonly currency: string;
  readonly amount: number;
  readonly charged: number;
  readonly refunded: number;
  readonly cancelled: boolean;
}

export interface ReceivedMessage {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RealGateway {
  readonly gateway: Gateway;
  readonly merchant: Merchant;
  readonly databaseUrl: string;
  readonly database: Database;
  /** What everything of it is sealed under. */
  readonly masterKey: Uint8Array;
  /** What it has logged so far, warnings and worse. */
  readonly logged: readonly { readonly [field: string]: unknown }[];
  readonly simulatorUrl: string;
  /** Where wallets and payers reach the gateway. */
  readonly publicUrl: string;
  readonly paymentCode: string;
  /** A payer's of Alipay+, in dollars. */
  readonly plusPaymentCode: string;
  /** A store's code, in dollars. */
  readonly entry: OpenEntry;
  readonly deliverySecret: string;
  readonly notifyUrl: string;
  /** What the merchant's endpoint has received so far. */
  readonly received: readonly ReceivedMessage[];
  /** A second process's worth of gateway on the same database and wallet. */
  openAnother(): Promise<Gateway>;
  startWorker(gateway?: Gateway): Promise<() => Promise<void>>;
  request(changes?: Partial<PaymentRequest>): PaymentRequest;
  pay(request?: PaymentRequest): Promise<Payment>;
  /** A payment of 12.34 by that product, sent and answered or not. */
  payBy(wallet: WalletName, product: ProductName, changes?: Partial<PaymentRequest>): Promise<Payment>;
  /** The payer of an issued payment scans what was issued and confirms. */
  payerPays(payment: Payment): Promise<void>;
  payment(paymentId: string): Promise<Payment>;
  /** Waits until the payment shows this status, and for as long as it may take with these policies. */
  until(paymentId: string, condition: (payment: Payment) => boolean): Promise<Payment>;
  control(method: string, path: string, body?: object): Promise<unknown>;
  ledger(): Promise<LedgerLine[]>;
  /** The wallet's own line for a payment; `undefined` when the wallet never heard of it. */
  ledgerLine(payment: Payment): Promise<LedgerLine | undefined>;
  close(): Promise<void>;
}

/** Short waits, yet long enough that a busy machine answers within them. */
export const quickPolicy = {
  payAnswerMs: 2_000,
  callLimitMs: 1_000,
  inquiryIntervalMs: 100,
  inquiryCount: 12,
  cancelRetry: { firstMs: 50, nextMs: 100, fastTries: 6, maxMs: 400 },
  refundRetry: { firstMs: 50, nextMs: 100, fastTries: 6, maxMs: 400 },
  refundSpacingMs: 50,
  refundInquiryDelayMs: 100,
  watchRetry: { firstMs: 100, nextMs: 200, fastTries: 4, maxMs: 400 },
} as const satisfies PolicyOverride;

const walletKeys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

export const merchantId = 'M0000000001';
const smid = '2088000000000002';
const appId = '2021000000000001';
const sellerId = '2088000000000001';
const clientId = 'SANDBOX_5YTEST0000000001';
let orders = 0;

export async function openRealGateway(
  options: {
    readonly policy?: PolicyOverride;
    readonly worker?: boolean;
    /** Settings of the simulator. */
    readonly simulator?: object;
    /** Opened, and never sealed with. */
    readonly furtherMasterKeys?: readonly Uint8Array[];
    /** What the wallets take for the time; the machine's clock when it is left out. */
    readonly walletClock?: () => number;
  } = {},
): Promise<RealGateway> {
  const dataDir = mkdtempSync(join(tmpdir(), 'shoudan-gateway-'));
  const [testDatabase, simulator, endpoint] = await Promise.all([
    createTestDatabase(),
    runSimulator({ port: 0, dataDir, now: options.walletClock ?? Date.now }),
    listenAsMerchant(),
  ]);
  const simulatorUrl = `http://127.0.0.1:${simulator.port}`;
  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(simulatorUrl + path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  const { wallet_public_key: walletPublicKey } = (await control('PUT', `/control/apps/${appId}`, {
    public_key: walletKeys.publicKey,
    pid: sellerId,
    smids: [smid],
  })) as { wallet_public_key: string };
  const { wallet_public_key: plusPublicKey } = (await control('PUT', `/control/clients/${clientId}`, {
    public_key: walletKeys.publicKey,
    merchants: [merchantId],
  })) as { wallet_public_key: string };
  await control('POST', '/control/settings', { refund_spacing_ms: 0, ...options.simulator });
  const front = await listenAtFront();

  const masterKey = randomBytes(32);
  const sealing = createSealing(masterKey);
  const settings = readSettings({
    SHOUDAN_DATA_DIR: dataDir,
    SHOUDAN_DATABASE_POOL: '8',
    SHOUDAN_PUBLIC_URL: front.url,
    ...(options.furtherMasterKeys === undefined
      ? {}
      : {
          SHOUDAN_FURTHER_MASTER_KEYS: options.furtherMasterKeys
            .map((key) => Buffer.from(key).toString('hex'))
            .join(),
        }),
  });
  const database = openDatabase({
    url: testDatabase.url,
    poolSize: 4,
    applicationName: 'test',
    onIdleError: () => {},
  });
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_open',
    name: 'sandbox',
    appId,
    sellerId,
    gatewayUrl: `${simulatorUrl}/gateway.do`,
    privateKey: walletKeys.privateKey,
    walletPublicKey,
  });
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_plus',
    name: 'sandbox',
    appId: clientId,
    gatewayUrl: simulatorUrl,
    privateKey: walletKeys.privateKey,
    walletPublicKey: plusPublicKey,
  });
  const { deliverySecret } = await saveMerchant(database, sealing, {
    id: merchantId,
    name: 'Test Shop',
    mcc: '5812',
    notifyUrl: endpoint.url,
    orderCodes: { scene: 'test', expiryMs: 120_000 },
    stores: [{ id: 'S1', name: 'Test Store', mcc: null, terminalIds: ['T1'] }],
    bindings: [
      { wallet: 'alipay_open', currency: 'CNY', account: 'sandbox', subMerchantId: smid },
      { wallet: 'alipay_plus', currency: 'USD', account: 'sandbox', subMerchantId: merchantId },
    ],
  });
  const policy = { ...quickPolicy, ...options.policy };
  await changePolicyOverrides(database, merchantId, () => onEveryProduct(policy));
  const codes = (await control('GET', '/control/payment-codes')) as { code: string; payer_id: string }[];
  const codeOf = (payerId: string): string => codes.find((entry) => entry.payer_id === payerId)?.code ?? '';
  const paymentCode = codeOf('sandbox-payer');
  const plusPaymentCode = codeOf('sandbox-payer-plus');
  const entryCode = await createEntryCode(database, { merchantId, storeId: 'S1', currency: 'USD' });

  const logged: { readonly [field: string]: unknown }[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void logged.push(JSON.parse(line)) });
  const opened: Gateway[] = [];
  const stops: (() => Promise<void>)[] = [];
  const openAnother = async (): Promise<Gateway> => {
    const another = await openGateway(settings, testDatabase.url, masterKey, log);
    opened.push(another);
    return another;
  };
  const gateway = await openAnother();
  const app = Fastify();
  await notificationRoutes(app, gateway.notifications);
  await app.ready();
  front.serve((request, response) => app.routing(request, response));
  const startWorker = async (of: Gateway = gateway): Promise<() => Promise<void>> => {
    const stop = await runWorker(of, settings, log);
    stops.push(stop);
    return stop;
  };
  if (options.worker !== false) await startWorker();
  const merchant = await gateway.engine.merchants.find(merchantId);
  if (merchant === null) throw new Error('the test merchant is missing');
  const entry = await findEntry(gateway.engine, entryCode?.code ?? '');
  if (entry.kind !== 'open') throw new Error(`the test merchant's entry code is ${entry.kind}`);

  const find = async (paymentId: string): Promise<Payment> => {
    const found = await gateway.engine.journal.findPayment(merchantId, paymentId);
    if (found === null) throw new Error(`no payment ${paymentId}`);
    return found;
  };
  const self: RealGateway = {
    gateway,
    merchant,
    databaseUrl: testDatabase.url,
    database,
    masterKey,
    logged,
    simulatorUrl,
    publicUrl: front.url,
    paymentCode,
    plusPaymentCode,
    entry,
    deliverySecret,
    notifyUrl: endpoint.url,
    received: endpoint.received,
    openAnother,
    startWorker,
    request(changes = {}) {
      orders += 1;
      return {
        merchantOrderNo: `ORDER-${process.pid}-${orders}`,
        amount: { currency: 'CNY', minor: 1234n },
        start: { product: 'payment_code', paymentCode },
        storeId: 'S1',
        terminalId: 'T1',
        subject: 'Coffee',
        wallet: null,
        expiresAt: null,
        notifyUrl: null,
        metadata: {},
        ...changes,
      };
    },
    async pay(request = self.request()) {
      return paymentOf(await pay(gateway.engine, merchant, request, null));
    },
    async payBy(wallet, product, changes = {}) {
      const currency = wallet === 'alipay_open' ? 'CNY' : 'USD';
      const amount = { currency, minor: 1234n };
      switch (product) {
        case 'payment_code': {
          const code = wallet === 'alipay_open' ? paymentCode : plusPaymentCode;
          return self.pay(
            self.request({ amount, wallet, start: { product, paymentCode: code }, ...changes }),
          );
        }
        case 'order_code':
          return self.pay(self.request({ amount, wallet, start: { product }, ...changes }));
        case 'entry_code': {
          const orderNo = entryOrderNo(randomBytes(32));
          const begun = await beginEntryPayment(gateway.engine, entry, {
            amount,
            wallet,
            userAgent: 'Mozilla/5.0 AlipayClient/10.1.32.600',
            returnUrl: `${front.url}/back`,
            orderNo,
            key: { key: `entry-${orderNo}`, fingerprint: new Uint8Array(32) },
          });
          if (begun.kind === 'refused') throw new Error(`refused: ${begun.refusal.detail}`);
          return begun.answered;
        }
        default:
          return product satisfies never;
      }
    },
    async payerPays(payment) {
      const path = `/control/payments/${paymentRequestId(payment.id)}`;
      await control('POST', `${path}/scan`, {});
      await control('POST', `${path}/confirm`, {});
    },
    payment: find,
    until: (paymentId, condition) => eventually(() => find(paymentId), condition),
    control,
    ledger: async () => (await control('GET', '/control/ledger')) as LedgerLine[],
    async ledgerLine(payment) {
      const id = paymentRequestId(payment.id);
      return (await self.ledger()).find((line) => line.payment_request_id === id);
    },
    async close() {
      for (const stop of stops) await stop();
      await front.close();
      await app.close();
      for (const each of opened) await each.close();
      await database.end();
      await simulator.close();
      await endpoint.close();
      await testDatabase.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return self;
}

export function paymentOf(result: PayResult): Payment {
  if (result.kind === 'refused') throw new Error(`refused: ${result.refusal.detail}`);
  return result.payment;
}

/** Looks again until the condition holds; the test's own time-out ends a wait that never does. */
export async function eventually<Value>(
  look: () => Promise<Value>,
  condition: (value: Value) => boolean,
): Promise<Value> {
  for (let waitedMs = 0; ; waitedMs += 25) {
    const value = await look();
    if (condition(value)) return value;
    if (waitedMs > 40_000) {
      throw new Error(`still waiting, last seen: ${JSON.stringify(value, bigintsAsText)}`);
    }
    await sleepFor(25);
  }
}

function bigintsAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

export function isFinalStatus(payment: Payment): boolean {
  return publicStatus(payment) !== 'processing';
}

/** An address that is known before there is a gateway to serve it: wallets are told of it when the gateway opens. */
async function listenAtFront() {
  let handler: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve(listener: RequestListener) {
      handler = listener;
    },
    close: () => closed(server),
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
}

async function listenAsMerchant() {
  const received: ReceivedMessage[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    close: () => closed(server),
  };
}
