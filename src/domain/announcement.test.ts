import { describe, expect, test } from 'vitest';
import { announcementsOfPayment, announcementsOfRefund } from './announcement.ts';
import { type Payment, type PaymentState, paymentMoves, publicStatus } from './payment.ts';
import { everyPayment, examplePayment, exampleRefund } from './payments.fixture.ts';
import { type RefundState, refundMoves } from './refund.ts';

const url = 'https://merchant.example/notify';

function told(before: PaymentState | null, after: PaymentState): string[] {
  const earlier = before === null ? null : examplePayment({ state: before });
  return announcementsOfPayment(earlier, examplePayment({ state: after })).map(({ type }) => type);
}

// proves RES-11
describe('what a merchant is told of a payment', () => {
  test.each([
    ['submitted', 'unknown', []],
    ['submitted', 'awaiting_payer', []],
    ['submitted', 'succeeded', ['payment.succeeded']],
    ['submitted', 'failed', ['payment.failed']],
    ['unknown', 'succeeded', ['payment.succeeded']],
    ['unknown', 'reversing', []],
    ['succeeded', 'succeeded', []],
    ['succeeded', 'reversing', []],
    ['succeeded', 'cancelled', ['payment.cancelled']],
    ['reversing', 'cancelled', ['payment.cancelled']],
    ['reversing', 'cancelled_provisionally', ['payment.cancelled']],
    ['cancelled_provisionally', 'cancelled_provisionally', []],
    ['cancelled_provisionally', 'cancelled', []],
    ['cancelled', 'cancelled', []],
    ['failed', 'failed', []],
    [null, 'submitted', []],
    [null, 'cancelled', ['payment.cancelled']],
  ] as const)('%s → %s: %j', (before, after, types) => {
    expect(told(before, after)).toEqual(types);
  });

  test('each final status is told once on every way through the lifecycle', () => {
    const follow = (state: PaymentState, heard: readonly string[]): void => {
      expect(new Set(heard).size).toBe(heard.length);
      if (heard.includes('payment.cancelled') || heard.includes('payment.failed')) {
        expect(heard.indexOf('payment.succeeded')).toBeLessThanOrEqual(0);
      }
      for (const next of Object.keys(paymentMoves[state]) as PaymentState[]) {
        follow(next, [...heard, ...told(state, next)]);
      }
    };
    follow('submitted', []);
  });

  test('goes to the URL that was decided when the payment was accepted', () => {
    const after = examplePayment({ state: 'succeeded', notifyUrl: url });
    expect(announcementsOfPayment(examplePayment(), after)).toEqual([
      { type: 'payment.succeeded', subject: 'payment', subjectId: after.id, url },
    ]);
  });

  test('is nothing when there is no URL', () => {
    const after = examplePayment({ state: 'succeeded', notifyUrl: null });
    expect(announcementsOfPayment(examplePayment(), after)).toEqual([]);
  });
});

describe('what a merchant is told of a refund', () => {
  const types = (before: RefundState, after: RefundState): string[] =>
    announcementsOfRefund(exampleRefund({ state: before }), exampleRefund({ state: after }), url).map(
      ({ type }) => type,
    );

  test('each end once, and nothing on the way', () => {
    for (const before of Object.keys(refundMoves) as RefundState[]) {
      for (const after of Object.keys(refundMoves[before]) as RefundState[]) {
        const final = after === 'succeeded' || after === 'failed';
        expect(types(before, after)).toEqual(final ? [`refund.${after}`] : []);
      }
      expect(types(before, before)).toEqual([]);
    }
  });

  test('is nothing when there is no URL', () => {
    const ended = exampleRefund({ state: 'succeeded' });
    expect(announcementsOfRefund(exampleRefund(), ended, null)).toEqual([]);
  });
});

describe('the status that merchants see', () => {
  test.each([
    ['submitted', 'processing'],
    ['awaiting_payer', 'processing'],
    ['unknown', 'processing'],
    ['reversing', 'processing'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['cancelled', 'cancelled'],
    ['cancelled_provisionally', 'cancelled'],
  ] as const)('%s is shown as %s', (state, status) => {
    expect(publicStatus({ state })).toBe(status);
  });

  test('is never a success while money is on its way back', () => {
    const beingUndone = [...everyPayment.values()].filter((payment: Payment) => payment.reversal !== null);
    expect(beingUndone.length).toBeGreaterThan(20);
    for (const payment of beingUndone) expect(publicStatus(payment)).not.toBe('succeeded');
  });
});
