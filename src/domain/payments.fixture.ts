import {
  type NextStep,
  newReversal,
  type Payment,
  type PaymentAction,
  type PaymentState,
  type Reversal,
} from './payment.ts';
import { closedAtWallet } from './payment-failures.ts';
import { type PaymentPolicy, policyFor } from './policy.ts';
import type { Refund } from './refund.ts';

/*
 * Payments and refunds in every state, for tests: `noon` is when they are looked at, 30 s after they were made, and
 * long before they expire.
 */

export const noon = new Date('2026-03-02T04:00:00.000Z');

export const examplePolicy: PaymentPolicy = policyFor('alipay_open', 'payment_code');

export function secondsAfter(seconds: number, from: Date = noon): Date {
  return new Date(from.getTime() + seconds * 1000);
}

/** The expiry that {@link examplePayment} was sent with plus the policy's grace: nothing can be paid after it. */
export const exampleHorizon = secondsAfter(270 + 300);

export function dueNow(action: PaymentAction): NextStep<PaymentAction> {
  return { action, dueAt: noon };
}

export function reversing(state: Reversal['state'], fields: Partial<Reversal> = {}): Reversal {
  return { ...newReversal('gateway'), state, ...fields };
}

/** A payment of 100.00 yuan as it stands after it was sent, with what differs. */
export function examplePayment(fields: Partial<Payment> = {}): Payment {
  return {
    merchantId: 'M0001',
    id: 'pay_00000011M5XY3AABCDE0123456789AB',
    merchantOrderNo: 'ORDER-1',
    wallet: 'alipay_open',
    account: 'sandbox',
    product: 'payment_code',
    amount: { currency: 'CNY', minor: 10_000n },
    storeId: 'S0001',
    terminalId: 'T0001',
    subMerchantId: '2088000000000002',
    subject: 'tea',
    expiresAt: secondsAfter(270),
    notifyUrl: 'https://merchant.example/notify',
    metadata: {},
    state: 'submitted',
    reversal: null,
    knownToWallet: false,
    paidEvidence: false,
    walletTransactionId: null,
    payerAction: null,
    payerActiveUntil: null,
    paidAt: null,
    failure: null,
    cancelledBy: null,
    refundReserved: 0n,
    refunded: 0n,
    openRefunds: 0,
    nextStep: dueNow('inquire'),
    tries: 0,
    attention: null,
    version: 3,
    createdAt: secondsAfter(-30),
    updatedAt: secondsAfter(-10),
    ...fields,
  };
}

const paidFields = {
  knownToWallet: true,
  paidEvidence: true,
  walletTransactionId: '2026030222001409001400000001',
} as const;

/** The same payment with the wallet's word that it was paid. */
export function paidPayment(fields: Partial<Payment> = {}): Payment {
  return examplePayment({ state: 'succeeded', nextStep: null, ...paidFields, ...fields });
}

/** The same payment while it is undone. */
export function reversingPayment(
  state: Reversal['state'],
  action: PaymentAction,
  fields: Partial<Payment> = {},
): Payment {
  return examplePayment({
    state: 'reversing',
    reversal: reversing(state),
    nextStep: dueNow(action),
    ...fields,
  });
}

const exampleCode = {
  kind: 'show_code',
  value: 'https://qr.example/bax0',
  expiresAt: secondsAfter(270),
} as const;

/** One payment of every kind that can stand in the journal, by a name that says what is known of it. */
export const everyPayment: ReadonlyMap<string, Payment> = new Map(
  Object.entries({
    submitted: examplePayment(),
    'unknown, nothing seen': examplePayment({ state: 'unknown', tries: 1 }),
    'unknown, last inquiry': examplePayment({ state: 'unknown', tries: examplePolicy.inquiryCount - 1 }),
    'unknown, past its expiry': examplePayment({ state: 'unknown', tries: 3, expiresAt: secondsAfter(-1) }),
    'awaiting payer': examplePayment({ state: 'awaiting_payer', knownToWallet: true, tries: 2 }),
    issued: examplePayment({ state: 'issued', payerAction: exampleCode, tries: 2 }),
    'issued, known to the wallet': examplePayment({
      state: 'issued',
      payerAction: { kind: 'redirect', url: 'https://wallet.example/cashier?token=abc' },
      knownToWallet: true,
    }),

    succeeded: paidPayment(),
    'succeeded, partly refunded': paidPayment({ refunded: 3_000n, refundReserved: 3_000n }),
    'succeeded, refund open': paidPayment({ refundReserved: 3_000n, openRefunds: 1 }),
    'succeeded, wholly refunded': paidPayment({ refunded: 10_000n, refundReserved: 10_000n }),

    'cancelling, nothing seen': reversingPayment('cancelling', 'cancel'),
    'cancelling, payer seen': reversingPayment('cancelling', 'cancel', { knownToWallet: true, tries: 2 }),
    'cancelling, paid': reversingPayment('cancelling', 'cancel', paidFields),
    'cancelling, paid, inquiring': reversingPayment('cancelling', 'inquire', { ...paidFields, tries: 1 }),
    'cancelling, window passed': reversingPayment('cancelling', 'inquire', {
      reversal: reversing('cancelling', { refundInstead: true }),
      tries: 1,
    }),
    'cancelling, window passed, nothing ever found': reversingPayment('cancelling', 'inquire', {
      reversal: reversing('cancelling', { refundInstead: true }),
      expiresAt: secondsAfter(-600),
      tries: 4,
    }),
    'settling, refund open': reversingPayment('settling', 'await_refunds', {
      ...paidFields,
      reversal: reversing('settling', { by: 'merchant' }),
      refundReserved: 3_000n,
      openRefunds: 1,
    }),
    'settling, one refund done and one open': reversingPayment('settling', 'await_refunds', {
      ...paidFields,
      reversal: reversing('settling', { by: 'merchant' }),
      refunded: 3_000n,
      refundReserved: 10_000n,
      openRefunds: 1,
      tries: 9,
    }),
    'refunding all': reversingPayment('refunding', 'refund', {
      ...paidFields,
      reversal: reversing('refunding', { refundInstead: true }),
    }),
    'refunding the rest': reversingPayment('refunding', 'refund', {
      ...paidFields,
      reversal: reversing('refunding', { by: 'merchant' }),
      refunded: 3_000n,
      refundReserved: 3_000n,
      tries: 2,
    }),
    'refunding, refund inquired': reversingPayment('refunding', 'inquire_refund', {
      ...paidFields,
      reversal: reversing('refunding', { refundInstead: true }),
      tries: 1,
    }),
    'refunding, payment inquired': reversingPayment('refunding', 'inquire', {
      ...paidFields,
      reversal: reversing('refunding', { refundInstead: true }),
      tries: 2,
    }),

    'watched, inquiring': provisional('watching', 'inquire', { tries: 2 }),
    'watched, cancelling': provisional('watching', 'cancel', { tries: 2 }),
    'watched, cancelling after the horizon': provisional('watching', 'cancel', {
      expiresAt: secondsAfter(-600),
      tries: 5,
    }),
    'provisional, found paid': provisional('cancelling', 'cancel', paidFields),
    'provisional, payer seen': provisional('cancelling', 'cancel', { knownToWallet: true }),
    'provisional, refunding': provisional('refunding', 'refund', {
      ...paidFields,
      reversal: reversing('refunding', { refundInstead: true }),
    }),

    failed: ended('failed', null),
    'failed, payer seen at the wallet': ended('failed', null, { knownToWallet: true }),
    'failed, evidence of payment': ended('failed', 'cancelling', {
      ...paidFields,
      nextStep: dueNow('inquire'),
      attention: { reason: 'paid_after_end', since: secondsAfter(-5) },
    }),
    'failed, being undone': ended('failed', 'cancelling', {
      ...paidFields,
      nextStep: dueNow('cancel'),
      tries: 1,
    }),
    'failed, undone': ended('failed', 'effected', paidFields),

    'cancelled, never sent': ended('cancelled', null, { cancelledBy: 'cancel' }),
    'cancelled, closed unpaid': ended('cancelled', 'effected', { knownToWallet: true, cancelledBy: 'close' }),
    'cancelled, given back': ended('cancelled', 'effected', { ...paidFields, cancelledBy: 'cancel' }),
    'cancelled, refunded': ended('cancelled', 'effected', {
      ...paidFields,
      cancelledBy: 'refund',
      refunded: 10_000n,
      refundReserved: 10_000n,
    }),
    'cancelled, never found': ended('cancelled', 'baseless', { cancelledBy: 'cancel' }),
    'cancelled, never found, final look due': ended('cancelled', 'baseless', {
      cancelledBy: 'cancel',
      nextStep: dueNow('inquire'),
      expiresAt: secondsAfter(-86_400),
    }),
    'cancelled, evidence of payment': ended('cancelled', 'cancelling', {
      ...paidFields,
      cancelledBy: 'cancel',
      nextStep: dueNow('inquire'),
      attention: { reason: 'paid_after_end', since: secondsAfter(-5) },
    }),
    'cancelled and refunded, evidence of payment, window passed': ended('cancelled', 'cancelling', {
      ...paidFields,
      reversal: reversing('cancelling', { refundInstead: true }),
      cancelledBy: 'refund',
      refunded: 10_000n,
      refundReserved: 10_000n,
      nextStep: dueNow('inquire'),
    }),
  }),
);

function provisional(
  state: Reversal['state'],
  action: PaymentAction,
  fields: Partial<Payment> = {},
): Payment {
  return examplePayment({
    state: 'cancelled_provisionally',
    cancelledBy: 'cancel',
    reversal: reversing(state),
    nextStep: dueNow(action),
    ...fields,
  });
}

function ended(
  state: PaymentState,
  reversal: Reversal['state'] | null,
  fields: Partial<Payment> = {},
): Payment {
  return examplePayment({
    state,
    reversal: reversal === null ? null : reversing(reversal),
    nextStep: null,
    failure: state === 'failed' ? closedAtWallet : null,
    ...fields,
  });
}

/** A refund of 30.00 yuan of {@link examplePayment}, its first call due. */
export function exampleRefund(fields: Partial<Refund> = {}): Refund {
  return {
    merchantId: 'M0001',
    id: 're_00000011M5XY3AABCDE0123456789AB',
    paymentId: 'pay_00000011M5XY3AABCDE0123456789AB',
    merchantRefundNo: 'REFUND-1',
    amount: { currency: 'CNY', minor: 3_000n },
    reason: null,
    state: 'accepted',
    failure: null,
    nextStep: { action: 'refund', dueAt: noon },
    tries: 0,
    attention: null,
    version: 1,
    createdAt: secondsAfter(-1),
    updatedAt: secondsAfter(-1),
    ...fields,
  };
}
