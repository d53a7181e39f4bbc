import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { reversalRefundIdCount } from './ids.ts';
import { attemptFailed, noAnswer, notFound, paid, refused, spent, unclear } from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { later } from './payment-changes.ts';
import { noon, reversing, reversingPayment, secondsAfter } from './payments.fixture.ts';
import { policyFor } from './policy.ts';

const policy = policyFor('alipay_plus', 'payment_code');

function told(payment: Payment, input: PaymentInput): Payment {
  return decidePayment(payment, input, policy, secondsAfter(20)).payment;
}

// money case 6
describe('what is said of a refund id that has failed for good since', () => {
  const present = reversingPayment('refunding', 'refund', {
    wallet: 'alipay_plus',
    knownToWallet: true,
    paidEvidence: true,
    walletTransactionId: '1',
    reversal: reversing('refunding', { refundInstead: true, refundIdsSpent: 1 }),
  });

  test.each([
    ['a second confirmation', { kind: 'reversal_refund_inquired', answer: attemptFailed, idsSpent: 0 }],
    ['not found', { kind: 'reversal_refund_inquired', answer: notFound, idsSpent: 0 }],
    ['silence about it', { kind: 'reversal_refund_inquired', answer: noAnswer(), idsSpent: 0 }],
    ['the same failure again', { kind: 'reversal_refund_answered', answer: spent, idsSpent: 0 }],
    ['a refusal', { kind: 'reversal_refund_answered', answer: refused('operator'), idsSpent: 0 }],
    ['an unclear answer', { kind: 'reversal_refund_answered', answer: unclear, idsSpent: 0 }],
  ] as const)('changes nothing about the present one: %s', (_, input) => {
    expect(told(present, input)).toBe(present);
  });

  test('does not let the present one be replaced while its own call may still take effect', () => {
    const late = told(present, { kind: 'reversal_refund_answered', answer: spent, idsSpent: 0 });
    const asked = told(late, { kind: 'reversal_refund_inquired', answer: notFound, idsSpent: 1 });
    expect(asked.reversal).toMatchObject({ refundIdsSpent: 1, refundIdDoubted: false });
  });

  test('counts where money moved after all', () => {
    const { amount } = present;
    for (const input of [
      { kind: 'reversal_refund_answered', answer: { kind: 'refunded' }, idsSpent: 0 },
      { kind: 'reversal_refund_inquired', answer: { kind: 'refunded', amount }, idsSpent: 0 },
    ] as const) {
      expect(told(present, input)).toMatchObject({ state: 'cancelled', cancelledBy: 'refund' });
    }
  });
});

// money case 6
test('the last refund id of a reversal serves for ever, and is tried about once a month', () => {
  const last = reversingPayment('refunding', 'inquire_refund', {
    knownToWallet: true,
    paidEvidence: true,
    reversal: reversing('refunding', { refundIdsSpent: 60, refundIdDoubted: true }),
  });
  const { nextStep } = told(last, { kind: 'reversal_refund_inquired', answer: attemptFailed });
  expect(nextStep?.action).toBe('inquire');
  const waitMs = (nextStep?.dueAt.getTime() ?? 0) - secondsAfter(20).getTime();
  expect(waitMs).toBe(policy.refundRetry.firstMs * 2 ** (reversalRefundIdCount - 1));
});

test('a refund that the wallet says it has already counts as a try, as every other answer does', () => {
  const present = reversingPayment('refunding', 'refund', { paidEvidence: true, tries: 2 });
  const repeated = { kind: 'reversal_refund_answered', answer: { kind: 'repeated' } } as const;
  expect(told(present, repeated)).toMatchObject({ nextStep: { action: 'inquire_refund' }, tries: 3 });
});

// money case 6
test('the refund ids of a reversal outlast an account that is short for weeks', () => {
  let payment = reversingPayment('refunding', 'refund', {
    wallet: 'alipay_plus',
    knownToWallet: true,
    paidEvidence: true,
    walletTransactionId: '1',
    reversal: reversing('refunding', { refundInstead: true }),
  });
  let now = noon;
  const dayMs = 86_400_000;
  const spentAfterMs: number[] = [];
  while (spentAfterMs.length < reversalRefundIdCount && now < later(noon, 400 * dayMs)) {
    const action = payment.nextStep?.action;
    const input: PaymentInput =
      action === 'refund'
        ? { kind: 'reversal_refund_answered', answer: spent }
        : action === 'inquire_refund'
          ? { kind: 'reversal_refund_inquired', answer: notFound }
          : { kind: 'inquiry_answered', answer: paid };
    const before = payment.reversal?.refundIdsSpent;
    now = payment.nextStep?.dueAt ?? now;
    payment = decidePayment(payment, input, policy, now).payment;
    if (payment.reversal?.refundIdsSpent !== before) spentAfterMs.push(now.getTime() - noon.getTime());
  }
  expect(spentAfterMs).toHaveLength(reversalRefundIdCount);
  // A failure that passes costs minutes; a night costs a dozen ids.
  expect(spentAfterMs[3]).toBeLessThan(3 * 60_000);
  expect(spentAfterMs[12]).toBeGreaterThan(dayMs / 5);
  expect(spentAfterMs.at(-1)).toBeGreaterThan(25 * dayMs);
});
