import { readFileSync } from 'node:fs';
import { AlipaySdk } from 'alipay-sdk';
import Fastify from 'fastify';
import pg from 'pg';

/*
 * The contestant: what a careful merchant writes in an afternoon with the official SDK. One insert before the call,
 * the call, one update after it. No inquiry, no cancel, no delivery, and an unanswered call stays "unknown".
 * Reads its settings as JSON from the file that is its first argument; says over IPC when it listens.
 */
interface PlainSettings {
  readonly databaseUrl: string;
  readonly gatewayUrl: string;
  readonly appId: string;
  readonly privateKey: string;
  readonly walletPublicKey: string;
  readonly smid: string;
  readonly storeId: string;
  readonly terminalId: string;
}

const settingsPath = process.argv[2];
if (settingsPath === undefined) throw new Error('usage: plain-integration.ts <settings file>');
const settings = JSON.parse(readFileSync(settingsPath, 'utf8')) as PlainSettings;

const sdk = new AlipaySdk({
  appId: settings.appId,
  privateKey: settings.privateKey,
  keyType: 'PKCS8',
  alipayPublicKey: settings.walletPublicKey,
  gateway: settings.gatewayUrl,
  camelcase: false,
  timeout: 15_000,
});
const database = new pg.Pool({ connectionString: settings.databaseUrl, max: 12 });
// A connection that breaks while it is idle must not end the process.
database.on('error', () => {});
await database.query(
  `create table if not exists plain_payments (
     order_no text primary key, amount bigint not null, status text not null, trade_no text,
     created_at timestamptz not null default now())`,
);

const app = Fastify();
app.post<{ Body: { order_no: string; amount: number; payment_code: string } }>('/pay', async (request) => {
  const { order_no, amount, payment_code } = request.body;
  await database.query({
    name: 'insert_plain',
    text: `insert into plain_payments (order_no, amount, status) values ($1, $2, 'paying')`,
    values: [order_no, amount],
  });
  const answer = await sdk.exec(
    'alipay.trade.pay',
    {
      bizContent: {
        out_trade_no: order_no,
        scene: 'bar_code',
        auth_code: payment_code,
        subject: 'Bench',
        total_amount: (amount / 100).toFixed(2),
        store_id: settings.storeId,
        terminal_id: settings.terminalId,
        timeout_express: '5m',
        sub_merchant: { merchant_id: settings.smid },
      },
    },
    { validateSign: true },
  );
  const status = answer['code'] === '10000' ? 'succeeded' : 'unknown';
  await database.query({
    name: 'update_plain',
    text: 'update plain_payments set status = $2, trade_no = $3 where order_no = $1',
    values: [order_no, status, answer['trade_no'] ?? null],
  });
  return { order_no, status };
});
await app.listen({ host: '127.0.0.1', port: 0 });
process.on('disconnect', () => process.exit(0));
const address = app.server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
process.send?.({ ready: true, port: address.port });
