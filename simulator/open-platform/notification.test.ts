import { AlipaySdk } from 'alipay-sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKeyPem,
  signatures,
} from '../../test/vectors/alipay-open/vectors.ts';
import { type Receiver, startReceiver } from '../notifications/receiver.fixture.ts';
import {
  type Answer,
  appId,
  eventually,
  payOrder,
  pid,
  signedForm,
  startTestWallet,
  type TestWallet,
} from '../test-wallet.ts';
import { parseChinaTime } from './china-time.ts';
import { printOpenPlatformNotification } from './notification.ts';

/* The platform's own library judges what the simulator sends. */

let wallet: TestWallet;
let receiver: Receiver;
let buyerId: string;
beforeAll(async () => {
  wallet = await startTestWallet();
  const payers = (await wallet.control('GET', 'payers')).body as { payer_id: string; buyer_id: string }[];
  buyerId = payers.find((payer) => payer.payer_id === 'sandbox-payer')?.buyer_id ?? '';
});
afterAll(() => wallet.close());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await wallet.control('DELETE', 'faults');
  await wallet.control('POST', 'settings', {
    payment_code_notifications: 'off',
    created_notifications: 'off',
    notification_speed: 1,
  });
});

type Fields = Readonly<Record<string, string>>;

const fieldsOf = (body: string): Fields => Object.fromEntries(new URLSearchParams(body));
const isTrue = (fields: Fields): boolean =>
  new AlipaySdk({
    appId,
    privateKey: privateKeyPem,
    keyType: 'PKCS8',
    alipayPublicKey: publicKeyPem,
  }).checkNotifySignV2({ ...fields });
/** So many notifications as they came, each in order by its signature. */
async function told(count: number): Promise<readonly Fields[]> {
  const all = (await receiver.has(count)).map(({ body }) => fieldsOf(body));
  expect(all.map(isTrue)).toEqual(all.map(() => true));
  return all;
}
/** Waits until nothing is on its way, and tells how many tries there have been. */
async function tries(outTradeNo: string): Promise<number> {
  const sent = await eventually(async () => {
    const { body } = await wallet.control('GET', `notifications?payment_request_id=${outTradeNo}`);
    const all = body as Answer[];
    return all.every((one) => one['last_outcome'] !== null) && all;
  });
  return sent.reduce((sum, one) => sum + Number(one['tries']), 0);
}
const settings = (changes: Answer) => wallet.control('POST', 'settings', changes);
const fault = async (rule: Answer): Promise<void> =>
  expect(await wallet.control('POST', 'faults', rule)).toMatchObject({ status: 200 });
const call = async (method: string, bizContent: Answer): Promise<Answer> => {
  const answer = await wallet.sdk.exec(
    method,
    { bizContent, notifyUrl: receiver.url },
    { validateSign: true },
  );
  return answer as never;
};
const order = (changes: Answer = {}): Answer & { readonly out_trade_no: string } =>
  payOrder('', { scene: undefined, auth_code: undefined, ...changes });
const phone = (outTradeNo: string, action: 'scan' | 'confirm' | 'refuse') =>
  wallet.control('POST', `trades/${outTradeNo}/${action}`);

/** A created trade that its payer has paid, whose notification has come. */
async function paid(): Promise<{ readonly out_trade_no: string }> {
  const { out_trade_no } = order();
  await call('alipay.trade.create', { ...order(), out_trade_no, buyer_id: buyerId });
  await phone(out_trade_no, 'confirm');
  await receiver.has(1);
  return { out_trade_no };
}

describe('a printed notification', () => {
  const { content, body } = signatures.notification;
  const facts: Record<string, string> = Object.fromEntries(
    // Values hold the separators too: each pair begins with a known kind of name.
    content.split(/&(?=[a-z_]+=)/).map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
    }),
  );
  const { notify_time: notifyTime = '', ...others } = facts;

  it('of the recorded facts is the recorded one, byte for byte', async () => {
    const printed = await printOpenPlatformNotification(others, privateKey, parseChinaTime(notifyTime) ?? 0);
    expect(printed.body).toBe(body);
    expect(isTrue(fieldsOf(printed.body))).toBe(true);
  });

  it('leaves empty values out', async () => {
    const printed = await printOpenPlatformNotification({ ...others, body: '' }, privateKey, 0);
    expect(fieldsOf(printed.body)).not.toHaveProperty('body');
    expect(isTrue(fieldsOf(printed.body))).toBe(true);
  });
});

describe('a trade with a notify_url', () => {
  it('that an order code made tells of its payment', async () => {
    const coded = order({ subject: '测试 100%纯棉+T恤&袜子', body: '{"a":"b=c&d"}' });
    await call('alipay.trade.precreate', coded);
    await phone(coded.out_trade_no, 'scan');
    await phone(coded.out_trade_no, 'confirm');
    const [fields] = await told(1);
    expect(fields).toEqual({
      notify_type: 'trade_status_sync',
      notify_id: expect.stringMatching(/^20260115\d{26}$/),
      notify_time: '2026-01-15 10:20:30',
      charset: 'utf-8',
      version: '1.0',
      sign_type: 'RSA2',
      sign: expect.stringMatching(/^[0-9A-Za-z+/]{342}==$/),
      app_id: appId,
      auth_app_id: appId,
      trade_no: expect.stringMatching(/^2026011522001\d{15}$/),
      out_trade_no: coded.out_trade_no,
      trade_status: 'TRADE_SUCCESS',
      seller_id: pid,
      buyer_id: buyerId,
      buyer_logon_id: expect.stringContaining('****'),
      subject: '测试 100%纯棉+T恤&袜子',
      body: '{"a":"b=c&d"}',
      total_amount: '10.00',
      receipt_amount: '10.00',
      invoice_amount: '10.00',
      buyer_pay_amount: '10.00',
      point_amount: '0.00',
      fund_bill_list: '[{"amount":"10.00","fundChannel":"ALIPAYACCOUNT"}]',
      gmt_create: '2026-01-15 10:20:30',
      gmt_payment: '2026-01-15 10:20:30',
    });
    expect(receiver.received[0]).toMatchObject({
      path: '/notify?of=shop',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    });
    expect(await tries(coded.out_trade_no)).toBe(1);
  });

  it('that an order code made tells of the scan too, where that is switched on', async () => {
    await settings({ created_notifications: 'on' });
    const coded = order();
    await call('alipay.trade.precreate', coded);
    await phone(coded.out_trade_no, 'scan');
    await told(1);
    await phone(coded.out_trade_no, 'scan');
    await phone(coded.out_trade_no, 'confirm');
    const [scanned, success] = await told(2);
    expect(scanned).toMatchObject({ trade_status: 'WAIT_BUYER_PAY', total_amount: '10.00' });
    expect(scanned).not.toHaveProperty('gmt_payment');
    expect(success).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
    expect(await tries(coded.out_trade_no)).toBe(2);
  });

  it('that was created tells once of a payment that is confirmed twice', async () => {
    const name = await paid();
    await phone(name.out_trade_no, 'confirm');
    expect(await told(1)).toMatchObject([{ ...name, trade_status: 'TRADE_SUCCESS' }]);
    expect(await tries(name.out_trade_no)).toBe(1);
  });

  it('tells of each refund, and of the last one that it is closed', async () => {
    const name = await paid();
    const refund = (amount: string, outRequestNo: string) =>
      call('alipay.trade.refund', { ...name, refund_amount: amount, out_request_no: outRequestNo });
    await refund('4.00', 'R1');
    await refund('4.00', 'R1');
    await told(2);
    wallet.clock.nowMs += 3000;
    await refund('6.00', 'R2');
    const [, part, whole] = await told(3);
    expect(part).toMatchObject({
      trade_status: 'TRADE_SUCCESS',
      out_biz_no: 'R1',
      refund_fee: '4.00',
      total_amount: '10.00',
      gmt_refund: expect.stringMatching(/^2026-01-15 10:20:3\d\.\d{3}$/),
    });
    expect(part).not.toHaveProperty('gmt_close');
    expect(whole).toMatchObject({
      trade_status: 'TRADE_CLOSED',
      out_biz_no: 'R2',
      refund_fee: '10.00',
      gmt_close: expect.any(String),
    });
    expect(await tries(name.out_trade_no)).toBe(3);
  });

  it.each<[string, (name: Answer) => Promise<unknown>]>([
    ['its close', (name) => call('alipay.trade.close', name)],
    ['its cancel', (name) => call('alipay.trade.cancel', name)],
    ["the payer's refusal", ({ out_trade_no }) => phone(String(out_trade_no), 'refuse')],
  ])('tells of %s while it is unpaid', async (_, end) => {
    const created = order({ buyer_id: buyerId });
    await call('alipay.trade.create', created);
    await end({ out_trade_no: created.out_trade_no });
    const [fields] = await told(1);
    expect(fields).toMatchObject({ trade_status: 'TRADE_CLOSED', gmt_close: expect.any(String) });
    expect(fields).not.toHaveProperty('refund_fee');
    expect(fields).not.toHaveProperty('gmt_payment');
  });

  it('tells of the cancel that gave its money back, once', async () => {
    const name = await paid();
    await call('alipay.trade.cancel', name);
    await call('alipay.trade.cancel', name);
    const [, closed] = await told(2);
    expect(closed).toMatchObject({ trade_status: 'TRADE_CLOSED', refund_fee: '10.00' });
    expect(closed).not.toHaveProperty('out_biz_no');
    expect(await tries(name.out_trade_no)).toBe(2);
  });
});

describe('a payment by payment code', () => {
  it('tells nothing, as the wallet promised first', async () => {
    const bought = payOrder(wallet.code);
    await call('alipay.trade.pay', bought);
    await call('alipay.trade.cancel', { out_trade_no: bought.out_trade_no });
    expect(await tries(bought.out_trade_no)).toBe(0);
  });

  it('tells of itself where that is switched on, at once or after the password', async () => {
    await settings({ payment_code_notifications: 'on' });
    const bought = payOrder(wallet.code);
    await call('alipay.trade.pay', bought);
    await call('alipay.trade.pay', bought);
    expect(await told(1)).toMatchObject([{ out_trade_no: bought.out_trade_no }]);
    const waiting = payOrder(wallet.code, { total_amount: '1000.00' });
    await call('alipay.trade.pay', waiting);
    await phone(waiting.out_trade_no, 'confirm');
    expect(await told(2)).toMatchObject([{}, { total_amount: '1000.00' }]);
    expect(await tries(bought.out_trade_no)).toBe(1);
  });

  it('without a notify_url tells nobody', async () => {
    await settings({ payment_code_notifications: 'on' });
    const bought = payOrder(wallet.code);
    await wallet.call('alipay.trade.pay', bought);
    expect(await tries(bought.out_trade_no)).toBe(0);
  });
});

describe('a repeated notification', () => {
  // proves NOT-03
  it('keeps its id and names the time of each try', async () => {
    receiver.answer = (response) => response.end('SUCCESS!');
    const name = await paid();
    await tries(name.out_trade_no);
    const { body } = await wallet.control('GET', `notifications?payment_request_id=${name.out_trade_no}`);
    const [{ id, next_try_at: nextTryAt } = {}] = body as Answer[];
    expect(Date.parse(String(nextTryAt)) - wallet.clock.nowMs).toBe(4 * 60_000);
    receiver.answer = (response) => response.end('success');
    wallet.clock.nowMs += 61_000;
    expect(await wallet.control('POST', `notifications/${id}/resend`)).toMatchObject({
      status: 200,
      body: { tries: 2, last_outcome: 'acknowledged, status 200', next_try_at: null },
    });
    const [one, other] = await told(2);
    expect(other?.['notify_id']).toBe(one?.['notify_id']);
    expect(other?.['notify_time']).not.toBe(one?.['notify_time']);
  });

  it('has to be there', async () => {
    for (const id of ['0', 'x', '99999999'])
      expect(await wallet.control('POST', `notifications/${id}/resend`)).toMatchObject({ status: 404 });
  });

  it.each([
    [200, 'success', true],
    [200, 'success\n', true],
    [200, 'SUCCESS', false],
    [200, '<p>success</p>', false],
    [200, '', false],
    [201, 'success', false],
    [500, 'success', false],
  ])('is acknowledged by %d "%s": %s', async (status, text, isAcknowledged) => {
    receiver.answer = (response) => response.writeHead(status).end(text);
    const name = await paid();
    await tries(name.out_trade_no);
    const { body } = await wallet.control('GET', `notifications?payment_request_id=${name.out_trade_no}`);
    expect((body as Answer[])[0]?.['acknowledged_at'] !== null).toBe(isAcknowledged);
  });
});

describe('a fault of notifications', () => {
  it('wrong_amount_notification: another amount under the true signature, then the true one', async () => {
    await settings({ notification_speed: 1_000_000 });
    await fault({ api: 'notification', fault: 'wrong_amount_notification', count: 1 });
    await paid();
    expect(await told(2)).toMatchObject([
      {
        total_amount: '10.01',
        receipt_amount: '10.01',
        fund_bill_list: '[{"amount":"10.01","fundChannel":"ALIPAYACCOUNT"}]',
      },
      { total_amount: '10.00', receipt_amount: '10.00' },
    ]);
  });

  it("forged_notification: the true contents under a stranger's signature, then the true one", async () => {
    await settings({ notification_speed: 1_000_000 });
    await fault({ api: 'notification', fault: 'forged_notification', count: 1, wallet: 'alipay_open' });
    await paid();
    const [forged, truth] = (await receiver.has(2)).map(({ body }) => fieldsOf(body));
    expect([forged, truth].map((fields) => isTrue(fields ?? {}))).toEqual([false, true]);
    expect({ ...forged, sign: '' }).toEqual({ ...truth, sign: '' });
  });

  it.each(['pay', 'notification', '*'])(
    'notification_before_answer for %s: the answer waits for the acknowledgement',
    async (api) => {
      await settings({ payment_code_notifications: 'on' });
      await fault({ api, fault: 'notification_before_answer', count: 1 });
      const seen: string[] = [];
      receiver.answer = (response) => {
        setTimeout(() => {
          seen.push('acknowledged');
          response.end('success');
        }, 30);
      };
      const bought = payOrder(wallet.code);
      expect(await call('alipay.trade.pay', bought)).toMatchObject({ code: '10000' });
      seen.push('answered');
      expect(seen).toEqual(['acknowledged', 'answered']);
      expect(await tries(bought.out_trade_no)).toBe(1);
    },
  );

  it('notification_before_answer leaves alone what is not told of', async () => {
    await fault({ api: 'pay', fault: 'notification_before_answer', count: 1 });
    await call('alipay.trade.pay', payOrder(wallet.code));
    await call('alipay.trade.precreate', order());
    await settings({ payment_code_notifications: 'on' });
    await wallet.call('alipay.trade.pay', payOrder(wallet.code));
    await call('alipay.trade.query', { out_trade_no: 'nothing' });
    expect((await wallet.control('GET', 'faults')).body).toMatchObject([{ remaining: 1 }]);
  });
});

describe('late_success_after_cancel', () => {
  it('an order code that nobody has scanned is cancelled in vain, then scanned and paid', async () => {
    await fault({ api: 'cancel', fault: 'late_success_after_cancel', count: 1, delay_ms: 30 });
    const coded = order();
    await call('alipay.trade.precreate', coded);
    const name = { out_trade_no: coded.out_trade_no };
    expect(await call('alipay.trade.cancel', name)).not.toHaveProperty('action');
    expect(await wallet.ledger(coded.out_trade_no)).toBeUndefined();
    expect(await told(1)).toMatchObject([{ ...name, trade_status: 'TRADE_SUCCESS' }]);
    expect(await wallet.ledger(coded.out_trade_no)).toMatchObject({ charged: 1000, cancelled: false });
    expect(await call('alipay.trade.cancel', name)).toMatchObject({ action: 'refund' });
  });

  it('needs an order code that nobody has scanned', async () => {
    await fault({ api: '*', fault: 'late_success_after_cancel', count: 1 });
    const scanned = order();
    await call('alipay.trade.precreate', scanned);
    await phone(scanned.out_trade_no, 'scan');
    await call('alipay.trade.cancel', { out_trade_no: scanned.out_trade_no });
    await call('alipay.trade.cancel', { out_trade_no: 'nothing' });
    await call('alipay.trade.query', { out_trade_no: scanned.out_trade_no });
    expect((await wallet.control('GET', 'faults')).body).toMatchObject([{ remaining: 1 }]);
  });

  it('is refused on the phone when the code has expired by then', async () => {
    await fault({ api: 'cancel', fault: 'late_success_after_cancel', count: 1, delay_ms: 150 });
    const coded = order({ qr_code_timeout_express: '1m' });
    await call('alipay.trade.precreate', coded);
    await call('alipay.trade.cancel', { out_trade_no: coded.out_trade_no });
    wallet.clock.nowMs += 60_000;
    await eventually(async () => {
      const requests = (await wallet.control('GET', 'requests?limit=20')).body as Answer[];
      return requests.some(
        (request) => request['out_trade_no'] === coded.out_trade_no && request['method'] === 'scan and pay',
      );
    });
    expect(await wallet.ledger(coded.out_trade_no)).toBeUndefined();
    expect(receiver.received).toHaveLength(0);
  });
});

it('a call in the legacy charset is told of in utf-8', async () => {
  await settings({ payment_code_notifications: 'on' });
  const bought = payOrder(wallet.code, { subject: 'plain' });
  const form = await signedForm('alipay.trade.pay', bought, { charset: 'gbk', notify_url: receiver.url });
  await fetch(`${wallet.base}/gateway.do`, {
    method: 'POST',
    body: form,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(await told(1)).toMatchObject([{ charset: 'utf-8', subject: 'plain' }]);
});
