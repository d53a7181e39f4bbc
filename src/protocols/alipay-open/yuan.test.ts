import fc from 'fast-check';
import { expect, it } from 'vitest';
import { money } from '../../domain/money.ts';
import { printYuan, readYuan } from './yuan.ts';

// proves PAY-07
it('every amount of fen crosses into yuan and back unchanged', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 18n - 1n), (minor) => {
      expect(readYuan(printYuan(money('CNY', minor)))).toEqual({ currency: 'CNY', minor });
    }),
  );
});

it('an amount that is no plain decimal of two digits is not read', () => {
  for (const text of ['', '88.888', '1e3', ' 1.00', '1,000.00', '0x10', '.5', '5.', 'NaN', '٣']) {
    expect(readYuan(text)).toBeNull();
  }
  expect(readYuan('88.8')?.minor).toBe(8880n);
});

it('another currency or a negative amount cannot be sent', () => {
  expect(() => printYuan(money('USD', 1n))).toThrow(/CNY, not USD/);
  expect(() => printYuan(money('CNY', -1n))).toThrow(RangeError);
});
