import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textsOf } from '../../../cashier/texts.ts';
import { createHandClock } from '../rest/gateway.fixture.ts';
import {
  codes,
  createTestCashier,
  plainUserAgent,
  type TestCashier,
  teaHouse,
  tokenOn,
} from './cashier.fixture.ts';

const english = textsOf('en');
const chinese = textsOf('zh-CN');

let cashier: TestCashier;
let sandbox: TestCashier;
beforeAll(async () => {
  cashier = await createTestCashier({ clock: createHandClock() });
  sandbox = await createTestCashier({
    clock: createHandClock(),
    sandbox: true,
    publicUrl: 'http://127.0.0.1:8080',
  });
});
afterAll(async () => {
  await cashier.app.close();
  await sandbox.app.close();
});

// proves PAY-01
describe('a store’s code, opened in a wallet’s browser', () => {
  test('names store, merchant and currency, and has a form for an amount', async () => {
    const answer = await cashier.get(`/c/${codes.dollars}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.body).toContain('Tea House Central');
    expect(answer.body).toContain(teaHouse.name);
    expect(answer.body).toContain(`<form method="post" action="/c/${codes.dollars}/pay"`);
    expect(answer.body).toContain('data-currency="USD"');
    expect(answer.body).toContain('data-decimals="2"');
    expect((await cashier.get(`/c/${codes.yen}`)).body).toContain('data-decimals="0"');
    expect((await cashier.get(`/c/${codes.rupiah}`)).body).toContain('data-decimals="0"');
  });

  test('gives each page load a token of its own and is kept by nobody', async () => {
    const [one, two] = [await cashier.get(`/c/${codes.dollars}`), await cashier.get(`/c/${codes.dollars}`)];
    expect(tokenOn(one.body)).not.toBe(tokenOn(two.body));
    expect(one.headers['cache-control']).toBe('no-store');
    expect(cashier.payments()).toEqual([]);
    expect(cashier.wallet.calls).toEqual([]);
  });

  test('loads nothing of others, runs in no frame and tells nobody its address', async () => {
    const { headers } = await cashier.get(`/c/${codes.dollars}`);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self' https:",
    );
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-content-type-options']).toBe('nosniff');
    const inSandbox = await sandbox.get(`/c/${codes.dollars}`);
    expect(inSandbox.headers['content-security-policy']).toMatch(/form-action 'self' https: http:$/);
  });
});

describe('the language', () => {
  test('is the browser’s, until another one is chosen for this and the next pages', async () => {
    const path = `/c/${codes.dollars}`;
    const asked = await cashier.get(path, { 'accept-language': 'zh-CN,en;q=0.5' });
    expect(asked.body).toContain(chinese.payTo);
    expect(asked.body).toContain(`href="${path}?lang=en"`);
    const switched = await cashier.get(`${path}?lang=en`, { 'accept-language': 'zh-CN' });
    expect(switched.body).toContain(english.payTo);
    const [cookie] = [switched.headers['set-cookie']].flat();
    expect(cookie).toBe('shoudan_lang=en; Path=/c; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure');
    const next = await cashier.get(path, { 'accept-language': 'zh-CN', cookie: 'a=b; shoudan_lang=en' });
    expect(next.body).toContain(english.payTo);
  });
});

describe('a code that cannot be paid says so', () => {
  test.each([
    ['an unknown one', codes.unknown, 404, english.notices.unknown_code],
    ['one of no form', '%3Cscript%3E', 404, english.notices.unknown_code],
    ['one that is switched off', codes.disabled, 410, english.notices.disabled_code],
    ['one that no wallet takes', codes.noWallet, 409, english.notices.store_cannot],
  ])('%s', async (_name, code, status, notice) => {
    const answer = await cashier.get(`/c/${code}`);
    expect(answer.statusCode).toBe(status);
    expect(answer.body).toContain(notice.title);
    expect(answer.body).not.toContain('<form');
    expect(answer.body).not.toContain('<script>');
  });

  test('an address under /c/ that is no page', async () => {
    const answer = await cashier.get('/c/a/b/c');
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.body).toContain(english.notices.unknown_code.title);
  });
});

// proves PAY-04, PAY-17
describe('a browser that belongs to no wallet', () => {
  const headers = { 'user-agent': plainUserAgent };

  test('is told which wallets work, and how to open the page in one', async () => {
    const answer = await cashier.get(`/c/${codes.dollars}`, headers);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain(english.wallets.alipay_plus);
    expect(answer.body).not.toContain('<form');
    const url = encodeURIComponent(`https://pay.example/c/${codes.dollars}`);
    expect(answer.body).toContain(`href="alipays://platformapi/startapp?appId=20000067&amp;url=${url}"`);
    const inChinese = await cashier.get(`/c/${codes.dollars}?lang=zh`, headers);
    expect(inChinese.body).toContain(chinese.wallets.alipay_plus);
  });

  test('passes as the simulated wallet in the sandbox and nowhere else', async () => {
    const offered = await sandbox.get(`/c/${codes.dollars}`, headers);
    expect(offered.body).toContain(`href="/c/${codes.dollars}?as=alipay_plus"`);
    const passed = await sandbox.get(`/c/${codes.dollars}?as=alipay_plus`, headers);
    expect(passed.body).toContain(`action="/c/${codes.dollars}/pay?as=alipay_plus"`);
    const refused = await cashier.get(`/c/${codes.dollars}?as=alipay_plus`, headers);
    expect(refused.body).not.toContain('<form');
    expect(refused.body).not.toContain('as=alipay_plus"');
    for (const as of ['alipay_open', 'paypal', '__proto__', '']) {
      expect((await sandbox.get(`/c/${codes.dollars}?as=${as}`, headers)).body).not.toContain('<form');
    }
  });
});

describe('the pages’ own files', () => {
  test('are kept for ever under an address that changes with them', async () => {
    const { body } = await cashier.get(`/c/${codes.dollars}`);
    const paths = [...body.matchAll(/(?:href|src)="(\/c\/assets\/[^"]+)"/g)].map(([, path]) => `${path}`);
    expect(paths.map((path) => path.replace(/-[0-9a-f]{16}\./, '-HASH.')).sort()).toEqual([
      '/c/assets/cashier-HASH.css',
      '/c/assets/cashier-HASH.js',
    ]);
    for (const path of paths) {
      const asset = await cashier.get(path);
      expect(asset.statusCode).toBe(200);
      expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(asset.headers['content-type']).toMatch(path.endsWith('js') ? /^text\/javascript/ : /^text\/css/);
    }
    const stale = await cashier.get('/c/assets/cashier-0000000000000000.js');
    expect(stale.statusCode).toBe(404);
    expect(stale.headers['cache-control']).toBe('no-store');
  });
});

test('who asks too often is told when to come back', async () => {
  const limited = await createTestCashier({ clock: createHandClock(), retryAfterS: () => 7 });
  for (const answer of [
    await limited.get(`/c/${codes.dollars}`),
    await limited.post(`/c/${codes.dollars}/pay`, { token: 'x', amount: '1' }),
  ]) {
    expect(answer.statusCode).toBe(429);
    expect(answer.headers['retry-after']).toBe('7');
    expect(answer.body).toContain(english.notices.too_many_requests.title);
  }
  await limited.app.close();
});
