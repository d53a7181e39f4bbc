import { describe, expect, it } from 'vitest';
import { cancelWindowEnd } from './cancel-window.ts';

describe('the usual end of the cancel window', () => {
  // proves RES-07
  it.each([
    [
      'alipay_plus',
      '2026-03-02T15:59:59.999Z',
      '2026-03-02T16:15:00.000Z',
      'a second before midnight in China',
    ],
    ['alipay_plus', '2026-03-02T16:00:00.000Z', '2026-03-03T16:15:00.000Z', 'at midnight in China'],
    ['alipay_plus', '2026-03-02T16:10:00.000Z', '2026-03-03T16:15:00.000Z', 'within the quarter of an hour'],
    ['alipay_open', '2026-03-02T15:59:59.999Z', '2026-03-03T15:59:59.999Z', 'a day later'],
  ] as const)('%s, a payment of %s: %s (%s)', (wallet, createdAt, end, _) => {
    expect(cancelWindowEnd(wallet, new Date(createdAt)).toISOString()).toBe(end);
  });
});
