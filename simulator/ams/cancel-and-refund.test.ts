import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../test-wallet.ts';
import { type AmsCaller, newRequestId, payBody, result, startAmsCaller, usd } from './ams-caller.fixture.ts';

let ams: AmsCaller;
beforeAll(async () => {
  ams = await startAmsCaller();
});
afterAll(() => ams.close());
beforeEach(async () => {
  await ams.control('DELETE', 'faults');
  await ams.control('POST', 'settings', {
    position: 'off',
    plus_cancel_window_ms: null,
    refund_period_days: 90,
  });
});

interface Payment {
  readonly paymentRequestId: string;
  readonly paymentId: string;
}

async function paid(minor = 1000, currency = 'USD', code = ams.code): Promise<Payment> {
  const body = payBody('PaymentCode', ams.shop.url, code, {
    paymentAmount: { currency, value: String(minor) },
  });
  const answer = await ams.call('payments/pay', body);
  expect(answer).toMatchObject(result('SUCCESS', 'S'));
  return answer as never;
}

async function waiting(): Promise<Payment> {
  return (await ams.call('payments/pay', payBody('OrderCode', ams.shop.url, null))) as never;
}

const cancel = (name: Answer): Promise<Answer> => ams.call('payments/cancel', name);
const cancelById = ({ paymentRequestId }: Payment): Promise<Answer> => cancel({ paymentRequestId });
const inquire = ({ paymentRequestId }: Payment): Promise<Answer> =>
  ams.call('payments/inquiryPayment', { paymentRequestId });
const refund = (
  { paymentId }: Payment,
  amount: Answer,
  refundRequestId = newRequestId('R'),
): Promise<Answer> => ams.call('payments/refund', { refundRequestId, paymentId, refundAmount: amount });
const inquireRefund = (name: Answer): Promise<Answer> => ams.call('payments/inquiryRefund', name);
const ledger = ({ paymentRequestId }: Payment) => ams.ledger(paymentRequestId);

describe('a cancel', () => {
  it('of an unknown id says so, and keeps a later pay from nothing', async () => {
    const body = payBody('PaymentCode', ams.shop.url, ams.code);
    const { paymentRequestId } = body;
    expect(await cancel({ paymentRequestId })).toEqual(result('ORDER_NOT_EXIST'));
    expect(await ams.call('payments/pay', body)).toMatchObject(result('SUCCESS', 'S'));
  });

  it('of an unpaid payment closes it for its payer, as often as it is asked', async () => {
    const payment = await waiting();
    const first = await cancelById(payment);
    expect(first).toEqual({
      ...result('SUCCESS', 'S'),
      paymentRequestId: payment.paymentRequestId,
      paymentId: payment.paymentId,
      cancelTime: '2026-01-15T10:20:30+08:00',
    });
    ams.clock.nowMs += 1000;
    expect(await cancel({ paymentId: payment.paymentId })).toEqual(first);
    ams.clock.nowMs -= 1000;
    expect(await inquire(payment)).toMatchObject({ paymentStatus: 'CANCELLED' });
    expect(await ams.control('POST', `payments/${payment.paymentRequestId}/confirm`)).toMatchObject({
      status: 409,
    });
    expect(await ledger(payment)).toMatchObject({ charged: 0, refunded: 0, cancelled: true });
  });

  it('makes a repeat of its pay say so', async () => {
    const body = payBody('OrderCode', ams.shop.url, null);
    await ams.call('payments/pay', body);
    await cancel({ paymentRequestId: body.paymentRequestId });
    expect(await ams.call('payments/pay', body)).toMatchObject(result('ORDER_IS_CANCELED'));
  });

  it('of a paid payment gives all back, once', async () => {
    const payment = await paid();
    const answers = await Promise.all([cancelById(payment), cancelById(payment), cancelById(payment)]);
    for (const answer of answers) expect(answer).toMatchObject(result('SUCCESS', 'S'));
    expect(await inquire(payment)).toMatchObject({ paymentStatus: 'CANCELLED' });
    expect(await ledger(payment)).toMatchObject({ charged: 1000, refunded: 1000, cancelled: true });
    expect(await refund(payment, usd(1))).toEqual(result('ORDER_IS_CANCELED'));
  });

  it('after a partial refund is refused', async () => {
    const payment = await paid();
    await refund(payment, usd(400));
    expect(await cancelById(payment)).toEqual(result('ORDER_STATUS_INVALID'));
    expect(await ledger(payment)).toMatchObject({ refunded: 400, cancelled: false });
  });

  it('is possible until 00:15 in China on the day after', async () => {
    const [one, other] = [await paid(), await paid()];
    ams.clock.nowMs = Date.parse('2026-01-15T16:15:00Z');
    expect(await cancelById(one)).toMatchObject(result('SUCCESS', 'S'));
    ams.clock.nowMs += 1;
    expect(await cancelById(other)).toEqual(result('CANCEL_WINDOW_EXCEED'));
    expect(await cancelById(one)).toMatchObject(result('SUCCESS', 'S'));
    expect(await ledger(other)).toMatchObject({ charged: 1000, refunded: 0, cancelled: false });
    ams.clock.nowMs = Date.parse('2026-01-15T02:20:30Z');
  });

  it('goes by another window when one is set', async () => {
    const payment = await paid();
    await ams.control('POST', 'settings', { plus_cancel_window_ms: 0 });
    ams.clock.nowMs += 1;
    expect(await cancelById(payment)).toEqual(result('CANCEL_WINDOW_EXCEED'));
    expect(await refund(payment, usd(1000))).toMatchObject(result('SUCCESS', 'S'));
    ams.clock.nowMs -= 1;
  });

  it('of a payment that its payer refused takes no effect', async () => {
    const payment = await waiting();
    await ams.control('POST', `payments/${payment.paymentRequestId}/refuse`);
    expect(await cancelById(payment)).toMatchObject(result('SUCCESS', 'S'));
    expect(await inquire(payment)).toMatchObject({ paymentStatus: 'FAIL' });
    expect(await ledger(payment)).toMatchObject({ cancelled: false });
  });
});

describe('a success that is late', () => {
  const late = (delayMs: number) =>
    ams.control('POST', 'faults', {
      api: 'cancel',
      fault: 'late_success_after_cancel',
      count: 1,
      delay_ms: delayMs,
      wallet: 'alipay_plus',
    });

  it('leaves the payment cancelled, is given back at once and notified all the same', async () => {
    const payment = await waiting();
    await late(10);
    expect(await cancel({ paymentRequestId: 'nothing' })).toEqual(result('ORDER_NOT_EXIST'));
    expect(await cancelById(payment)).toMatchObject(result('SUCCESS', 'S'));
    const [told] = await ams.told(payment.paymentRequestId, 1);
    expect(told).toMatchObject({ ...result('SUCCESS', 'S'), paymentAmount: usd(1000) });
    expect(await inquire(payment)).toMatchObject({ paymentStatus: 'CANCELLED' });
    expect(await ledger(payment)).toMatchObject({ charged: 1000, refunded: 1000, cancelled: true });
    expect(await cancelById(payment)).toMatchObject(result('SUCCESS', 'S'));
    expect(await ledger(payment)).toMatchObject({ charged: 1000, refunded: 1000 });
  });

  it('may be that of an order whose time was over when it was cancelled', async () => {
    const [payment, refused] = [await waiting(), await waiting()];
    await ams.control('POST', `payments/${refused.paymentRequestId}/refuse`);
    ams.clock.nowMs += 840_000;
    await late(10);
    expect(await cancelById(refused)).toMatchObject(result('SUCCESS', 'S'));
    expect(await cancelById(payment)).toMatchObject(result('SUCCESS', 'S'));
    expect(await ams.told(payment.paymentRequestId, 1)).toMatchObject([result('SUCCESS', 'S')]);
    expect(await inquire(payment)).toMatchObject({ paymentStatus: 'CANCELLED' });
    expect(await ledger(payment)).toMatchObject({ charged: 1000, refunded: 1000, cancelled: true });
    expect(await ledger(refused)).toMatchObject({ charged: 0, cancelled: false });
    ams.clock.nowMs -= 840_000;
  });

  it('is late by what the rule says, and comes after a restart too', async () => {
    const payment = await waiting();
    await late(60_000);
    await cancelById(payment);
    expect(await ledger(payment)).toMatchObject({ charged: 0, refunded: 0, cancelled: true });
    ams.clock.nowMs += 60_000;
    await ams.restart();
    expect(await ams.told(payment.paymentRequestId, 1)).toMatchObject([result('SUCCESS', 'S')]);
    expect(await ledger(payment)).toMatchObject({ charged: 1000, refunded: 1000, cancelled: true });
    ams.clock.nowMs -= 60_000;
  });
});

describe('a refund', () => {
  it('adds up to the whole, and the payment stays paid', async () => {
    const payment = await paid();
    const refundRequestId = newRequestId('R');
    const first = await refund(payment, usd(400), refundRequestId);
    expect(first).toEqual({
      ...result('SUCCESS', 'S'),
      refundRequestId,
      refundId: expect.stringMatching(/^20260115102030\d{21}$/),
      paymentId: payment.paymentId,
      refundAmount: usd(400),
      refundTime: '2026-01-15T10:20:30+08:00',
    });
    expect(await refund(payment, usd(601))).toEqual(result('REFUND_AMOUNT_EXCEED'));
    expect(await refund(payment, usd(600))).toMatchObject(result('SUCCESS', 'S'));
    expect(await refund(payment, usd(1))).toEqual(result('REFUND_AMOUNT_EXCEED'));
    expect(await inquire(payment)).toMatchObject({
      paymentStatus: 'SUCCESS',
      paymentTime: expect.any(String),
      transactions: [
        {
          transactionType: 'REFUND',
          transactionStatus: 'SUCCESS',
          transactionId: first['refundId'],
          transactionRequestId: refundRequestId,
          transactionAmount: usd(400),
        },
        { transactionAmount: usd(600) },
      ],
    });
    expect(await ledger(payment)).toMatchObject({ charged: 1000, refunded: 1000, cancelled: false });
    const found = { ...result('SUCCESS', 'S'), refundStatus: 'SUCCESS', refundAmount: usd(400) };
    expect(await inquireRefund({ refundRequestId })).toMatchObject(found);
    expect(await inquireRefund({ refundId: first['refundId'], refundRequestId: 'other' })).toMatchObject(
      found,
    );
  });

  it('in parts brings the payer exactly what was taken, in the payer’s own currency', async () => {
    const payment = await paid(1000, 'USD', await ams.codeOf('sandbox-payer-plus-kr'));
    const returned: unknown[] = [];
    for (const minor of [333, 333, 334]) {
      await refund(payment, usd(minor));
      const { body } = await ams.control('GET', `payments/${payment.paymentRequestId}`);
      returned.push((body as Answer)['payer_refunded']);
    }
    expect(returned).toEqual([4610, 9221, 13_846]);
  });

  it('repeated under its id moves nothing, many at once as well', async () => {
    const payment = await paid();
    const id = newRequestId('R');
    const answers = await Promise.all(Array.from({ length: 6 }, () => refund(payment, usd(400), id)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await ledger(payment)).toMatchObject({ refunded: 400 });
    expect(await refund(payment, usd(401), id)).toEqual(result('REPEAT_REQ_INCONSISTENT'));
    expect(await refund(await paid(), usd(400), id)).toEqual(result('REPEAT_REQ_INCONSISTENT'));
  });

  it.each<[string, () => Promise<Payment>, Answer, string]>([
    [
      'of an unknown payment',
      async () => ({ paymentId: '1', paymentRequestId: '' }),
      usd(1),
      'ORDER_NOT_EXIST',
    ],
    ['of an unpaid payment', waiting, usd(1), 'ORDER_STATUS_INVALID'],
    ['of more than was paid', paid, usd(1001), 'REFUND_AMOUNT_EXCEED'],
    ['of nothing', paid, usd(0), 'PARAM_ILLEGAL'],
    ['in another currency', paid, { currency: 'HKD', value: '1' }, 'CURRENCY_NOT_SUPPORT'],
  ])('%s is refused and leaves nothing behind', async (_, payment, amount, code) => {
    const id = newRequestId('R');
    expect(await refund(await payment(), amount, id)).toEqual(result(code));
    expect(await inquireRefund({ refundRequestId: id })).toEqual(result('ORDER_NOT_EXIST'));
  });

  it('after its period is refused', async () => {
    const payment = await paid();
    await ams.control('POST', 'settings', { refund_period_days: 1 });
    ams.clock.nowMs += 86_400_000;
    expect(await refund(payment, usd(1))).toEqual(result('REFUND_WINDOW_EXCEED'));
    ams.clock.nowMs -= 86_400_000;
  });
});

describe('the refund position', () => {
  it('is the takings of the day in that currency; its want is final for a refund id, not for a cancel', async () => {
    const [old, other] = [await paid(3000), await paid(2000)];
    ams.clock.nowMs += 3 * 86_400_000;
    await ams.control('POST', 'settings', { position: 'on', plus_cancel_window_ms: 31_000_000_000 });
    await paid(2500);
    await paid(9000, 'HKD');
    const id = newRequestId('R');
    const failed = await refund(old, usd(2501), id);
    expect(failed).toMatchObject(result('MERCHANT_BALANCE_NOT_ENOUGH'));
    expect(await refund(old, usd(2000))).toMatchObject(result('SUCCESS', 'S'));
    expect(await cancelById(other)).toEqual(result('MERCHANT_BALANCE_NOT_ENOUGH'));
    await paid(5000);
    expect(await cancelById(other)).toMatchObject(result('SUCCESS', 'S'));
    expect(await refund(old, usd(2501), id)).toEqual(failed);
    expect(await inquireRefund({ refundRequestId: id })).toMatchObject({
      ...result('SUCCESS', 'S'),
      refundStatus: 'FAIL',
    });
    expect(await inquireRefund({ refundRequestId: id })).not.toHaveProperty('refundTime');
    expect(await inquire(old)).toMatchObject({
      paymentStatus: 'SUCCESS',
      transactions: [{ transactionStatus: 'FAIL' }, { transactionStatus: 'SUCCESS' }],
    });
    expect(await ledger(old)).toMatchObject({ refunded: 2000 });
    ams.clock.nowMs -= 3 * 86_400_000;
  });
});
