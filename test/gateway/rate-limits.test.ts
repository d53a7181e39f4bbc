import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createApiKey } from '../../src/adapters/postgres/merchant-records.ts';
import { createRestGateway } from '../../src/inbound/rest/rest-gateway.ts';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import { merchantId, openRealGateway } from './real-gateway.ts';

/*
 * The limit of a key, over HTTP on loopback and on real PostgreSQL.
 */

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it('a key that pays more than it may is refused, loses nothing, and cancels all the same', async () => {
  const real = await openRealGateway();
  ends.push(() => real.close());
  const app = await createRestGateway({
    engine: real.gateway.engine,
    readiness: async () => ({ ready: true, checks: {} }),
    requestsPerS: 500,
  });
  ends.push(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const key = { environment: 'sandbox', merchantId, label: 'test' };
  const slow = await createApiKey(real.database, { ...key, requestsPerS: 1 });
  const usual = await createApiKey(real.database, key);
  const post = (apiKey: string, path: string, body: object, idempotencyKey?: string) =>
    fetch(url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      body: JSON.stringify(body),
    });
  const pay = (apiKey: string, orderNo: string) =>
    post(
      apiKey,
      '/v1/payments',
      {
        merchant_order_no: orderNo,
        amount: { currency: 'CNY', value: 1234 },
        product: 'payment_code',
        payment_code: real.paymentCode,
        store_id: 'S1',
        terminal_id: 'T1',
        subject: 'Coffee',
      },
      `key-${orderNo}`,
    );

  const orders = Array.from({ length: 40 }, (_, index) => `RATE-${index}`);
  const begunMs = performance.now();
  const answers = await Promise.all(
    orders.map(async (orderNo) => ({ orderNo, answer: await pay(slow, orderNo) })),
  );
  const seconds = Math.ceil((performance.now() - begunMs) / 1_000);
  const taken = answers.filter(({ answer }) => answer.status === 201);
  const refused = answers.filter(({ answer }) => answer.status === 429);
  expect(taken.length + refused.length).toBe(orders.length);
  expect(taken.length).toBeGreaterThanOrEqual(10);
  expect(taken.length).toBeLessThanOrEqual(10 + seconds);
  for (const { answer } of refused) {
    expect(answer.headers.get('ratelimit-policy')).toBe('"requests";q=10;w=10');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await answer.json()).toMatchObject({ code: 'rate_limited', status: 429, transient: true });
  }
  const { rows } = await real.database.query<{ readonly no: string }>(
    'select merchant_order_no as no from payments',
  );
  expect(new Set(rows.map(({ no }) => no))).toEqual(new Set(taken.map(({ orderNo }) => orderNo)));

  // Nothing is left of its limit, and the money goes back at once.
  const payments = await Promise.all(taken.map(({ answer }) => answer.json() as Promise<PaymentSnapshot>));
  const [first, ...others] = payments.filter(({ status }) => status === 'succeeded');
  if (first === undefined) throw new Error('no payment was taken');
  const cancelled = await post(slow, `/v1/payments/${first.id}/cancel`, {});
  expect(cancelled.headers.get('ratelimit-policy')).toBe('"cancels";q=40;w=10');
  expect(await cancelled.json()).toMatchObject({ status: 'cancelled' });

  const [again] = refused;
  if (again === undefined) throw new Error('no payment was refused');
  const repeated = await pay(usual, again.orderNo);
  expect(repeated.status).toBe(201);
  expect(repeated.headers.get('ratelimit-policy')).toBe('"requests";q=5000;w=10');
  const last = (await repeated.json()) as PaymentSnapshot;
  const kept = (await real.ledger()).filter(({ charged, refunded }) => charged > refunded);
  expect(kept).toHaveLength([...others, last].filter(({ status }) => status === 'succeeded').length);
});
