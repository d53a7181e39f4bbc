import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHandClock } from '../rest/gateway.fixture.ts';
import { codes, createTestCashier, issued, plainUserAgent, type TestCashier } from './cashier.fixture.ts';

/* Browsers know the pages by `https://pay.example/acquiring/…`; the proxy hands on what follows the prefix. */

const prefix = '/acquiring';
const entry = `${prefix}/c/${codes.dollars}`;

let cashier: TestCashier;
beforeEach(async () => {
  cashier = await createTestCashier({
    clock: createHandClock(),
    publicUrl: `https://pay.example${prefix}`,
    sandbox: true,
  });
});
afterEach(() => cashier.app.close());

/** Every address that a page or its headers name, other sites' left out. */
function addressesOf({ body, headers }: LightMyRequestResponse): string[] {
  const named = [...body.matchAll(/(?:href|src|action|data-status)="([^"]*)"/g)].map(([, url = '']) => url);
  return [...named, headers.location ?? ''].filter(
    (url) => url !== '' && !/^(?:https|alipays|data):/.test(url),
  );
}

function cookiePaths({ headers }: LightMyRequestResponse): string[] {
  return [headers['set-cookie'] ?? []].flat().map((cookie) => /; Path=([^;]*)/.exec(cookie)?.[1] ?? '');
}

const declined = { kind: 'refused', code: 'USER_BALANCE_NOT_ENOUGH', message: 'm', remedy: 'payer' } as const;

type Visiting = () => Promise<LightMyRequestResponse>;
const path = `/c/${codes.dollars}`;
const pay = async (amount: string, token?: string): Promise<LightMyRequestResponse> =>
  cashier.post(`${path}/pay`, { token: token ?? (await cashier.token()), amount });
const visits: readonly (readonly [page: string, visit: Visiting])[] = [
  ['the entry', () => cashier.get(path)],
  ['the entry in the other language', () => cashier.get(`${path}?lang=zh-CN`)],
  ['the entry as the simulated wallet', () => cashier.get(`${path}?as=alipay_plus`)],
  ['another browser', () => cashier.get(path, { 'user-agent': plainUserAgent })],
  ['an amount that is none', () => pay('x')],
  ['a form without a token', () => pay('5', '')],
  ['a form’s answer loaded anew', () => cashier.get(`${path}/pay`)],
  ['an unknown code', () => cashier.get(`/c/${codes.unknown}`)],
  ['a disabled code', () => cashier.get(`/c/${codes.disabled}`)],
  ['an address that is no page', () => cashier.get('/c/x/y/z')],
  ['an unknown attempt', () => cashier.get(`${path}/result/x`)],
  ['the way to the wallet', () => pay('5')],
  [
    'a result that waits',
    async () => {
      const token = await cashier.token();
      await pay('5', token);
      return cashier.get(`${path}/result/${token}`);
    },
  ],
  [
    'a form that is sent again',
    async () => {
      const token = await cashier.token();
      await pay('5', token);
      return pay('5', token);
    },
  ],
  [
    'a result that leads back to the start',
    async () => {
      cashier.wallet.pay = async () => declined;
      const token = await cashier.token();
      await pay('5', token);
      return cashier.get(`${path}/result/${token}`);
    },
  ],
];

// proves PAY-14
describe('behind a proxy that puts a path in front', () => {
  test.each(visits)('%s names no address that the proxy does not know', async (_page, visit) => {
    const answer = await visit();
    for (const url of addressesOf(answer)) {
      expect(url).toMatch(/^\/acquiring\/c\//);
      const there = await cashier.get(url.slice(prefix.length));
      // What is unknown stays so in the other language.
      if (answer.statusCode !== 404) expect(there.statusCode, url).not.toBe(404);
    }
    for (const cookiePath of cookiePaths(answer)) expect(cookiePath).toMatch(/^\/acquiring\/c(?:$|\/)/);
  });

  test('the form, the files, the result and what they keep stand under the prefix', async () => {
    const page = await cashier.get(`${path}?lang=en`);
    expect(page.body).toContain(`action="${entry}/pay"`);
    expect(page.body).toContain(`href="${entry}?lang=zh-CN"`);
    expect(page.body).toMatch(/<link rel="stylesheet" href="\/acquiring\/c\/assets\/cashier-\w+\.css">/);
    expect(page.body).toMatch(/<script src="\/acquiring\/c\/assets\/cashier-\w+\.js"/);
    expect(cookiePaths(page)).toEqual([`${prefix}/c`]);
    const token = await cashier.token();
    expect(cookiePaths(await pay('5', token))).toEqual([entry]);
    const result = await cashier.get(`${path}/result/${token}`);
    expect(result.body).toContain(`data-status="${entry}/status/${token}"`);
  });

  test('the wallet is told where its payer comes back to', async () => {
    cashier.wallet.pay = async () => issued();
    const token = await cashier.token();
    await pay('5', token);
    expect(cashier.wallet.asked[0]?.start).toMatchObject({
      returnUrl: `https://pay.example${entry}/result/${token}`,
    });
  });

  test('the way into the app is the address that is printed', async () => {
    const { body } = await cashier.get(path, { 'user-agent': plainUserAgent });
    expect(body).toContain(
      `startapp?appId=20000067&amp;url=${encodeURIComponent(`https://pay.example${entry}`)}"`,
    );
  });
});
