import { describe, expect, it } from 'vitest';
import { nextChinaMidnight, parseChinaTime, printChinaTime, startOfChinaDay } from './china-time.ts';
import { feeOn, feeReturnedOn } from './fees.ts';
import { fenOfYuan, yuanOfFen } from './yuan.ts';

describe('yuan', () => {
  it.each([
    ['88.88', 8888n, '88.88'],
    ['0.01', 1n, '0.01'],
    ['1', 100n, '1.00'],
    ['1.5', 150n, '1.50'],
    ['100000000.00', 10_000_000_000n, '100000000.00'],
  ])('%s is %d fen, written %s', (text, fen, printed) => {
    expect(fenOfYuan(text)).toBe(fen);
    expect(yuanOfFen(fen)).toBe(printed);
  });

  it.each(['', '1.', '.5', '1.234', '-1', '+1', '1e2', ' 1', '1,00', '１'])('"%s" is no amount', (text) => {
    expect(fenOfYuan(text)).toBeNull();
  });
});

describe('China time', () => {
  it('is eight hours ahead of UTC', () => {
    expect(printChinaTime(Date.parse('2026-01-15T18:20:30Z'))).toBe('2026-01-16 02:20:30');
    expect(parseChinaTime('2026-01-16 02:20:30')).toBe(Date.parse('2026-01-15T18:20:30Z'));
    expect(parseChinaTime('2026-01-16 02:20')).toBe(Date.parse('2026-01-15T18:20:00Z'));
  });

  it.each([
    '2026-02-30 00:00:00',
    '2026-01-16',
    '2026-01-16T02:20:30',
    '2026-13-01 00:00:00',
    '2026-01-01 25:00:00',
  ])('%s is no time', (text) => expect(parseChinaTime(text)).toBeNull());

  it('a day begins and ends at its midnight', () => {
    const atMs = Date.parse('2026-01-15T18:20:30Z');
    expect(printChinaTime(startOfChinaDay(atMs))).toBe('2026-01-16 00:00:00');
    expect(printChinaTime(nextChinaMidnight(atMs))).toBe('2026-01-17 00:00:00');
  });
});

describe('fees', () => {
  it.each([
    [8888n, 3800, 34n],
    [100n, 3800, 0n],
    [300n, 6000, 2n],
    [130n, 6000, 1n],
  ])('on %d fen at %d millionths is %d fen', (amount, rate, fee) => expect(feeOn(amount, rate)).toBe(fee));

  it.each([
    { amount: 300n, rate: 6000, refunds: [100n, 100n, 100n], returned: [1n, 1n, 0n] },
    { amount: 130n, rate: 6000, refunds: [65n, 65n], returned: [0n, 1n] },
  ])('refunds $refunds of $amount fen bring back $returned: the last one brings the rest', (row) => {
    let feeLeft = feeOn(row.amount, row.rate);
    const returned = row.refunds.map((refund, index) => {
      const fee = feeReturnedOn(refund, row.rate, feeLeft, index === row.refunds.length - 1);
      feeLeft -= fee;
      return fee;
    });
    expect(returned).toEqual(row.returned);
    expect(feeLeft).toBe(0n);
  });
});
