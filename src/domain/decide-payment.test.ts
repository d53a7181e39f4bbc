import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import {
  awaitingPayer,
  effectedClosed,
  effectedRefunded,
  nothingNamed,
  refundInstead,
} from './example-inputs.ts';
import { everyPayment, examplePolicy, noon, paidPayment } from './example-payments.ts';
import type { Payment } from './payment.ts';

function decide(payment: Payment, input: PaymentInput) {
  return decidePayment(payment, input, examplePolicy, noon);
}

function example(name: string): Payment {
  const payment = everyPayment.get(name);
  if (payment === undefined) throw new Error(`no example payment is called ${name}`);
  return payment;
}

describe('an answer that comes late', () => {
  test('"waiting for the payer" after the payment has succeeded changes nothing', () => {
    const payment = paidPayment();
    const decision = decide(payment, { kind: 'pay_answered', answer: awaitingPayer });
    expect(decision).toEqual({ payment, events: [] });
  });

  const undoneByRefunds = ['settling, refund open', 'refunding all', 'refunding, refund inquired'].map(
    example,
  );

  test.each(undoneByRefunds)(
    'a cancel that did nothing leaves refunds to go on: $reversal.state',
    (payment) => {
      for (const answer of [nothingNamed, effectedClosed]) {
        expect(decide(payment, { kind: 'cancel_answered', answer })).toEqual({ payment, events: [] });
      }
      const barred = decide(payment, { kind: 'cancel_answered', answer: refundInstead }).payment;
      expect(barred.nextStep).toEqual(payment.nextStep);
      expect(barred.reversal).toMatchObject({ state: payment.reversal?.state, refundInstead: true });
    },
  );

  test('a cancel that gave the money back ends a reversal by refund', () => {
    const decision = decide(example('refunding all'), { kind: 'cancel_answered', answer: effectedRefunded });
    expect(decision.payment).toMatchObject({ state: 'cancelled', cancelledBy: 'cancel', nextStep: null });
  });
});
