import { describe, expect, it } from 'vitest';
import type { PaymentInput } from '../domain/decide-payment.ts';
import type { CancelAnswer, InquiryAnswer, Received, RefundAnswer } from '../domain/wallet-answer.ts';
import type { TroubledAnswer } from '../ports/report.ts';
import { noteTroubled } from './troubled-answers.ts';

const raw = Buffer.from('{"code":"20000"}');
const about = { merchantId: 'M1', paymentId: 'pay_1', refundId: null, call: 'inquire' };
const worded = { code: 'C1', message: 'm' };

function noted(input: PaymentInput, needsAttention: boolean): TroubledAnswer[] {
  const told: TroubledAnswer[] = [];
  const report = { untrustedAnswer: () => {}, troubledAnswer: (answer: TroubledAnswer) => told.push(answer) };
  noteTroubled({ report }, about, input, needsAttention);
  return told;
}

const received = <Answer>(answer: Answer): Received<Answer> => ({ ...answer, raw });
const amount = { currency: 'CNY', minor: 1n };
const inquired = (answer: InquiryAnswer): PaymentInput => ({
  kind: 'inquiry_answered',
  answer: received(answer),
});
const cancelled = (answer: CancelAnswer): PaymentInput => ({
  kind: 'cancel_answered',
  answer: received(answer),
});
const refunded = (answer: RefundAnswer): PaymentInput => ({
  kind: 'reversal_refund_answered',
  answer: received(answer),
});

/** Kept: in any case, where people are needed, or never. */
const table: readonly (readonly [string, PaymentInput, 'always' | 'in attention' | 'never'])[] = [
  ['unclear', inquired({ kind: 'unclear', ...worded }), 'always'],
  ['malformed', inquired({ kind: 'no_answer', reason: 'malformed', detail: 'HTTP 502' }), 'always'],
  ['refused for the operator', inquired({ kind: 'refused', ...worded, remedy: 'operator' }), 'always'],
  ['later', cancelled({ kind: 'later', ...worded }), 'always'],
  ['spent', refunded({ kind: 'spent', ...worded }), 'always'],
  ['refused for the payer', inquired({ kind: 'refused', ...worded, remedy: 'payer' }), 'in attention'],
  ['refused for the merchant', inquired({ kind: 'refused', ...worded, remedy: 'merchant' }), 'in attention'],
  ['paid', inquired({ kind: 'paid', walletTransactionId: '2026', amount }), 'in attention'],
  ['awaiting payer', inquired({ kind: 'awaiting_payer', walletTransactionId: null }), 'in attention'],
  ['closed', inquired({ kind: 'closed', walletTransactionId: null }), 'in attention'],
  ['failed', inquired({ kind: 'failed', ...worded }), 'in attention'],
  ['not found', inquired({ kind: 'not_found' }), 'in attention'],
  ['nothing named', cancelled({ kind: 'nothing_named' }), 'in attention'],
  ['effected', cancelled({ kind: 'effected', action: 'closed' }), 'in attention'],
  ['refund instead', cancelled({ kind: 'refund_instead', ...worded }), 'in attention'],
  ['refunded', refunded({ kind: 'refunded' }), 'in attention'],
  ['repeated', refunded({ kind: 'repeated' }), 'in attention'],
  // Kept as untrusted already.
  ['untrusted', inquired({ kind: 'no_answer', reason: 'untrusted', detail: 'not signed' }), 'never'],
  [
    'timeout',
    { kind: 'cancel_answered', answer: { kind: 'no_answer', reason: 'timeout', detail: '' } },
    'never',
  ],
  ['a step without a call', { kind: 'refunds_awaited' }, 'never'],
];

// proves RES-19
describe('an answer', () => {
  it.each(table)('that is %s is kept when it must be', (_what, input, kept) => {
    expect(noted(input, false)).toHaveLength(kept === 'always' ? 1 : 0);
    expect(noted(input, true)).toHaveLength(kept === 'never' ? 0 : 1);
  });

  it('is kept with its call, its kind and the wallet’s code', () => {
    expect(noted(cancelled({ kind: 'later', ...worded }), false)).toEqual([
      { ...about, answer: 'later', walletCode: 'C1', raw },
    ]);
    const malformed = inquired({ kind: 'no_answer', reason: 'malformed', detail: 'HTTP 502' });
    expect(noted(malformed, false)).toMatchObject([{ answer: 'malformed', walletCode: null }]);
  });
});
