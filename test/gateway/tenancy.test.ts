import type { QueryConfig } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createChannelKey } from '../../src/adapters/postgres/api-keys.ts';
import { createChannel } from '../../src/adapters/postgres/channels.ts';
import type { Connection, Database } from '../../src/adapters/postgres/database.ts';
import { createApiKey } from '../../src/adapters/postgres/merchant-records.ts';
import { createRestGateway } from '../../src/inbound/rest/rest-gateway.ts';
import { merchantId, openRealGateway, type RealGateway } from './real-gateway.ts';

/* What it costs that keys speak for whole branches: statements of a payment, counted on the gateway's own connections. */

let real: RealGateway;
let app: Awaited<ReturnType<typeof createRestGateway>>;
const keys: Record<string, string> = {};
let sent: string[] = [];
let orders = 0;

beforeAll(async () => {
  real = await openRealGateway({ worker: false });
  const { database } = real;
  let parent: string | null = null;
  for (let depth = 0; depth < 12; depth += 1) {
    const id = `C${depth}`;
    await createChannel(database, { id, name: id, parent, source: '2088000000000001' });
    parent = id;
  }
  await database.query('update merchants set channel_id = $1 where id = $2', [parent, merchantId]);
  const environment = 'sandbox';
  keys['merchant'] = await createApiKey(database, { environment, merchantId, label: 'test' });
  keys['acquirer'] = await createApiKey(database, { environment, merchantId: null, label: 'test' });
  keys['channel'] = await createChannelKey(database, { environment, channelId: 'C0', label: 'test' });
  // One that has not looked the merchant up before it had channels above it.
  const gateway = await real.openAnother();
  listenTo(gateway.database);
  app = await createRestGateway({
    engine: gateway.engine,
    readiness: async () => ({ ready: true, checks: {} }),
  });
});
afterAll(async () => {
  await app.close();
  await real.close();
});

/** What a process does in its own time, on nobody's way. */
const besidePayments = new Set(['database_now', 'write_key_uses']);

/** Notes every statement on every connection, those of transactions too. */
function listenTo(database: Database): void {
  const connect = database.connect.bind(database);
  const heard = new WeakSet<Connection>();
  const connectHeard = async (): Promise<Connection> => {
    const connection = await connect();
    if (heard.has(connection)) return connection;
    heard.add(connection);
    const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
    const note = (statement: string | QueryConfig, ...rest: unknown[]): unknown => {
      const name = typeof statement === 'string' ? statement : (statement.name ?? statement.text);
      if (!besidePayments.has(name)) sent.push(name);
      return query(statement, ...rest);
    };
    connection.query = note as typeof connection.query;
    return connection;
  };
  database.connect = connectHeard as typeof database.connect;
}

/** Pays, looks and refunds; the statements that each of them took. */
async function statementsOf(holder: string): Promise<string[][]> {
  orders += 1;
  const ask = async (method: 'GET' | 'POST', url: string, body?: object) => {
    sent = [];
    const answer = await app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${keys[holder]}` },
      ...(body === undefined ? {} : { payload: body }),
    });
    expect(answer.statusCode).toBeLessThan(300);
    return { body: answer.json(), statements: sent };
  };
  const paid = await ask('POST', '/v1/payments', {
    merchant_id: merchantId,
    merchant_order_no: `TENANCY-${orders}`,
    amount: { currency: 'CNY', value: 1234 },
    product: 'payment_code',
    payment_code: real.paymentCode,
    store_id: 'S1',
    terminal_id: 'T1',
    subject: 'Coffee',
  });
  expect(paid.body.status).toBe('succeeded');
  const seen = await ask('GET', `/v1/payments/${paid.body.id}`);
  const refunded = await ask('POST', `/v1/payments/${paid.body.id}/refunds`, {
    amount: { currency: 'CNY', value: 1 },
  });
  return [paid.statements, seen.statements, refunded.statements];
}

/** What the directory forgets, and reads again, after five seconds. */
const rememberedMs = 4_000;

// proves ONB-04
it('a payment by a channel’s key, twelve channels above the merchant, asks the database for no more', async () => {
  const holders = ['merchant', 'acquirer', 'channel'];
  for (const holder of holders) {
    const [pay = []] = await statementsOf(holder);
    // Who has paid before has had the merchant looked up for all.
    const cold = holder === 'merchant' ? ['find_api_key', 'find_merchant_by_id'] : ['find_api_key'];
    expect(pay).toEqual([...cold, 'open_payment', 'record_payment_announcing']);
  }
  const taken: string[][][] = [];
  let beganAtMs: number;
  do {
    beganAtMs = performance.now();
    taken.length = 0;
    for (const holder of [...holders, ...holders]) taken.push(await statementsOf(holder));
  } while (performance.now() - beganAtMs > rememberedMs);
  const [byMerchant, byAcquirer, byChannel] = taken.slice(holders.length);
  expect(byMerchant?.slice(0, 2)).toEqual([['open_payment', 'record_payment_announcing'], ['find_payment']]);
  expect(byAcquirer).toEqual(byMerchant);
  expect(byChannel).toEqual(byMerchant);
});
