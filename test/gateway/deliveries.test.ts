import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { type Delivery, deliveryScheduleMs } from '../../src/domain/delivery.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import { type DeliverEngine, deliver } from '../../src/jobs/deliver.ts';
import { cancelPayment } from '../../src/operations/cancel.ts';
import { leaseMs } from '../../src/operations/engine.ts';
import { policyOf, recordPaymentInput } from '../../src/operations/record.ts';
import { refund } from '../../src/operations/refund.ts';
import { paymentSnapshot } from '../../src/operations/snapshots.ts';
import { eventually, isFinalStatus, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * What merchants are told, on the real parts. Waits of the schedule are not slept through: a due time is moved to now.
 */
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Nothing here waits for a wallet to be silent, so its answers may take as long as a busy machine likes. */
async function openReal(options: { readonly worker?: boolean } = {}): Promise<RealGateway> {
  const real = await openRealGateway({ ...options, policy: { payAnswerMs: 20_000, callLimitMs: 6_000 } });
  closing.push(() => real.close());
  return real;
}

interface Event {
  readonly id: string;
  readonly type: string;
  readonly created_at: string;
  readonly version: number;
  readonly data: {
    readonly payment: ReturnType<typeof paymentSnapshot>;
    readonly refund?: { readonly id: string; readonly status: string; readonly version: number };
  };
}

/** A merchant whose endpoint answers with a status that a test may change. */
async function openMerchant(status = 200) {
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly event: Event }[] =
    [];
  const merchant = { url: '', status, received, types: () => received.map(({ event }) => event.type) };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ headers: request.headers, body, event: JSON.parse(body) });
      response.writeHead(merchant.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  merchant.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return merchant;
}

interface DeliveryState {
  readonly id: string;
  readonly type: string;
  readonly state: string;
  readonly tries: number;
  readonly last_failure: string | null;
  readonly due_at: Date | null;
}

async function deliveriesOf(real: RealGateway, payment: Payment): Promise<DeliveryState[]> {
  const { rows } = await real.database.query<DeliveryState>(
    `select id, type, state, tries, last_failure, due_at from deliveries where payment_id = $1 order by created_at`,
    [payment.id],
  );
  return rows;
}

/** Everything that waits is due now and nobody has a lease on it. */
async function makeDue(real: RealGateway): Promise<void> {
  await real.database.query(
    `update deliveries set due_at = clock_timestamp(), lease_until = null where due_at is not null`,
  );
}

async function claimedDeliveries(real: RealGateway): Promise<Delivery[]> {
  const rows = await real.gateway.engine.due.claimDue(100, leaseMs);
  return rows.flatMap((row) => (row.kind === 'delivery' ? [row.delivery] : []));
}

/** One try of everything that is due, by hand. */
async function tryAll(real: RealGateway, engine: DeliverEngine = real.gateway.engine): Promise<void> {
  for (const delivery of await claimedDeliveries(real)) await deliver(engine, delivery);
}

// proves NOT-03, RES-13
describe('the schedule', () => {
  it('is kept to its end, and then somebody is told', async () => {
    const real = await openReal({ worker: false });
    const shop = await openMerchant(503);
    const payment = await real.pay(real.request({ notifyUrl: shop.url }));
    const { engine } = real.gateway;
    const waitsMs: number[] = [];
    for (let tries = 1; tries <= deliveryScheduleMs.length; tries += 1) {
      const before = engine.clock.now().getTime();
      // The first try is due with the success itself: nothing is moved for it.
      if (tries > 1) await makeDue(real);
      await tryAll(real);
      const [row] = await deliveriesOf(real, payment);
      expect(row).toMatchObject({ state: 'pending', tries, last_failure: 'the endpoint answered 503' });
      const waitMs = deliveryScheduleMs[tries - 1] ?? 0;
      const dueMs = row?.due_at?.getTime() ?? 0;
      expect(dueMs).toBeGreaterThanOrEqual(before + waitMs);
      expect(dueMs).toBeLessThanOrEqual(engine.clock.now().getTime() + waitMs);
      waitsMs.push(waitMs);
      expect(await claimedDeliveries(real)).toEqual([]);
    }
    expect(waitsMs.slice(0, 4)).toEqual([1_000, 1_000, 2_000, 4_000]);
    expect(waitsMs.slice(4).map((ms) => ms / 60_000)).toEqual([4, 10, 10, 60, 120, 360, 900]);
    expect((await real.payment(payment.id)).attention).toBeNull();

    await makeDue(real);
    await tryAll(real);
    expect(await deliveriesOf(real, payment)).toMatchObject([
      { state: 'exhausted', tries: 12, due_at: null, last_failure: 'the endpoint answered 503' },
    ]);
    const seen = await real.payment(payment.id);
    expect(publicStatus(seen)).toBe('succeeded');
    expect(paymentSnapshot(seen).needs_attention?.reason).toBe('delivery_exhausted');
    const events = await engine.journal.timeline(payment.merchantId, payment.id);
    expect(events.at(-1)).toMatchObject({ type: 'AttentionRaised', data: { reason: 'delivery_exhausted' } });

    await makeDue(real);
    expect(await claimedDeliveries(real)).toEqual([]);
    expect(shop.received).toHaveLength(12);
    expect(new Set(shop.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('a worker goes on by it until the endpoint answers', async () => {
    const real = await openReal();
    const shop = await openMerchant(500);
    const payment = await real.pay(real.request({ notifyUrl: shop.url }));
    await eventually(
      async () => shop.received.length,
      (count) => count >= 1,
    );
    shop.status = 204;
    await eventually(
      async () => {
        await makeDue(real);
        return deliveriesOf(real, payment);
      },
      ([row]) => row?.state === 'delivered',
    );
    expect(new Set(shop.received.map(({ event }) => event.id)).size).toBe(1);
  });
});

// proves NOT-03
describe('an event that the payment has left behind', () => {
  it('is withdrawn: a success that could not be delivered never follows the cancel', async () => {
    const real = await openReal({ worker: false });
    const shop = await openMerchant(500);
    const payment = await real.pay(real.request({ notifyUrl: shop.url }));
    await tryAll(real);
    expect(shop.types()).toEqual(['payment.succeeded']);
    shop.status = 200;
    await makeDue(real);
    const [stale] = await claimedDeliveries(real);
    if (stale === undefined) throw new Error('nothing is to be delivered');

    const cancelled = await cancelPayment(real.gateway.engine, payment.merchantId, payment.id);
    expect(cancelled).toMatchObject({ kind: 'payment', payment: { state: 'cancelled' } });
    // One that was claimed before the cancel is not sent either.
    await deliver(real.gateway.engine, stale);
    await makeDue(real);
    await tryAll(real);
    await makeDue(real);
    await tryAll(real);
    expect(shop.types()).toEqual(['payment.succeeded', 'payment.cancelled']);
    expect(await deliveriesOf(real, payment)).toMatchObject([
      { type: 'payment.succeeded', state: 'withdrawn', due_at: null },
      { type: 'payment.cancelled', state: 'delivered', tries: 1, due_at: null },
    ]);
  });

  it('is withdrawn while the cancel is still under way', async () => {
    const real = await openReal({ worker: false });
    const shop = await openMerchant(500);
    const payment = await real.pay(real.request({ notifyUrl: shop.url }));
    await tryAll(real);
    shop.status = 200;
    await real.control('POST', '/control/faults', { api: 'cancel', fault: 'system_error', count: 1 });
    const begun = await cancelPayment(real.gateway.engine, payment.merchantId, payment.id);
    expect(begun).toMatchObject({ kind: 'payment', payment: { state: 'reversing' } });
    await makeDue(real);
    await tryAll(real);
    expect(shop.received).toHaveLength(1);
    expect(await deliveriesOf(real, payment)).toMatchObject([
      { type: 'payment.succeeded', state: 'withdrawn' },
    ]);
    await real.startWorker();
    await real.until(payment.id, isFinalStatus);
    await eventually(
      async () => shop.types(),
      (types) => types.length > 1,
    );
    expect(shop.types()).toEqual(['payment.succeeded', 'payment.cancelled']);
  });
});

// proves RES-11
describe('a success is told once', () => {
  it('however often, and by however many at once, it is found', async () => {
    const real = await openReal({ worker: false });
    const other = await real.openAnother();
    const shop = await openMerchant();
    await real.control('POST', '/control/faults', { api: 'pay', fault: 'system_error', count: 1 });
    const payment = await real.pay(real.request({ notifyUrl: shop.url }));
    expect(payment.state).toBe('unknown');
    const paid = { kind: 'paid', walletTransactionId: '2026070122001', amount: payment.amount } as const;
    const policy = await policyOf(real.gateway.engine, payment);
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        recordPaymentInput(
          (index % 2 === 0 ? real.gateway : other).engine,
          payment,
          index < 4 ? { kind: 'pay_answered', answer: paid } : { kind: 'inquiry_answered', answer: paid },
          policy,
        ),
      ),
    );
    expect((await real.payment(payment.id)).state).toBe('succeeded');
    await tryAll(real);
    await makeDue(real);
    await tryAll(real);
    expect(shop.types()).toEqual(['payment.succeeded']);
    expect(await deliveriesOf(real, payment)).toHaveLength(1);
  });

  it('by however many workers', async () => {
    const real = await openReal();
    await real.startWorker(await real.openAnother());
    const shop = await openMerchant();
    const payments = await Promise.all(
      Array.from({ length: 12 }, () => real.pay(real.request({ notifyUrl: shop.url }))),
    );
    await eventually(
      async () => (await Promise.all(payments.map((payment) => deliveriesOf(real, payment)))).flat(),
      (rows) => rows.length === 12 && rows.every(({ state }) => state === 'delivered'),
    );
    expect(shop.received).toHaveLength(12);
    expect(new Set(shop.received.map(({ headers }) => headers['webhook-id'])).size).toBe(12);
  });

  it('but a crash after the merchant’s answer tells it again, under the same id', async () => {
    const real = await openReal({ worker: false });
    const shop = await openMerchant();
    const payment = await real.pay(real.request({ notifyUrl: shop.url }));
    const { engine } = real.gateway;
    const dying: DeliverEngine = {
      ...engine,
      deliveries: {
        ...engine.deliveries,
        recordDelivered: () => Promise.reject(new Error('killed before it was recorded')),
      },
    };
    await expect(tryAll(real, dying)).rejects.toThrow('killed before it was recorded');
    expect(await deliveriesOf(real, payment)).toMatchObject([{ state: 'pending', tries: 0 }]);
    // Nobody else sends it while the lease of the dead lasts.
    expect(await claimedDeliveries(real)).toEqual([]);
    await real.database.query(`update deliveries set lease_until = clock_timestamp()`);
    await tryAll(real);
    expect(await deliveriesOf(real, payment)).toMatchObject([{ state: 'delivered', tries: 1, due_at: null }]);
    const [first, second] = shop.received;
    expect(shop.received).toHaveLength(2);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    for (const { body, headers } of shop.received) {
      new Webhook(real.deliverySecret).verify(body, headers as Record<string, string>);
    }
  });
});

describe('what an event carries', () => {
  it('is the payment as it stands when it is sent, with its version and the event’s id', async () => {
    const real = await openReal({ worker: false });
    const shop = await openMerchant(500);
    const payment = await real.pay(
      real.request({ notifyUrl: shop.url, metadata: { till: '7' }, subject: '咖啡' }),
    );
    await tryAll(real);
    const refunded = await refund(
      real.gateway.engine,
      real.merchant,
      {
        paymentId: payment.id,
        amount: { currency: 'CNY', minor: 234n },
        reason: null,
        merchantRefundNo: 'R-1',
      },
      null,
    );
    expect(refunded).toMatchObject({ kind: 'refund', refund: { state: 'succeeded' } });
    shop.status = 200;
    await makeDue(real);
    await tryAll(real);
    const now = await real.payment(payment.id);
    const events = shop.received.slice(1).map(({ event }) => event);
    const paid = events.find(({ type }) => type === 'payment.succeeded');
    expect(shop.received[0]?.event.data.payment.refunded).toEqual({ currency: 'CNY', value: 0 });
    expect(paid?.data.payment).toEqual(JSON.parse(JSON.stringify(paymentSnapshot(now))));
    expect(paid?.data.payment).toMatchObject({
      status: 'succeeded',
      refunded: { currency: 'CNY', value: 234 },
      subject: '咖啡',
      metadata: { till: '7' },
    });
    expect(paid?.version).toBe(now.version);
    expect(now.version).toBeGreaterThan(payment.version);
    expect(paid?.id).toBe(shop.received[0]?.event.id);
    expect(paid?.created_at).toBe(shop.received[0]?.event.created_at);
    for (const { body, headers, event } of shop.received) {
      expect(headers['webhook-id']).toBe(event.id);
      expect(new Webhook(real.deliverySecret).verify(body, headers as Record<string, string>)).toEqual(event);
    }
  });

  // proves RES-12
  it('a refund’s end is told with the refund and its payment', async () => {
    const real = await openReal();
    const shop = await openMerchant();
    const payment = await real.pay(real.request({ notifyUrl: shop.url }));
    // The first answer leaves it open: the refund ends by the due loop.
    await real.control('POST', '/control/faults', { api: 'refund', fault: 'system_error', count: 1 });
    const result = await refund(
      real.gateway.engine,
      real.merchant,
      {
        paymentId: payment.id,
        amount: { currency: 'CNY', minor: 1_000n },
        reason: 'returned',
        merchantRefundNo: null,
      },
      null,
    );
    if (result.kind === 'refused') throw new Error(result.refusal.detail);
    await eventually(
      async () => shop.types(),
      (types) => types.includes('refund.succeeded'),
    );
    const told = shop.received.filter(({ event }) => event.type === 'refund.succeeded');
    expect(told).toHaveLength(1);
    const [event] = told.map((message) => message.event);
    const ended = await real.gateway.engine.journal.findRefund(payment.merchantId, result.refund.id);
    expect(event?.version).toBe(ended?.version);
    expect(event?.data.refund).toMatchObject({
      object: 'refund',
      id: result.refund.id,
      payment_id: payment.id,
      status: 'succeeded',
      amount: { currency: 'CNY', value: 1_000 },
      reason: 'returned',
    });
    expect(event?.data.payment).toMatchObject({
      id: payment.id,
      status: 'succeeded',
      refunded: { currency: 'CNY', value: 1_000 },
    });
    expect(shop.types().filter((type) => type === 'payment.succeeded')).toHaveLength(1);
  });
});
