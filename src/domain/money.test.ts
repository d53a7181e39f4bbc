import currencyCodes from 'currency-codes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addMoney,
  formatDecimal,
  minorUnitDigits,
  money,
  parseDecimal,
  sameMoney,
  subtractMoney,
} from './money.ts';

const currencies = currencyCodes.codes();

// proves PAY-07
describe('an amount in major units', () => {
  test.each([
    ['CNY', 8_888n, '88.88'],
    ['CNY', 1n, '0.01'],
    ['CNY', 10n, '0.10'],
    ['CNY', 0n, '0.00'],
    ['CNY', -1n, '-0.01'],
    ['CNY', -123_456n, '-1234.56'],
    ['USD', 599n, '5.99'],
    ['JPY', 599n, '599'],
    ['JPY', 0n, '0'],
    ['JPY', -5n, '-5'],
    ['BHD', 1n, '0.001'],
    ['BHD', 12_345n, '12.345'],
    ['CLF', 12_345n, '1.2345'],
    ['CNY', 99_999_999_999_999_999_999n, '999999999999999999.99'],
  ])('%s %d is written %s', (currency, minor, text) => {
    expect(formatDecimal({ currency, minor })).toBe(text);
    expect(parseDecimal(currency, text)).toEqual({ currency, minor });
  });

  test.each(currencies)('of every currency is read as it was written: %s', (currency) => {
    const digits = minorUnitDigits(currency) ?? 0;
    const most = 10n ** BigInt(18 + digits) - 1n;
    fc.assert(
      fc.property(fc.bigInt({ min: -most, max: most }), (minor) => {
        const text = formatDecimal({ currency, minor });
        expect(text.split('.')[1]?.length ?? 0).toBe(digits);
        expect(parseDecimal(currency, text)).toEqual({ currency, minor });
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ['CNY', '88.8', 8_880n],
    ['CNY', '88', 8_800n],
    ['CNY', '088.88', 8_888n],
    ['CNY', '88.880', 8_888n],
    ['CNY', '0.10000000000000000000000000', 10n],
    ['JPY', '599.00', 599n],
    ['BHD', '1.5', 1_500n],
    ['CNY', '-0.00', 0n],
    // What a double would make of these: 0.57 × 100 is 56.99…, and the last fen of a large sum is lost.
    ['CNY', '0.57', 57n],
    ['CNY', '1.15', 115n],
    ['CNY', '90071992547409.93', 9_007_199_254_740_993n],
  ])('%s %s is read as %d minor units', (currency, text, minor) => {
    expect(parseDecimal(currency, text)).toEqual({ currency, minor });
  });

  test.each([
    ['CNY', '88.888'],
    ['CNY', '0.001'],
    ['JPY', '599.5'],
    ['BHD', '0.0001'],
    ['CNY', ''],
    ['CNY', '.5'],
    ['CNY', '5.'],
    ['CNY', '+5.00'],
    ['CNY', '--5.00'],
    ['CNY', '1e3'],
    ['CNY', '1,000.00'],
    ['CNY', ' 5.00'],
    ['CNY', '5.00\n'],
    ['CNY', '0x10'],
    ['CNY', 'NaN'],
    ['CNY', '５.００'],
    ['CNY', '1234567890123456789.00'],
  ])('%s %j is not rounded into an amount', (currency, text) => {
    expect(parseDecimal(currency, text)).toBeNull();
  });

  test('reading never throws and never loses what was there', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const amount = parseDecimal('CNY', text);
        if (amount !== null) expect(text).toMatch(/^-?\d+(\.\d+)?$/);
      }),
    );
  });

  test('a currency that ISO 4217 does not list is our own mistake', () => {
    expect(() => formatDecimal({ currency: 'CNX', minor: 1n })).toThrow('CNX is not an ISO 4217 currency');
    expect(() => parseDecimal('cny', '1.00')).toThrow('cny is not an ISO 4217 currency');
    expect(() => money('', 1n)).toThrow(RangeError);
  });
});

describe('a currency', () => {
  test.each([
    ['CNY', 2],
    ['USD', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['BHD', 3],
    ['KWD', 3],
    ['CNX', null],
    ['', null],
    ['cny', null],
    ['toString', null],
  ])('%j has %j digits', (currency, digits) => {
    expect(minorUnitDigits(currency)).toBe(digits);
  });
});

describe('reckoning with amounts', () => {
  const cents = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });

  test('adding and taking away again is nothing', () => {
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const sum = addMoney(money('CNY', a), money('CNY', b));
        expect(sum).toEqual(money('CNY', a + b));
        expect(subtractMoney(sum, money('CNY', b))).toEqual(money('CNY', a));
      }),
    );
  });

  test('two currencies are never mixed', () => {
    const yuan = money('CNY', 100n);
    const dollars = money('USD', 100n);
    expect(() => addMoney(yuan, dollars)).toThrow('CNY and USD cannot be combined');
    expect(() => subtractMoney(yuan, dollars)).toThrow(RangeError);
    expect(sameMoney(yuan, dollars)).toBe(false);
    expect(sameMoney(yuan, money('CNY', 101n))).toBe(false);
    expect(sameMoney(yuan, money('CNY', 100n))).toBe(true);
  });
});
