import { describe, expect, test } from 'vitest';
import { examplePolicy } from './payments.fixture.ts';
import { hastened, policyFor, productsOf, type RetryPace, retryDelayMs } from './policy.ts';
import { walletNames } from './wallets.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

describe('the policy of a payment code at the Open Platform', () => {
  // proves RES-02, RES-03
  test('awaits the answer to pay for 15 s, then inquires every 5 s, 12 times', () => {
    expect(examplePolicy.payAnswerMs).toBe(15 * secondMs);
    expect(examplePolicy.inquiryIntervalMs).toBe(5 * secondMs);
    expect(examplePolicy.inquiryCount).toBe(12);
    expect(examplePolicy.inquiryIntervalMs * examplePolicy.inquiryCount).toBe(minuteMs);
  });

  test('awaits the answer to an inquiry, a cancel or a refund for 3 s', () => {
    expect(examplePolicy.callLimitMs).toBe(3 * secondMs);
  });

  test('keeps two refunds of one payment 3 s apart and asks for a refund 10 s after its call', () => {
    expect(examplePolicy.refundSpacingMs).toBe(3 * secondMs);
    expect(examplePolicy.refundInquiryDelayMs).toBe(10 * secondMs);
  });

  test('watches a provisional cancel until 5 min after the expiry, and looks once more after 24 h', () => {
    expect(examplePolicy.expiryGraceMs).toBe(5 * minuteMs);
    expect(examplePolicy.finalLookMs).toBe(24 * hourMs);
  });

  test('sends an expiry of 5 min, between 1 min and 15 days where the merchant says so', () => {
    expect(examplePolicy.expiryDefaultMs).toBe(5 * minuteMs);
    expect(examplePolicy.expiryMinMs).toBe(minuteMs);
    expect(examplePolicy.expiryMaxMs).toBe(15 * 24 * hourMs);
  });

  test('takes up to 100 million yuan', () => {
    expect(examplePolicy.amountMaxMinor).toBe(100_000_000n * 100n);
  });

  test('has the payment wait for no inquiry beyond its own expiry', () => {
    const { payAnswerMs, inquiryIntervalMs, inquiryCount, expiryDefaultMs } = examplePolicy;
    expect(payAnswerMs + inquiryIntervalMs * inquiryCount).toBeLessThan(expiryDefaultMs);
  });
});

// proves RES-06, RES-12
describe.each([
  ['cancel', examplePolicy.cancelRetry],
  ['refund', examplePolicy.refundRetry],
])('the pace of repeating a %s', (_call, pace) => {
  test('is 5 s, then every 10 s for the first minute', () => {
    const waits = [1, 2, 3, 4, 5, 6].map((tries) => retryDelayMs(pace, tries) / secondMs);
    expect(waits).toEqual([5, 10, 10, 10, 10, 10]);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(60);
  });

  test('then doubles up to 10 min and never ends', () => {
    const waits = [7, 8, 9, 10, 11, 12, 13, 1_000, 1_000_000].map(
      (tries) => retryDelayMs(pace, tries) / secondMs,
    );
    expect(waits).toEqual([20, 40, 80, 160, 320, 600, 600, 600, 600]);
  });
});

// proves RES-20
test('the pace of watching a provisional cancel is 5 s, then 15 s, then doubles up to 2 min', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (tries) => retryDelayMs(examplePolicy.watchRetry, tries) / secondMs,
  );
  expect(waits).toEqual([5, 15, 15, 15, 30, 60, 120, 120]);
});

test('no wait is longer than the pace allows, not even the first', () => {
  const pace: RetryPace = { firstMs: 500, nextMs: 700, fastTries: 3, maxMs: 100 };
  expect([0, 1, 2, 3, 4, 50].map((tries) => retryDelayMs(pace, tries))).toEqual([
    100, 100, 100, 100, 100, 100,
  ]);
});

test('Alipay+ is asked about a refund after 15 s, and told of no expiry beyond half an hour', () => {
  for (const product of productsOf('alipay_plus')) {
    const { refundInquiryDelayMs, expiryMaxMs } = policyFor('alipay_plus', product);
    expect([refundInquiryDelayMs, expiryMaxMs]).toEqual([15 * secondMs, 30 * minuteMs]);
  }
});

test('the overrides of a merchant stand in place of the defaults, figure by figure', () => {
  const overrides = { alipay_open: { payment_code: { inquiryCount: 10, inquiryIntervalMs: 3_000 } } };
  const policy = policyFor('alipay_open', 'payment_code', overrides);
  expect(policy).toEqual({ ...examplePolicy, inquiryCount: 10, inquiryIntervalMs: 3_000 });
  expect(policyFor('alipay_open', 'payment_code')).toEqual(examplePolicy);
});

test('an override of one part of a pace leaves the others', () => {
  const overrides = { alipay_open: { payment_code: { cancelRetry: { fastTries: 8 } } } };
  expect(policyFor('alipay_open', 'payment_code', overrides)).toEqual({
    ...examplePolicy,
    cancelRetry: { ...examplePolicy.cancelRetry, fastTries: 8 },
  });
});

test('an override holds for its product of its wallet alone', () => {
  const overrides = { alipay_plus: { entry_code: { payAnswerMs: 25_000 } } };
  for (const wallet of walletNames) {
    for (const product of productsOf(wallet)) {
      const isMeant = wallet === 'alipay_plus' && product === 'entry_code';
      const expected = { ...policyFor(wallet, product), ...(isMeant ? { payAnswerMs: 25_000 } : {}) };
      expect(policyFor(wallet, product, overrides)).toEqual(expected);
    }
  }
});

describe('a hastened policy', () => {
  test('shrinks its waits and nothing else', () => {
    const fast = hastened(examplePolicy, 100);
    expect(fast).toMatchObject({
      payAnswerMs: 150,
      callLimitMs: 30,
      inquiryIntervalMs: 50,
      idleInquiryIntervalMs: 200,
      payerActiveMs: 300,
      inquiryCount: 12,
      refundSpacingMs: 30,
      refundInquiryDelayMs: 100,
      cancelRetry: { firstMs: 50, nextMs: 100, fastTries: 6, maxMs: 6_000 },
      refundRetry: { firstMs: 50, nextMs: 100, fastTries: 6, maxMs: 6_000 },
      watchRetry: { firstMs: 50, nextMs: 150, fastTries: 4, maxMs: 1_200 },
    });
    for (const field of [
      'expiryGraceMs',
      'finalLookMs',
      'expiryDefaultMs',
      'expiryMinMs',
      'expiryMaxMs',
    ] as const) {
      expect(fast[field]).toBe(examplePolicy[field]);
    }
    expect(fast.amountMaxMinor).toBe(examplePolicy.amountMaxMinor);
  });

  test('is the same policy at speed 1, and keeps a wait of 1 ms at any speed', () => {
    expect(hastened(examplePolicy, 1)).toEqual(examplePolicy);
    expect(hastened(examplePolicy, 1e9).callLimitMs).toBe(1);
  });

  test.each([0, 0.5, -1, Number.NaN])('cannot be slowed down: %d', (speed) => {
    expect(() => hastened(examplePolicy, speed)).toThrow(RangeError);
  });
});
