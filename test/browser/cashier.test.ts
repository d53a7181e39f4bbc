import { createServer, type Server, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Language, languages } from '../../cashier/languages.ts';
import { textsOf } from '../../cashier/texts.ts';
import { everyPage, ordinaryTexts } from '../../cashier/views.fixture.ts';
import type { Payment } from '../../src/domain/payment.ts';
import {
  codes,
  createTestCashier,
  issued,
  type TestCashier,
  walletUserAgent,
} from '../../src/inbound/cashier/cashier.fixture.ts';
import { policyOf, recordPaymentInput } from '../../src/operations/record.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { findChromium, noChromium, openChromium } from './chromium.ts';
import { confirmBelowScreen, overflow, paleTexts, smallTargets } from './page-checks.ts';

const english = textsOf('en');

/** The smallest phone that is still carried about, in a wallet's browser. */
const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 640 },
  userAgent: walletUserAgent,
  hasTouch: true,
  isMobile: true,
  locale: 'en-GB',
  timezoneId: 'Asia/Shanghai',
};

const clock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleepFor(ms, undefined, { signal, ref: false }).catch(() => {}),
};

const chromiumPath = findChromium();
let browser: Browser;
let cashier: TestCashier;
let walletPages: Server;
let origin: string;
let wallet: string;
let page: Page;
/** What the browser complains of: errors of scripts, and what the pages' policy has stopped. */
let complaints: string[];

beforeAll(async () => {
  if (chromiumPath === null) return;
  browser = await openChromium(chromiumPath);
  walletPages = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<h1>The wallet</h1>');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => walletPages.once('listening', resolve));
  wallet = `http://127.0.0.1:${(walletPages.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await browser?.close();
  walletPages?.close();
});
beforeEach(async ({ skip }) => {
  if (chromiumPath === null) skip(noChromium);
  cashier = await createTestCashier({ clock, sandbox: true, publicUrl: 'http://127.0.0.1' });
  cashier.wallet.pay = async () => issued(wallet);
  origin = await cashier.app.listen({ host: '127.0.0.1', port: 0 });
  await opened();
});
afterEach(async () => {
  await page?.context().close();
  await cashier?.app.close();
});

async function opened(options: BrowserContextOptions = {}): Promise<void> {
  await page?.context().close();
  const context = await browser.newContext({ ...phone, ...options });
  page = await context.newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
}

const entryUrl = (code: string = codes.dollars): string => `${origin}/c/${code}`;
const key = (name: string) => page.getByRole('button', { name, exact: true });
const amount = () => page.getByRole('textbox', { name: english.amountLabel('USD') });
const confirm = () => page.locator('#confirm');

async function typeOnKeypad(keys: string): Promise<void> {
  for (const one of keys) await key(one === '.' ? english.point : one).tap();
}

/** The amount is typed and confirmed, and the wallet's page is there. */
async function confirmed(): Promise<Payment> {
  await page.goto(entryUrl());
  await typeOnKeypad('12.34');
  await confirm().tap();
  await page.waitForURL(wallet);
  return onlyPayment();
}

function onlyPayment(): Payment {
  const payments = cashier.payments();
  expect(payments).toHaveLength(1);
  return payments[0] as Payment;
}

async function paidAtWallet(payment: Payment): Promise<void> {
  const { engine } = cashier;
  const answer = {
    kind: 'paid',
    walletTransactionId: '2026030219074112',
    amount: payment.amount,
    paidAt: new Date('2026-03-02T04:05:06Z'),
  } as const;
  await recordPaymentInput(
    engine,
    payment,
    { kind: 'inquiry_answered', answer },
    await policyOf(engine, payment),
  );
}

const resultUrl = (): string => `${origin}${new URL(returnUrl()).pathname}`;
function returnUrl(): string {
  const start = cashier.wallet.asked[0]?.start;
  return start?.product === 'entry_code' ? start.returnUrl : '';
}

// proves PAY-01
describe('on a phone of 360 pixels', () => {
  test('an amount is typed on the keypad, as far as it is one, and the button says what will be paid', async () => {
    await page.goto(entryUrl());
    expect(await confirm().textContent()).toBe(english.confirm);
    await typeOnKeypad('0012.3.45');
    expect(await amount().inputValue()).toBe('12.34');
    expect(await confirm().textContent()).toBe('Pay USD\u00a012.34');
    await key(english.deleteDigit).tap();
    await key(english.deleteDigit).tap();
    expect(await amount().inputValue()).toBe('12.');
    expect(await confirm().textContent()).toBe('Pay USD\u00a012.00');
    expect(await page.locator('#said').textContent()).toBe('12.');
    expect(complaints).toEqual([]);
  });

  test('the system’s keyboard stays away while there is a keypad, and a real one works all the same', async () => {
    await page.goto(entryUrl());
    expect(await amount().getAttribute('inputmode')).toBe('none');
    await page.keyboard.type('7x5,5');
    expect(await amount().inputValue()).toBe('75.5');
    await amount().focus();
    await page.keyboard.type('99');
    expect(await amount().inputValue()).toBe('75.59');
    await amount().fill('１２。３');
    expect(await amount().inputValue()).toBe('12.3');
  });

  test('a currency without decimals has no point', async () => {
    await page.goto(entryUrl(codes.yen));
    expect(await page.getByRole('button', { name: english.point }).count()).toBe(0);
    await typeOnKeypad('599');
    expect(await confirm().textContent()).toBe('Pay JPY\u00a0599');
  });

  test('the confirmed payment leads to the wallet and, once it is paid, shows so by itself', async () => {
    const payment = await confirmed();
    expect(payment.amount).toEqual({ currency: 'USD', minor: 1234n });
    await page.goto(`${resultUrl()}?result=success`);
    expect(await page.getByRole('heading').textContent()).toBe(english.waiting);
    expect(await page.getByRole('link', { name: english.continueInWallet }).getAttribute('href')).toBe(
      wallet,
    );
    await page.evaluate('window.untouched = true');
    await paidAtWallet(onlyPayment());
    await page.getByRole('heading', { name: english.succeeded }).waitFor({ timeout: 10_000 });
    expect(await page.evaluate('window.untouched')).toBe(true);
    expect(await page.getByRole('status').textContent()).toContain(english.succeeded);
    expect(await page.title()).toContain(english.succeeded);
    // By the clock of the payer.
    expect(await page.locator('time').textContent()).toBe('2026-03-02 12:05:06');
    expect(complaints).toEqual([]);
  });

  test('two taps are one payment', async () => {
    await page.goto(entryUrl());
    await typeOnKeypad('5');
    await page.evaluate(
      `document.getElementById('confirm').click(); document.getElementById('confirm').click()`,
    );
    await page.waitForURL(wallet);
    onlyPayment();
    expect(cashier.wallet.calls).toEqual(['pay']);
  });

  test('a step back finds the open payment, or leads to it', async () => {
    await confirmed();
    await page.goBack();
    await page.locator('#pay').waitFor();
    expect(await confirm().getAttribute('aria-disabled')).toBeNull();
    await page.reload();
    await page.getByRole('link', { name: english.seeIt }).tap();
    await page.waitForURL(resultUrl());
    onlyPayment();
  });

  test('a wallet that says no has the payer told why, and a new page to begin with', async () => {
    cashier.wallet.pay = async () => ({
      kind: 'refused',
      code: 'USER_BALANCE_NOT_ENOUGH',
      message: 'm',
      remedy: 'payer',
    });
    await page.goto(entryUrl());
    await typeOnKeypad('5');
    await confirm().tap();
    await page.getByRole('heading', { name: english.failed }).waitFor();
    await page.getByRole('link', { name: english.tryAgain }).tap();
    await page.locator('#pay').waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('without scripts', () => {
  beforeEach(() => opened({ javaScriptEnabled: false }));

  test('an amount is typed into a plain field and paid', async () => {
    await page.goto(entryUrl());
    expect(await page.getByRole('group', { name: english.keypad }).count()).toBe(0);
    expect(await amount().getAttribute('inputmode')).toBe('decimal');
    await amount().fill('12.345');
    await confirm().tap();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toBe(english.tooManyDecimals(2));
    await amount().fill('12.34');
    await confirm().tap();
    await page.waitForURL(wallet);
    expect(onlyPayment().amount.minor).toBe(1234n);
  });

  test('the result comes by loading the page again', async () => {
    await page.goto(entryUrl());
    await amount().fill('12.34');
    await confirm().tap();
    await page.waitForURL(wallet);
    await page.goto(resultUrl());
    expect(await page.getByRole('heading').textContent()).toBe(english.waiting);
    await paidAtWallet(onlyPayment());
    await page.getByRole('heading', { name: english.succeeded }).waitFor({ timeout: 10_000 });
  });
});

describe('the language', () => {
  test('is the phone’s, and the other one is a tap away', async () => {
    await opened({ locale: 'zh-CN' });
    await page.goto(entryUrl());
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await page.getByRole('link', { name: 'English' }).tap();
    await page.getByText(english.payTo).waitFor();
    await page.goto(entryUrl());
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });
});

// proves PAY-14
test('behind a proxy that puts a path in front, a payer pays and sees the result all the same', async () => {
  await cashier.app.close();
  cashier = await createTestCashier({ clock, sandbox: true, publicUrl: 'http://127.0.0.1/acquiring' });
  cashier.wallet.pay = async () => issued(wallet);
  const behind = new URL(await cashier.app.listen({ host: '127.0.0.1', port: 0 }));
  const proxy = createServer((request, response) => {
    const { method, headers, url = '/' } = request;
    if (!url.startsWith('/acquiring/')) return response.writeHead(404).end();
    const path = url.slice('/acquiring'.length);
    const onward = send({ host: behind.hostname, port: behind.port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    return request.pipe(onward);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  try {
    await page.goto(`${origin}/acquiring/c/${codes.dollars}`);
    await typeOnKeypad('12.34');
    await confirm().tap();
    await page.waitForURL(wallet);
    await page.goto(`${origin}/acquiring/c/${codes.dollars}`);
    await page.getByRole('link', { name: english.seeIt }).tap();
    await page.waitForURL(resultUrl());
    await paidAtWallet(onlyPayment());
    await page.getByRole('heading', { name: english.succeeded }).waitFor({ timeout: 10_000 });
    await page.getByRole('link', { name: '简体中文' }).tap();
    await page.getByRole('heading', { name: textsOf('zh-CN').succeeded }).waitFor();
    expect(complaints).toEqual([]);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

describe.each(languages)('every page in %s', (language: Language) => {
  test.each([
    ['light', 360],
    ['light', 320],
    ['dark', 360],
  ] as const)('is legible, fits and can be tapped: %s, %i pixels wide', async (colorScheme, width) => {
    await opened({ colorScheme, viewport: { width, height: 640 } });
    const files = /\/c\/assets\/cashier-[0-9a-f]+\.(?:css|js)/g;
    const [css = '', js = ''] = (await cashier.get(`/c/${codes.dollars}`)).body.match(files) ?? [];
    expect([css, js]).not.toContain('');
    const lengthy = {
      ...ordinaryTexts,
      store: 'Warung Kopi Nusantara Sejahtera Abadi Jalan Malioboro Cabang 12',
      merchant: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerk GmbH & Co. KG',
    };
    let shown = '';
    await page.route('**/page', (route) => route.fulfill({ contentType: 'text/html', body: shown }));
    for (const [name, text] of everyPage(language, lengthy)) {
      shown = text.replace('/c/assets/cashier.css', css).replace('/c/assets/cashier.js', js);
      await page.goto(`${origin}/page`);
      expect.soft(await page.locator('main').innerText(), name).not.toBe('');
      expect.soft(await overflow(page), name).toBe(0);
      expect.soft(await confirmBelowScreen(page), name).toBe(0);
      expect.soft(await paleTexts(page), name).toEqual([]);
      expect.soft(await smallTargets(page), name).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });
});

test('nothing turns for those who want it still', async () => {
  await confirmed();
  await opened({ reducedMotion: 'reduce' });
  await page.goto(resultUrl());
  expect(await page.evaluate(`getComputedStyle(document.querySelector('.turning')).animationName`)).toBe(
    'none',
  );
  await opened();
  await page.goto(resultUrl());
  expect(await page.evaluate(`getComputedStyle(document.querySelector('.turning')).animationName`)).toBe(
    'turning',
  );
});
