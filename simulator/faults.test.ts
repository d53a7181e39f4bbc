import { rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publicKey } from '../test/vectors/alipay-open/vectors.ts';
import { faultApis, faultNames } from './faults.ts';
import { isSignedBy } from './open-platform/signing.ts';
import { runSimulator } from './simulator.ts';
import {
  type Answer,
  callerOf,
  eventually,
  newOrderNo,
  payOrder,
  postForm,
  registerApp,
  sandboxCodes,
  signedForm,
  startTestWallet,
  type TestWallet,
  temporaryFolder,
} from './test-wallet.ts';

let wallet: TestWallet;
beforeAll(async () => {
  wallet = await startTestWallet();
});
afterAll(() => wallet.close());
beforeEach(async () => {
  await wallet.control('DELETE', 'faults');
});

async function fault(rule: Answer): Promise<void> {
  expect(await wallet.control('POST', 'faults', rule)).toMatchObject({ status: 200 });
}
const rules = async (): Promise<readonly Answer[]> => (await wallet.control('GET', 'faults')).body;
const form = (order: Answer): Promise<string> => signedForm('alipay.trade.pay', order);
const pay = (order: Answer): Promise<Answer> => wallet.call('alipay.trade.pay', order);
const query = (outTradeNo: string): Promise<Answer> =>
  wallet.call('alipay.trade.query', { out_trade_no: outTradeNo });

/** Sends a pay whose answer is not awaited. */
async function paySilently(order: Answer): Promise<ReturnType<typeof postForm> & { isAnswered(): boolean }> {
  const sent = postForm(wallet.base, await form(order));
  let answered = false;
  sent.outcome.then(() => {
    answered = true;
  });
  return { ...sent, isAnswered: () => answered };
}

/** The wallet's own note of the order's first call, once it has dealt with it. */
async function handled(outTradeNo: string): Promise<Answer> {
  return eventually(async () => {
    const requests = (await wallet.control('GET', 'requests?limit=50')).body as Answer[];
    return requests.find((request) => request['out_trade_no'] === outTradeNo);
  });
}

describe('a pay under a fault', () => {
  it('no_answer: charged, and nothing ever comes', async () => {
    await fault({ api: 'pay', fault: 'no_answer', count: 1 });
    const order = payOrder(wallet.code);
    const sent = await paySilently(order);
    expect(await handled(order.out_trade_no)).toMatchObject({ fault: 'no_answer', code: '10000' });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
    expect(sent.isAnswered()).toBe(false);
    sent.request.destroy();
    expect(await query(order.out_trade_no)).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
  });

  it('not_processed: nothing comes and nothing is done', async () => {
    await fault({ api: 'pay', fault: 'not_processed', count: 1 });
    const order = payOrder(wallet.code);
    const sent = await paySilently(order);
    expect(await handled(order.out_trade_no)).toMatchObject({ fault: 'not_processed', code: null });
    expect(await wallet.ledger(order.out_trade_no)).toBeUndefined();
    expect(sent.isAnswered()).toBe(false);
    sent.request.destroy();
  });

  it('arrives_late: the connection is gone at once, and the call is carried out afterwards', async () => {
    await fault({ api: 'pay', fault: 'arrives_late', count: 1, delay_ms: 30 });
    const order = payOrder(wallet.code);
    expect(await postForm(wallet.base, await form(order)).outcome).toBe('ECONNRESET');
    await eventually(() => wallet.ledger(order.out_trade_no));
    expect(await query(order.out_trade_no)).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
    const requests = ((await wallet.control('GET', 'requests?limit=20')).body as Answer[]).filter(
      (request) => request['out_trade_no'] === order.out_trade_no && request['fault'] === 'arrives_late',
    );
    expect(requests.map((request) => request['code'])).toEqual(['10000', null]);
  });

  it('arrives_late: a pay that arrives after its time_expire charges nothing', async () => {
    const dataDir = temporaryFolder();
    const clock = { nowMs: Date.parse('2026-01-15T02:20:30Z') };
    const first = await runSimulator({ port: 0, dataDir, now: () => clock.nowMs });
    const before = callerOf(first.port, await registerApp(first.port));
    await before.control('POST', 'faults', { api: 'pay', fault: 'arrives_late', count: 1, delay_ms: 60_000 });
    const order = payOrder((await sandboxCodes(before)).code, { time_expire: '2026-01-15 10:21:00' });
    await postForm(before.base, await form(order)).outcome;
    await first.close();

    clock.nowMs += 60_000;
    const second = await runSimulator({ port: 0, dataDir, now: () => clock.nowMs });
    const after = callerOf(second.port, '');
    const arrived = await eventually(
      async () => ((await after.control('GET', 'requests')).body as Answer[])[0],
    );
    expect(arrived).toMatchObject({
      fault: 'arrives_late',
      sub_code: 'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR',
    });
    expect(await after.ledger(order.out_trade_no)).toBeUndefined();
    await second.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('reset: charged, then the connection is reset', async () => {
    await fault({ api: 'pay', fault: 'reset', count: 1 });
    const order = payOrder(wallet.code);
    expect(await postForm(wallet.base, await form(order)).outcome).toBe('ECONNRESET');
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
  });

  it('delay: charged, and the right answer comes later', async () => {
    await fault({ api: 'pay', fault: 'delay', count: 1, delay_ms: 150 });
    const order = payOrder(wallet.code);
    const startedMs = performance.now();
    const sent = await paySilently(order);
    await handled(order.out_trade_no);
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
    expect(await sent.outcome).toMatch(/^200 \{"alipay_trade_pay_response":\{"code":"10000"/);
    expect(performance.now() - startedMs).toBeGreaterThan(149);
  });

  it('system_error: charged, and answered 20000 under a signature', async () => {
    await fault({ api: 'pay', fault: 'system_error', count: 1 });
    const order = payOrder(wallet.code);
    expect(await pay(order)).toEqual({
      code: '20000',
      msg: 'Service Currently Unavailable',
      sub_code: 'isp.unknow-error',
      sub_msg: expect.any(String),
    });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
  });

  it('paying: waits for the payer, whatever the amount', async () => {
    await fault({ api: 'pay', fault: 'paying', count: 1 });
    const order = payOrder(wallet.code);
    expect(await pay(order)).toMatchObject({ code: '10003' });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 0 });
    await wallet.control('POST', `trades/${order.out_trade_no}/confirm`);
    expect(await query(order.out_trade_no)).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
  });

  it('bad_signature: charged, and signed over something else', async () => {
    await fault({ api: 'pay', fault: 'bad_signature', count: 1 });
    const order = payOrder(wallet.code);
    const outcome = await postForm(wallet.base, await form(order)).outcome;
    const [, raw = '', sign = ''] = /":(\{.*\}),"sign":"([^"]*)"\}$/.exec(outcome) ?? [];
    expect(JSON.parse(raw)).toMatchObject({ code: '10000', out_trade_no: order.out_trade_no });
    expect(sign).toHaveLength(344);
    expect(isSignedBy(Buffer.from(raw), sign, publicKey, 'RSA2')).toBe(false);
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
  });

  it('truncated: charged, and the body ends in the middle', async () => {
    await fault({ api: 'pay', fault: 'truncated', count: 1 });
    const order = payOrder(wallet.code);
    const outcome = await postForm(wallet.base, await form(order)).outcome;
    expect(outcome).toMatch(/^200 \{"alipay_trade_pay_response":\{/);
    expect(() => JSON.parse(outcome.slice(4))).toThrow();
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
  });

  it('http_500: charged, and an error page comes', async () => {
    await fault({ api: 'pay', fault: 'http_500', count: 1 });
    const order = payOrder(wallet.code);
    expect(await postForm(wallet.base, await form(order)).outcome).toMatch(/^500 <html>/);
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
  });

  it('not_found_first: charged unanswered, and the first two inquiries do not find it', async () => {
    await fault({ api: 'pay', fault: 'not_found_first', count: 1 });
    const order = payOrder(wallet.code);
    const sent = await paySilently(order);
    await handled(order.out_trade_no);
    expect(sent.isAnswered()).toBe(false);
    sent.request.destroy();
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
    const answers = [];
    for (let asked = 0; asked < 3; asked += 1) answers.push(await query(order.out_trade_no));
    expect(answers[0]).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    expect(answers[1]).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    expect(answers[2]).toMatchObject({ code: '10000', trade_status: 'TRADE_SUCCESS' });
  });
});

describe('other calls under a fault', () => {
  it.each([
    ['inquiry', 'alipay.trade.query', {}],
    ['inquiry', 'alipay.trade.fastpay.refund.query', { out_request_no: 'R1' }],
    ['cancel', 'alipay.trade.cancel', {}],
    ['refund', 'alipay.trade.refund', { refund_amount: '1.00', out_request_no: 'R1' }],
    ['*', 'alipay.trade.cancel', {}],
  ])('a rule for %s meets %s, once', async (api, method, biz) => {
    const order = payOrder(wallet.code);
    await pay(order);
    await fault({ api, fault: 'system_error', count: 1 });
    const call = { ...biz, out_trade_no: order.out_trade_no };
    expect(await wallet.call(method, call)).toMatchObject({ code: '20000' });
    expect(await wallet.call(method, call)).toMatchObject({ code: '10000' });
  });

  it('a cancel under system_error has taken effect, and its repeat says so', async () => {
    const order = payOrder(wallet.code);
    await pay(order);
    await fault({ api: 'cancel', fault: 'system_error', count: 1 });
    await wallet.call('alipay.trade.cancel', { out_trade_no: order.out_trade_no });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({
      charged: 1000,
      refunded: 1000,
      cancelled: true,
    });
  });

  it('a call that is refused before it begins uses up no rule', async () => {
    await fault({ api: '*', fault: 'system_error', count: 1 });
    const order = payOrder(wallet.code);
    await postForm(wallet.base, (await form(order)).replace('10.00', '11.00')).outcome;
    expect(await rules()).toMatchObject([{ remaining: 1 }]);
  });

  it('paying and not_found_first leave other calls alone', async () => {
    await fault({ api: '*', fault: 'paying', count: 1 });
    await fault({ api: '*', fault: 'not_found_first', count: 1 });
    expect(await query(newOrderNo())).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    expect(await rules()).toMatchObject([{ remaining: 1 }, { remaining: 1 }]);
  });
});

describe('rules', () => {
  it('are listed with what is left, replaced by their like, and cleared together', async () => {
    await fault({ api: 'pay', fault: 'system_error', count: 2 });
    await fault({ api: '*', fault: 'delay', probability: 0.5, delay_ms: 7, seed: 1, wallet: 'alipay_open' });
    await wallet.control('DELETE', 'faults');
    expect(await rules()).toEqual([]);
    await fault({ api: 'pay', fault: 'system_error', count: 2 });
    await fault({ api: 'pay', fault: 'reset', probability: 0.000001 });
    await pay(payOrder(wallet.code));
    expect(await rules()).toEqual([
      { api: 'pay', fault: 'system_error', count: 2, remaining: 1 },
      { api: 'pay', fault: 'reset', probability: 0.000001 },
    ]);
    await fault({ api: 'pay', fault: 'system_error', count: 5 });
    await fault({ api: 'pay', fault: 'system_error', count: 3, wallet: 'alipay_open' });
    const [, replaced] = await rules();
    expect(await rules()).toHaveLength(2);
    expect(replaced).toMatchObject({ api: 'pay', fault: 'system_error', count: 3, remaining: 3 });
  });

  it('that count come before those that draw', async () => {
    await fault({ api: '*', fault: 'system_error', probability: 1 });
    await fault({ api: 'pay', fault: 'paying', count: 1 });
    expect(await pay(payOrder(wallet.code))).toMatchObject({ code: '10003' });
    expect(await pay(payOrder(wallet.code))).toMatchObject({ code: '20000' });
  });

  it('with the same seed draw the same sequence', async () => {
    const draws = async (): Promise<string> => {
      await fault({ api: 'inquiry', fault: 'system_error', probability: 0.5, seed: 42 });
      let drawn = '';
      for (let asked = 0; asked < 24; asked += 1)
        drawn += (await query('nothing'))['code'] === '20000' ? 'x' : '.';
      return drawn;
    };
    const first = await draws();
    expect(await draws()).toBe(first);
    expect(first).toContain('x');
    expect(first).toContain('.');
  });

  it.each<[string, Answer, string]>([
    ['an unknown api', { api: 'payment', fault: 'reset', count: 1 }, 'api'],
    ['no api', { fault: 'reset', count: 1 }, 'api'],
    ['an unknown fault', { api: 'pay', fault: 'explode', count: 1 }, 'fault'],
    ['a fault that the api cannot have', { api: 'inquiry', fault: 'paying', count: 1 }, 'api of paying'],
    ['a fault of calls', { api: 'notification', fault: 'reset', count: 1 }, 'api of reset'],
    [
      'a fault of notifications for a call',
      { api: 'pay', fault: 'lost_notification', count: 1 },
      'api of lost_notification',
    ],
    [
      'a late success after anything but a cancel',
      { api: 'pay', fault: 'late_success_after_cancel', count: 1 },
      'api of late_success_after_cancel',
    ],
    [
      'a notification before the answer of a refund',
      { api: 'refund', fault: 'notification_before_answer', count: 1 },
      'api of notification_before_answer',
    ],
    ['neither probability nor count', { api: 'pay', fault: 'reset' }, 'probability or count'],
    ['both', { api: 'pay', fault: 'reset', count: 1, probability: 1 }, 'probability or count'],
    ['probability 0', { api: 'pay', fault: 'reset', probability: 0 }, 'probability'],
    ['probability above 1', { api: 'pay', fault: 'reset', probability: 1.1 }, 'probability'],
    ['probability as text', { api: 'pay', fault: 'reset', probability: '1' }, 'probability'],
    ['count 0', { api: 'pay', fault: 'reset', count: 0 }, 'count'],
    ['half a count', { api: 'pay', fault: 'reset', count: 1.5 }, 'count'],
    ['a negative delay', { api: 'pay', fault: 'delay', count: 1, delay_ms: -1 }, 'delay_ms'],
    ['an unknown wallet', { api: 'pay', fault: 'reset', count: 1, wallet: 'paypal' }, 'wallet'],
    ['a misspelt field', { api: 'pay', fault: 'reset', count: 1, delayMs: 5 }, 'name of a field'],
  ])('%s is refused by name', async (_, rule, field) => {
    const { status, body } = await wallet.control('POST', 'faults', rule);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_value',
        field,
        allowed: expect.anything(),
        message: expect.stringContaining(field),
      },
    });
    expect(await rules()).toEqual([]);
  });

  it('accept delay_ms where it means nothing', async () => {
    for (const name of faultNames) await fault({ api: '*', fault: name, probability: 0.1, delay_ms: 5 });
    for (const api of faultApis) {
      const name = api === 'notification' ? 'lost_notification' : 'reset';
      await fault({ api, fault: name, count: 1, delay_ms: 5 });
    }
    expect(await rules()).toHaveLength(faultNames.length + faultApis.length - 1);
  });

  it('hold when many calls arrive together: a count is used up exactly', async () => {
    await fault({ api: 'pay', fault: 'system_error', count: 5 });
    const answers = await Promise.all(Array.from({ length: 16 }, () => pay(payOrder(wallet.code))));
    expect(answers.filter((answer) => answer['code'] === '20000')).toHaveLength(5);
    expect(answers.filter((answer) => answer['code'] === '10000')).toHaveLength(11);
  });
});

describe('ending', () => {
  it('does not wait for callers who will never be answered, and keeps what was under way', async () => {
    const other = await startTestWallet();
    await other.control('POST', 'faults', { api: 'pay', fault: 'no_answer', count: 1 });
    const silent = payOrder(other.code);
    const sent = postForm(other.base, await form(silent));
    await eventually(() => other.ledger(silent.out_trade_no));
    const ended = await Promise.race([
      other.close().then(() => 'ended'),
      wait(5000, 'still waiting', { ref: false }),
    ]);
    expect(ended).toBe('ended');
    expect(await sent.outcome).toBe('ECONNRESET');
  });
});
