import { createServer, request as requestOf } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { expect, it } from 'vitest';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import { clearInstallations, until } from './installation.fixture.ts';
import {
  expectAgreement,
  type Merchant,
  type MerchantEndpoint,
  merchantEndpoint,
} from './merchant.fixture.ts';
import { entryPayer, orderCode, payInWallet } from './payer.fixture.ts';
import { separateProcesses } from './separate-processes.fixture.ts';

clearInstallations();

/** A notification as the simulator's control tells of it. */
interface TriedNotification {
  readonly id: number;
  readonly payment_request_id: string;
  readonly last_outcome: string | null;
  readonly acknowledged_at: string | null;
}

// proves RES-13, PAY-03
it.concurrent('codes that are paid while the gateway is dead are found paid when it is back, and told of once', async ({
  onTestFinished,
}) => {
  const { home, databaseUrl, merchant, shoudan } = await separateProcesses();
  const endpoint = await merchantEndpoint();
  onTestFinished(endpoint.close);
  endpoint.accept();
  // Where an entry code's payment is told of.
  const { merchant_id: merchantId } = merchant.sandbox;
  const named = shoudan(['merchant', 'add', '--id', merchantId, '--notify-url', endpoint.url], 10);
  expect(await named.ended).toEqual({ exitCode: 0, signal: null });
  const doomed = shoudan(['serve'], 10);
  await home.untilReady(doomed);
  const payments = [
    await orderCode(merchant, 'CNY', endpoint.url),
    await orderCode(merchant, 'USD', endpoint.url),
    await entryCode(merchant, home.gatewayUrl, databaseUrl),
  ];

  home.kill(doomed.pid);
  await doomed.ended;
  await Promise.all(payments.map((payment) => payInWallet(merchant, payment)));
  const unheard = await until(
    'each notification has found nobody',
    () => merchant.control<readonly TriedNotification[]>('GET', 'notifications'),
    (all) => all.length === payments.length && all.every((one) => one.last_outcome !== null),
  );
  expect(unheard.map((one) => one.acknowledged_at)).toEqual(payments.map(() => null));

  await home.untilReady(shoudan(['serve'], 10));
  const paid = await Promise.all(payments.map(({ id }) => merchant.untilStatus(id, 'succeeded')));
  // The wallet's next tries, minutes later, tell what is known by then.
  await notifiedAgain(merchant, unheard);
  await untilToldOnce(merchant, endpoint, databaseUrl, payments);
  expect(await merchant.ledger()).toHaveLength(payments.length);
  for (const payment of paid) {
    expectAgreement(await merchant.payment(payment.id), await merchant.ledgerLine(payment));
  }
});

// proves NOT-02, RES-13
it.concurrent('what a notification said is on disk once it is acknowledged, whenever the gateway dies', async ({
  onTestFinished,
}) => {
  const { home, databaseUrl, merchant, shoudan } = await separateProcesses();
  const endpoint = await merchantEndpoint();
  const front = await notificationFront(home.gatewayUrl);
  onTestFinished(async () => void (await Promise.all([endpoint.close(), front.close()])));
  endpoint.accept();
  const env = { SHOUDAN_PUBLIC_URL: front.url };
  const payments: PaymentSnapshot[] = [];
  for (const round of [1, 2, 3]) {
    const gateway = shoudan(['serve'], 5, { env });
    await home.untilReady(gateway);
    const codes = await Promise.all(
      (['CNY', 'USD', 'CNY', 'USD'] as const).map((currency) => orderCode(merchant, currency, endpoint.url)),
    );
    payments.push(...codes);
    // No inquiry may find what the notifications say.
    await merchant.control('POST', 'faults', { api: 'inquiry', fault: 'no_answer', probability: 1 });
    front.atFirstAnswer(() => home.kill(gateway.pid));
    await Promise.all(codes.map((payment) => payInWallet(merchant, payment)));
    await gateway.ended;
    const acknowledged = await until(
      `round ${round}: a notification was acknowledged`,
      () => codes.filter((payment) => front.hasAcknowledged(payment.payment_request_id)),
      (some) => some.length > 0,
    );
    const stored = await rowsOf(databaseUrl, 'select id, state from payments where id = any($1)', [
      acknowledged.map(({ id }) => id),
    ]);
    expect(stored.map(({ state }) => state)).toEqual(acknowledged.map(() => 'succeeded'));
    await merchant.control('DELETE', 'faults');
  }

  await home.untilReady(shoudan(['serve'], 5, { env }));
  await notifiedAgain(merchant, await merchant.control('GET', 'notifications'));
  for (const { id } of payments) await merchant.untilStatus(id, 'succeeded');
  await untilToldOnce(merchant, endpoint, databaseUrl, payments);
  for (const { id, payment_request_id } of payments) {
    expectAgreement(await merchant.payment(id), await merchant.ledgerLine({ payment_request_id }));
  }
});

/** The wallet tells all of it once more, as it does at its own times, and whoever is asked acknowledges. */
async function notifiedAgain(merchant: Merchant, all: readonly TriedNotification[]): Promise<void> {
  for (const { id } of all) {
    const told = await merchant.control<TriedNotification>('POST', `notifications/${id}/resend`);
    expect(told.acknowledged_at).not.toBeNull();
  }
}

/** The payment that a payer has begun at the store's code, as the gateway has recorded it. */
async function entryCode(
  merchant: Merchant,
  gatewayUrl: string,
  databaseUrl: string,
): Promise<PaymentSnapshot> {
  const payer = entryPayer(merchant, gatewayUrl);
  const { location } = await payer.confirm(await payer.open(), '5.99');
  expect(location.href.startsWith(merchant.sandbox.simulator_url)).toBe(true);
  const [row] = await rowsOf(databaseUrl, `select id from payments where product = 'entry_code'`, []);
  return merchant.payment(`${row?.['id']}`);
}

/** Each payment's success has been told with one message; a try that its sender did not survive is the same message again. */
async function untilToldOnce(
  merchant: Merchant,
  endpoint: MerchantEndpoint,
  databaseUrl: string,
  payments: readonly PaymentSnapshot[],
): Promise<void> {
  await until(
    'nothing is left to be told',
    () => rowsOf(databaseUrl, `select id from deliveries where state = 'pending'`, []),
    (rows) => rows.length === 0,
  );
  const messages = new Map(
    endpoint
      .verified(merchant.sandbox.webhook_secret)
      .map(({ id, type, data }) => [id, `${type} ${data.payment.id}`]),
  );
  expect([...messages.values()].toSorted()).toEqual(
    payments.map(({ id }) => `payment.succeeded ${id}`).toSorted(),
  );
}

async function rowsOf(
  databaseUrl: string,
  sql: string,
  values: readonly unknown[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

interface NotificationFront {
  /** Where the wallet sends its notifications to. */
  readonly url: string;
  /** To be called the instant that the gateway begins to answer the next notification. */
  atFirstAnswer(kill: () => void): void;
  hasAcknowledged(requestId: string): boolean;
  close(): Promise<void>;
}

/** Stands between the wallet and the gateway, and passes notifications and their answers on byte by byte. */
async function notificationFront(gatewayUrl: string): Promise<NotificationFront> {
  let onAnswer = (): void => {};
  const acknowledged: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method, headers } = request;
      const passedOn = requestOf(`${gatewayUrl}${request.url}`, { method, headers }, (answer) => {
        onAnswer();
        onAnswer = () => {};
        const answered: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => answered.push(chunk));
        answer.on('error', () => response.destroy());
        answer.on('end', () => {
          const text = Buffer.concat(answered);
          if (/success/i.test(text.toString())) acknowledged.push(body.toString());
          response.writeHead(answer.statusCode ?? 502, answer.headers).end(text);
        });
      });
      passedOn.on('error', () => response.destroy());
      passedOn.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    atFirstAnswer(kill) {
      onAnswer = kill;
    },
    hasAcknowledged: (requestId) => acknowledged.some((body) => body.includes(requestId)),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
