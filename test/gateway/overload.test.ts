import type { AddressInfo } from 'node:net';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { createApiKey } from '../../src/adapters/postgres/merchant-records.ts';
import { openAdmission } from '../../src/apps/admission.ts';
import { createAdmission } from '../../src/inbound/rest/admission.ts';
import { createRestGateway } from '../../src/inbound/rest/rest-gateway.ts';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import { merchantId, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * More payments than a gateway may handle, over HTTP on loopback, on real PostgreSQL and with the wallet's own ledger.
 */

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Answer {
  readonly status: number;
  readonly retryAfterS: number | null;
  readonly body: PaymentSnapshot & { readonly code?: string };
}

interface Caller {
  readonly real: RealGateway;
  readonly inFlight: () => number;
  ask(method: 'GET' | 'POST', path: string, body?: object, key?: string): Promise<Answer>;
  /** A payment of 12.34 yuan under a key of its own. */
  pay(orderNo: string): Promise<Answer>;
}

/** `steady`: nothing but the payments in flight counts, however busy this machine is. */
async function openFor(paymentsMax: number, steady = false): Promise<Caller> {
  const real = await openRealGateway();
  ends.push(() => real.close());
  const { admission: watching, load } = openAdmission({ maxPaymentsInFlight: paymentsMax }, real.gateway);
  const { monotonicMs } = real.gateway.engine.clock;
  const admission = steady
    ? createAdmission({ paymentsMax, strain: () => null, monotonicMs, random: Math.random })
    : watching;
  const app = await createRestGateway({
    engine: real.gateway.engine,
    readiness: async () => ({ ready: true, checks: {} }),
    admission,
  });
  ends.push(() => app.close());
  ends.push(async () => load.stop());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const apiKey = await createApiKey(real.database, { environment: 'sandbox', merchantId, label: 'test' });
  const ask: Caller['ask'] = async (method, path, body, key) => {
    const answer = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        prefer: 'wait=20',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const retryAfter = answer.headers.get('retry-after');
    return {
      status: answer.status,
      retryAfterS: retryAfter === null ? null : Number(retryAfter),
      body: (await answer.json()) as Answer['body'],
    };
  };
  return {
    real,
    inFlight: () => admission.paymentsInFlight(),
    ask,
    pay: (orderNo) =>
      ask(
        'POST',
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
      ),
  };
}

const ordersIn = async ({ real }: Caller): Promise<ReadonlySet<string>> => {
  const { rows } = await real.database.query<{ readonly no: string }>(
    `select merchant_order_no as no from orders union select merchant_order_no from payments`,
  );
  return new Set(rows.map(({ no }) => no));
};

it('what is taken under overload ends right, what is refused left nothing, and all of it is paid afterwards', async () => {
  const caller = await openFor(10);
  await caller.real.control('POST', '/control/faults', {
    api: 'pay',
    fault: 'delay',
    probability: 1,
    delay_ms: 300,
  });
  const orders = Array.from({ length: 150 }, (_, index) => `FLOOD-${index}`);
  const answers = new Map(
    await Promise.all(orders.map(async (orderNo) => [orderNo, await caller.pay(orderNo)] as const)),
  );
  const refused = orders.filter((orderNo) => answers.get(orderNo)?.status === 503);
  const taken = orders.filter((orderNo) => answers.get(orderNo)?.status === 201);
  expect(taken.length + refused.length).toBe(orders.length);
  expect(taken.length).toBeGreaterThanOrEqual(1);
  expect(refused.length).toBeGreaterThanOrEqual(50);
  for (const orderNo of refused) {
    expect(answers.get(orderNo)?.body.code).toBe('overloaded');
    expect(answers.get(orderNo)?.retryAfterS).toBeGreaterThanOrEqual(1);
  }
  expect(new Set(refused.map((orderNo) => answers.get(orderNo)?.retryAfterS)).size).toBeGreaterThan(1);
  expect(await ordersIn(caller)).toEqual(new Set(taken));
  const charged = (await caller.real.ledger()).filter((line) => line.charged > 0);
  expect(charged.length).toBe(taken.length);
  for (const orderNo of taken) expect(answers.get(orderNo)?.body.status).toBe('succeeded');

  // Whoever keeps to Retry-After is served, and nobody comes with everybody else.
  let waiting: readonly string[] = refused;
  for (let round = 0; waiting.length > 0; round += 1) {
    expect(round).toBeLessThan(40);
    const again = await Promise.all(
      waiting.map(async (orderNo) => {
        // Tenths of the seconds that were asked for: the test does not last as long as a day's rush.
        await sleepFor((answers.get(orderNo)?.retryAfterS ?? 0) * 100);
        const answer = await caller.pay(orderNo);
        answers.set(orderNo, answer);
        return answer.status === 503 ? [orderNo] : [];
      }),
    );
    waiting = again.flat();
  }
  for (const orderNo of orders) expect(answers.get(orderNo)?.body.status).toBe('succeeded');
  const lines = await caller.real.ledger();
  expect(lines.filter((line) => line.charged === 1234 && line.refunded === 0)).toHaveLength(orders.length);
  expect(caller.inFlight()).toBe(0);
});

it('while no new payment is taken, one that waits is looked at, cancelled and given back', async () => {
  const caller = await openFor(1, true);
  await caller.real.control('POST', '/control/faults', { api: 'pay', fault: 'paying', count: 1 });
  const waiting = caller.pay('WAITS');
  const look = () => caller.ask('GET', '/v1/payments?merchant_order_no=WAITS');
  let id = '';
  for (; id === ''; await sleepFor(20)) {
    const { data } = (await look()).body as unknown as { readonly data: readonly PaymentSnapshot[] };
    id = data[0]?.id ?? '';
  }
  expect((await caller.pay('REFUSED')).body.code).toBe('overloaded');
  const cancelled = await caller.ask('POST', `/v1/payments/${id}/cancel`, {});
  expect(cancelled.body.status).toBe('cancelled');
  expect((await waiting).body.status).toBe('cancelled');
  expect(await ordersIn(caller)).toEqual(new Set(['WAITS']));
  // The wallet's answer is recorded and everybody is answered: there is a place again.
  expect((await caller.pay('REFUSED')).body.status).toBe('succeeded');
});
