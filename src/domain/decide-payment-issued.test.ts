import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { horizonOf } from './decide-reversal.ts';
import {
  attemptFailed,
  awaitingPayer,
  cancelledAtWallet,
  effectedCancelled,
  effectedRefunded,
  issuedCode,
  issuedUrl,
  noAnswer,
  notFound,
  nothingNamed,
  paid,
  spent,
  unclear,
} from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { examplePayment, noon, reversing, reversingPayment, secondsAfter } from './payments.fixture.ts';
import { type PaymentPolicy, policyFor } from './policy.ts';

/* Entry and order codes: a URL or code first, a payer later, and the close time instead of a count of inquiries. */

const entryPolicy = policyFor('alipay_plus', 'entry_code');
const precreatePolicy = policyFor('alipay_open', 'order_code');

/** An entry code's payment as it was just recorded; it closes ten minutes later. */
function entryPayment(fields: Partial<Payment> = {}): Payment {
  return examplePayment({
    wallet: 'alipay_plus',
    product: 'entry_code',
    createdAt: noon,
    expiresAt: secondsAfter(600),
    payerActiveUntil: secondsAfter(45),
    nextStep: { action: 'inquire', dueAt: secondsAfter(17) },
    ...fields,
  });
}

function told(
  payment: Payment,
  inputs: readonly (readonly [input: PaymentInput, atSeconds: number])[],
  policy: PaymentPolicy = entryPolicy,
): Payment {
  return inputs.reduce(
    (current, [input, atSeconds]) => decidePayment(current, input, policy, secondsAfter(atSeconds)).payment,
    payment,
  );
}

const issued: PaymentInput = { kind: 'pay_answered', answer: issuedUrl };
const processing: PaymentInput = { kind: 'inquiry_answered', answer: awaitingPayer };
const seen: PaymentInput = { kind: 'payer_seen' };

function dueInSeconds(payment: Payment): number | null {
  return payment.nextStep === null ? null : (payment.nextStep.dueAt.getTime() - noon.getTime()) / 1000;
}

describe('the answer to the call that asks for a URL or code', () => {
  // proves RES-01
  test('is no money: the payment waits for its payer, and what was issued is kept', () => {
    const { payment, events } = decidePayment(entryPayment(), issued, entryPolicy, secondsAfter(1));
    expect(payment).toMatchObject({
      state: 'issued',
      payerAction: { kind: 'redirect', url: 'https://wallet.example/cashier?token=abc' },
      knownToWallet: true,
      paidEvidence: false,
    });
    expect(events).toEqual([{ type: 'PayerActionIssued', data: { action: 'redirect' } }]);
  });

  test('of a code that makes an order only when it is scanned does not say that the wallet knows the payment', () => {
    const payment = told(
      entryPayment(),
      [[{ kind: 'pay_answered', answer: issuedCode }, 1]],
      precreatePolicy,
    );
    expect(payment).toMatchObject({ state: 'issued', knownToWallet: false });
  });

  test('that comes after inquiries have begun is kept all the same', () => {
    const silent = told(entryPayment(), [
      [{ kind: 'pay_answered', answer: noAnswer() }, 15],
      [{ kind: 'inquiry_answered', answer: notFound }, 16],
    ]);
    expect(silent.state).toBe('unknown');
    expect(told(silent, [[issued, 18]])).toMatchObject({ state: 'issued', payerAction: issuedUrl.action });
    expect(told(told(silent, [[processing, 17]]), [[issued, 18]])).toMatchObject({
      state: 'awaiting_payer',
      payerAction: issuedUrl.action,
    });
  });

  test('that comes while the payment is being undone opens nothing again', () => {
    const undone = reversingPayment('cancelling', 'cancel', {
      product: 'entry_code',
      nextStep: { action: 'cancel', dueAt: secondsAfter(1) },
    });
    const after = told(undone, [[issued, 1]]);
    expect(after).toEqual({
      ...undone,
      knownToWallet: true,
      walletTransactionId: after.walletTransactionId,
      tries: 1,
    });
    expect(after.payerAction).toBeNull();
  });
});

// proves PAY-19
describe('that the wallet waits for a payer', () => {
  test('is no news of a payment that it knows since it was issued: nobody may have come', () => {
    const waiting = told(entryPayment(), [[issued, 1]]);
    const { payment, events } = decidePayment(waiting, processing, entryPolicy, secondsAfter(4));
    expect([payment.state, events]).toEqual(['issued', []]);
  });

  test('is news of a code that made no order before: its payer has scanned it and is active', () => {
    const shown = told(
      entryPayment({ wallet: 'alipay_open', product: 'order_code' }),
      [[{ kind: 'pay_answered', answer: issuedCode }, 1]],
      precreatePolicy,
    );
    const scanned = told(shown, [[processing, 100]], precreatePolicy);
    expect(scanned).toMatchObject({ state: 'awaiting_payer', payerActiveUntil: secondsAfter(130) });
    expect(dueInSeconds(scanned)).toBe(103);
  });
});

describe('what was issued and never reached its payer', () => {
  const silent = told(entryPayment(), [[{ kind: 'pay_answered', answer: noAnswer() }, 15]]);

  test('is undone by the gateway, which says why', () => {
    const undone = told(silent, [[{ kind: 'undelivered', issued: false }, 17]]);
    expect(undone).toMatchObject({
      state: 'reversing',
      reversal: { by: 'gateway' },
      failure: { code: 'wallet_page_missing' },
      payerActiveUntil: null,
      nextStep: { action: 'cancel', dueAt: secondsAfter(17) },
    });
  });

  test('is left alone when its URL came meanwhile: somebody may have seen it', () => {
    const came = told(silent, [[issued, 16]]);
    expect(told(came, [[{ kind: 'undelivered', issued: false }, 17]])).toBe(came);
    expect(told(came, [[{ kind: 'undelivered', issued: true }, 17]]).state).toBe('reversing');
  });

  test('is left alone when nothing was issued that anybody could have been unable to open', () => {
    expect(told(silent, [[{ kind: 'undelivered', issued: true }, 17]])).toBe(silent);
  });

  test('is left alone when it has ended meanwhile', () => {
    const ended = told(silent, [[{ kind: 'notified', outcome: paid }, 16]]);
    expect(told(ended, [[{ kind: 'undelivered', issued: false }, 17]])).toBe(ended);
  });
});

// proves RES-16
describe('while a payer may still be typing', () => {
  test('inquiries come every three seconds as long as somebody is seen, and slowly otherwise', () => {
    let payment = told(entryPayment(), [[issued, 1]]);
    expect(dueInSeconds(payment)).toBe(4);
    payment = told(payment, [[processing, 4]]);
    expect(dueInSeconds(payment)).toBe(7);
    payment = told(payment, [[processing, 40]]);
    expect(dueInSeconds(payment)).toBe(60);
    payment = told(payment, [[seen, 41]]);
    expect(dueInSeconds(payment)).toBe(44);
    payment = told(payment, [[processing, 44]]);
    expect(dueInSeconds(payment)).toBe(47);
  });

  test('no number of inquiries gives the payment up', () => {
    let payment = told(entryPayment(), [[issued, 1]]);
    for (let second = 4; second < 600; second += 3)
      payment = told(payment, [
        [processing, second],
        [seen, second],
      ]);
    expect(payment.state).toBe('issued');
    expect(payment.tries).toBeGreaterThan(entryPolicy.inquiryCount);
  });

  test('who is seen again and again costs no new version each time', () => {
    const payment = told(entryPayment(), [
      [issued, 1],
      [seen, 20],
    ]);
    const again = decidePayment(payment, seen, entryPolicy, secondsAfter(22));
    expect(again.payment).toBe(payment);
    expect(again.events).toEqual([]);
  });

  test('a payer in sight never puts a due inquiry off', () => {
    const payment = told(entryPayment(), [[issued, 1]]);
    const late = told(payment, [[seen, 40]]);
    expect(dueInSeconds(late)).toBe(4);
  });

  test('a payment that has ended, or pays by payment code, has no payer to be seen', () => {
    const ended = entryPayment({ state: 'failed', nextStep: null, payerActiveUntil: null });
    for (const one of [examplePayment(), ended]) {
      const policy = policyFor(one.wallet, one.product);
      expect(decidePayment(one, seen, policy, noon).payment).toBe(one);
    }
  });
});

describe('at the close time', () => {
  const waiting = told(entryPayment(), [
    [issued, 1],
    [processing, 4],
  ]);

  // proves RES-16, PAY-08
  test('the last inquiry is asked exactly then, and what is still unpaid is cancelled', () => {
    const last = told(waiting, [[processing, 590]]);
    expect(dueInSeconds(last)).toBe(600);
    const closed = told(last, [[processing, 600]]);
    expect(closed).toMatchObject({
      state: 'reversing',
      reversal: { state: 'cancelling', by: 'gateway' },
      failure: { code: 'not_paid_in_time' },
      nextStep: { action: 'cancel', dueAt: secondsAfter(600) },
    });
    expect(told(closed, [[{ kind: 'cancel_answered', answer: effectedCancelled }, 601]])).toMatchObject({
      state: 'cancelled',
      cancelledBy: 'cancel',
      paidEvidence: false,
      nextStep: null,
    });
  });

  // proves RES-16, RES-20
  test('a URL that never came is not given up sooner', () => {
    let payment = told(entryPayment(), [[{ kind: 'pay_answered', answer: unclear }, 1]]);
    for (let second = 1; second < 600; second += 20) {
      payment = told(payment, [[{ kind: 'inquiry_answered', answer: notFound }, second]]);
      expect(payment.state).toBe('unknown');
    }
    expect(told(payment, [[{ kind: 'inquiry_answered', answer: notFound }, 600]]).state).toBe('reversing');
  });

  // proves PAY-16, RES-20
  test('an unscanned code has nothing to cancel: it is watched until no scan can be paid, and a late payer gets the money back', () => {
    const code = examplePayment({
      product: 'order_code',
      createdAt: noon,
      expiresAt: secondsAfter(120),
      nextStep: { action: 'inquire', dueAt: secondsAfter(17) },
    });
    const shown = told(code, [[{ kind: 'pay_answered', answer: issuedCode }, 1]], precreatePolicy);
    const provisional = told(
      shown,
      [
        [{ kind: 'inquiry_answered', answer: notFound }, 120],
        [{ kind: 'cancel_answered', answer: nothingNamed }, 121],
      ],
      precreatePolicy,
    );
    expect(provisional).toMatchObject({
      state: 'cancelled_provisionally',
      reversal: { state: 'watching' },
    });
    // Two hours of scanning, the order's own two minutes, five of grace.
    expect(horizonOf(provisional, precreatePolicy)).toEqual(secondsAfter(7200 + 120 + 300));
    const returned = told(
      provisional,
      [
        [{ kind: 'notified', outcome: paid }, 3000],
        [{ kind: 'cancel_answered', answer: effectedRefunded }, 3001],
      ],
      precreatePolicy,
    );
    expect(returned).toMatchObject({ state: 'cancelled', cancelledBy: 'cancel', paidEvidence: true });
  });
});

// proves RES-04
describe('the wallet says that the attempt', () => {
  const waiting = told(entryPayment(), [[issued, 1]]);

  test('was cancelled: it is cancelled here, and may be paid again', () => {
    const { payment, events } = decidePayment(
      waiting,
      { kind: 'inquiry_answered', answer: cancelledAtWallet },
      entryPolicy,
      secondsAfter(30),
    );
    expect(payment).toMatchObject({ state: 'cancelled', cancelledBy: 'cancel', nextStep: null });
    expect(payment.failure?.code).toBe('cancelled_at_wallet');
    expect(events.map(({ type }) => type)).toEqual(['CancelFoundBeforePayer']);
  });

  test('failed: it has failed, and one harmless cancel follows whatever it is answered', () => {
    const failed = told(waiting, [[{ kind: 'inquiry_answered', answer: attemptFailed }, 30]]);
    expect(failed).toMatchObject({
      state: 'failed',
      nextStep: { action: 'cancel', dueAt: secondsAfter(30) },
    });
    for (const answer of [effectedCancelled, nothingNamed, unclear, noAnswer()]) {
      const after = told(failed, [[{ kind: 'cancel_answered', answer }, 31]]);
      expect(after).toMatchObject({ state: 'failed', reversal: null, nextStep: null });
    }
  });

  test('failed at its close time: nobody had paid, whatever the wallet calls it', () => {
    const closed = told(waiting, [[{ kind: 'inquiry_answered', answer: attemptFailed }, 600]]);
    expect(closed.failure).toMatchObject({ code: 'not_paid_in_time', walletCode: attemptFailed.code });
    expect(told(waiting, [[{ kind: 'inquiry_answered', answer: attemptFailed }, 599]]).failure?.code).toBe(
      'payment_declined',
    );
  });

  test('failed after a payment code’s expiry: the wallet’s reason stands, since its payer was there', () => {
    const late = examplePayment({ state: 'unknown', expiresAt: noon });
    const policy = policyFor('alipay_open', 'payment_code');
    const failed = told(late, [[{ kind: 'inquiry_answered', answer: attemptFailed }, 1]], policy);
    expect(failed.failure?.code).toBe('payment_declined');
  });

  test('failed at the Open Platform: no cancel follows', () => {
    const failed = told(
      examplePayment({ product: 'order_code' }),
      [[{ kind: 'inquiry_answered', answer: attemptFailed }, 30]],
      precreatePolicy,
    );
    expect(failed).toMatchObject({ state: 'failed', nextStep: null });
  });
});

// money case 6
describe('a refund id of a reversal that the wallet lets fail for good', () => {
  const refunding = reversingPayment('refunding', 'refund', {
    wallet: 'alipay_plus',
    knownToWallet: true,
    paidEvidence: true,
    walletTransactionId: '1',
    reversal: reversing('refunding', { refundInstead: true }),
  });
  const answered = told(refunding, [[{ kind: 'reversal_refund_answered', answer: spent }, 1]]);

  test('is inquired before another one takes its place', () => {
    expect(answered).toMatchObject({
      nextStep: { action: 'inquire_refund' },
      reversal: { refundIdsSpent: 0, refundIdDoubted: true },
      attention: { reason: 'refund_unresolved' },
    });
  });

  test.each([
    ['the wallet confirms the failure', attemptFailed],
    ['the wallet has no such refund', notFound],
  ] as const)('is replaced once %s', (_, answer) => {
    expect(told(answered, [[{ kind: 'reversal_refund_inquired', answer }, 20]])).toMatchObject({
      nextStep: { action: 'inquire' },
      reversal: { refundIdsSpent: 1, refundIdDoubted: false },
    });
  });

  test('stays while nothing confirms it: money may have moved', () => {
    for (const answer of [unclear, noAnswer()]) {
      const still = told(answered, [[{ kind: 'reversal_refund_inquired', answer }, 20]]);
      expect(still.reversal).toMatchObject({ refundIdsSpent: 0, refundIdDoubted: true });
    }
    const found = told(answered, [
      [{ kind: 'reversal_refund_inquired', answer: { kind: 'refunded', amount: refunding.amount } }, 20],
    ]);
    expect(found).toMatchObject({ state: 'cancelled', cancelledBy: 'refund' });
  });

  test('that was only not found, without having failed, is sent again itself', () => {
    const asked = { ...refunding, nextStep: { action: 'inquire_refund', dueAt: noon } } as const;
    const again = told(asked, [[{ kind: 'reversal_refund_inquired', answer: notFound }, 20]]);
    expect(again.reversal?.refundIdsSpent).toBe(0);
  });
});
