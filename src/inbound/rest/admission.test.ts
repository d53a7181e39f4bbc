import { describe, expect, it } from 'vitest';
import { createAdmission, type OverloadReason, type Place } from './admission.ts';
import {
  createTestGateway,
  keys,
  never,
  paymentBody,
  recordedRows,
  settled,
  type TestGateway,
} from './gateway.fixture.ts';

type Strain = Exclude<OverloadReason, 'payments_in_flight'> | null;

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
  const enter = (): Place => {
    const place = admission.enter();
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
    expect(admission.enter()).toMatchObject({ kind: 'overloaded', reason: 'payments_in_flight' });
    first.leave();
    enter();
    expect(admission.paymentsInFlight()).toBe(2);
    expect(refused).toEqual(['payments_in_flight']);
  });

  it('is given to nobody while the process is late, once payments may be what makes it late', () => {
    const { admission, state, enter } = admissionOf({ paymentsMax: 100 });
    state.strain = 'event_loop';
    for (let count = 0; count < 5; count += 1) enter();
    expect(admission.enter()).toMatchObject({ kind: 'overloaded', reason: 'event_loop' });
    state.strain = null;
    expect(admission.enter().kind).toBe('admitted');
  });
});

describe('when to come again', () => {
  const retryAfter = (admission: ReturnType<typeof admissionOf>['admission']): number => {
    const place = admission.enter();
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
