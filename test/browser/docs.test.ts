import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { languages } from '../../cashier/languages.ts';
import { docsRoutes } from '../../src/inbound/docs/docs-routes.ts';
import { docsTexts } from '../../src/inbound/docs/docs-texts.ts';
import {
  createTestGateway,
  keys,
  type TestGateway,
  teaHouse,
} from '../../src/inbound/rest/gateway.fixture.ts';
import { problemStatuses } from '../../src/inbound/rest/problems.ts';
import { findChromium, noChromium, openChromium } from './chromium.ts';
import { overflow, paleTexts, smallTargets } from './page-checks.ts';

/* The reference as developers see it: on a phone and on a desk, in both languages, by day and by night. */

const english = docsTexts('en');
const chromiumPath = findChromium();
let browser: Browser;
let gateway: TestGateway;
let origin: string;
let page: Page;
/** What the browser complains of: errors of scripts, and what the pages' policy has stopped. */
let complaints: string[];
let asked: string[];

beforeAll(async () => {
  if (chromiumPath !== null) browser = await openChromium(chromiumPath);
});
afterAll(() => browser?.close());
beforeEach(async ({ skip }) => {
  if (chromiumPath === null) skip(noChromium);
  // The store that the examples name.
  const merchant = { ...teaHouse, stores: [{ id: 'S00000001', name: 'Tea House', mcc: null }] };
  gateway = await createTestGateway({ merchant });
  await docsRoutes(gateway.app);
  origin = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await page?.context().close();
  await gateway?.app.close();
});

async function opened(path: string, options: BrowserContextOptions = {}): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 360, height: 640 },
    locale: 'en-GB',
    ...options,
  });
  page = await context.newPage();
  complaints = [];
  asked = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => {
    // An answer that is a problem is reported by the browser, and is none of the page's.
    if (message.type() === 'error' && !message.text().includes('responded with a status')) {
      complaints.push(message.text());
    }
  });
  await page.goto(`${origin}${path}`);
}

const example = (operationId: string) => page.locator(`#${operationId} form.try`);
const status = (operationId: string) => example(operationId).locator('.result .status');

async function sent(operationId: string): Promise<string | null> {
  await example(operationId).getByRole('button', { name: english.send }).click();
  return status(operationId).textContent();
}

describe('every page of the reference', () => {
  const desk = { width: 1400, height: 900 };
  const phone = { width: 360, height: 640 };
  const cases = ['/docs', '/docs/problems'].flatMap((path) =>
    languages.flatMap((locale) =>
      [phone, desk].flatMap((viewport) =>
        (['light', 'dark'] as const).map((colorScheme) => ({ path, locale, viewport, colorScheme })),
      ),
    ),
  );

  test.each(cases)(
    '$path in $locale at $viewport.width px, $colorScheme, can be read and touched',
    async ({ path, ...options }) => {
      await opened(path, options);
      expect(await page.locator('html').getAttribute('lang')).toBe(options.locale);
      await page.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true; })`);
      expect(await paleTexts(page)).toEqual([]);
      expect(await smallTargets(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('data:'))).toEqual([]);
    },
  );
});

describe('the examples', () => {
  test('run against the gateway that serves the page, each on what the one before has made', async () => {
    await opened('/docs');
    await page.fill('#key', keys.teaHouse);
    expect(await sent('createPayment')).toBe('201');
    const [payment] = [...gateway.memory.records.payments.values()];
    const id = example('getPayment').locator('input[name=id]');
    expect(await id.inputValue()).toMatch(/^pay_/);
    expect(await sent('getPayment')).toBe('200');
    expect(await sent('listPayments')).toBe('200');
    expect(await sent('createRefund')).toBe('201');
    expect(await sent('getRefund')).toBe('200');
    expect(gateway.memory.records.payments.size).toBe(1);
    expect(
      JSON.stringify(payment, (_name, value) => (typeof value === 'bigint' ? `${value}` : value)),
    ).toContain(await id.inputValue());
    // The same example once more is another sale, not a repetition.
    expect(await sent('createPayment')).toBe('201');
    expect(gateway.memory.records.payments.size).toBe(2);
    expect(complaints).toEqual([]);
  });

  test('are shown as a curl that is what the page sends, without the key', async () => {
    await opened('/docs');
    await page.fill('#key', keys.teaHouse);
    await example('createPayment').locator('textarea').fill('{"subject": "it\'s tea"}');
    const curl = await example('createPayment').locator('.curl pre').textContent();
    expect(curl).toContain(`'${origin}/v1/payments'`);
    expect(curl).toContain(`-d '{"subject": "it'\\''s tea"}'`);
    expect(curl).toContain('$KEY');
    expect(curl).not.toContain(keys.teaHouse);
  });

  test('say what is missing, and show a problem as it came', async () => {
    await opened('/docs');
    await example('listPayments').getByRole('button', { name: english.send }).click();
    expect(await example('listPayments').locator('.result').textContent()).toBe(english.keyMissing);
    await page.fill('#key', 'no such key');
    await example('listPayments').locator('input[name=merchant_order_no]').fill('ORDER-1');
    expect(await sent('listPayments')).toBe('401');
    expect(await example('listPayments').locator('.result pre').textContent()).toContain('"unauthorized"');
    await page.fill('#key', keys.teaHouse);
    await example('createPayment').locator('textarea').fill('{');
    expect(await sent('createPayment')).toBe('400');
  });

  test('say that the outcome is unknown when no answer comes', async () => {
    await opened('/docs');
    await page.fill('#key', keys.teaHouse);
    await page.route('**/v1/payments', (route) => route.abort());
    await example('createPayment').getByRole('button', { name: english.send }).click();
    await page.getByText(english.noAnswer).waitFor();
  });

  test('leave the key nowhere', async () => {
    await opened('/docs');
    await page.fill('#key', keys.teaHouse);
    expect(await sent('createPayment')).toBe('201');
    const kept = await page.evaluate<string>(
      `JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state])`,
    );
    expect(kept).not.toContain(keys.teaHouse);
    expect(await page.context().cookies()).toEqual([]);
    await page.reload();
    expect(await page.inputValue('#key')).toBe('');
  });
});

describe('the catalogue of problems', () => {
  test('has every code under its own anchor, and the reference leads there', async () => {
    await opened('/docs/problems');
    for (const code of Object.keys(problemStatuses)) {
      expect(await page.locator(`article#${code}`).count()).toBe(1);
    }
    await page.goto(`${origin}/docs`);
    await page.locator('#createPayment').getByRole('link', { name: 'order_has_open_payment' }).click();
    await page.waitForURL(/\/docs\/problems\?lang=en#order_has_open_payment$/);
    expect(await page.locator('article:target').getAttribute('id')).toBe('order_has_open_payment');
  });

  test('is read in the other language by one touch, which stays chosen from page to page', async () => {
    await opened('/docs/');
    await page.getByRole('link', { name: english.problemsTitle }).click();
    await page.getByRole('link', { name: '简体中文' }).click();
    await page.getByRole('heading', { level: 1, name: '错误码' }).waitFor();
    await page.getByRole('link', { name: 'API 文档' }).click();
    await page.getByRole('heading', { level: 1, name: 'API 文档' }).waitFor();
  });
});
