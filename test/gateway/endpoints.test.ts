import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/domain/delivery.ts';
import type { Payment } from '../../src/domain/payment.ts';
import { deliver } from '../../src/jobs/deliver.ts';
import { cancelPayment } from '../../src/operations/cancel.ts';
import { leaseMs } from '../../src/operations/engine.ts';
import { performPaymentStep } from '../../src/operations/perform.ts';
import { eventually, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * Endpoints that are slow, dead or back again, on the real parts. Days are not waited for: what was recorded is moved back.
 */
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openReal(options: { readonly worker?: boolean } = {}): Promise<RealGateway> {
  const real = await openRealGateway({ ...options, policy: { payAnswerMs: 20_000, callLimitMs: 6_000 } });
  closing.push(() => real.close());
  return real;
}

interface Shop {
  readonly url: string;
  /** What it was told, in the order of arrival. */
  readonly types: string[];
  readonly ids: string[];
}

/** A merchant's endpoint that answers as `answer` does. */
async function openShop(answer: (response: ServerResponse) => void): Promise<Shop> {
  const types: string[] = [];
  const ids: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const event = JSON.parse(body);
      types.push(event.type);
      ids.push(event.id);
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, types, ids };
}

async function statesOf(real: RealGateway, payments: readonly Payment[]): Promise<string[]> {
  const { rows } = await real.database.query<{ readonly state: string }>(
    'select state from deliveries where payment_id = any($1) order by created_at',
    [payments.map(({ id }) => id)],
  );
  return rows.map(({ state }) => state);
}

async function claimedDeliveries(real: RealGateway): Promise<Delivery[]> {
  await real.database.query(
    `update deliveries set due_at = clock_timestamp(), lease_until = null where due_at is not null`,
  );
  const rows = await real.gateway.engine.due.claimDue(100, leaseMs);
  return rows.flatMap((row) => (row.kind === 'delivery' ? [row.delivery] : []));
}

async function tryAll(real: RealGateway): Promise<void> {
  for (const delivery of await claimedDeliveries(real)) await deliver(real.gateway.engine, delivery);
}

// proves NOT-03
describe('an endpoint that never answers', () => {
  it('keeps no other endpoint of the same merchant waiting', async () => {
    const real = await openReal();
    const dead = await openShop(() => {});
    const alive = await openShop((response) => response.writeHead(204).end());
    const lost: Payment[] = [];
    for (let round = 0; round < 6; round += 1) {
      lost.push(
        ...(await Promise.all(
          Array.from({ length: 10 }, () => real.pay(real.request({ notifyUrl: dead.url }))),
        )),
      );
    }
    const told: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      const begunMs = performance.now();
      const payment = await real.pay(real.request({ notifyUrl: alive.url }));
      await eventually(
        () => statesOf(real, [payment]),
        ([state]) => state === 'delivered',
      );
      told.push(performance.now() - begunMs);
    }
    // The dead one's sixty could hold every place of the worker for 5 s at a time.
    expect(told.toSorted((a, b) => a - b)[4]).toBeLessThan(1_500);
    expect(Math.max(...told)).toBeLessThan(4_000);
    expect(new Set(await statesOf(real, lost))).toEqual(new Set(['pending']));
    // At most half of the sixteen delivery places, and those for 5 s each.
    expect(dead.types.length).toBeGreaterThan(0);
    expect(dead.types.length).toBeLessThan(60);
  });
});

// proves NOT-03, RES-13
describe('an endpoint that has failed for long', () => {
  it('is disabled, hears nothing, and hears everything when it is enabled', async () => {
    const real = await openReal({ worker: false });
    let status = 503;
    const shop = await openShop((response) => response.writeHead(status).end());
    const first = await real.pay(real.request({ notifyUrl: shop.url }));
    await tryAll(real);
    await real.database.query(
      `update endpoints set failing_since = clock_timestamp() - interval '5 days', failures = 18`,
    );
    await tryAll(real);
    const disabledAt = async () =>
      (await real.database.query('select disabled_at from endpoints')).rows[0]?.disabled_at;
    expect(await disabledAt()).toBeNull();
    await tryAll(real);
    expect(await disabledAt()).toBeInstanceOf(Date);

    const second = await real.pay(real.request({ notifyUrl: shop.url }));
    await tryAll(real);
    expect(shop.types).toHaveLength(3);
    expect(await statesOf(real, [first, second])).toEqual(['held', 'held']);
    expect((await real.payment(first.id)).attention).toBeNull();

    status = 200;
    const { deliveries, journal } = real.gateway.engine;
    expect(await deliveries.enableEndpoint(first.merchantId, shop.url, 20)).toBe(2);
    const { rows } = await real.database.query('select id from deliveries order by due_at');
    const held = [shop.ids[0], `evt_${second.id.slice(4)}_${second.version}`];
    expect(rows.map(({ id }) => id)).toEqual(held);
    await real.startWorker();
    await eventually(
      () => statesOf(real, [first, second]),
      (states) => states.every((state) => state === 'delivered'),
    );
    // Both are due by now, and whichever is sent first on a busy machine may arrive first.
    expect(new Set(shop.ids.slice(3))).toEqual(new Set(held));
    const types = (await journal.timeline(first.merchantId, first.id)).map(({ type }) => type);
    expect(types.at(-1)).toBe('DeliveryReplayed');
    expect((await real.database.query('select from endpoints')).rowCount).toBe(0);
  });

  it('is enabled while processes are holding its deliveries, and none is left held', async () => {
    const real = await openReal({ worker: false });
    const { database } = real;
    const { deliveries } = real.gateway.engine;
    const url = 'https://shop.example/hook';
    const merchantId = real.merchant.id;
    for (let round = 0; round < 12; round += 1) {
      await database.query('truncate deliveries, endpoints');
      await database.query(
        `insert into endpoints (merchant_id, url, failing_since, failures, last_failure, disabled_at)
         values ($1, $2, now() - interval '6 days', 40, 'HTTP 500', now())`,
        [merchantId, url],
      );
      await database.query(
        `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, due_at, created_at)
         select $1, 'evt_' || n, 'payment.succeeded', 'payment', 'p', 'p', $2, 'pending', now(), now()
         from generate_series(1, 30) n`,
        [merchantId, url],
      );
      const claimed = await claimedDeliveries(real);
      const [early, late, ...others] = claimed;
      if (early === undefined || late === undefined) throw new Error('nothing is to be delivered');
      expect(await deliveries.recordHeld(early)).toBe(true);
      const holding = others.map(async (delivery, index) => {
        await sleepFor(index / 4);
        return deliveries.recordHeld(delivery);
      });
      await sleepFor(round / 2);
      await deliveries.enableEndpoint(merchantId, url, 0);
      await Promise.all(holding);
      // What came too late to be held is sent by whoever has it.
      expect(await deliveries.recordHeld(late)).toBe(false);
      const { rows } = await database.query(
        `select count(*) filter (where state = 'held')::int as held, count(*)::int as all from deliveries`,
      );
      expect(rows[0]).toEqual({ held: 0, all: 30 });
    }
  });
});

// proves NOT-03
describe('a success that is being told when the payment is cancelled', () => {
  it('arrives before the cancel, however slow the endpoint is', async () => {
    const real = await openReal();
    await real.startWorker(await real.openAnother());
    const answers: ServerResponse[] = [];
    const shop = await openShop((response) => {
      if (answers.length === 0) answers.push(response);
      else response.writeHead(204).end();
    });
    const payment = await real.pay(real.request({ notifyUrl: shop.url }));
    await eventually(
      async () => answers.length,
      (count) => count === 1,
    );
    const cancelled = await cancelPayment(real.gateway.engine, payment.merchantId, payment.id);
    expect(cancelled).toMatchObject({ kind: 'payment', payment: { state: 'cancelled' } });
    await sleepFor(1_500);
    expect(shop.types).toEqual(['payment.succeeded']);
    answers[0]?.writeHead(204).end();
    const endedMs = performance.now();
    await eventually(
      () => statesOf(real, [payment]),
      (states) => states.at(-1) === 'delivered',
    );
    expect(performance.now() - endedMs).toBeLessThan(3_000);
    expect(shop.types).toEqual(['payment.succeeded', 'payment.cancelled']);
    expect(await statesOf(real, [payment])).toEqual(['withdrawn', 'delivered']);
  });

  it('is not begun any more when its claim and the cancel cross', async () => {
    const real = await openReal({ worker: false });
    const shop = await openShop((response) => response.writeHead(204).end());
    const payments = await Promise.all(
      Array.from({ length: 10 }, () => real.pay(real.request({ notifyUrl: shop.url }))),
    );
    const told = new Map<string, string[]>(payments.map(({ id }) => [id, []]));
    const { engine } = real.gateway;
    const endpoint = {
      send: async (message: { readonly body: string }) => {
        const { type, data } = JSON.parse(message.body);
        await sleepFor(Math.random() * 20);
        told.get(data.payment.id)?.push(type);
        return { kind: 'accepted' } as const;
      },
    };
    const sendAll = async (): Promise<void> => {
      for (;;) {
        const rows = await engine.due.claimDue(100, leaseMs);
        if (rows.length === 0) return;
        await Promise.all(
          rows.map(async (row) => {
            if (row.kind === 'delivery') await deliver({ ...engine, endpoint }, row.delivery);
            // A cancel whose call met with this claim.
            if (row.kind === 'payment') await performPaymentStep(engine, row.payment);
          }),
        );
      }
    };
    await Promise.all([
      sendAll(),
      ...payments.map(async ({ merchantId, id }) => {
        await sleepFor(Math.random() * 30);
        await cancelPayment(engine, merchantId, id);
      }),
    ]);
    await eventually(
      async () => {
        await sendAll();
        return [...told.values()];
      },
      (types) => types.every((one) => one.includes('payment.cancelled')),
    );
    for (const types of told.values()) {
      expect(types.at(-1)).toBe('payment.cancelled');
      expect(new Set(types).size).toBe(types.length);
    }
  });
});
