import { expect, it } from 'vitest';
import { amountText, typedAmount } from './amount.ts';

// proves PAY-07
it.each([
  ['CNY', '12.34', 1234],
  ['CNY', '12.3', 1230],
  ['CNY', '12', 1200],
  ['CNY', '0.01', 1],
  ['CNY', '1.10', 110],
  ['CNY', '4.35', 435],
  ['CNY', '90071992547409.91', Number.MAX_SAFE_INTEGER],
  ['JPY', '599', 599],
  ['KWD', '1.234', 1234],
])('%s %s is taken exactly', (currency, text, value) => {
  expect(typedAmount('pay', currency, text)).toEqual({ currency, value });
});

// proves PAY-07
it.each([
  ['CNY', '12.345', '--amount 12.345 is no amount of CNY: give it as in 1.00, with at most 2 decimals'],
  ['CNY', '1e3', '--amount 1e3 is no amount of CNY'],
  ['CNY', '1,000.00', '--amount 1,000.00 is no amount of CNY'],
  ['CNY', ' 1', '--amount  1 is no amount of CNY'],
  ['CNY', '¥1', '--amount ¥1 is no amount of CNY'],
  ['CNY', '', '--amount  is no amount of CNY'],
  ['CNY', '0', '--amount 0 is not more than zero'],
  ['CNY', '0.00', '--amount 0.00 is not more than zero'],
  ['CNY', '-5', '--amount -5 is not more than zero'],
  ['CNY', '90071992547409.92', '--amount 90071992547409.92 is more than any payment can be'],
  ['JPY', '5.5', '--amount 5.5 is no amount of JPY: give it as in 1, without decimals'],
  ['cny', '1', '--currency cny is not an ISO 4217 code such as CNY'],
  ['XYZ', '1', '--currency XYZ is not an ISO 4217 code such as CNY'],
])('%s %s is refused, never rounded', (currency, text, message) => {
  expect(() => typedAmount('pay', currency, text)).toThrow(message);
});

it('an amount is shown in major units with its currency', () => {
  expect(amountText({ currency: 'CNY', value: 1234 })).toBe('12.34 CNY');
  expect(amountText({ currency: 'JPY', value: 599 })).toBe('599 JPY');
  expect(amountText({ currency: 'QQQ', value: 7 })).toBe('7 minor units of QQQ');
});
