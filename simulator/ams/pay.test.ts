import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../test-wallet.ts';
import {
  type AmsCaller,
  changed,
  newRequestId,
  payBody,
  result,
  startAmsCaller,
  usd,
} from './ams-caller.fixture.ts';

let ams: AmsCaller;
beforeAll(async () => {
  ams = await startAmsCaller();
});
afterAll(() => ams.close());
beforeEach(async () => {
  await ams.control('POST', 'settings', { password_limit_minor: 100_000, plus_payment_life_ms: 840_000 });
});

const byCode = (changes: Answer = {}, code = ams.code) => payBody('PaymentCode', ams.shop.url, code, changes);
const entry = (changes: Answer = {}) => payBody('EntryCode', ams.shop.url, null, changes);
const order = (changes: Answer = {}) => payBody('OrderCode', ams.shop.url, null, changes);
const pay = (body: Answer): Promise<Answer> => ams.call('payments/pay', body);
const inquire = (paymentRequestId: string): Promise<Answer> =>
  ams.call('payments/inquiryPayment', { paymentRequestId });
const confirm = (paymentRequestId: string, payerId?: string) =>
  ams.control('POST', `payments/${paymentRequestId}/confirm`, payerId && { payer_id: payerId });

/** A single-use code of a payer who has that much in the account. */
async function codeWith(balance: number, currency: string, brand: string): Promise<string> {
  const payerId = newRequestId('payer');
  await ams.control('POST', 'payers', { payer_id: payerId, wallet: 'alipay_plus', brand, currency, balance });
  return ((await ams.control('POST', 'payment-codes', { payer_id: payerId })).body as Answer)[
    'code'
  ] as string;
}

describe('a payment code', () => {
  it('is charged, and pay and inquiry say so', async () => {
    const body = byCode();
    const paid = await pay(body);
    expect(paid).toEqual({
      ...result('SUCCESS', 'S'),
      paymentRequestId: body.paymentRequestId,
      paymentId: expect.stringMatching(/^20260115102030\d{21}$/),
      paymentAmount: usd(1000),
      paymentCreateTime: '2026-01-15T10:20:30+08:00',
      paymentTime: '2026-01-15T10:20:30+08:00',
      pspCustomerInfo: {
        pspName: 'TestWallet',
        pspCustomerId: expect.any(String),
        displayCustomerId: expect.any(String),
      },
    });
    const found = await ams.call('payments/inquiryPayment', { paymentId: paid['paymentId'] });
    expect(found).toEqual({
      ...paid,
      paymentStatus: 'SUCCESS',
      paymentResultCode: 'SUCCESS',
      paymentResultMessage: expect.any(String),
    });
    expect(await ams.ledger(body.paymentRequestId)).toEqual({
      wallet: 'alipay_plus',
      payment_request_id: body.paymentRequestId,
      currency: 'USD',
      amount: 1000,
      charged: 1000,
      refunded: 0,
      cancelled: false,
    });
    const [told] = await ams.told(body.paymentRequestId, 1);
    expect(told).toEqual({ notifyType: 'PAYMENT_RESULT', ...paid });
  });

  it('takes from an account in another currency, at the rate of the table', async () => {
    const body = byCode({}, await codeWith(100_000, 'KRW', 'KakaoPay'));
    expect(await pay(body)).toMatchObject({ pspCustomerInfo: { pspName: 'KakaoPay' } });
    const payment = (await ams.control('GET', `payments/${body.paymentRequestId}`)).body as Answer;
    expect(payment).toMatchObject({ charged: 1000, currency: 'USD', payer_charged: 13_846 });
    const payers = (await ams.control('GET', 'payers')).body as Answer[];
    expect(payers.find((one) => one['payer_id'] === payment['payer_id'])).toMatchObject({
      currency: 'KRW',
      balance: 100_000 - 13_846,
    });
  });

  it('is used up by one payment, even by one that fails', async () => {
    const code = await codeWith(500, 'USD', 'TestWallet');
    expect(await pay(byCode({}, code))).toMatchObject(result('USER_BALANCE_NOT_ENOUGH'));
    expect(await pay(byCode({ paymentAmount: usd(100) }, code))).toMatchObject(
      result('INVALID_PAYMENT_CODE'),
    );
  });

  it.each<[string, () => string | Promise<string>, string]>([
    ['that nobody has', () => '281234567890123456', 'INVALID_PAYMENT_CODE'],
    ['that is none of a wallet', () => '621234567890123456', 'INVALID_PAYMENT_CODE'],
    ['of a mainland wallet', () => ams.codeOf('sandbox-payer'), 'INVALID_PAYMENT_CODE'],
    ['of a payer without the money', () => ams.poorCode, 'USER_BALANCE_NOT_ENOUGH'],
  ])('%s makes a payment that has failed, for that id for ever', async (_, code, resultCode) => {
    const body = byCode({}, await code());
    const failed = await pay(body);
    expect(failed).toEqual({
      ...result(resultCode),
      paymentRequestId: body.paymentRequestId,
      paymentId: expect.any(String),
    });
    expect(await pay(body)).toEqual(failed);
    expect(await inquire(body.paymentRequestId)).toMatchObject({
      paymentStatus: 'FAIL',
      paymentResultCode: resultCode,
    });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 0, cancelled: false });
    const [told] = await ams.told(body.paymentRequestId, 1);
    expect(told).toEqual({ notifyType: 'PAYMENT_RESULT', ...failed });
  });

  it('that is older than a minute has expired', async () => {
    const code = await codeWith(100_000, 'USD', 'TestWallet');
    ams.clock.nowMs += 60_000;
    expect(await pay(byCode({}, code))).toMatchObject(result('EXPIRED_CODE'));
  });

  it('of PayPay has the form of PayPay', async () => {
    expect(await ams.codeOf('sandbox-payer-plus-jp')).toMatch(/^28\d801\d{18}$/);
  });

  it('of an amount from the limit on waits for its payer, who confirms', async () => {
    await ams.control('POST', 'settings', { password_limit_minor: 7200 });
    expect(await pay(byCode({ paymentAmount: usd(999) }))).toMatchObject(result('SUCCESS', 'S'));
    const body = byCode();
    expect(await pay(body)).toMatchObject(result('PAYMENT_IN_PROCESS', 'U'));
    expect(await inquire(body.paymentRequestId)).toMatchObject({ paymentStatus: 'PROCESSING' });
    expect(await pay(body)).toMatchObject(result('PAYMENT_IN_PROCESS', 'U'));
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 0 });
    expect(await confirm(body.paymentRequestId, 'sandbox-payer-plus-hk')).toMatchObject({ status: 409 });
    expect(await confirm(body.paymentRequestId)).toMatchObject({ status: 200, body: { charged: 1000 } });
    expect(await confirm(body.paymentRequestId)).toMatchObject({ status: 200, body: { charged: 1000 } });
    expect(await pay(body)).toMatchObject(result('SUCCESS', 'S'));
    expect(await ams.told(body.paymentRequestId, 1)).toHaveLength(1);
  });

  it('that its payer refuses is a failure, which is notified unless the settings say no', async () => {
    await ams.control('POST', 'settings', { password_limit_minor: 0 });
    const [first, second] = [byCode(), byCode()];
    for (const body of [first, second]) await pay(body);
    await ams.control('POST', `payments/${first.paymentRequestId}/refuse`);
    expect(await ams.told(first.paymentRequestId, 1)).toMatchObject([
      result('USER_PAYMENT_VERIFICATION_FAILED'),
    ]);
    await ams.control('POST', 'settings', { plus_failure_notifications: 'off' });
    await ams.control('POST', `payments/${second.paymentRequestId}/refuse`);
    await ams.control('POST', 'settings', { plus_failure_notifications: 'on' });
    expect(await inquire(second.paymentRequestId)).toMatchObject({ paymentStatus: 'FAIL' });
    expect(await ams.control('GET', `notifications?request_id=${second.paymentRequestId}`)).not.toMatchObject(
      {
        body: [{ request_id: second.paymentRequestId }],
      },
    );
    expect(await confirm(second.paymentRequestId)).toMatchObject({ status: 409 });
  });

  it('is charged once by many at once under one id', async () => {
    const body = byCode();
    const answers = await Promise.all(Array.from({ length: 8 }, () => pay(body)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 1000 });
    expect(
      (await ams.control('GET', `ledger?payment_request_id=${body.paymentRequestId}`)).body,
    ).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['another amount', { paymentAmount: usd(1001) }],
    ['another currency', { paymentAmount: { currency: 'HKD', value: '1000' } }],
    ['another code', { 'paymentMethod.paymentMethodId': '281234567890123456' }],
    ['another scenario', { 'paymentFactor.inStorePaymentScenario': 'OrderCode' }],
  ])('repeated with %s is refused', async (_, change) => {
    const body = byCode();
    await pay(body);
    expect(await pay(changed(body, change))).toEqual(result('REPEAT_REQ_INCONSISTENT'));
    expect(await pay(changed(body, { 'order.orderDescription': 'other words' }))).toMatchObject(
      result('SUCCESS', 'S'),
    );
  });
});

describe('an entry code', () => {
  it('answers S with the URL of the wallet’s page, which is no money', async () => {
    const body = entry();
    const answer = await pay(body);
    expect(answer).toMatchObject({
      ...result('SUCCESS', 'S'),
      redirectActionForm: {
        method: 'GET',
        redirectUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/phone\/pay\/[0-9a-f]{32}$/),
      },
    });
    expect(answer).not.toHaveProperty('paymentTime');
    expect(await pay(body)).toEqual(answer);
    expect(await inquire(body.paymentRequestId)).toMatchObject({ paymentStatus: 'PROCESSING' });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 0 });
    await confirm(body.paymentRequestId, 'sandbox-payer-plus-ph');
    expect(await ams.told(body.paymentRequestId, 1)).toMatchObject([
      { ...result('SUCCESS', 'S'), paymentAmount: usd(1000), pspCustomerInfo: { pspName: 'GCash' } },
    ]);
    expect(await inquire(body.paymentRequestId)).toMatchObject({ paymentStatus: 'SUCCESS' });
  });

  it('needs the browser of a wallet', async () => {
    expect(await pay(entry({ 'order.env': undefined }))).toEqual(result('PARAM_ILLEGAL'));
    expect(await pay(entry({ 'order.env.userAgent': 'Mozilla/5.0 Chrome/99' }))).toMatchObject(
      result('NO_PAY_OPTIONS'),
    );
    expect(await pay(entry({ 'order.env.userAgent': 'Mozilla/5.0 AlipayConnect/1' }))).toMatchObject(
      result('SUCCESS', 'S'),
    );
  });
});

describe('an order code', () => {
  it('answers S with a code and when it dies, which is no money', async () => {
    const body = order({ paymentExpiryTime: '2026-01-15T10:30:00+08:00' });
    ams.clock.nowMs = Date.parse('2026-01-15T02:20:30Z');
    expect(await pay(body)).toMatchObject({
      ...result('SUCCESS', 'S'),
      orderCodeForm: {
        paymentMethodType: 'CONNECT_WALLET',
        expireTime: '2026-01-15T10:30:00+08:00',
        codeDetails: [
          {
            codeValueType: 'QRCODE',
            displayType: 'TEXT',
            codeValue: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/phone\/order\/[0-9a-f]{32}$/),
          },
        ],
      },
    });
    const scanned = await ams.control('POST', `payments/${body.paymentRequestId}/scan`, {
      payer_id: 'sandbox-payer-plus-kr',
    });
    expect(scanned).toMatchObject({ body: { payer_id: 'sandbox-payer-plus-kr', charged: 0 } });
    expect(await confirm(body.paymentRequestId)).toMatchObject({
      body: { payer_id: 'sandbox-payer-plus-kr', charged: 1000 },
    });
  });

  it.each([
    ['its own close time', { paymentExpiryTime: '2026-01-15T10:25:30+08:00' }, 300_000],
    ['14 minutes', {}, 840_000],
  ])('closes after %s: nobody can pay it any more', async (_, changes, lifeMs) => {
    ams.clock.nowMs = Date.parse('2026-01-15T02:20:30Z');
    const body = order(changes);
    await pay(body);
    ams.clock.nowMs += lifeMs - 1;
    expect(await inquire(body.paymentRequestId)).toMatchObject({ paymentStatus: 'PROCESSING' });
    ams.clock.nowMs += 1;
    expect(await inquire(body.paymentRequestId)).toMatchObject({
      paymentStatus: 'FAIL',
      paymentResultCode: 'ORDER_IS_CLOSED',
    });
    expect(await pay(body)).toMatchObject(result('ORDER_IS_CLOSED'));
    expect(await confirm(body.paymentRequestId)).toMatchObject({ status: 409 });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 0, cancelled: false });
  });
});

describe('a pay that arrives after its own close time', () => {
  it('charges nothing and has failed', async () => {
    ams.clock.nowMs = Date.parse('2026-01-15T02:20:30Z');
    const body = byCode({ paymentExpiryTime: '2026-01-15T10:20:30+08:00' });
    expect(await pay(body)).toMatchObject(result('ORDER_IS_CLOSED'));
    expect(await inquire(body.paymentRequestId)).toMatchObject({ paymentStatus: 'FAIL' });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 0 });
  });
});

describe('an inquiry', () => {
  it('does not find what was never there, and goes by the payment id when both are given', async () => {
    expect(await inquire('nothing')).toEqual(result('ORDER_NOT_EXIST'));
    const [one, other] = [byCode(), byCode()];
    const paid = await pay(one);
    await pay(other);
    const both = { paymentId: paid['paymentId'], paymentRequestId: other.paymentRequestId };
    expect(await ams.call('payments/inquiryPayment', both)).toMatchObject({
      paymentRequestId: one.paymentRequestId,
    });
  });
});
