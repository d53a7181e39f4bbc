import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AmsCaller, payBody, result, startAmsCaller } from '../ams/ams-caller.fixture.ts';
import { publicKeyPem } from '../ams/vectors.fixture.ts';
import { type Answer, appId, callerOf, payOrder, registerApp } from '../test-wallet.ts';
import { html } from './html.ts';
import { languageOf } from './texts.ts';

let ams: AmsCaller;
beforeAll(async () => {
  ams = await startAmsCaller();
});
afterAll(() => ams.close());
beforeEach(async () => {
  await ams.control('POST', 'settings', { password_limit_minor: 100_000 });
});

interface Shown {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
}

async function read(response: Response): Promise<Shown> {
  const { status, headers } = response;
  expect(headers.get('content-security-policy') ?? "default-src 'none'").toContain("default-src 'none'");
  return { status, text: await response.text(), location: headers.get('location') };
}
const get = async (path: string, language = 'en'): Promise<Shown> =>
  read(
    await fetch(new URL(path, ams.base), { headers: { 'accept-language': language }, redirect: 'manual' }),
  );
const post = async (path: string, form: Record<string, string>): Promise<Shown> =>
  read(
    await fetch(new URL(path, ams.base), {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'manual',
    }),
  );

const redirectUrl = 'https://shop.example/c/result?order=1';

async function entryPayment(changes: Answer = {}): Promise<{ readonly id: string; readonly page: string }> {
  const body = payBody('EntryCode', ams.shop.url, null, { paymentRedirectUrl: redirectUrl, ...changes });
  const answer = await ams.call('payments/pay', body);
  return {
    id: body.paymentRequestId,
    page: new URL((answer['redirectActionForm'] as { redirectUrl: string }).redirectUrl).pathname,
  };
}
const statusOf = async (paymentRequestId: string): Promise<unknown> =>
  (await ams.call('payments/inquiryPayment', { paymentRequestId }))['paymentStatus'];

describe('the wallet’s payment page', () => {
  it('shows whom and what is paid, escapes it, and has two forms that need no script', async () => {
    const { page } = await entryPayment();
    const shown = await get(page);
    expect(shown.status).toBe(200);
    for (const text of [
      'Fruits &lt;Inc&gt;',
      'Pier 1',
      'USD 10.00',
      '两个苹果 &amp; a pear',
      'This is the simulator',
    ])
      expect(shown.text).toContain(text);
    expect(shown.text).toContain(`<form method="post" action="${page}/confirm">`);
    expect(shown.text).toContain(`formaction="${page}/refuse"`);
    expect(shown.text).not.toContain('<script');
    // The user agent of the pay was AlipayHK's.
    expect(shown.text).toContain('<option value="sandbox-payer-plus-hk" selected>');
    expect(shown.text).not.toContain('value="sandbox-payer"');
  });

  it('speaks Chinese and English', async () => {
    const { page } = await entryPayment();
    const chinese = await get(page, 'zh-CN,zh;q=0.9,en;q=0.8');
    expect(chinese.text).toContain('<html lang="zh-CN">');
    expect(chinese.text).toContain('确认付款');
    expect((await get(page, 'fr')).text).toContain('Confirm');
  });

  it('confirmed: the money is taken, the merchant told, the payer sent back, however often it is pressed', async () => {
    const { id, page } = await entryPayment();
    const form = { payer_id: 'sandbox-payer-plus-kr' };
    const [first, second] = await Promise.all([post(`${page}/confirm`, form), post(`${page}/confirm`, form)]);
    expect([first, second]).toMatchObject([
      { status: 303, location: redirectUrl },
      { status: 303, location: redirectUrl },
    ]);
    expect(await ams.told(id, 1)).toMatchObject([
      { ...result('SUCCESS', 'S'), pspCustomerInfo: { pspName: 'KakaoPay' } },
    ]);
    expect(await ams.ledger(id)).toMatchObject({ charged: 1000 });
    const after = await get(page);
    expect(after.text).toContain('<p class="state" id="state">Paid</p>');
    expect(after.text).toContain(`href="${redirectUrl}"`);
    expect(after.text).not.toContain('<form');
  });

  it('refused: the payment fails, the merchant is told, the payer sent back', async () => {
    const { id, page } = await entryPayment();
    expect(await post(`${page}/refuse`, {})).toMatchObject({ status: 303, location: redirectUrl });
    expect(await ams.told(id, 1)).toMatchObject([result('USER_PAYMENT_VERIFICATION_FAILED')]);
    expect(await statusOf(id)).toBe('FAIL');
    expect(await post(`${page}/confirm`, {})).toMatchObject({ status: 409 });
    expect(await ams.ledger(id)).toMatchObject({ charged: 0 });
  });

  it('keeps a payer without the money, who may take another account', async () => {
    const { id, page } = await entryPayment();
    const poor = await post(`${page}/confirm`, { payer_id: 'sandbox-payer-plus-5-dollars' });
    expect(poor).toMatchObject({ status: 409, text: expect.stringContaining('Not enough money') });
    expect(await statusOf(id)).toBe('PROCESSING');
    expect(await post(`${page}/confirm`, { payer_id: 'sandbox-payer-plus' })).toMatchObject({ status: 303 });
    expect(await statusOf(id)).toBe('SUCCESS');
  });

  it('cannot be paid by a stranger of another wallet, nor after a cancel or the close time', async () => {
    const [one, cancelled, closed] = [await entryPayment(), await entryPayment(), await entryPayment()];
    expect(await post(`${one.page}/confirm`, { payer_id: 'sandbox-payer' })).toMatchObject({ status: 409 });
    await ams.call('payments/cancel', { paymentRequestId: cancelled.id });
    expect(await post(`${cancelled.page}/confirm`, {})).toMatchObject({
      status: 409,
      text: expect.stringContaining('Cancelled by the merchant'),
    });
    ams.clock.nowMs += 840_000;
    expect(await post(`${closed.page}/confirm`, {})).toMatchObject({ status: 409 });
    expect((await get(closed.page)).text).toContain('Not paid; the order is closed');
    ams.clock.nowMs -= 840_000;
    for (const { id } of [cancelled, closed]) expect(await ams.ledger(id)).toMatchObject({ charged: 0 });
  });

  it('stays where it is when the merchant named no address', async () => {
    const { page } = await entryPayment({ paymentRedirectUrl: undefined });
    expect(await post(`${page}/confirm`, {})).toMatchObject({ status: 303, location: page });
  });

  it.each([
    '/phone/pay/00000000000000000000000000000000',
    '/phone/pay/x',
    '/phone/trade/1/2',
    '/phone/nothing',
  ])('is not there for %s', async (path) => {
    expect(await get(path)).toMatchObject({
      status: 404,
      text: expect.stringContaining('knows no such payment'),
    });
    expect(await post(`${path}/confirm`, {})).toMatchObject({ status: 404 });
  });
});

describe('the phone', () => {
  it('shows every payer with codes, makes new ones that live a minute, and what waits', async () => {
    await ams.control('POST', 'settings', { password_limit_minor: 0 });
    const body = payBody('PaymentCode', ams.shop.url, ams.code);
    await ams.call('payments/pay', body);
    const phone = await get('/phone');
    expect(phone.text).toContain(`<code>${ams.code}</code>`);
    expect(phone.text).toMatch(/sandbox-payer-plus-5-dollars · TestWallet · USD 5\.00/);
    const waiting = /href="(\/phone\/pay\/[0-9a-f]{32})">Waiting for confirmation: Fruits/.exec(
      phone.text,
    )?.[1];
    expect(await post(`${waiting}/confirm`, { payer_id: 'sandbox-payer-plus' })).toMatchObject({
      status: 303,
    });
    expect(await statusOf(body.paymentRequestId)).toBe('SUCCESS');

    await ams.control('POST', 'settings', { password_limit_minor: 100_000 });
    const made = await post('/phone/codes', { payer_id: 'sandbox-payer-plus-hk' });
    expect(made).toMatchObject({ status: 303, location: '/phone#sandbox-payer-plus-hk' });
    const code = /<code>(\d{18})<\/code> <span class="small">until 02:21:30/.exec(
      (await get('/phone')).text,
    )?.[1];
    expect(code).toBeDefined();
    const paid = await ams.call('payments/pay', payBody('PaymentCode', ams.shop.url, code ?? null));
    expect(paid).toMatchObject({ ...result('SUCCESS', 'S'), pspCustomerInfo: { pspName: 'AlipayHK' } });
    expect((await get('/phone')).text).not.toContain(code);
  });

  it('scans an AMS order code', async () => {
    const body = payBody('OrderCode', ams.shop.url, null);
    const answer = await ams.call('payments/pay', body);
    const form = answer['orderCodeForm'] as { codeDetails: { codeValue: string }[] };
    const scanned = await post('/phone/scan', { text: ` ${form.codeDetails[0]?.codeValue} ` });
    expect(scanned).toMatchObject({
      status: 303,
      location: expect.stringMatching(/^\/phone\/order\/[0-9a-f]{32}$/),
    });
    expect((await get(scanned.location ?? '')).text).toContain('USD 10.00');
    await post(`${scanned.location}/confirm`, { payer_id: 'sandbox-payer-plus-jp' });
    expect(await statusOf(body.paymentRequestId)).toBe('SUCCESS');
  });

  it('scans an order code of the Open Platform, which makes its trade', async () => {
    const port = Number(new URL(ams.base).port);
    const caller = callerOf(port, await registerApp(port));
    const coded: { text: string; order: { out_trade_no: string } }[] = [];
    for (let made = 0; made < 2; made += 1) {
      const { scene: _scene, auth_code: _code, ...order } = payOrder('');
      const answer = await caller.call('alipay.trade.precreate', order);
      coded.push({ text: String(answer['qr_code']), order: order as never });
    }
    const [first, second] = coded as [(typeof coded)[0], (typeof coded)[0]];
    const scanned = await post('/phone/scan', { text: first.text });
    expect(scanned).toMatchObject({
      status: 303,
      location: `/phone/trade/${appId}/${first.order.out_trade_no}`,
    });
    expect((await get(scanned.location ?? '')).text).toContain('CNY 10.00');
    const poor = await post(`${scanned.location}/confirm`, { payer_id: 'sandbox-payer-plus' });
    expect(poor.status).toBe(409);
    expect(await post(`${scanned.location}/confirm`, { payer_id: 'sandbox-payer' })).toMatchObject({
      status: 303,
    });
    expect(await ams.ledger(first.order.out_trade_no)).toMatchObject({
      wallet: 'alipay_open',
      charged: 1000,
    });
    expect((await get(scanned.location ?? '')).text).toContain('Paid');

    const other = (await post('/phone/scan', { text: second.text })).location ?? '';
    await post(`${other}/refuse`, {});
    expect((await get(other)).text).toContain('Not paid');
    expect(await ams.control('GET', `payments/${second.order.out_trade_no}`)).toMatchObject({
      body: { trade_status: 'TRADE_CLOSED', charged: 0 },
    });
  });

  it('leads to an entry code, and says what it cannot read', async () => {
    const entry = await post('/phone/scan', { text: 'http://127.0.0.1:8080/c/abc' });
    expect(entry).toMatchObject({
      status: 200,
      text: expect.stringContaining('href="http://127.0.0.1:8080/c/abc"'),
    });
    for (const text of ['', 'hello', 'javascript:alert(1)//x/c/abc', 'https://qr.alipay.com/bax0'])
      expect((await post('/phone/scan', { text })).text).toContain('no code that the simulated wallet knows');
  });

  it('takes nothing but GET and POST', async () => {
    expect((await fetch(`${ams.base}/phone`, { method: 'PUT', body: publicKeyPem })).status).toBe(405);
    expect(await post('/phone/codes', { payer_id: 'nobody' })).toMatchObject({ status: 404 });
  });
});

describe('a language', () => {
  it.each([
    ['', 'en'],
    ['zh', 'zh-CN'],
    ['en;q=0.5, zh-TW;q=0.9', 'zh-CN'],
    ['zh;q=0, en', 'en'],
    ['de, zh;q=0.1', 'zh-CN'],
  ])('is chosen from %o', (header, language) => {
    expect(languageOf(header)).toBe(language);
  });
});

describe('markup', () => {
  it('escapes what is put into it, and nothing twice', () => {
    const inner = html`<b>${`"<&>'`}</b>`;
    expect(html`<p>${inner}${[inner]}${null}${1}</p>`.markup).toBe(
      '<p><b>&quot;&lt;&amp;&gt;&#39;</b><b>&quot;&lt;&amp;&gt;&#39;</b>1</p>',
    );
  });
});
