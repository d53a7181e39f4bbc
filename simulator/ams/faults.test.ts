import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, eventually } from '../test-wallet.ts';
import {
  type AmsCaller,
  acknowledgement,
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
  await ams.control('DELETE', 'faults');
});

async function fault(rule: Answer): Promise<void> {
  const { status } = await ams.control('POST', 'faults', { count: 1, ...rule });
  expect(status).toBe(200);
}
const byCode = (changes: Answer = {}) => payBody('PaymentCode', ams.shop.url, ams.code, changes);
const send = (body: Answer) => ams.send('payments/pay', { body: JSON.stringify(body) });
const inquire = (paymentRequestId: string): Promise<Answer> =>
  ams.call('payments/inquiryPayment', { paymentRequestId });
const handled = (paymentRequestId: string): Promise<Answer> =>
  eventually(async () =>
    ((await ams.control('GET', 'requests?limit=50')).body as Answer[]).find(
      (request) => request['out_trade_no'] === paymentRequestId,
    ),
  );

describe('a pay under a fault', () => {
  it.each(['no_answer', 'not_found_first'])('%s: charged, and nothing comes for a while', async (name) => {
    await fault({ api: 'pay', fault: name });
    const body = byCode();
    let isAnswered = false;
    send(body).then(({ outcome }) => {
      isAnswered = outcome === 'answered';
    });
    expect(await handled(body.paymentRequestId)).toMatchObject({
      fault: name,
      code: 'S',
      sub_code: 'SUCCESS',
    });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 1000 });
    const hidden = name === 'not_found_first' ? 2 : 0;
    for (let asked = 0; asked < hidden; asked += 1)
      expect(await inquire(body.paymentRequestId)).toEqual(result('ORDER_NOT_EXIST'));
    expect(await inquire(body.paymentRequestId)).toMatchObject({ paymentStatus: 'SUCCESS' });
    expect(isAnswered).toBe(false);
  });

  it('not_processed: nothing is done', async () => {
    await fault({ api: 'pay', fault: 'not_processed' });
    const body = byCode();
    send(body);
    expect(await handled(body.paymentRequestId)).toMatchObject({ fault: 'not_processed', code: null });
    expect(await ams.ledger(body.paymentRequestId)).toBeUndefined();
  });

  it('arrives_late: the connection is gone at once, and the call is carried out afterwards', async () => {
    await fault({ api: 'pay', fault: 'arrives_late', delay_ms: 10 });
    const body = byCode();
    expect(await send(body)).toMatchObject({ outcome: 'ECONNRESET' });
    expect(await eventually(() => ams.ledger(body.paymentRequestId))).toMatchObject({ charged: 1000 });
  });

  it('arrives_late: a cancel finds nothing before, and a restart forgets nothing', async () => {
    await fault({ api: 'pay', fault: 'arrives_late', delay_ms: 60_000 });
    const body = byCode();
    const { paymentRequestId } = body;
    expect(await send(body)).toMatchObject({ outcome: 'ECONNRESET' });
    expect(await ams.call('payments/cancel', { paymentRequestId })).toEqual(result('ORDER_NOT_EXIST'));
    expect(await ams.ledger(paymentRequestId)).toBeUndefined();
    ams.clock.nowMs += 60_000;
    await ams.restart();
    expect(await eventually(() => ams.ledger(paymentRequestId))).toMatchObject({ charged: 1000 });
  });

  it('reset: charged, then the connection is reset', async () => {
    await fault({ api: 'pay', fault: 'reset' });
    const body = byCode();
    expect(await send(body)).toMatchObject({ outcome: 'ECONNRESET' });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 1000 });
  });

  it('delay: charged, and the right answer comes later', async () => {
    await fault({ api: 'pay', fault: 'delay', delay_ms: 150 });
    const startedMs = performance.now();
    expect(await send(byCode())).toMatchObject({ signature: 'holds', json: result('SUCCESS', 'S') });
    expect(performance.now() - startedMs).toBeGreaterThan(149);
  });

  it('system_error: charged, and answered U under a signature', async () => {
    await fault({ api: 'pay', fault: 'system_error' });
    const body = byCode();
    expect(await send(body)).toMatchObject({ signature: 'holds', json: result('UNKNOWN_EXCEPTION', 'U') });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 1000 });
  });

  it('bad_signature: charged, and signed over something else', async () => {
    await fault({ api: 'pay', fault: 'bad_signature' });
    const body = byCode();
    expect(await send(body)).toMatchObject({ signature: 'broken', json: result('SUCCESS', 'S') });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 1000 });
  });

  it('truncated: charged, and the body ends in the middle', async () => {
    await fault({ api: 'pay', fault: 'truncated' });
    const body = byCode();
    expect(await send(body)).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^\{"result":/),
      json: {},
    });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 1000 });
  });

  it('http_500: charged, and an error page comes', async () => {
    await fault({ api: 'pay', fault: 'http_500' });
    const body = byCode();
    expect(await send(body)).toMatchObject({ status: 500, text: expect.stringMatching(/^<html>/) });
    expect(await ams.ledger(body.paymentRequestId)).toMatchObject({ charged: 1000 });
  });

  it('paying: a payment code waits for its payer; an entry code knows nothing of it', async () => {
    await fault({ api: 'pay', fault: 'paying' });
    expect((await send(payBody('EntryCode', ams.shop.url, null))).json).toMatchObject(result('SUCCESS', 'S'));
    const body = byCode();
    expect((await send(body)).json).toMatchObject(result('PAYMENT_IN_PROCESS', 'U'));
    await ams.control('POST', `payments/${body.paymentRequestId}/confirm`);
    expect(await inquire(body.paymentRequestId)).toMatchObject({ paymentStatus: 'SUCCESS' });
  });

  it('notification_before_answer: the notification is there before the answer', async () => {
    await fault({ api: 'pay', fault: 'notification_before_answer' });
    const body = byCode();
    let isAnswered = false;
    let wasAnswered: boolean | null = null;
    ams.shop.answer = (response, { body: text }) => {
      if (text.includes(body.paymentRequestId)) wasAnswered = isAnswered;
      response.end(acknowledgement);
    };
    const answer = await send(body);
    isAnswered = true;
    ams.shop.answer = (response) => response.end(acknowledgement);
    expect(answer.json).toMatchObject(result('SUCCESS', 'S'));
    expect(wasAnswered).toBe(false);
  });
});

describe('other calls under a fault', () => {
  it.each(['cancel', 'refund', 'inquiry'])('a %s is carried out and answered U once', async (api) => {
    const { json } = await send(byCode());
    const { paymentId } = json;
    await fault({ api, fault: 'system_error' });
    const ask = (): Promise<Answer> => {
      if (api === 'cancel') return ams.call('payments/cancel', { paymentId });
      if (api === 'inquiry') return ams.call('payments/inquiryPayment', { paymentId });
      const refundRequestId = `R${paymentId}`;
      return ams.call('payments/refund', { paymentId, refundRequestId, refundAmount: usd(1000) });
    };
    expect(await ask()).toEqual(result('UNKNOWN_EXCEPTION', 'U'));
    const refunded = api === 'inquiry' ? 0 : 1000;
    expect(await ams.ledger(String(json['paymentRequestId']))).toMatchObject({ refunded });
    expect(await ask()).toMatchObject(result('SUCCESS', 'S'));
    expect(await ams.ledger(String(json['paymentRequestId']))).toMatchObject({ refunded });
  });

  it('rules of the other wallet do not meet them, and both wallets’ rules stand side by side', async () => {
    await fault({ api: 'pay', fault: 'system_error', wallet: 'alipay_open' });
    await fault({ api: 'pay', fault: 'system_error', wallet: 'alipay_plus', count: 2 });
    expect((await send(byCode())).json).toMatchObject(result('UNKNOWN_EXCEPTION', 'U'));
    expect((await ams.control('GET', 'faults')).body).toMatchObject([
      { wallet: 'alipay_open', remaining: 1 },
      { wallet: 'alipay_plus', remaining: 1 },
    ]);
    await fault({ api: 'pay', fault: 'system_error' });
    expect((await ams.control('GET', 'faults')).body).toHaveLength(1);
  });
});
