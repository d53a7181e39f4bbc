import { describe, expect, test } from 'vitest';
import { holdsOrder, isOpen, type PaymentState, paymentMoves } from './payment.ts';
import { everyPayment } from './payments.fixture.ts';
import { refusal, refusals } from './refusals.ts';

const states = Object.keys(paymentMoves) as PaymentState[];

// proves PAY-13
test('an attempt holds its order until it is proved failed or cancelled', () => {
  const holding = states.filter((state) => holdsOrder({ state }));
  expect(holding).toEqual([
    'submitted',
    'issued',
    'awaiting_payer',
    'unknown',
    'succeeded',
    'reversing',
    'cancelled_provisionally',
  ]);
});

test('an attempt is open while the call or the inquiries decide', () => {
  expect(states.filter((state) => isOpen({ state }))).toEqual([
    'submitted',
    'issued',
    'awaiting_payer',
    'unknown',
  ]);
});

test('every state and every reversal stands among the examples', () => {
  const seen = [...everyPayment.values()];
  expect(new Set(seen.map((payment) => payment.state))).toEqual(new Set(states));
  expect(new Set(seen.map((payment) => payment.reversal?.state ?? null)).size).toBe(7);
});

describe('a refusal', () => {
  test('carries facts only where there are some', () => {
    expect(refusal('unknown_store', 'store_id', 'S9', 'No such store: send another.')).toEqual({
      code: 'unknown_store',
      field: 'store_id',
      value: 'S9',
      detail: 'No such store: send another.',
    });
    expect(
      refusal('order_already_paid', null, null, 'Paid: use a new one.', { payment_id: 'pay_1' }),
    ).toMatchObject({
      facts: { payment_id: 'pay_1' },
    });
  });

  test('may be answered otherwise later only where somebody else ends what stands in the way', () => {
    const transient = Object.entries(refusals).filter(([, { transient }]) => transient);
    expect(transient.map(([code]) => code)).toEqual([
      'wallet_unavailable',
      'order_has_open_payment',
      'payment_not_found',
      'refund_not_found',
      'payment_not_refundable',
    ]);
  });
});
