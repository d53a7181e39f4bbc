import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { currencyForm } from './amounts.ts';
import { entryPage } from './entry-page.ts';
import { type Language, languages } from './languages.ts';
import { alipayAppLink } from './notice-pages.ts';
import { resultPage } from './result-page.ts';
import { textsOf } from './texts.ts';
import {
  everyPage,
  exampleEntry,
  exampleFrame,
  exampleResult,
  type ForeignTexts,
  ordinaryTexts,
} from './views.fixture.ts';

const bytes = (file: string): number => readFileSync(new URL(`./assets/${file}`, import.meta.url)).byteLength;

/** Tags and attributes in their order, without their values and the text between them. */
function structure(page: string): string[] {
  return [...page.matchAll(/<\/?([a-z0-9]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>/gi)].map(
    ([, tag, attributes = '']) =>
      `${tag} ${[...attributes.matchAll(/([a-z-]+)(?:="[^"]*")?/gi)].map(([, name]) => name).join(' ')}`,
  );
}

/** What is left between the tags. */
function between(page: string): string {
  return page.replace(/^<!doctype html>/, '').replace(/<[^<>]*>/g, '');
}

const pieces = fc.constantFrom(
  ...[
    '<',
    '>',
    '"',
    "'",
    '`',
    '&',
    '=',
    '/',
    '<!--',
    '-->',
    '</p>',
    '"><script>alert(1)</script>',
    ' onload=',
  ],
  ...[
    '<img src=x onerror=alert(1)>',
    '{{',
    '${',
    '\u0000',
    '\n',
    '\u2028',
    '\u202e',
    '\ud800',
    'javascript:',
    '茶',
    'é',
  ],
);
const foreign = fc
  .array(fc.oneof(pieces, fc.string({ maxLength: 8 })), { minLength: 1, maxLength: 6 })
  .map((parts) => `x${parts.join('')}`);

describe.each(languages)('in %s', (language: Language) => {
  test('no text of a merchant, an operator, a wallet or a payer changes what a page is made of', () => {
    const plain = everyPage(language, { ...ordinaryTexts, typed: 'x' });
    fc.assert(
      fc.property(
        fc.record<ForeignTexts>({
          store: foreign,
          merchant: foreign,
          subject: foreign,
          support: foreign,
          orderNo: foreign,
          walletTransactionId: foreign,
          typed: foreign,
        }),
        (texts) => {
          fc.pre(texts.store !== texts.merchant);
          for (const [name, page] of everyPage(language, texts)) {
            expect(structure(page), name).toEqual(structure(plain.get(name) ?? ''));
            expect(between(page), name).not.toMatch(/[<>]/);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([...everyPage(language, ordinaryTexts)])(
    '%s is a whole page that loads nothing of others',
    (_name, page) => {
      expect(page).toMatch(/^<!doctype html>\n<html lang="(zh-CN|en)">/);
      expect(page).toContain(`lang="${language}"`);
      expect(page.match(/<main/g)).toHaveLength(1);
      expect(page.match(/<h1/g)).toHaveLength(1);
      expect(page).toMatch(/<title>[^<]+<\/title>/);
      expect(page).toContain('name="viewport"');
      expect(page).not.toMatch(/maximum-scale|user-scalable/);
      // The policy of the pages forbids all of these.
      expect(page).not.toMatch(/ style=|<style|\son[a-z]+=|javascript:/);
      expect([...page.matchAll(/(?:src|action|<link[^>]*href)="([^"]*)"/g)].map(([, url]) => url)).toSatisfy(
        (urls: string[]) => urls.length > 1 && urls.every((url) => url.startsWith('/c/') || url === 'data:,'),
      );
      expect(Buffer.byteLength(page) + bytes('cashier.css') + bytes('cashier.js')).toBeLessThan(20_000);
    },
  );

  // proves PAY-11
  test('a payment that succeeded shows all that a payer may ask for', () => {
    const page = resultPage(
      exampleFrame(language, 'Example Bank'),
      exampleResult(
        ordinaryTexts,
        { kind: 'succeeded', paidMinor: 1200n },
        { paidAt: new Date('2026-03-02T04:05:06.789Z') },
      ),
    );
    for (const shown of [
      textsOf(language).succeeded,
      'USD\u00a012.34',
      'USD\u00a012.00',
      ordinaryTexts.merchant,
      ordinaryTexts.store,
      ordinaryTexts.subject,
      ordinaryTexts.orderNo,
      ordinaryTexts.walletTransactionId,
      '2026-03-02 04:05:06 UTC',
      textsOf(language).supportedBy('Example Bank'),
    ]) {
      expect(page).toContain(shown);
    }
  });

  test('a page waits only for what has not ended', () => {
    for (const [name, page] of everyPage(language, ordinaryTexts)) {
      const waits = /waiting|undoing/.test(name);
      expect(page.includes('http-equiv="refresh"'), name).toBe(waits);
      expect(page.includes('data-status='), name).toBe(waits);
    }
  });

  test('what has not failed offers no second payment', () => {
    for (const [name, page] of everyPage(language, ordinaryTexts)) {
      if (!name.startsWith('result')) continue;
      expect(page.includes(textsOf(language).tryAgain), name).toBe(/failed|cancelled/.test(name));
    }
  });
});

test('a keypad has a point only where there are decimals', () => {
  const frame = exampleFrame('en', 'Example Bank');
  const page = (form: Parameters<typeof currencyForm>): string =>
    entryPage(frame, exampleEntry(ordinaryTexts, { currency: currencyForm(...form) }));
  expect(page(['USD', 2, 1n])).toContain('data-key="."');
  expect(page(['USD', 2, 1n])).toContain('inputmode="decimal"');
  expect(page(['JPY', 0, 1n])).not.toContain('data-key="."');
  expect(page(['IDR', 2, 100n])).not.toContain('data-key="."');
  expect(page(['JPY', 0, 1n])).toContain('inputmode="numeric"');
});

test('a fault stands beside the field, and is read out with it', () => {
  const page = entryPage(
    exampleFrame('en', 'Example Bank'),
    exampleEntry(ordinaryTexts, { fault: 'zero', typed: '0.00' }),
  );
  expect(page).toMatch(
    /<input id="amount"[^>]*value="0\.00"[^>]*aria-describedby="hint"[^>]*aria-invalid="true"/,
  );
  expect(page).toContain(`<p id="hint" class="hint" role="alert">${textsOf('en').amountFaults.zero}</p>`);
});

// proves PAY-17
test('a link opens a page of ours inside the Alipay app', () => {
  expect(alipayAppLink('https://pay.example/c/ABC?x=1&y=2')).toBe(
    'alipays://platformapi/startapp?appId=20000067&url=https%3A%2F%2Fpay.example%2Fc%2FABC%3Fx%3D1%26y%3D2',
  );
});

describe('the script, which is served as it is written, has nothing that a wallet’s older browser cannot read', () => {
  const script = readFileSync(new URL('./assets/cashier.js', import.meta.url), 'utf8');
  const code = script.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

  test.each([
    ['optional chaining', /\?\.(?!\d)/],
    ['nullish values', /\?\?/],
    ['catch without a name', /catch\s*\{/],
    ['rest and spread', /\.\.\./],
    ['modules', /\b(?:import|export)\b/],
    ['private members', /\bthis\.#/],
    ['separators in numbers', /\d_\d/],
    ['newer methods', /\.(?:at|flat|flatMap|replaceAll|matchAll|allSettled|finally|fromEntries)\(/],
    ['newer expressions', /\(\?<|\/[a-z]*[sdvy]\)/],
  ])('%s', (_name, pattern) => {
    expect(code).not.toMatch(pattern);
  });
});
