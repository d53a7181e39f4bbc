import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { performStrayCancelStep } from '../../operations/stray-cancel.ts';
import { createTestGateway, keys, paymentBody, recordedRows, type TestGateway } from './gateway.fixture.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await createTestGateway();
});
afterEach(() => gateway.app.close());

const acquirer = { authorization: `Bearer ${keys.acquirer}` };

describe('POST /v1/cancels', () => {
  test('by order number, of a paid payment: applied', async () => {
    const paid = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    const answer = await gateway.ask('POST', '/v1/cancels', { merchant_order_no: 'ORDER-1' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      object: 'cancel',
      status: 'applied',
      merchant_order_no: 'ORDER-1',
      payment_request_id: paid.payment_request_id,
      payment: { id: paid.id, status: 'cancelled' },
      advice: null,
    });
  });

  test('by payment_request_id, with either key: applied', async () => {
    for (const headers of [{}, acquirer]) {
      const merchant_order_no = `ORDER-${Object.keys(headers).length}`;
      const paid = (await gateway.ask('POST', '/v1/payments', paymentBody({ merchant_order_no }))).json();
      const body = { payment_request_id: paid.payment_request_id };
      const answer = await gateway.ask('POST', '/v1/cancels', body, headers);
      expect(answer.json()).toMatchObject({
        status: 'applied',
        merchant_order_no,
        payment: { id: paid.id, status: 'cancelled' },
      });
    }
  });

  // proves CAN-02
  test('of an order that nobody has seen is held, says so, and stays held when repeated', async () => {
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const answer = await gateway.ask('POST', '/v1/cancels', { merchant_order_no: 'LOST-1' });
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({
        object: 'cancel',
        status: 'held',
        merchant_order_no: 'LOST-1',
        payment_request_id: null,
        payment: null,
      });
      expect(answer.json().advice).toMatch(/LOST-1 is closed.*new merchant_order_no/);
    }
    expect(gateway.wallet.calls).toEqual([]);
  });

  test('of an order whose attempt has failed is held and shows that attempt', async () => {
    gateway.wallet.pay = async () => ({ kind: 'refused', code: 'X', message: 'x', remedy: 'payer' });
    const failed = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    const answer = await gateway.ask('POST', '/v1/cancels', { merchant_order_no: 'ORDER-1' });
    expect(answer.json()).toMatchObject({ status: 'held', payment: { id: failed.id, status: 'failed' } });
  });

  // proves CAN-02
  test('of an upstream id that only a wallet may know is held for an operator, and sent to the wallets', async () => {
    const payment_request_id = 'P00000011M5XY3AABCDE0123456789AB';
    const answer = await gateway.ask('POST', '/v1/cancels', { payment_request_id });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'held',
      payment_request_id,
      merchant_order_no: null,
      wallets: [
        {
          wallet: 'alipay_open',
          status: 'processing',
          cancelled_by: null,
          known_to_wallet: false,
          amount: null,
          needs_attention: null,
          next_step: { action: 'cancel' },
        },
      ],
    });
    expect(answer.json().advice).toContain('operator');
    expect(gateway.memory.records.heldCancels.size).toBe(1);
    expect(gateway.memory.records.waiting.size).toBe(1);
  });

  test('of an upstream id shows, when it is repeated, what it has led to', async () => {
    const body = { payment_request_id: 'P00000011M5XY3AABCDE0123456789AB' };
    await gateway.ask('POST', '/v1/cancels', body);
    const [row] = await gateway.engine.due.claimDue(5, 1_000);
    if (row?.kind !== 'stray_cancel') throw new Error('nothing was due');
    gateway.wallet.cancel = async () => ({ kind: 'effected', action: 'refunded' });
    await performStrayCancelStep(gateway.engine, row.cancel);
    const again = await gateway.ask('POST', '/v1/cancels', body);
    expect(again.json()).toMatchObject({
      status: 'held',
      wallets: [{ status: 'cancelled', cancelled_by: 'cancel', known_to_wallet: true, next_step: null }],
    });
    expect(gateway.wallet.calls).toEqual(['cancel']);
  });

  test.for([
    [{}, 'merchant_order_no'],
    [{ merchant_order_no: 'A', payment_request_id: 'P0' }, 'merchant_order_no'],
    [{ merchant_order_no: 'x'.repeat(33) }, 'merchant_order_no'],
    [{ merchant_order_no: 5 }, 'merchant_order_no'],
    [{ payment_request_id: 'P 0' }, 'payment_request_id'],
    [{ payment_id: 'pay_1' }, 'payment_id'],
  ] as const)('%j is refused and names %s', async ([body, field]) => {
    const answer = await gateway.ask('POST', '/v1/cancels', body);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', field });
    expect(answer.json().detail).toMatch(new RegExp(`${field}.*(send|leave)`));
    expect(Object.values(recordedRows(gateway)).every((count) => count === 0)).toBe(true);
  });

  test.for([
    ['that is none of ours', 'P0', {}],
    ['that is none of ours, asked by the acquirer', 'P0', acquirer],
    ['of another merchant', 'P00000022M5XY3AABCDE0123456789AB', {}],
    ['of a merchant that nobody knows', 'P0000ZZZM5XY3AABCDE0123456789ABC', acquirer],
  ] as const)('an upstream id %s is not found, and nothing is held', async ([, requestId, headers]) => {
    const answer = await gateway.ask('POST', '/v1/cancels', { payment_request_id: requestId }, headers);
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'payment_not_found', field: 'payment_request_id' });
    expect(gateway.memory.records.heldCancels.size).toBe(0);
  });

  test('the acquirer must say whose order it means', async () => {
    const answer = await gateway.ask('POST', '/v1/cancels', { merchant_order_no: 'A' }, acquirer);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', field: 'merchant_id' });
    const named = await gateway.ask(
      'POST',
      '/v1/cancels',
      { merchant_order_no: 'A', merchant_id: 'M0002' },
      acquirer,
    );
    expect(named.json().status).toBe('held');
  });
});
