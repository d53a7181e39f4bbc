import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { awaitingPayer } from './example-inputs.ts';
import { examplePolicy, noon, paidPayment } from './example-payments.ts';
import type { Payment } from './payment.ts';

function decide(payment: Payment, input: PaymentInput) {
  return decidePayment(payment, input, examplePolicy, noon);
}

describe('an answer that comes late', () => {
  test('"waiting for the payer" after the payment has succeeded changes nothing', () => {
    const payment = paidPayment();
    const decision = decide(payment, { kind: 'pay_answered', answer: awaitingPayer });
    expect(decision).toEqual({ payment, events: [] });
  });
});
