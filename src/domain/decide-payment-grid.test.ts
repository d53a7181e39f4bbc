import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { everyPaymentInput, inWords } from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { decisionDefects, paymentDefects } from './payment-audit.fixture.ts';
import { everyPayment, examplePolicy, noon } from './payments.fixture.ts';

/** Refund inputs come only as the refund operations make them: within what remains, and once per open refund. */
function canHappen(payment: Payment, input: PaymentInput): boolean {
  switch (input.kind) {
    case 'refund_accepted':
      return (
        payment.state === 'succeeded' && payment.refundReserved + input.amountMinor <= payment.amount.minor
      );
    case 'refund_ended':
      return payment.openRefunds > 0;
    default:
      return true;
  }
}

describe('every payment × every input', () => {
  test.each([...everyPayment])('%s: the example itself keeps the rules', (_name, payment) => {
    expect(paymentDefects(payment)).toEqual([]);
  });

  test.each([...everyPayment])('%s keeps every rule whatever happens', (name, payment) => {
    for (const input of everyPaymentInput) {
      if (!canHappen(payment, input)) continue;
      const frozen = structuredClone(payment);
      const decision = decidePayment(payment, input, examplePolicy, noon);
      const defects = decisionDefects(payment, input, decision, noon);
      expect(defects, `${name} × ${inWords(input)}`).toEqual([]);
      expect(payment, 'the payment that was passed in is left as it was').toEqual(frozen);
      const again = decidePayment(payment, input, examplePolicy, noon);
      expect(again, 'the same arguments give the same decision').toEqual(decision);
    }
  });
});
