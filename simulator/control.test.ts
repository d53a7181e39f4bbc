import { generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicKeyPem } from '../test/vectors/alipay-open/vectors.ts';
import { isLoopback } from './http-server.ts';
import { runSimulator } from './simulator.ts';
import {
  type Answer,
  appId,
  callerOf,
  type LedgerLine,
  payOrder,
  pid,
  postForm,
  registerApp,
  sandboxCodes,
  signedForm,
  smid,
  startTestWallet,
  type TestWallet,
  temporaryFolder,
} from './test-wallet.ts';

let wallet: TestWallet;
beforeAll(async () => {
  wallet = await startTestWallet();
});
afterAll(() => wallet.close());

const registration = { public_key: publicKeyPem, pid, smids: [smid] };

describe('apps', () => {
  it('get a key pair of the wallet once and keep it, whoever asks and however often', async () => {
    const [first, second] = await Promise.all([
      wallet.control('PUT', 'apps/2021000000000002', registration),
      wallet.control('PUT', 'apps/2021000000000002', registration),
    ]);
    expect(first).toMatchObject({
      status: 200,
      body: {
        app_id: '2021000000000002',
        wallet_public_key: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/),
      },
    });
    expect(second).toEqual(first);
    expect(await wallet.control('PUT', 'apps/2021000000000002', registration)).toEqual(first);
    expect(await wallet.control('GET', 'apps/2021000000000002')).toEqual(first);
    expect((await wallet.control('GET', 'apps')).body).toContainEqual(first.body);
    expect(JSON.stringify(first.body)).not.toContain('PRIVATE');
  });

  it('may bring settings of their own, which go before those for everybody', async () => {
    await registerApp(Number(new URL(wallet.base).port), { settings: { password_limit_minor: 500 } });
    expect(await wallet.call('alipay.trade.pay', payOrder(wallet.code))).toMatchObject({ code: '10003' });
    await registerApp(Number(new URL(wallet.base).port));
    expect(await wallet.call('alipay.trade.pay', payOrder(wallet.code))).toMatchObject({ code: '10000' });
  });

  const weakKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  it.each<[string, string, Answer, string]>([
    ['no key', '2', { ...registration, public_key: undefined }, 'public_key'],
    ['a text as key', '2', { ...registration, public_key: 'x' }, 'public_key'],
    [
      'a weak key',
      '2',
      { ...registration, public_key: weakKey.export({ type: 'spki', format: 'pem' }) },
      'public_key',
    ],
    ['a broken wallet key', '2', { ...registration, wallet_private_key: 'x' }, 'wallet_private_key'],
    ['no pid', '2', { ...registration, pid: undefined }, 'pid'],
    ['smids as text', '2', { ...registration, smids: smid }, 'smids'],
    ['an unknown setting', '2', { ...registration, settings: { limit: 1 } }, 'name of a setting'],
    ['a misspelt field', '2', { ...registration, smid }, 'name of a field'],
    ['an odd id', 'a%20b', registration, 'app_id'],
  ])('with %s are refused by name', async (_, id, json, field) => {
    expect(await wallet.control('PUT', `apps/${id}`, json)).toMatchObject({ status: 400, body: { field } });
    expect(await wallet.control('GET', 'apps/2')).toMatchObject({ status: 404 });
  });
});

describe('payers and codes', () => {
  it('a first start has, in each wallet, a rich and a poor payer with codes that never end', async () => {
    const codes = (await wallet.control('GET', 'payment-codes')).body as Answer[];
    const code = expect.stringMatching(/^28\d{16}(\d{6})?$/);
    const lasting = { code, reusable: true, expires_at: null };
    const open = { ...lasting, wallet: 'alipay_open', currency: 'CNY' };
    const plus = { ...lasting, wallet: 'alipay_plus', balance: null };
    expect(codes).toEqual([
      { ...open, payer_id: 'sandbox-payer', balance: null },
      { ...open, payer_id: 'sandbox-payer-50-yuan', balance: 5000 },
      { ...plus, payer_id: 'sandbox-payer-plus', currency: 'USD' },
      { ...plus, payer_id: 'sandbox-payer-plus-5-dollars', currency: 'USD', balance: 500 },
      { ...plus, payer_id: 'sandbox-payer-plus-hk', currency: 'HKD' },
      { ...plus, payer_id: 'sandbox-payer-plus-jp', currency: 'JPY' },
      { ...plus, payer_id: 'sandbox-payer-plus-kr', currency: 'KRW' },
      { ...plus, payer_id: 'sandbox-payer-plus-ph', currency: 'PHP' },
    ]);
  });

  it('of the other wallet are refused', async () => {
    const codes = (await wallet.control('GET', 'payment-codes')).body as Answer[];
    const code = codes.find((one) => one['payer_id'] === 'sandbox-payer-plus')?.['code'];
    expect(await wallet.call('alipay.trade.pay', payOrder(String(code)))).toMatchObject({
      sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID',
    });
  });

  it('more can be made, with codes of their own that are listed while they can be used', async () => {
    const payer = await wallet.control('POST', 'payers', { payer_id: 'anna', balance: 1234 });
    expect(payer).toMatchObject({ status: 200, body: { payer_id: 'anna', balance: 1234 } });
    const code = '2512345678901234';
    expect(await wallet.control('POST', 'payment-codes', { payer_id: 'anna', code })).toEqual({
      status: 200,
      body: { code, payer_id: 'anna', reusable: false, expires_in_seconds: 60 },
    });
    const listed = async (): Promise<boolean> =>
      ((await wallet.control('GET', 'payment-codes')).body as Answer[]).some((one) => one['code'] === code);
    expect(await listed()).toBe(true);
    await wallet.call('alipay.trade.pay', payOrder(code, { total_amount: '12.34' }));
    expect(await listed()).toBe(false);
    const richer = await wallet.control('POST', 'payers', { payer_id: 'anna', balance: 5 });
    expect(richer).toMatchObject({ body: { ...(payer.body as Answer), balance: 5 } });
  });

  it.each<[string, Answer, string]>([
    ['payers', { balance: 5 }, 'payer_id'],
    ['payers', { payer_id: 'x', balance: -1 }, 'balance'],
    ['payers', { payer_id: 'x', wallet: 'paypal' }, 'wallet'],
    ['payers', { payer_id: 'x', currency: 'HKD' }, 'wallet'],
    ['payers', { payer_id: 'x', wallet: 'alipay_plus', brand: 'GCash', currency: 'XAU' }, 'currency'],
    ['payers', { payer_id: 'x', wallet: 'alipay_plus', currency: 'PHP' }, 'brand'],
    ['payment-codes', { payer_id: 'nobody' }, 'payer_id'],
    ['payment-codes', { payer_id: 'sandbox-payer', code: '12345' }, 'code'],
    ['payment-codes', { payer_id: 'sandbox-payer', reusable: 'yes' }, 'reusable'],
    ['payment-codes', { payer_id: 'sandbox-payer', expires_in_seconds: 'soon' }, 'expires_in_seconds'],
  ])('%s with %o are refused by name', async (path, json, field) => {
    expect(await wallet.control('POST', path, json)).toMatchObject({ status: 400, body: { field } });
  });
});

describe('the ledger', () => {
  it('is one whole list of every trade, in integers of fen', async () => {
    const other = await startTestWallet();
    expect((await other.control('GET', 'ledger')).body).toEqual([]);
    const orders = ['1.00', '1000.00', '3.00'].map((amount) =>
      payOrder(other.code, { total_amount: amount }),
    );
    for (const order of orders) await other.call('alipay.trade.pay', order);
    await other.call('alipay.trade.cancel', { out_trade_no: orders[1]?.out_trade_no });
    const refund = { out_trade_no: orders[2]?.out_trade_no, refund_amount: '1.01', out_request_no: 'R1' };
    await other.call('alipay.trade.refund', refund);
    const line = (index: number, amounts: Answer): Answer => ({
      wallet: 'alipay_open',
      payment_request_id: orders[index]?.out_trade_no,
      currency: 'CNY',
      ...amounts,
    });
    expect((await other.control('GET', 'ledger')).body as LedgerLine[]).toEqual([
      line(0, { amount: 100, charged: 100, refunded: 0, cancelled: false }),
      line(1, { amount: 100_000, charged: 0, refunded: 0, cancelled: true }),
      line(2, { amount: 300, charged: 300, refunded: 101, cancelled: false }),
    ]);
    expect((await other.control('GET', 'ledger?payment_request_id=nothing')).body).toEqual([]);
    await other.close();
  });
});

describe('one trade', () => {
  it('is shown with everything the wallet knows, its refunds and where notifications would go', async () => {
    const order = payOrder(wallet.code, { merchant_order_no: 'M1', body: 'two apples' });
    const form = await signedForm('alipay.trade.pay', order, {
      notify_url: 'http://127.0.0.1:8080/notify?x=1',
    });
    await postForm(wallet.base, form).outcome;
    const refund = { out_trade_no: order.out_trade_no, refund_amount: '4.00', out_request_no: 'R1' };
    await wallet.call('alipay.trade.refund', refund);
    expect((await wallet.control('GET', `trades/${order.out_trade_no}`)).body).toMatchObject({
      app_id: appId,
      out_trade_no: order.out_trade_no,
      trade_status: 'TRADE_SUCCESS',
      amount: 1000,
      charged: 1000,
      refunded: 400,
      smid,
      merchant_order_no: 'M1',
      body: 'two apples',
      notify_url: 'http://127.0.0.1:8080/notify?x=1',
      gmt_create: '2026-01-15 10:20:30',
      gmt_payment: '2026-01-15 10:20:30',
      gmt_expire: '2026-01-15 13:20:30',
      refunds: [{ out_request_no: 'R1', amount: 400 }],
    });
  });

  it('that two apps gave the same number is found by naming the app', async () => {
    const otherApp = '2021000000000003';
    await wallet.control('PUT', `apps/${otherApp}`, registration);
    const order = payOrder(wallet.code, { total_amount: '1000.00' });
    await wallet.call('alipay.trade.pay', order);
    await postForm(wallet.base, await signedForm('alipay.trade.pay', order, { app_id: otherApp })).outcome;
    for (const [method, path] of [
      ['GET', `trades/${order.out_trade_no}`],
      ['POST', `trades/${order.out_trade_no}/confirm`],
    ] as const) {
      expect(await wallet.control(method, path)).toMatchObject({ status: 409 });
    }
    const confirmed = await wallet.control('POST', `trades/${order.out_trade_no}/confirm?app_id=${otherApp}`);
    expect(confirmed).toMatchObject({ status: 200, body: { app_id: otherApp, charged: 100_000 } });
    const own = await wallet.control('GET', `trades/${order.out_trade_no}?app_id=${appId}`);
    expect(own).toMatchObject({ status: 200, body: { charged: 0 } });
    expect(
      (await wallet.control('GET', `ledger?payment_request_id=${order.out_trade_no}`)).body,
    ).toHaveLength(2);
  });

  it('that is unknown is not found', async () => {
    for (const path of ['trades/nothing/confirm', 'trades/nothing/refuse', 'trades/nothing/scan']) {
      expect(await wallet.control('POST', path)).toMatchObject({ status: 404 });
    }
  });
});

describe('settings', () => {
  it('are shown, changed one by one, and kept', async () => {
    const { body } = await wallet.control('GET', 'settings');
    expect(body).toEqual({
      password_limit_minor: 100_000,
      cancel_window_ms: 86_400_000,
      refund_spacing_ms: 3000,
      refund_period_days: 90,
      position: 'off',
      fee_rate_ppm: 3800,
      notification_speed: 1,
      payment_code_notifications: 'off',
      created_notifications: 'off',
      plus_cancel_window_ms: null,
      plus_failure_notifications: 'on',
      plus_payment_life_ms: 840_000,
      plus_registration_review_ms: 0,
    });
    expect(await wallet.control('POST', 'settings', { refund_spacing_ms: 10 })).toEqual({
      status: 200,
      body: { ...(body as Answer), refund_spacing_ms: 10 },
    });
    await wallet.control('POST', 'settings', { refund_spacing_ms: 3000 });
  });

  it.each<[Answer, string]>([
    [{ password_limit_minor: -1 }, 'password_limit_minor'],
    [{ cancel_window_ms: '1' }, 'cancel_window_ms'],
    [{ position: true }, 'position'],
    [{ notification_speed: 0 }, 'notification_speed'],
    [{ notification_speed: 1_000_001 }, 'notification_speed'],
    [{ payment_code_notifications: true }, 'payment_code_notifications'],
    [{ refund_spacing: 1 }, 'name of a setting'],
  ])('%o is refused by name', async (json, field) => {
    expect(await wallet.control('POST', 'settings', json)).toMatchObject({ status: 400, body: { field } });
  });
});

describe('the rest of /control', () => {
  it('shows recent calls, newest first', async () => {
    const order = payOrder(wallet.code);
    await wallet.call('alipay.trade.pay', order);
    await wallet.call('alipay.trade.query', { out_trade_no: 'nothing' });
    const [newest, older] = (await wallet.control('GET', 'requests?limit=2')).body as Answer[];
    expect(newest).toMatchObject({
      method: 'alipay.trade.query',
      code: '40004',
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
    expect(older).toMatchObject({
      app_id: appId,
      out_trade_no: order.out_trade_no,
      fault: null,
      code: '10000',
    });
    expect(await wallet.control('GET', 'requests?limit=x')).toMatchObject({ status: 400 });
  });

  it('says what there is when asked for something else, and refuses what is no JSON object', async () => {
    expect(await wallet.control('GET', 'nothing')).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining('/control/faults') },
    });
    expect(await wallet.control('DELETE', 'apps')).toMatchObject({ status: 404 });
    expect(await wallet.control('POST', 'faults', [1])).toMatchObject({
      status: 400,
      body: { field: 'body' },
    });
    expect(await wallet.control('GET', 'trades/%zz')).toMatchObject({ status: 400 });
    const health = await fetch(`${wallet.base}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    expect((await fetch(`${wallet.base}/elsewhere`)).status).toBe(404);
    expect((await fetch(`${wallet.base}/gateway.do`, { method: 'DELETE' })).status).toBe(405);
  });
});

describe('callers of /control', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
    expect(isLoopback(address)).toBe(true);
  });

  it.each(['', '10.0.0.1', '::ffff:10.0.0.1', '127.evil', 'fe80::1', '1.127.0.1'])('%s is not', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});

describe('a second start', () => {
  it('finds apps, payers, codes, settings, faults and trades as they were', async () => {
    const dataDir = temporaryFolder();
    const first = await runSimulator({ port: 0, dataDir });
    const key = await registerApp(first.port, { wallet_private_key: undefined });
    const before = callerOf(first.port, key);
    const { code } = await sandboxCodes(before);
    const order = payOrder(code);
    await before.call('alipay.trade.pay', order);
    await before.control('POST', 'settings', { refund_spacing_ms: 1 });
    await before.control('POST', 'faults', { api: 'pay', fault: 'reset', count: 3 });
    const views = [
      'apps',
      'payers',
      'payment-codes',
      'settings',
      'faults',
      'ledger',
      `trades/${order.out_trade_no}`,
    ];
    const shown = await Promise.all(views.map((view) => before.control('GET', view)));
    await first.close();

    const second = await runSimulator({ port: 0, dataDir });
    const after = callerOf(second.port, key);
    expect(await Promise.all(views.map((view) => after.control('GET', view)))).toEqual(shown);
    const found = await after.call('alipay.trade.query', { out_trade_no: order.out_trade_no });
    expect(found).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
    await second.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
});
