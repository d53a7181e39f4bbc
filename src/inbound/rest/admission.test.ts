import { describe, expect, it } from 'vitest';
import { createAdmission, type OpenRequest, type OverloadReason, type Place } from './admission.ts';
import {
  createTestGateway,
  keys,
  never,
  paymentBody,
  recordedRows,
  settled,
  type TestGateway,
} from './gateway.fixture.ts';

type Strain = Extract<OverloadReason, 'event_loop' | 'database'> | null;

function admissionOf(changes: { paymentsMax?: number; random?: () => number } = {}) {
  const state: { strain: Strain; nowMs: number } = { strain: null, nowMs: 0 };
  const refused: OverloadReason[] = [];
  const admission = createAdmission({
    paymentsMax: changes.paymentsMax ?? 2,
    strain: () => state.strain,
    monotonicMs: () => state.nowMs,
    random: changes.random ?? (() => 0.5),
    onRefused: (reason) => refused.push(reason),
  });
  const enter = (merchantId = 'M0001'): Place => {
    const place = admission.enter(merchantId);
    if (place.kind === 'overloaded') throw new Error(place.reason);
    return place;
  };
  return { admission, state, refused, enter };
}

describe('a place', () => {
  it('is held until whoever asked is answered and the work has ended, in either order', async () => {
    const { admission, enter } = admissionOf();
    const work = Promise.withResolvers<void>();
    const first = enter();
    first.holdUntil(work.promise);
    first.leave();
    first.leave();
    expect(admission.paymentsInFlight()).toBe(1);
    work.reject(new Error('could not be recorded'));
    await settled();
    expect(admission.paymentsInFlight()).toBe(0);
  });

  it('is given to nobody beyond the most, and to the next as soon as one is free', () => {
    const { admission, refused, enter } = admissionOf();
    const first = enter();
    enter();
    expect(admission.enter('M0001')).toMatchObject({ kind: 'overloaded', reason: 'payments_in_flight' });
    first.leave();
    enter();
    expect(admission.paymentsInFlight()).toBe(2);
    expect(refused).toEqual(['payments_in_flight']);
  });

  it('is given to nobody while the process is late, once payments may be what makes it late', () => {
    const { admission, state, enter } = admissionOf({ paymentsMax: 100 });
    state.strain = 'event_loop';
    for (let count = 0; count < 5; count += 1) enter();
    expect(admission.enter('M0001')).toMatchObject({ kind: 'overloaded', reason: 'event_loop' });
    state.strain = null;
    expect(admission.enter('M0001').kind).toBe('admitted');
  });
});

/** A merchant that takes whatever it is given, and how much that is. */
function crowdOf(admission: ReturnType<typeof admissionOf>['admission'], merchantId: string): Place[] {
  const places: Place[] = [];
  for (;;) {
    const place = admission.enter(merchantId);
    if (place.kind === 'overloaded') return places;
    places.push(place);
  }
}

describe('merchants that come at once', () => {
  it('one alone has nine tenths of the places, so that whoever comes next finds room', () => {
    const { admission, refused } = admissionOf({ paymentsMax: 100 });
    expect(crowdOf(admission, 'M0001')).toHaveLength(90);
    expect(refused).toEqual(['merchant_in_flight']);
    expect(crowdOf(admission, 'M0002')).toHaveLength(9);
    expect(admission.enter('M0003').kind).toBe('admitted');
    expect(admission.enter('M0004')).toMatchObject({ kind: 'overloaded', reason: 'payments_in_flight' });
  });

  it('places that are given back go to whoever has few, until both crowds have as many', () => {
    const { admission } = admissionOf({ paymentsMax: 100 });
    const first = crowdOf(admission, 'M0001');
    const second = crowdOf(admission, 'M0002');
    for (let round = 0; round < 200; round += 1) {
      const [larger, smaller] = first.length > second.length ? [first, second] : [second, first];
      larger.shift()?.leave();
      // The crowd that has more asks first, and as often as it likes.
      const ids = larger === first ? ['M0001', 'M0002'] : ['M0002', 'M0001'];
      larger.push(...crowdOf(admission, ids[0] ?? ''));
      smaller.push(...crowdOf(admission, ids[1] ?? ''));
    }
    expect(Math.abs(first.length - second.length)).toBeLessThanOrEqual(10);
    expect(first.length + second.length).toBeGreaterThanOrEqual(90);
  });

  it('while the process is late a crowd is refused, and a few payments of others are taken', () => {
    const { admission, state, enter } = admissionOf({ paymentsMax: 200 });
    for (let count = 0; count < 100; count += 1) enter('M0001');
    state.strain = 'database';
    expect(admission.enter('M0001')).toMatchObject({ kind: 'overloaded', reason: 'database' });
    // Ten payments of others are not what makes it late: as many as it would take of one alone, shared by those who are there.
    expect(crowdOf(admission, 'M0002')).toHaveLength(5);
    expect(crowdOf(admission, 'M0003')).toHaveLength(3);
    let others = 0;
    for (let number = 4; number < 100; number += 1) others += crowdOf(admission, `M${number}`).length;
    expect(others).toBe(9);
  });

  it('a late process refuses nobody while few payments are in flight, whosever they are', () => {
    const { admission, state, enter } = admissionOf({ paymentsMax: 200 });
    state.strain = 'event_loop';
    for (let count = 0; count < 8; count += 1) enter('M0001');
    enter('M0002');
    enter('M0001');
    expect(admission.enter('M0001')).toMatchObject({ kind: 'overloaded', reason: 'event_loop' });
  });

  it('a merchant whose payments have all ended leaves nothing behind', async () => {
    const { admission, state, enter } = admissionOf({ paymentsMax: 100 });
    for (let number = 0; number < 50; number += 1) {
      const place = enter(`M${number}`);
      place.holdUntil(Promise.resolve());
      place.leave();
    }
    await settled();
    expect(admission.paymentsInFlight()).toBe(0);
    expect(crowdOf(admission, 'M0001')).toHaveLength(90);
    state.strain = 'database';
    expect(crowdOf(admission, 'M0002')).toHaveLength(2);
  });

  it('requests of one key never take all that may be open: others still cancel and look', () => {
    const { admission } = admissionOf({ paymentsMax: 100 });
    const opened: OpenRequest[] = [];
    const openAll = (owner: string): number => {
      for (let count = 0; ; count += 1) {
        const open = admission.open();
        if (open === null) return count;
        if (!open.ownedBy(owner)) {
          open.close();
          return count;
        }
        opened.push(open);
      }
    };
    expect(openAll('merchant M0001')).toBe(720);
    expect(openAll('merchant M0002')).toBe(72);
    expect(openAll('acquirer')).toBe(8);
    expect(admission.open()).toBeNull();
    for (const open of opened) {
      open.close();
      open.close();
    }
    expect(openAll('merchant M0003')).toBe(720);
  });
});

describe('when to come again', () => {
  const retryAfter = (admission: ReturnType<typeof admissionOf>['admission']): number => {
    const place = admission.enter('M0001');
    return place.kind === 'overloaded' ? place.retryAfterS : 0;
  };

  it('is spread over some seconds, and over more the longer it lasts, up to half a minute', () => {
    for (const [random, first, later] of [
      [0, 1, 1],
      [0.999, 4, 30],
    ] as const) {
      const { admission, state } = admissionOf({ paymentsMax: 0, random: () => random });
      expect(retryAfter(admission)).toBe(first);
      for (; state.nowMs < 100_000; state.nowMs += 1_000) retryAfter(admission);
      expect(retryAfter(admission)).toBe(later);
      // What comes after a pause is another overload.
      state.nowMs += 6_000;
      expect(retryAfter(admission)).toBe(first);
    }
  });
});

/** Closing waits a moment for the wallet, on the clock that stands still. */
async function closed({ app, clock }: TestGateway): Promise<void> {
  const closing = app.close();
  await clock.advance(10_000);
  await closing;
}

describe('the gateway under overload', () => {
  it('refuses a new payment with 503 and when to come again, and records nothing of it', async () => {
    const { admission } = admissionOf({ paymentsMax: 1 });
    const gateway = await createTestGateway({ admission });
    gateway.wallet.pay = never;
    const waiting = gateway.ask('POST', '/v1/payments', paymentBody(), { prefer: 'wait=60' });
    await settled();
    const before = recordedRows(gateway);
    const refused = await gateway.ask('POST', '/v1/payments', paymentBody({ merchant_order_no: 'ORDER-2' }), {
      'idempotency-key': 'second',
    });
    expect(refused.statusCode).toBe(503);
    expect(refused.json()).toMatchObject({ code: 'overloaded', transient: true });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(recordedRows(gateway)).toEqual(before);
    await gateway.clock.advance(60_000);
    expect((await waiting).statusCode).toBe(202);
    // The wallet has not answered yet, so the payment is still in flight.
    expect(admission.paymentsInFlight()).toBe(1);
    await closed(gateway);
  });

  it('answers the repeat of what was accepted before, cancels it and refunds it', async () => {
    const { admission, enter } = admissionOf({ paymentsMax: 1 });
    const gateway = await createTestGateway({ admission });
    const key = { 'idempotency-key': 'first' };
    const accepted = (await gateway.ask('POST', '/v1/payments', paymentBody(), key)).json();
    await settled();
    const another = enter();
    const repeated = await gateway.ask('POST', '/v1/payments', paymentBody(), key);
    expect(repeated.statusCode).toBe(201);
    expect(repeated.headers['idempotent-replayed']).toBe('true');
    expect(repeated.json().id).toBe(accepted.id);
    const reused = await gateway.ask('POST', '/v1/payments', paymentBody({ subject: 'two pots' }), key);
    expect(reused.json().code).toBe('idempotency_key_reused');
    expect((await gateway.ask('GET', `/v1/payments/${accepted.id}`)).statusCode).toBe(200);
    const refund = { amount: { currency: 'CNY', value: 234 } };
    expect((await gateway.ask('POST', `/v1/payments/${accepted.id}/refunds`, refund)).statusCode).toBe(201);
    const cancelled = await gateway.ask(
      'POST',
      `/v1/payments/${accepted.id}/cancel`,
      {},
      { prefer: 'wait=0' },
    );
    expect(cancelled.statusCode).toBeLessThan(300);
    const byOrder = await gateway.ask('POST', '/v1/cancels', { merchant_order_no: 'ORDER-9' });
    expect(byOrder.json().status).toBe('held');
    another.leave();
    await gateway.app.close();
  });

  it('refuses looks only when there are many times more of them than payments may be', async () => {
    const { admission } = admissionOf({ paymentsMax: 1 });
    const gateway = await createTestGateway({ admission });
    gateway.wallet.pay = never;
    const { id } = (await gateway.ask('POST', '/v1/payments', paymentBody(), { prefer: 'wait=0' })).json();
    const look = () => gateway.ask('GET', `/v1/payments/${id}`, undefined, { prefer: 'wait=30' });
    const waiting = Array.from({ length: 8 }, look);
    await settled();
    const refused = await look();
    expect(refused.statusCode).toBe(503);
    expect(refused.json().code).toBe('overloaded');
    await gateway.clock.advance(30_000);
    for (const answer of await Promise.all(waiting)) expect(answer.statusCode).toBe(200);
    expect((await gateway.ask('GET', `/v1/payments/${id}`)).statusCode).toBe(200);
    await closed(gateway);
  });

  it('a merchant that sends whatever it has keeps no other merchant from being paid', async () => {
    const { admission, refused } = admissionOf({ paymentsMax: 20 });
    const gateway = await createTestGateway({ admission });
    gateway.wallet.pay = never;
    const payment = (number: number, key: string) =>
      gateway.ask('POST', '/v1/payments', paymentBody({ merchant_order_no: `ORDER-${number}` }), {
        authorization: `Bearer ${key}`,
        prefer: 'wait=0',
      });
    const statuses: number[] = [];
    for (let number = 0; number < 30; number += 1) {
      statuses.push((await payment(number, keys.teaHouse)).statusCode);
    }
    expect(statuses).toEqual([...Array(18).fill(202), ...Array(12).fill(503)]);
    expect(new Set(refused)).toEqual(new Set(['merchant_in_flight']));
    expect((await payment(1, keys.bookShop)).statusCode).toBe(202);
    await closed(gateway);
  });

  it('a merchant whose looks fill the gateway keeps no other merchant from cancelling', async () => {
    const { admission } = admissionOf({ paymentsMax: 2 });
    const gateway = await createTestGateway({ admission });
    gateway.wallet.pay = never;
    const { id } = (await gateway.ask('POST', '/v1/payments', paymentBody(), { prefer: 'wait=0' })).json();
    await settled();
    const waiting = Array.from({ length: 20 }, () =>
      gateway.ask('GET', `/v1/payments/${id}`, undefined, { prefer: 'wait=30' }),
    );
    await settled();
    const other = { authorization: `Bearer ${keys.bookShop}` };
    const cancel = await gateway.ask('POST', '/v1/cancels', { merchant_order_no: 'ORDER-9' }, other);
    expect(cancel.statusCode).toBeLessThan(300);
    await gateway.clock.advance(30_000);
    const statuses = (await Promise.all(waiting)).map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 200)).toHaveLength(15);
    expect(statuses.filter((status) => status === 503)).toHaveLength(5);
    await closed(gateway);
  });

  it('counts a refused form and an unknown key as nobody in flight', async () => {
    const { admission } = admissionOf({ paymentsMax: 1 });
    const gateway = await createTestGateway({ admission });
    await gateway.ask('POST', '/v1/payments', paymentBody({ amount: { currency: 'CNY', value: 0 } }));
    await gateway.ask('POST', '/v1/payments', paymentBody(), { authorization: 'Bearer nobody' });
    await gateway.ask('POST', '/v1/payments', paymentBody(), { authorization: `Bearer ${keys.bookShop}` });
    await settled();
    expect(admission.paymentsInFlight()).toBe(0);
    await gateway.app.close();
  });
});
