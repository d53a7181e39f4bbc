import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../cashier/result-page.ts';
import { type Failure, newReversal, type Payment, type Reversal } from '../../domain/payment.ts';
import { examplePayment } from '../../domain/payments.fixture.ts';
import { payerOutcome, walletUrlOf } from './payer-outcome.ts';

const walletUrl = 'https://wallet.example/pay';
const entryPayment = examplePayment({
  wallet: 'alipay_plus',
  product: 'entry_code',
  state: 'issued',
  knownToWallet: true,
  payerAction: { kind: 'redirect', url: walletUrl },
});
const before = new Date(entryPayment.expiresAt.getTime() - 1);
const paidMinor = entryPayment.amount.minor;

function reversal(state: Reversal['state'], by: Reversal['by'] = 'merchant'): Reversal {
  return { ...newReversal(by), state };
}

function failure(code: string, walletCode: string | null = null): Failure {
  return { code, walletCode, message: 'm', advice: 'a' };
}

const rows: ReadonlyArray<readonly [string, Partial<Payment>, Outcome]> = [
  ['the wallet is asked', { state: 'submitted', payerAction: null }, { kind: 'waiting', walletUrl: null }],
  ['the wallet’s page is issued', {}, { kind: 'waiting', walletUrl }],
  ['the payer is there', { state: 'awaiting_payer' }, { kind: 'waiting', walletUrl }],
  ['nobody knows', { state: 'unknown', payerAction: null }, { kind: 'waiting', walletUrl: null }],
  ['paid', { state: 'succeeded', paidEvidence: true }, { kind: 'succeeded', paidMinor }],
  [
    'paid, and a part given back',
    { state: 'succeeded', paidEvidence: true, refunded: 5n },
    { kind: 'refunded', paidMinor, refundedMinor: 5n },
  ],
  ['being cancelled', { state: 'reversing', reversal: reversal('cancelling') }, { kind: 'undoing' }],
  [
    'refused by the wallet for want of money',
    { state: 'failed', failure: failure('payment_declined', 'USER_BALANCE_NOT_ENOUGH') },
    { kind: 'failed', reason: 'not_enough_money', charge: 'none' },
  ],
  [
    'refused by the wallet for a limit',
    { state: 'failed', failure: failure('payment_declined', 'USER_PAYMENT_VERIFICATION_LIMIT') },
    { kind: 'failed', reason: 'over_limit', charge: 'none' },
  ],
  [
    'refused by the wallet, whyever',
    { state: 'failed', failure: failure('payment_declined', 'RISK_REJECT') },
    { kind: 'failed', reason: 'declined', charge: 'none' },
  ],
  [
    'refused for what the store or its acquirer must mend',
    { state: 'failed', failure: failure('wallet_configuration', 'MERCHANT_NOT_REGISTERED') },
    { kind: 'failed', reason: 'store_cannot', charge: 'none' },
  ],
  [
    'never sent',
    { state: 'failed', failure: failure('wallet_unreachable'), payerAction: null },
    { kind: 'failed', reason: 'wallet_not_reached', charge: 'none' },
  ],
  [
    'closed by the wallet',
    { state: 'failed', failure: failure('payment_closed') },
    { kind: 'failed', reason: 'not_paid_in_time', charge: 'none' },
  ],
  [
    'failed, then paid after all, and on its way back',
    {
      state: 'failed',
      failure: failure('payment_closed'),
      paidEvidence: true,
      reversal: reversal('refunding'),
    },
    { kind: 'undoing' },
  ],
  [
    'cancelled, then known to the wallet after all, though nobody says that it was paid',
    {
      state: 'cancelled_provisionally',
      cancelledBy: 'cancel',
      reversal: reversal('cancelling'),
    },
    { kind: 'cancelled', reason: 'by_store', charge: 'none_kept' },
  ],
  [
    'failed, then paid after all, and given back',
    {
      state: 'failed',
      failure: failure('payment_closed'),
      paidEvidence: true,
      reversal: reversal('effected'),
    },
    { kind: 'failed', reason: 'not_paid_in_time', charge: 'returned' },
  ],
  [
    'closed unpaid at its close time',
    {
      state: 'cancelled',
      cancelledBy: 'close',
      failure: failure('not_paid_in_time'),
      reversal: reversal('effected', 'gateway'),
    },
    { kind: 'cancelled', reason: 'not_paid_in_time', charge: 'none' },
  ],
  [
    'cancelled by the store; the wallet does not say whether it was paid',
    { state: 'cancelled', cancelledBy: 'cancel', reversal: reversal('effected') },
    { kind: 'cancelled', reason: 'by_store', charge: 'none_kept' },
  ],
  [
    'cancelled by the store after it was paid',
    { state: 'cancelled', cancelledBy: 'refund', paidEvidence: true, reversal: reversal('effected') },
    { kind: 'cancelled', reason: 'by_store', charge: 'returned' },
  ],
  [
    'cancelled in the wallet',
    { state: 'cancelled', failure: failure('cancelled_at_wallet') },
    { kind: 'cancelled', reason: 'at_wallet', charge: 'none_kept' },
  ],
  [
    'cancelled for want of the wallet’s page, with nothing found',
    {
      state: 'cancelled_provisionally',
      payerAction: null,
      knownToWallet: false,
      reversal: reversal('watching'),
    },
    { kind: 'cancelled', reason: 'wallet_silent', charge: 'none_kept' },
  ],
  [
    'cancelled before it was sent',
    { state: 'cancelled', payerAction: null, knownToWallet: false, failure: failure('order_closed') },
    { kind: 'cancelled', reason: 'wallet_silent', charge: 'none' },
  ],
  [
    'cancelled, then paid late, and on its way back',
    { state: 'cancelled', paidEvidence: true, reversal: reversal('cancelling') },
    { kind: 'undoing' },
  ],
];

// proves PAY-12
test.each(rows)('%s', (_name, fields, outcome) => {
  expect(payerOutcome({ ...entryPayment, ...fields }, false, before)).toEqual(outcome);
});

describe('the way to the wallet', () => {
  test('ends when the wallet must not take the payment any more', () => {
    expect(payerOutcome(entryPayment, false, entryPayment.expiresAt)).toEqual({
      kind: 'waiting',
      walletUrl: null,
    });
  });

  test.each([
    ['https://wallet.example/pay?a=1&b=2', 'https://wallet.example/pay?a=1&b=2', null],
    ['http://127.0.0.1:9090/phone', null, 'http://127.0.0.1:9090/phone'],
    ['alipays://platformapi/startapp?x=1', 'alipays://platformapi/startapp?x=1', null],
    ['javascript:alert(1)', null, null],
    ['JaVaScRiPt://%0aalert(1)', null, null],
    ['data:text/html,<script>alert(1)</script>', null, null],
    ['file:///etc/passwd', null, null],
    ['intent://x#Intent;end', null, null],
    ['//wallet.example/pay', null, null],
    ['https://me:secret@wallet.example/', null, null],
    ['', null, null],
  ])('%j', (url, inEarnest, onlyInTheSandbox) => {
    const payment: Payment = { ...entryPayment, payerAction: { kind: 'redirect', url } };
    expect(walletUrlOf(payment, false)).toBe(inEarnest);
    expect(walletUrlOf(payment, true)).toBe(inEarnest ?? onlyInTheSandbox);
  });

  test('is none for a code that is shown, and none once the payment has ended', () => {
    const shown = { kind: 'show_code', value: 'x', expiresAt: entryPayment.expiresAt } as const;
    expect(walletUrlOf({ ...entryPayment, payerAction: shown }, false)).toBeNull();
    expect(walletUrlOf({ ...entryPayment, state: 'succeeded' }, false)).toBeNull();
  });
});
