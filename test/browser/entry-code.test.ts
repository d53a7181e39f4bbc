import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { textsOf } from '../../cashier/texts.ts';
import { cashierRoutes } from '../../src/inbound/cashier/cashier-routes.ts';
import { pageTokenKey } from '../../src/inbound/cashier/page-token.ts';
import { type LedgerLine, openRealGateway, type RealGateway } from '../gateway/real-gateway.ts';
import { findChromium, noChromium, openChromium } from './chromium.ts';

/*
 * The whole way of a payer: the store's code, the amount, the simulated wallet's page, and back, on real PostgreSQL and
 * over real HTTP. What the page says at the end is held against the wallet's own ledger.
 */

const chinese = textsOf('zh-CN');
const chromiumPath = findChromium();

let browser: Browser;
let real: RealGateway;
let app: FastifyInstance;
let entryUrl: string;
let page: Page;

beforeAll(async () => {
  if (chromiumPath === null) return;
  [browser, real] = await Promise.all([openChromium(chromiumPath), openRealGateway()]);
  const port = await freePort();
  app = Fastify({ routerOptions: { maxParamLength: 256 } });
  await cashierRoutes(app, {
    engine: real.gateway.engine,
    tokenKey: pageTokenKey(randomBytes(32)),
    publicUrl: `http://127.0.0.1:${port}`,
    supportName: 'Example Bank',
    sandbox: true,
  });
  await app.listen({ host: '127.0.0.1', port });
  entryUrl = `http://127.0.0.1:${port}/c/${real.entry.code.code}?as=alipay_plus`;
});
afterAll(async () => {
  await app?.close();
  await Promise.all([browser?.close(), real?.close()]);
});
beforeEach(async ({ skip }) => {
  if (chromiumPath === null) skip(noChromium);
  const context = await browser.newContext({ viewport: { width: 360, height: 640 }, locale: 'zh-CN' });
  page = await context.newPage();
});
afterEach(() => page?.context().close());

async function freePort(): Promise<number> {
  const probe = Fastify();
  await probe.listen({ host: '127.0.0.1', port: 0 });
  const { port } = probe.server.address() as AddressInfo;
  await probe.close();
  return port;
}

/** Enters the amount with the keypad and confirms it. */
async function confirm(amount: string): Promise<void> {
  await page.goto(entryUrl);
  for (const key of amount) {
    await page.getByRole('button', { name: key === '.' ? chinese.point : key, exact: true }).click();
  }
  await page.locator('#confirm').click();
}

const atWallet = (): Promise<void> => page.waitForURL(`${real.simulatorUrl}/**`);
const shows = (heading: string): Promise<void> =>
  page.getByRole('heading', { name: heading, exact: true }).waitFor({ timeout: 20_000 });

/** The wallet's own word on the payments of this amount. */
async function ledgerOf(minor: number): Promise<LedgerLine[]> {
  return (await real.ledger()).filter((line) => line.amount === minor);
}

// proves PAY-01, PAY-11, PAY-12
describe('a payer who scans the store’s code', () => {
  test('and confirms in the wallet has paid, once, and is shown so', async () => {
    await confirm('12.34');
    await atWallet();
    expect(await page.locator('body').innerText()).toContain('12.34');
    expect(await ledgerOf(1234)).toMatchObject([{ charged: 0 }]);
    await page.locator('button').first().click();
    await shows(chinese.succeeded);
    expect(await ledgerOf(1234)).toMatchObject([
      { currency: 'USD', charged: 1234, refunded: 0, cancelled: false },
    ]);
    const details = await page.locator('#details').innerText();
    for (const shown of [
      'USD\u00a012.34',
      'Test Shop',
      'Test Store',
      chinese.orderNo,
      chinese.walletTransactionId,
    ]) {
      expect(details).toContain(shown);
    }
    expect(await page.locator('footer').innerText()).toContain('Example Bank');
  });

  test('and refuses in the wallet has paid nothing, and may begin anew', async () => {
    await confirm('23.45');
    await atWallet();
    await page.locator('button').nth(1).click();
    await shows(chinese.failed);
    expect(await page.locator('main').innerText()).toContain(chinese.charges.none);
    expect(await ledgerOf(2345)).toMatchObject([{ charged: 0 }]);
    await page.getByRole('link', { name: chinese.tryAgain }).click();
    await page.locator('#keypad').waitFor();
  });

  test('and claims to have paid, or comes back without having, is not believed', async () => {
    await confirm('34.56');
    await atWallet();
    await page.goBack();
    await page.goto(entryUrl);
    await page.getByRole('link', { name: chinese.seeIt }).click();
    await shows(chinese.waiting);
    await page.goto(`${page.url()}?resultStatus=S&paymentStatus=SUCCESS`);
    await shows(chinese.waiting);
    expect(await ledgerOf(3456)).toMatchObject([{ charged: 0 }]);
    await page.getByRole('link', { name: chinese.continueInWallet }).click();
    await atWallet();
    await page.locator('button').first().click();
    await shows(chinese.succeeded);
    expect(await ledgerOf(3456)).toMatchObject([{ charged: 3456 }]);
  });

  test('and whose wallet never answered is told that nothing was charged, and nothing was', async () => {
    await real.control('POST', '/control/faults', {
      api: 'pay',
      wallet: 'alipay_plus',
      fault: 'no_answer',
      count: 1,
    });
    await confirm('45.67');
    await page.waitForURL('**/result/**');
    await shows(chinese.cancelled);
    expect(await page.locator('main').innerText()).toContain(chinese.cancelReasons.wallet_silent);
    expect((await ledgerOf(4567)).every(({ charged, refunded }) => charged === refunded)).toBe(true);
  });
});
