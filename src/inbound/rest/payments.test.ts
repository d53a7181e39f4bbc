import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PaymentSnapshot, paymentSnapshot } from '../../operations/snapshots.ts';
import {
  createTestGateway,
  keys,
  never,
  paymentBody,
  recordedRows,
  samplePaymentCode,
  type TestGateway,
} from './gateway.fixture.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await createTestGateway();
});
afterEach(async () => {
  const closed = gateway.app.close();
  await gateway.clock.advance(3_000);
  await closed;
});

const acquirer = { authorization: `Bearer ${keys.acquirer}` };

describe('POST /v1/payments', () => {
  // proves PAY-02
  test('a paid payment is 201, with its place, and shows what the snapshot shows', async () => {
    const answer = await gateway.ask(
      'POST',
      '/v1/payments',
      paymentBody({
        wallet: 'alipay_open',
        expires_at: '2026-03-02T12:10:00.5+08:00',
        notify_url: 'https://merchant.example/notify?shop=1',
        metadata: { 'table no': '7', 备注: 'no sugar "please" \n', empty: '' },
      }),
    );
    expect(answer.statusCode).toBe(201);
    const [payment] = gateway.memory.records.payments.values();
    if (payment === undefined) throw new Error('no payment was recorded');
    expect(answer.json()).toEqual(JSON.parse(JSON.stringify(paymentSnapshot(payment))));
    expect(answer.json()).toMatchObject({
      object: 'payment',
      status: 'succeeded',
      amount: { currency: 'CNY', value: 1234 },
      refunded: { currency: 'CNY', value: 0 },
      expires_at: '2026-03-02T04:10:00.500Z',
      metadata: { 'table no': '7', 备注: 'no sugar "please" \n', empty: '' },
    });
    expect(answer.headers).toMatchObject({
      location: `/v1/payments/${payment.id}`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.headers['request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.body).not.toContain(samplePaymentCode);
  });

  test('a declined payment is a created payment that failed', async () => {
    gateway.wallet.pay = async () => ({
      kind: 'refused',
      code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH',
      message: 'balance not enough',
      remedy: 'payer',
    });
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody());
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({
      status: 'failed',
      failure: { code: 'payment_declined', wallet_code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH' },
    });
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  test('null stands for an optional field left out', async () => {
    const nothing = { merchant_id: null, wallet: null, expires_at: null, notify_url: null, metadata: null };
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody(nothing));
    expect(answer.statusCode).toBe(201);
    expect(answer.json().metadata).toEqual({});
  });

  test('a key of the merchant may repeat its id, and the acquirer’s names one', async () => {
    const own = await gateway.ask('POST', '/v1/payments', paymentBody({ merchant_id: 'M0001' }));
    expect(own.json().merchant_id).toBe('M0001');
    const named = await gateway.ask('POST', '/v1/payments', paymentBody({ merchant_id: 'M0002' }), acquirer);
    expect(named.json().merchant_id).toBe('M0002');
    const { id } = named.json();
    expect((await gateway.ask('GET', `/v1/payments/${id}`, undefined, acquirer)).statusCode).toBe(200);
  });

  // proves CAN-02
  test('after a cancel of its order was accepted it is 201 and cancelled, and advises a new number', async () => {
    await gateway.ask('POST', '/v1/cancels', { merchant_order_no: 'ORDER-1' });
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody());
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ status: 'cancelled', failure: { code: 'order_closed' } });
    expect(answer.json().failure.advice).toContain('new merchant_order_no');
    expect(gateway.wallet.calls).toEqual([]);
  });
});

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-1-attempt-1' };

  test('a repeat is the same payment as it stands now, marked as replayed, and calls nobody', async () => {
    gateway.wallet.pay = never;
    const first = await gateway.ask('POST', '/v1/payments', paymentBody(), { ...key, prefer: 'wait=0' });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    await gateway.ask('POST', `/v1/payments/${first.json().id}/cancel`);
    const calls = [...gateway.wallet.calls];
    // The same request: other order of fields, other white space.
    const reordered = JSON.stringify(Object.fromEntries(Object.entries(paymentBody()).reverse()), null, 2);
    const repeat = await gateway.ask('POST', '/v1/payments', reordered, key);
    expect(repeat.statusCode).toBe(201);
    expect(repeat.headers['idempotent-replayed']).toBe('true');
    expect(repeat.json()).toMatchObject({ id: first.json().id, status: 'cancelled' });
    expect(gateway.wallet.calls).toEqual(calls);
    expect(gateway.memory.records.payments.size).toBe(1);
  });

  test.for([
    ['another amount', { amount: { currency: 'CNY', value: 1235 } }],
    ['another order', { merchant_order_no: 'ORDER-2' }],
    ['another payment code', { payment_code: '281234567890123457' }],
    ['more metadata', { metadata: { seat: '1' } }],
    ['what could not be taken', { store_id: 'S9999' }],
  ] as const)('the same key with %s is refused', async ([, fields]) => {
    await gateway.ask('POST', '/v1/payments', paymentBody(), key);
    const before = recordedRows(gateway);
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody(fields), key);
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({
      code: 'idempotency_key_reused',
      field: 'Idempotency-Key',
      value: 'order-1-attempt-1',
    });
    expect(recordedRows(gateway)).toEqual(before);
  });

  test('a key of a payment is refused for a refund, and is its own for every merchant', async () => {
    const paid = await gateway.ask('POST', '/v1/payments', paymentBody(), key);
    const refund = await gateway.ask(
      'POST',
      `/v1/payments/${paid.json().id}/refunds`,
      { amount: { currency: 'CNY', value: 1 } },
      key,
    );
    expect(refund.json().code).toBe('idempotency_key_reused');
    const other = await gateway.ask('POST', '/v1/payments', paymentBody(), {
      ...key,
      authorization: `Bearer ${keys.bookShop}`,
    });
    expect(other.statusCode).toBe(201);
    expect(other.headers['idempotent-replayed']).toBeUndefined();
  });

  test('is taken on cancels and changes nothing there', async () => {
    const paid = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const answer = await gateway.ask('POST', `/v1/payments/${paid.id}/cancel`, {}, key);
      expect(answer.json().status).toBe('cancelled');
    }
    expect(gateway.memory.records.keys.size).toBe(0);
  });
});

describe('reading payments', () => {
  test('by order: every attempt, the newest first, whole', async () => {
    gateway.wallet.pay = async () => ({
      kind: 'no_answer',
      reason: 'not_sent',
      detail: 'no connection',
    });
    const ids: string[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await gateway.clock.advance(1_000);
      const key = { 'idempotency-key': `attempt-${attempt}` };
      ids.unshift((await gateway.ask('POST', '/v1/payments', paymentBody(), key)).json().id);
    }
    const repeated = await gateway.ask('POST', '/v1/payments', paymentBody());
    expect(repeated.statusCode).toBe(409);
    expect(repeated.json()).toMatchObject({ code: 'order_repeated', payment_id: ids[0], transient: false });
    const answer = await gateway.ask('GET', '/v1/payments?merchant_order_no=ORDER-1');
    expect(answer.statusCode).toBe(200);
    expect(answer.json().data.map((payment: PaymentSnapshot) => payment.id)).toEqual(ids);
    expect(answer.json().next_cursor).toBeNull();
    const byAcquirer = await gateway.ask(
      'GET',
      '/v1/payments?merchant_order_no=ORDER-1&merchant_id=M0001',
      undefined,
      acquirer,
    );
    expect(byAcquirer.json()).toEqual(answer.json());
    expect((await gateway.ask('GET', '/v1/payments?merchant_order_no=NONE')).json().data).toEqual([]);
  });

  test.for([
    ['', 'merchant_order_no'],
    ['?merchant_order_no=', 'merchant_order_no'],
    [`?merchant_order_no=${'x'.repeat(33)}`, 'merchant_order_no'],
    ['?merchant_order_no=A&merchant_order_no=B', 'merchant_order_no'],
    ['?merchant_order_no=A&order=B', 'order'],
    ['?merchant_order_no=A&merchant_id=M%200', 'merchant_id'],
  ] as const)('a query of "%s" is refused and names %s', async ([query, field]) => {
    const answer = await gateway.ask('GET', `/v1/payments${query}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'invalid_parameter', field });
    expect(answer.json().detail).toContain(field);
  });

  test('the acquirer must say whose order it means', async () => {
    const answer = await gateway.ask('GET', '/v1/payments?merchant_order_no=A', undefined, acquirer);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'invalid_parameter', field: 'merchant_id' });
  });

  test('the timeline shows every event with its time and version', async () => {
    const { id } = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    const answer = await gateway.ask('GET', `/v1/payments/${id}/events`);
    expect(answer.json()).toEqual({
      data: [
        {
          type: 'PaymentSubmitted',
          at: '2026-03-02T04:00:00.000Z',
          version: 1,
          data: {
            wallet: 'alipay_open',
            amount: '12.34',
            currency: 'CNY',
            store_id: 'S0001',
            terminal_id: 'T0001',
          },
        },
        {
          type: 'PaymentSucceeded',
          at: '2026-03-02T04:00:00.000Z',
          version: 2,
          data: { wallet_transaction_id: '2026030222001409001400000001' },
        },
      ],
      next_cursor: null,
    });
  });

  test.for([
    'nonsense',
    'pay_',
    'pay_00000011M5XY3AABCDE0123456789AB',
    'a%00b',
    '%F0%9F%8D%B5',
    'x'.repeat(200),
  ])('an id "%s" that is none is not found, and no record is asked for what cannot be one', async (id) => {
    for (const path of [`/v1/payments/${id}`, `/v1/payments/${id}/events`, `/v1/payments/${id}/refunds`]) {
      const answer = await gateway.ask('GET', path);
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ code: 'payment_not_found', field: 'id' });
    }
    expect((await gateway.ask('GET', `/v1/refunds/${id}`)).json().code).toBe('refund_not_found');
  });
});

describe('POST /v1/payments/{id}/cancel', () => {
  // proves ACQ-04
  test('gives a paid payment back; again, it answers the same', async () => {
    const { id } = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    for (const body of [undefined, {}, '']) {
      const answer = await gateway.ask('POST', `/v1/payments/${id}/cancel`, body);
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({ id, status: 'cancelled', cancelled_by: 'cancel' });
    }
    expect(gateway.wallet.calls).toEqual(['pay', 'cancel']);
  });

  test('takes an empty body of any type, and no fields', async () => {
    const { id } = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const empty = await gateway.app.inject({
      method: 'POST',
      url: `/v1/payments/${id}/cancel`,
      headers: { authorization: `Bearer ${keys.teaHouse}`, ...form, 'content-length': '0' },
    });
    expect(empty.statusCode).toBe(200);
    const fields = await gateway.ask('POST', `/v1/payments/${id}/cancel`, { reason: 'changed mind' });
    expect(fields.statusCode).toBe(422);
    expect(fields.json()).toMatchObject({ code: 'invalid_request', field: 'reason' });
  });

  test('an unknown payment is not found', async () => {
    const id = 'pay_00000011M5XY3AABCDE0123456789AB';
    const answer = await gateway.ask('POST', `/v1/payments/${id}/cancel`);
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'payment_not_found', field: 'id', value: id });
  });
});
