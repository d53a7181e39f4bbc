import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RefundSnapshot, refundSnapshot } from '../../operations/snapshots.ts';
import { createTestGateway, never, paymentBody, recordedRows, type TestGateway } from './gateway.fixture.ts';

let gateway: TestGateway;
let paymentId: string;
beforeEach(async () => {
  gateway = await createTestGateway();
  paymentId = (await gateway.ask('POST', '/v1/payments', paymentBody())).json().id;
});
afterEach(async () => {
  const closed = gateway.app.close();
  await gateway.clock.advance(3_000);
  await closed;
});

const yuan = (value: unknown) => ({ amount: { currency: 'CNY', value } });
const refund = (body: unknown, headers?: Record<string, string>) =>
  gateway.ask('POST', `/v1/payments/${paymentId}/refunds`, body, headers);

describe('POST /v1/payments/{id}/refunds', () => {
  // proves RES-12
  test('a refund that the wallet confirms is 201 and shows what the snapshot shows', async () => {
    const answer = await refund({ ...yuan(234), reason: 'one cup broken', merchant_refund_no: 'R-1' });
    expect(answer.statusCode).toBe(201);
    const [row] = gateway.memory.records.refunds.values();
    if (row === undefined) throw new Error('no refund was recorded');
    expect(answer.json()).toEqual(JSON.parse(JSON.stringify(refundSnapshot(row))));
    expect(answer.headers.location).toBe(`/v1/refunds/${row.id}`);
    expect(answer.json()).toMatchObject({ status: 'succeeded', amount: { value: 234 } });
    expect((await gateway.ask('GET', `/v1/refunds/${row.id}`)).json()).toEqual(answer.json());
    const payment = (await gateway.ask('GET', `/v1/payments/${paymentId}`)).json();
    expect(payment).toMatchObject({ status: 'succeeded', refunded: { currency: 'CNY', value: 234 } });
  });

  test('refunds that fit are accepted even when the wallet wants them spaced', async () => {
    const first = await refund(yuan(1));
    const second = refund(yuan(2), { prefer: 'wait=0' });
    expect((await second).statusCode).toBe(202);
    expect((await second).json()).toMatchObject({ status: 'processing', next_step: { action: 'refund' } });
    await gateway.clock.advance(1_000);
    const list = await gateway.ask('GET', `/v1/payments/${paymentId}/refunds`);
    expect(
      list
        .json()
        .data.map((row: RefundSnapshot) => row.id)
        .toSorted(),
    ).toEqual([first.json().id, (await second).json().id].toSorted());
    expect(list.json().next_cursor).toBeNull();
  });

  test('with an Idempotency-Key a repeat is the same refund', async () => {
    gateway.wallet.refund = never;
    const headers = { 'idempotency-key': 'refund-1', prefer: 'wait=0' };
    const first = await refund(yuan(5), headers);
    const repeat = await refund(yuan(5), headers);
    expect(repeat.statusCode).toBe(202);
    expect(repeat.headers['idempotent-replayed']).toBe('true');
    expect(repeat.json().id).toBe(first.json().id);
    expect(gateway.memory.records.refunds.size).toBe(1);
    expect((await refund(yuan(6), headers)).json().code).toBe('idempotency_key_reused');
  });

  test('with the same merchant_refund_no a repeat is the same refund, another amount is refused', async () => {
    const first = await refund({ ...yuan(5), merchant_refund_no: 'R-1' });
    const repeat = await refund({ ...yuan(5), merchant_refund_no: 'R-1' });
    expect(repeat.json().id).toBe(first.json().id);
    expect(repeat.headers['idempotent-replayed']).toBe('true');
    const other = await refund({ ...yuan(6), merchant_refund_no: 'R-1' });
    expect(other.statusCode).toBe(409);
    expect(other.json()).toMatchObject({ code: 'refund_no_reused', refund_id: first.json().id });
  });

  test.for([
    [yuan(1235), 422, 'refund_exceeds_remaining', 'amount.value', '1235'],
    [yuan(0), 422, 'amount_not_positive', 'amount.value', '0'],
    [yuan(-1), 422, 'amount_not_positive', 'amount.value', '-1'],
    [yuan(1.5), 422, 'invalid_request', 'amount.value', '1.5'],
    [yuan('1'), 422, 'invalid_request', 'amount.value', '1'],
    [{ amount: { currency: 'USD', value: 1 } }, 422, 'refund_currency_mismatch', 'amount.currency', 'USD'],
    [{}, 422, 'invalid_request', 'amount', null],
    [{ ...yuan(1), reason: '' }, 422, 'invalid_request', 'reason', ''],
    [{ ...yuan(1), merchant_refund_no: 'R 1' }, 422, 'invalid_request', 'merchant_refund_no', 'R 1'],
    [{ ...yuan(1), full: true }, 422, 'invalid_request', 'full', null],
  ] as const)('%j is refused and leaves no trace', async ([body, status, code, field, value]) => {
    const before = recordedRows(gateway);
    const answer = await refund(body);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code, field, value, status });
    expect(answer.json().detail).toContain(field);
    expect(recordedRows(gateway)).toEqual(before);
  });

  test('of a payment that is not paid is refused, and the problem keeps its own status', async () => {
    await gateway.ask('POST', `/v1/payments/${paymentId}/cancel`);
    const answer = await refund(yuan(1));
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({
      code: 'payment_not_refundable',
      status: 409,
      payment_status: 'cancelled',
    });
    expect(gateway.memory.records.refunds.size).toBe(0);
  });
});

describe('reading refunds', () => {
  test('an unknown refund is not found', async () => {
    const answer = await gateway.ask('GET', '/v1/refunds/re_00000011M5XY3AABCDE0123456789AB');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'refund_not_found', field: 'id', transient: true });
  });
});
