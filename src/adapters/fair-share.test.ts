import { describe, expect, it } from 'vitest';
import { createFairShare } from './fair-share.ts';

function shared(limit: number, rows: readonly string[], underWay: Record<string, number> = {}) {
  const share = createFairShare({
    limit,
    deliveryLimit: limit,
    underWay: new Map(Object.entries(underWay)),
  });
  const taken: Record<string, number> = {};
  for (const lane of rows) if (share.take('payment', [lane])) taken[lane] = (taken[lane] ?? 0) + 1;
  return { taken, full: share.full(), isUsedUp: share.isUsedUp() };
}

const many = (lane: string): string[] => Array.from({ length: 100 }, () => lane);

describe('places, shared out among lanes', () => {
  it('go to one merchant up to two thirds, and the rest to whoever comes', () => {
    expect(shared(32, many('A'))).toEqual({ taken: { A: 22 }, full: ['A'], isUsedUp: false });
    expect(shared(32, [...many('A'), 'B', 'C']).taken).toEqual({ A: 22, B: 1, C: 1 });
  });

  it('go to one account up to four fifths, and leave some for other accounts', () => {
    const lane = 'account alipay_open/main';
    expect(shared(32, many(lane)).taken).toEqual({ [lane]: 26 });
  });

  it('of an account are shared among its merchants', () => {
    const share = createFairShare({ limit: 32, deliveryLimit: 32, underWay: new Map() });
    const take = (merchant: string, account: string) =>
      share.take('payment', [merchant, `account ${account}`]);
    const taken = (merchant: string, account: string) =>
      Array.from({ length: 100 }, () => take(merchant, account)).filter((one) => one).length;
    expect([taken('A', 'x'), taken('B', 'x'), taken('A', 'y')]).toEqual([22, 4, 0]);
    expect(take('C', 'y')).toBe(true);
  });

  it('are given, as they are given back, to whoever has few, however many lanes pile up', () => {
    const piled = [...many('A'), ...many('B'), ...many('C'), ...many('D')];
    expect(shared(32, piled).taken).toEqual({ A: 22, B: 7, C: 2, D: 1 });
    expect(shared(1, piled, { A: 21, B: 7, C: 2, D: 1 }).taken).toEqual({ D: 1 });
  });

  it('that a lane has already count', () => {
    expect(shared(11, many('A'), { A: 22 }).taken).toEqual({});
    expect(shared(12, many('A'), { A: 21 }).taken).toEqual({ A: 1 });
  });

  it('are few or one: the one is had by whoever is first', () => {
    expect(shared(1, many('A'))).toEqual({ taken: { A: 1 }, full: [], isUsedUp: true });
    expect(shared(2, many('A')).taken).toEqual({ A: 2 });
    expect(shared(4, many('A')).taken).toEqual({ A: 3 });
  });

  it('of deliveries are shared out among themselves', () => {
    const share = createFairShare({ limit: 32, deliveryLimit: 4, underWay: new Map() });
    const takes = (lane: string) => share.take('delivery', [lane]);
    expect([1, 2, 3, 4].map(() => takes('A'))).toEqual([true, true, true, false]);
    expect([takes('B'), takes('B'), share.take('payment', ['A'])]).toEqual([true, false, true]);
  });

  it('are not given to deliveries beyond those that are free, whatever they may have', () => {
    const share = createFairShare({ limit: 2, deliveryLimit: 2, underWay: new Map() });
    expect(share.take('payment', ['A'])).toBe(true);
    expect(share.take('payment', ['B'])).toBe(true);
    expect(share.take('delivery', ['C'])).toBe(false);
  });
});
