import fc from 'fast-check';
import { expect, it } from 'vitest';
import { minorUnitDigits, money } from '../../domain/money.ts';
import { printAmount, readAmount } from './amount.ts';

// proves PAY-07
it('every amount crosses as minor units in a string, and back unchanged', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('USD', 'JPY', 'KRW', 'HKD', 'IDR', 'EUR'),
      fc.bigInt(1n, 10n ** 16n - 1n),
      (currency, minor) => {
        const wire = printAmount(money(currency, minor));
        expect(wire).toEqual({ currency, value: String(minor) });
        expect(readAmount(JSON.parse(JSON.stringify(wire)))).toEqual({ currency, minor });
      },
    ),
  );
});

it('5.99 dollars and 599 yen are both 599', () => {
  expect(printAmount(money('USD', 599n)).value).toBe('599');
  expect(printAmount(money('JPY', 599n)).value).toBe('599');
});

// proves PAY-07
it('a currency has the digits that AMS gives it', () => {
  const none = ['CLP', 'JPY', 'KRW', 'VND'];
  const two = [
    ...[
      'AUD',
      'BDT',
      'BRL',
      'CAD',
      'CNY',
      'EUR',
      'GBP',
      'HKD',
      'IDR',
      'MXN',
      'MYR',
      'NZD',
      'PEN',
      'PHP',
      'PKR',
    ],
    ...['PLN', 'SGD', 'THB', 'TWD', 'USD'],
  ];
  expect(none.map(minorUnitDigits)).toEqual(none.map(() => 0));
  expect(two.map(minorUnitDigits)).toEqual(two.map(() => 2));
});

it('an amount that is no string of digits is not read', () => {
  for (const value of [
    '',
    '0',
    '-1',
    '+1',
    '1.00',
    '1e3',
    '0599',
    ' 599',
    '599 ',
    '1'.repeat(17),
    '٣',
    599,
    null,
  ]) {
    expect([value, readAmount({ currency: 'USD', value })]).toEqual([value, null]);
  }
  for (const amount of [
    null,
    'USD 1',
    [],
    { value: '1' },
    { currency: 'usd', value: '1' },
    { currency: 'XX', value: '1' },
  ]) {
    expect(readAmount(amount)).toBeNull();
  }
});

it('an amount that AMS does not take cannot be printed', () => {
  for (const minor of [0n, -1n, 10n ** 16n]) {
    expect(() => printAmount(money('USD', minor))).toThrow(RangeError);
  }
});
