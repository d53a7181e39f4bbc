import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { amountText, currencyForm, moneyText, readAmount } from './amounts.ts';

const usd = currencyForm('USD', 2, 1n);
const jpy = currencyForm('JPY', 0, 1n);
const idr = currencyForm('IDR', 2, 100n);
const kwd = currencyForm('KWD', 3, 1n);
const maxMinor = 1_000_000_000_000n;

const narrowSigns = [...'0123456789.,'];
const wideSigns = [...'０１２３４５６７８９．，'];
/** Everything that Unicode holds to be like a digit, a point or a comma, in some way: `²`, `⑩`, `½`, `𝟏`, `⒈`. */
const numberSigns = Array.from({ length: 0x1ffff }, (_, codePoint) => codePoint)
  .filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff)
  .map((codePoint) => String.fromCodePoint(codePoint))
  .filter((sign) => /[0-9.,]/.test(sign.normalize('NFKC')));

// proves PAY-07
describe('an amount that a payer typed', () => {
  test.each([
    ['12', usd, 1200n],
    ['12.', usd, 1200n],
    ['12.3', usd, 1230n],
    ['12.34', usd, 1234n],
    ['.5', usd, 50n],
    ['0.01', usd, 1n],
    ['007', usd, 700n],
    [' 12.34 ', usd, 1234n],
    ['１２．３４', usd, 1234n],
    ['１２，３', usd, 1230n],
    ['１2.３4', usd, 1234n],
    ['12,3', usd, 1230n],
    ['12,34', usd, 1234n],
    ['10000000000', usd, 1_000_000_000_000n],
    ['599', jpy, 599n],
    ['599.', jpy, 599n],
    ['15000', idr, 1_500_000n],
    ['1.234', kwd, 1234n],
  ])('%j in %o is %s minor units', (typed, form, minor) => {
    expect(readAmount(typed, form, maxMinor)).toEqual({ kind: 'amount', minor });
  });

  test.each([
    ['', usd, 'missing'],
    ['  ', usd, 'missing'],
    ['0', usd, 'zero'],
    ['0.00', usd, 'zero'],
    ['0', jpy, 'zero'],
    ['.', usd, 'not_an_amount'],
    ['-5', usd, 'not_an_amount'],
    ['+5', usd, 'not_an_amount'],
    ['1e3', usd, 'not_an_amount'],
    ['0x10', usd, 'not_an_amount'],
    ['1 000', usd, 'not_an_amount'],
    ['1.2.3', usd, 'not_an_amount'],
    ['1,234.50', usd, 'not_an_amount'],
    ['$5', usd, 'not_an_amount'],
    ['NaN', usd, 'not_an_amount'],
    ['Infinity', usd, 'not_an_amount'],
    ['٣', usd, 'not_an_amount'],
    ['一百', usd, 'not_an_amount'],
    ['10²', usd, 'not_an_amount'],
    ['⑩', usd, 'not_an_amount'],
    ['½', usd, 'not_an_amount'],
    ['⒈5', usd, 'not_an_amount'],
    ['𝟏𝟐', usd, 'not_an_amount'],
    ['１，２３４', usd, 'not_an_amount'],
    ["1'; drop table", usd, 'not_an_amount'],
    // A thousand or one and a bit: nobody can know.
    ['1,234', usd, 'not_an_amount'],
    ['1,234', kwd, 'not_an_amount'],
    ['1,5', jpy, 'not_an_amount'],
    ['12.345', usd, 'too_many_decimals'],
    ['12.340', usd, 'too_many_decimals'],
    ['5.0', jpy, 'too_many_decimals'],
    ['15000.50', idr, 'too_many_decimals'],
    ['10000000000.01', usd, 'too_large'],
    ['999999999999999', usd, 'too_large'],
    ['99999999999999999999', usd, 'too_large'],
  ])('%j in %o is refused: %s', (typed, form, fault) => {
    expect(readAmount(typed, form, maxMinor)).toEqual({ kind: 'fault', fault });
  });

  test('is never read as anything but what is written, whatever was typed', () => {
    const typedText = fc.oneof(
      fc.string({ maxLength: 25 }),
      fc.array(fc.constantFrom(...numberSigns), { maxLength: 8 }).map((signs) => signs.join('')),
      fc
        .array(fc.constantFrom(...wideSigns, ...narrowSigns), { maxLength: 8 })
        .map((signs) => signs.join('')),
    );
    fc.assert(
      fc.property(typedText, fc.constantFrom(usd, jpy, idr, kwd), (typed, form) => {
        const read = readAmount(typed, form, maxMinor);
        if (read.kind === 'fault') return;
        expect(read.minor > 0n && read.minor <= maxMinor).toBe(true);
        const signs = [...typed.trim()].map((sign) => narrowSigns[wideSigns.indexOf(sign)] ?? sign).join('');
        expect(signs).toMatch(/^[0-9]*[.,]?[0-9]*$/);
        expect(Number(read.minor) / 10 ** form.decimals).toBe(Number(signs.replace(',', '.')));
      }),
    );
  });

  test('comes back from how it is shown', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, maxMinor), fc.constantFrom(usd, jpy, kwd), (minor, form) => {
        expect(readAmount(amountText(minor, form).replaceAll(',', ''), form, maxMinor)).toEqual({
          kind: 'amount',
          minor,
        });
      }),
    );
  });
});

describe('an amount on a page', () => {
  test.each([
    [1n, usd, '0.01'],
    [123_456_789n, usd, '1,234,567.89'],
    [100_000n, usd, '1,000.00'],
    [1_234_567n, jpy, '1,234,567'],
    [0n, jpy, '0'],
    [1_500_000n, idr, '15,000'],
    [1_500_050n, idr, '15,000.50'],
    [1n, kwd, '0.001'],
  ])('%s minor units of %o are written %s', (minor, form, text) => {
    expect(amountText(minor, form)).toBe(text);
  });

  test('stands on one line with its currency', () => {
    expect(moneyText(1234n, usd)).toBe('USD\u00a012.34');
  });

  test('is typed with as many decimals as there is money for', () => {
    expect(currencyForm('IDR', 2, 100n).typedDecimals).toBe(0);
    expect(currencyForm('TWD', 2, 1n).typedDecimals).toBe(2);
    expect(currencyForm('CHF', 2, 5n).typedDecimals).toBe(2);
    expect(currencyForm('KWD', 3, 10n).typedDecimals).toBe(2);
    expect(currencyForm('JPY', 0, 100n).typedDecimals).toBe(0);
  });
});
