import { describe, expect, it } from 'vitest';
import { convert, printMoney } from './currencies.ts';
import { parseWireTime, printWireTime, usualCancelEnd } from './wire-time.ts';

describe('a time on the wire', () => {
  it('is printed in whole seconds with the offset of China', () => {
    expect(printWireTime(Date.parse('2023-06-01T06:12:14.987Z'))).toBe('2023-06-01T14:12:14+08:00');
  });

  it.each([
    '2023-06-01T14:12:14+08:00',
    '2023-06-01T06:12:14Z',
    '2023-06-01T06:12:14+0000',
    '2023-06-01T01:12:14-05:00',
    '2023-06-01T11:42:14+05:30',
    '2023-06-01T06:12:14.0000000Z',
  ])('is read from %s', (text) => {
    expect(parseWireTime(text)).toBe(Date.parse('2023-06-01T06:12:14Z'));
  });

  it('keeps its milliseconds when it is read', () => {
    expect(parseWireTime('2019-07-12T12:08:56.253+05:30')).toBe(Date.parse('2019-07-12T06:38:56.253Z'));
  });

  it.each(['', '2023-06-01', '2023-06-01T06:12:14', '2023-02-30T06:12:14Z', '1685599933871', 'soon'])(
    'is not read from %o',
    (text) => {
      expect(parseWireTime(text)).toBeNull();
    },
  );

  it.each([
    ['2026-01-15T10:20:30+08:00', '2026-01-16T00:15:00+08:00'],
    ['2026-01-15T00:00:00+08:00', '2026-01-16T00:15:00+08:00'],
    ['2026-01-15T23:59:59+08:00', '2026-01-16T00:15:00+08:00'],
  ])('a payment of %s can be cancelled until %s', (paid, end) => {
    expect(printWireTime(usualCancelEnd(Date.parse(paid)))).toBe(end);
  });
});

describe('amounts of several currencies', () => {
  it.each<[bigint, string, string, bigint]>([
    [599n, 'USD', 'USD', 599n],
    [599n, 'USD', 'CNY', 4313n],
    [1000n, 'JPY', 'CNY', 4800n],
    [100n, 'HKD', 'KRW', 178n],
    [1n, 'KRW', 'USD', 1n],
    [599n, 'USD', 'JPY', 899n],
  ])('%s of %s are, in %s, %s', (minor, from, to, converted) => {
    expect(convert(minor, from, to)).toBe(converted);
  });

  it.each<[bigint, string, string]>([
    [599n, 'USD', 'USD 5.99'],
    [5n, 'USD', 'USD 0.05'],
    [599n, 'JPY', 'JPY 599'],
  ])('%s of %s are written %s', (minor, currency, text) => {
    expect(printMoney(minor, currency)).toBe(text);
  });
});
