import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { InquiryAnswer, PayAnswer } from '../../domain/wallet-answer.ts';
import { policyOf, recordPaymentInput } from '../../operations/record.ts';
import type { PaymentSnapshot } from '../../operations/snapshots.ts';
import {
  createTestGateway,
  paymentBody,
  recordedRows,
  samplePaymentCode,
  settled,
  type TestGateway,
  teaHouse,
} from './gateway.fixture.ts';

const code = { value: 'https://qr.example/bax03351', expires_at: '2026-03-02T04:02:00.000Z' };
const issued: PayAnswer = {
  kind: 'issued',
  action: { kind: 'show_code', value: code.value, expiresAt: new Date(code.expires_at) },
  walletTransactionId: null,
  known: false,
};

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await createTestGateway({
    merchant: { ...teaHouse, orderCodes: { scene: 'self-checkout screen', expiryMs: 120_000 } },
  });
  gateway.wallet.pay = async () => issued;
});
afterEach(async () => {
  const closed = gateway.app.close();
  await gateway.clock.advance(3_000);
  await closed;
});

/** An order code that the tea house may ask for. */
function orderCodeBody(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return paymentBody({ product: 'order_code', payment_code: undefined, ...fields });
}

async function issue(headers: Record<string, string> = {}): Promise<PaymentSnapshot> {
  return (await gateway.ask('POST', '/v1/payments', orderCodeBody(), headers)).json();
}

/** What a due inquiry or a notification brings. */
async function walletSays(payment: PaymentSnapshot, answer: InquiryAnswer): Promise<void> {
  const { engine } = gateway;
  const row = await engine.journal.findPayment(payment.merchant_id, payment.id);
  if (row === null) throw new Error(`payment ${payment.id} is not recorded`);
  await recordPaymentInput(engine, row, { kind: 'inquiry_answered', answer }, await policyOf(engine, row));
}

const paid: InquiryAnswer = {
  kind: 'paid',
  walletTransactionId: '2026030222001409001400000001',
  amount: { currency: 'CNY', minor: 1234n },
  paidAt: new Date('2026-03-02T04:00:40Z'),
};

// proves PAY-03
describe('an order code', () => {
  test('is answered as soon as the wallet has issued it, however long the caller would wait', async () => {
    // The clock stands still: an answer that waited for anything but the code would never come.
    const answer = await gateway.ask('POST', '/v1/payments', orderCodeBody(), { prefer: 'wait=30' });
    expect(answer.statusCode).toBe(202);
    expect(answer.headers).toMatchObject({ 'retry-after': '1' });
    expect(answer.json()).toMatchObject({
      product: 'order_code',
      status: 'processing',
      order_code: code,
      paid_at: null,
      expires_at: code.expires_at,
      next_step: { action: 'inquire' },
    });
  });

  test('that is still being asked for is not there yet', async () => {
    let answerWallet = (_answer: PayAnswer): void => {};
    gateway.wallet.pay = () =>
      new Promise((resolve) => {
        answerWallet = resolve;
      });
    const answer = await gateway.ask('POST', '/v1/payments', orderCodeBody(), { prefer: 'wait=0' });
    expect(answer.statusCode).toBe(202);
    expect(answer.json().order_code).toBeNull();
    answerWallet(issued);
    await settled();
    expect((await gateway.ask('GET', `/v1/payments/${answer.json().id}`)).json().order_code).toEqual(code);
  });

  test('whose request is repeated with its key is the same code, as the payment stands now', async () => {
    const key = { 'idempotency-key': 'order-1-code' };
    const first = await issue(key);
    const again = await gateway.ask('POST', '/v1/payments', orderCodeBody(), key);
    expect([again.statusCode, again.headers['idempotent-replayed']]).toEqual([202, 'true']);
    expect(again.json()).toEqual(first);
    await walletSays(first, paid);
    const late = await gateway.ask('POST', '/v1/payments', orderCodeBody(), key);
    expect([late.statusCode, late.headers['idempotent-replayed']]).toEqual([201, 'true']);
    expect(late.json()).toMatchObject({ id: first.id, status: 'succeeded', order_code: code });
    expect(gateway.wallet.calls).toEqual(['pay']);
  });

  test('that is paid ends the wait of a reader, and stays with its payment', async () => {
    const payment = await issue();
    const reading = gateway.ask('GET', `/v1/payments/${payment.id}`, undefined, { prefer: 'wait=60' });
    let read = false;
    void reading.then(() => {
      read = true;
    });
    await gateway.clock.advance(40_000);
    expect(read).toBe(false);
    await walletSays(payment, paid);
    const answer = await reading;
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'succeeded',
      order_code: code,
      paid_at: '2026-03-02T04:00:40.000Z',
    });
  });

  test('that is cancelled stays with its payment too, whose status alone says that nobody should pay it', async () => {
    gateway.wallet.cancel = async () => ({ kind: 'effected', action: 'closed' });
    const payment = await issue();
    const answer = await gateway.ask('POST', `/v1/payments/${payment.id}/cancel`);
    expect(answer.json()).toMatchObject({ status: 'cancelled', order_code: code, paid_at: null });
  });
});

describe('a request that is refused, and leaves no trace', () => {
  afterEach(() => {
    expect(Object.values(recordedRows(gateway)).every((count) => count === 0)).toBe(true);
  });

  // proves PAY-16
  test('for an order code, where nobody has turned them on', async () => {
    await gateway.app.close();
    gateway = await createTestGateway();
    const answer = await gateway.ask('POST', '/v1/payments', orderCodeBody());
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      code: 'order_codes_off',
      field: 'product',
      value: 'order_code',
      transient: false,
      detail: expect.stringMatching(/off for this merchant.*Ask the acquirer/),
    });
  });

  test.for([
    ['with a payment code', { payment_code: samplePaymentCode }, /product order_code.*: leave it out/],
    ['without the payment code of a payment code', { product: 'payment_code' }, /is missing: send the code/],
    [
      'with null as the payment code of a payment code',
      { product: 'payment_code', payment_code: null },
      /is missing: send the code/,
    ],
  ] as const)('%s', async ([, fields, advice]) => {
    const answer = await gateway.ask('POST', '/v1/payments', orderCodeBody(fields));
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      code: 'invalid_request',
      field: 'payment_code',
      value: null,
      detail: expect.stringMatching(advice),
    });
    expect(answer.body).not.toContain(samplePaymentCode);
  });

  test('for an entry code, which payers alone can begin', async () => {
    const answer = await gateway.ask('POST', '/v1/payments', orderCodeBody({ product: 'entry_code' }));
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', field: 'product', value: 'entry_code' });
    expect(answer.json().detail).toBe(
      'product is "entry_code": send one of payment_code, order_code; payments of an entry code begin on its page.',
    );
  });
});

// proves RES-16
test('a till that asks about its code brings the next inquiry near, and a report that asks again and again writes nothing', async () => {
  const payment = await issue();
  await gateway.clock.advance(40_000);
  const row = async () => {
    const found = await gateway.engine.journal.findPayment(payment.merchant_id, payment.id);
    if (found === null) throw new Error(`payment ${payment.id} is not recorded`);
    return found;
  };
  const before = await row();
  await gateway.ask('GET', `/v1/payments/${payment.id}`);
  const seen = await row();
  expect(seen.payerActiveUntil?.getTime()).toBeGreaterThan(before.payerActiveUntil?.getTime() ?? 0);
  await gateway.ask('GET', `/v1/payments/${payment.id}`);
  expect((await row()).version).toBe(seen.version);
});
