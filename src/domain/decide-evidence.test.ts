import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { awaitingPayer, closed, issuedUrl, noAnswer, notFound, paid } from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { examplePayment, noon, reversingPayment, secondsAfter } from './payments.fixture.ts';
import { policyFor } from './policy.ts';

const policy = policyFor('alipay_plus', 'entry_code');

/** An entry code's payment; it closes ten minutes after noon. */
function entryPayment(fields: Partial<Payment> = {}): Payment {
  return examplePayment({
    wallet: 'alipay_plus',
    product: 'entry_code',
    createdAt: noon,
    expiresAt: secondsAfter(600),
    payerActiveUntil: secondsAfter(45),
    ...fields,
  });
}

function told(payment: Payment, input: PaymentInput, atSeconds = 0): Payment {
  return decidePayment(payment, input, policy, secondsAfter(atSeconds)).payment;
}

const inquired = (answer: Extract<PaymentInput, { kind: 'inquiry_answered' }>['answer']): PaymentInput => ({
  kind: 'inquiry_answered',
  answer,
});
const issued: PaymentInput = { kind: 'pay_answered', answer: issuedUrl };

// money case 5
describe('the transaction of a payment', () => {
  test('is the one that was paid, whatever the wallet had named while its payer was coming', () => {
    const waiting = told(entryPayment(), issued, 1);
    expect(waiting.walletTransactionId).toBe(issuedUrl.walletTransactionId);
    const after = told(waiting, inquired(paid), 4);
    expect(after).toMatchObject({ state: 'succeeded', walletTransactionId: paid.walletTransactionId });
  });

  test('is kept from whichever answer first names it, and a repeat of that changes nothing', () => {
    const seen = told(entryPayment(), { kind: 'pay_answered', answer: awaitingPayer }, 1);
    expect(seen).toMatchObject({ knownToWallet: true, walletTransactionId: null });
    const named: PaymentInput = {
      kind: 'pay_answered',
      answer: { ...awaitingPayer, walletTransactionId: 'W1' },
    };
    const known = told(seen, named, 2);
    expect(known.walletTransactionId).toBe('W1');
    expect(told(known, named, 3)).toBe(known);
    const other: PaymentInput = {
      kind: 'pay_answered',
      answer: { ...awaitingPayer, walletTransactionId: 'W2' },
    };
    expect(told(known, other, 3)).toBe(known);
  });

  test('is the first that was paid, once money is on its way back', () => {
    const undone = reversingPayment('cancelling', 'inquire', {
      knownToWallet: true,
      paidEvidence: true,
      walletTransactionId: '2026030222001409001400000077',
    });
    expect(told(undone, inquired(paid)).walletTransactionId).toBe(undone.walletTransactionId);
  });
});

test('nobody is looked for at a payment that has succeeded', () => {
  expect(told(told(entryPayment(), issued, 1), inquired(paid), 4)).toMatchObject({
    payerActiveUntil: null,
    nextStep: null,
    tries: 0,
  });
});

describe('a URL', () => {
  const silent = told(entryPayment(), { kind: 'pay_answered', answer: noAnswer() }, 15);

  test('that was issued begins a count of its own: the inquiries that found nothing before it do not weigh on it', () => {
    const sought = told(told(silent, inquired(notFound), 16), inquired(notFound), 19);
    expect(sought.tries).toBe(2);
    expect(told(sought, issued, 20).tries).toBe(0);
  });

  // proves RES-16
  test('that comes after the close time brings an inquiry at its usual distance, and not one in the past', () => {
    expect(told(silent, issued, 605).nextStep).toEqual({ action: 'inquire', dueAt: secondsAfter(608) });
  });

  test('for a payment that the wallet has closed meanwhile is no news, and no suspicion', () => {
    const over = told(silent, inquired(closed), 16);
    expect(over).toMatchObject({ state: 'failed', knownToWallet: true });
    expect(told(over, issued, 18)).toBe(over);
  });
});

// proves RES-16
test('a payer counts as active until the moment that was noted, and no longer', () => {
  const waiting = told(entryPayment(), issued, 1);
  expect(waiting.payerActiveUntil).toEqual(secondsAfter(31));
  expect(told(waiting, inquired(awaitingPayer), 30).nextStep?.dueAt).toEqual(secondsAfter(33));
  expect(told(waiting, inquired(awaitingPayer), 31).nextStep?.dueAt).toEqual(secondsAfter(51));
});
