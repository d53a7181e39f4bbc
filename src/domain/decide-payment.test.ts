import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import {
  attemptFailed,
  awaitingPayer,
  closed,
  effectedClosed,
  effectedRefunded,
  noAnswer,
  notFound,
  nothingNamed,
  paid,
  refundInstead,
} from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { dueNow, everyPayment, examplePolicy, noon, paidPayment, secondsAfter } from './payments.fixture.ts';

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

describe('evidence of payment', () => {
  test.each(['cancelling, paid, inquiring', 'refunding, payment inquired', 'failed, evidence of payment'])(
    'outweighs the word that the attempt failed: %s',
    (name) => {
      const payment = example(name);
      const decision = decide(payment, { kind: 'inquiry_answered', answer: attemptFailed });
      expect(decision.payment).toMatchObject({ state: payment.state, reversal: payment.reversal });
      // Where a cancel can still undo the payment it is the next thing to try: it is no harm.
      const isCancelled = payment.reversal?.state === 'cancelling';
      expect(decision.payment.nextStep?.action).toBe(isCancelled ? 'cancel' : 'inquire');
      expect(decision.payment.nextStep?.dueAt.getTime()).toBeGreaterThan(noon.getTime());
    },
  );
});

describe('a payment that the wallet has shown to know', () => {
  test('is not cancelled by a cancel that was sent before the wallet knew it', () => {
    // The cancel overtook the call and found nothing; the call then asked the payer, and its answer came first.
    const cancelling = example('cancelling, nothing seen');
    const asked = decide(cancelling, { kind: 'pay_answered', answer: awaitingPayer }).payment;
    const stillThere = decide(asked, { kind: 'cancel_answered', answer: nothingNamed }).payment;
    expect(stillThere).toMatchObject({ state: 'reversing', nextStep: { action: 'inquire' } });
    const again = decide(stillThere, { kind: 'inquiry_answered', answer: awaitingPayer }).payment;
    expect(again).toMatchObject({ state: 'reversing', nextStep: { action: 'cancel' } });
    const closedNow = decide(stillThere, { kind: 'inquiry_answered', answer: closed }).payment;
    expect(closedNow).toMatchObject({ state: 'cancelled', cancelledBy: 'close', nextStep: null });
  });

  test('is inquired, not failed, when its call is said never to have been sent', () => {
    const payment = example('awaiting payer');
    const decision = decide(payment, { kind: 'pay_answered', answer: noAnswer('not_sent') });
    expect(decision.payment).toMatchObject({ state: 'awaiting_payer', nextStep: dueNow('inquire') });
  });
});

describe('a reversal by refund', () => {
  test('ends at once when refunds have given everything back already', () => {
    const payment = example('cancelled and refunded, evidence of payment, window passed');
    const found = decide(payment, { kind: 'inquiry_answered', answer: paid });
    expect(found.payment).toMatchObject({
      reversal: { state: 'effected' },
      nextStep: null,
      refunded: 10_000n,
    });
    const cancelling = { ...payment, nextStep: dueNow('cancel') };
    const barred = decide(cancelling, { kind: 'cancel_answered', answer: refundInstead });
    expect(barred.payment).toMatchObject({ reversal: { state: 'effected' }, nextStep: null });
  });

  test('waits for a refund that is still open', () => {
    const payment = { ...example('cancelling, paid'), openRefunds: 1, refundReserved: 3_000n };
    const { payment: settling } = decide(payment, { kind: 'cancel_answered', answer: refundInstead });
    expect(settling).toMatchObject({
      reversal: { state: 'settling' },
      nextStep: { action: 'await_refunds' },
    });
  });

  test('looks at the payment before it repeats a refund that the wallet does not have', () => {
    const inquired = decide(example('refunding, refund inquired'), {
      kind: 'reversal_refund_inquired',
      answer: notFound,
    });
    expect(inquired.payment.nextStep).toEqual({ action: 'inquire', dueAt: secondsAfter(10) });
    const stillPaid = decide(inquired.payment, { kind: 'inquiry_answered', answer: paid });
    expect(stillPaid.payment).toMatchObject({ nextStep: dueNow('refund'), tries: inquired.payment.tries });
  });

  test('ends when the payment is closed at the wallet, given back in some other way', () => {
    const { payment, events } = decide(example('refunding, payment inquired'), {
      kind: 'inquiry_answered',
      answer: closed,
    });
    expect(payment).toMatchObject({ state: 'cancelled', cancelledBy: 'refund', nextStep: null });
    expect(events.map((event) => event.type)).toEqual(['RemainderRefunded', 'PaymentCancelled']);
  });
});

describe('a payment that the wallet never knew', () => {
  test('ends when the horizon has passed although the wallet bars a cancel', () => {
    const barred = example('cancelling, window passed, nothing ever found');
    const once = decide(barred, { kind: 'inquiry_answered', answer: notFound });
    expect(once.payment).toMatchObject({ reversal: { state: 'watching' }, nextStep: { action: 'inquire' } });
    const twice = decide(once.payment, { kind: 'inquiry_answered', answer: notFound });
    expect(twice.payment).toMatchObject({
      state: 'cancelled',
      reversal: { state: 'baseless' },
      nextStep: { action: 'inquire', dueAt: secondsAfter(24 * 3600) },
    });
  });

  test('is still watched before the horizon although the wallet bars a cancel', () => {
    const { payment } = decide(example('cancelling, window passed'), {
      kind: 'inquiry_answered',
      answer: notFound,
    });
    expect(payment).toMatchObject({ state: 'cancelled_provisionally', reversal: { state: 'watching' } });
  });

  test('is not given up at the answer to a cancel from before the horizon', () => {
    const payment = { ...example('watched, inquiring'), expiresAt: secondsAfter(-600) };
    const decision = decide(payment, { kind: 'cancel_answered', answer: nothingNamed });
    expect(decision).toEqual({ payment, events: [] });
  });
});
