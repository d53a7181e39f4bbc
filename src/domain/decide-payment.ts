import * as reversal from './decide-reversal.ts';
import * as reversalRefund from './decide-reversal-refund.ts';
import { type Failure, isOpen, type Payment, type TimelineEvent } from './payment.ts';
import {
  attentionEnded,
  attentionRaised,
  type Draft,
  draftOf,
  moved,
  noStep,
  step,
  withEvent,
  withFields,
} from './payment-changes.ts';
import type { PaymentPolicy } from './policy.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  NoAnswer,
  Paid,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
  Refused,
} from './wallet-answer.ts';

/** Everything that can happen to a payment after it was recorded. */
export type PaymentInput =
  | { readonly kind: 'pay_answered'; readonly answer: PayAnswer }
  | { readonly kind: 'inquiry_answered'; readonly answer: InquiryAnswer; readonly askedAt?: Date }
  /**
   * `askedAt`: when the call was begun, on the database's clock; just now when it is left out. What a wallet does
   * not find says nothing of what arrives later, however late its answer is recorded. RES-20.
   */
  | { readonly kind: 'cancel_answered'; readonly answer: CancelAnswer; readonly askedAt?: Date }
  | { readonly kind: 'reversal_refund_answered'; readonly answer: RefundAnswer }
  | { readonly kind: 'reversal_refund_inquired'; readonly answer: RefundInquiryAnswer }
  /** The merchant wants the payment undone, whatever has become of it. ACQ-04. */
  | { readonly kind: 'cancel_requested' }
  /** The merchant's refund was accepted: reserved on the payment before any call. Money case 6. */
  | { readonly kind: 'refund_accepted'; readonly amountMinor: bigint }
  | { readonly kind: 'refund_ended'; readonly amountMinor: bigint; readonly succeeded: boolean }
  /** The safety net of a reversal that waits for refunds: look again whether they have settled. */
  | { readonly kind: 'refunds_awaited' }
  /** A delivery to the merchant has used up its schedule. NOT-03. */
  | { readonly kind: 'delivery_exhausted' };

export interface PaymentDecision {
  /** The payment as it shall be; its `version` and `updatedAt` are set where it is recorded. */
  readonly payment: Payment;
  readonly events: readonly TimelineEvent[];
}

/**
 * What becomes of a payment when something happens. Pure: the same arguments give the same decision, and `now`
 * comes from the database's clock. Every input is legal in every state, since answers arrive late, twice and in
 * any order: what no longer matters changes nothing. RES-01…10, RES-18, RES-20.
 */
export function decidePayment(
  payment: Payment,
  input: PaymentInput,
  policy: PaymentPolicy,
  now: Date,
): PaymentDecision {
  return decide(draftOf(payment), input, policy, now);
}

function decide(draft: Draft, input: PaymentInput, policy: PaymentPolicy, now: Date): Draft {
  switch (input.kind) {
    case 'pay_answered':
      return payAnswered(trustNoted(draft, 'pay', input.answer), input.answer, policy, now);
    case 'inquiry_answered':
      return inquiryAnswered(
        trustNoted(draft, 'inquire', input.answer),
        input.answer,
        policy,
        now,
        input.askedAt ?? now,
      );
    case 'cancel_answered':
      return reversal.cancelAnswered(
        trustNoted(draft, 'cancel', input.answer),
        input.answer,
        policy,
        now,
        input.askedAt ?? now,
      );
    case 'reversal_refund_answered':
      return reversalRefund.refundAnswered(
        trustNoted(draft, 'refund', input.answer),
        input.answer,
        policy,
        now,
      );
    case 'reversal_refund_inquired':
      return reversalRefund.refundInquired(
        trustNoted(draft, 'inquire_refund', input.answer),
        input.answer,
        policy,
        now,
      );
    case 'cancel_requested':
      return cancelRequested(draft, policy, now);
    case 'refund_accepted':
      return withFields(draft, {
        refundReserved: draft.payment.refundReserved + input.amountMinor,
        openRefunds: draft.payment.openRefunds + 1,
      });
    case 'refund_ended':
      return refundEnded(draft, input.amountMinor, input.succeeded, policy, now);
    case 'refunds_awaited':
      return reversalRefund.refundsAwaited(draft, policy, now);
    case 'delivery_exhausted':
      return undeliveredNoted(draft, now);
    default:
      return input satisfies never;
  }
}

function payAnswered(draft: Draft, answer: PayAnswer, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  switch (answer.kind) {
    case 'paid':
      return paid(draft, answer, policy, now);
    case 'awaiting_payer':
      return awaitingPayer(draft, answer.walletTransactionId, policy, now);
    case 'refused':
      if (isOpen(payment)) {
        // The wallet has shown that it knows the payment and now refuses it: only an inquiry can tell.
        if (payment.knownToWallet) return step(draft, 'inquire', now);
        return failed(draft, failureOfRefusal(answer));
      }
      return reversal.neverPaid(draft);
    case 'unclear':
      return answerMissing(draft, { answer: 'unclear', code: answer.code }, now);
    case 'no_answer':
      if (answer.reason !== 'not_sent') return answerMissing(draft, { answer: answer.reason }, now);
      // The wallet knows what was never sent: one of the two is wrong, and only an inquiry can tell.
      if (payment.knownToWallet) return isOpen(payment) ? step(draft, 'inquire', now) : draft;
      // Nobody but the caller that recorded the payment may send it, and it did not: nothing can ever be charged.
      return isOpen(payment) ? failed(draft, notSent) : reversal.neverPaid(draft);
    default:
      return answer satisfies never;
  }
}

function inquiryAnswered(
  draft: Draft,
  answer: InquiryAnswer,
  policy: PaymentPolicy,
  now: Date,
  askedAt: Date,
): Draft {
  const { payment } = draft;
  if (!isOpen(payment)) {
    return reversal.inquiryAnswered(draft, answer, policy, now, askedAt);
  }
  switch (answer.kind) {
    case 'paid':
      return paid(draft, answer, policy, now);
    case 'awaiting_payer':
      return inquiredInVain(awaitingPayer(draft, answer.walletTransactionId, policy, now), policy, now);
    case 'closed':
      return failed(withFields(draft, { knownToWallet: true }), closedAtWallet);
    case 'failed':
      return failed(draft, failureAtWallet(answer.code, answer.message));
    case 'refused':
      return inquiredInVain(
        answer.remedy === 'operator' ? attentionRaised(draft, 'refused_by_wallet_configuration', now) : draft,
        policy,
        now,
      );
    case 'not_found':
    case 'unclear':
    case 'no_answer':
      return inquiredInVain(draft, policy, now);
    default:
      return answer satisfies never;
  }
}

/** Evidence of payment, from whichever call. Money case 5. */
function paid(draft: Draft, answer: Paid, policy: PaymentPolicy, now: Date): Draft {
  const evident = withFields(draft, {
    knownToWallet: true,
    paidEvidence: true,
    walletTransactionId: answer.walletTransactionId,
  });
  if (isOpen(draft.payment)) {
    const succeeded = moved(evident, 'succeeded', { wallet_transaction_id: answer.walletTransactionId });
    return attentionEnded(noStep(succeeded));
  }
  if (draft.payment.state === 'succeeded') return evident;
  return reversal.paymentFound(evident, policy, now);
}

function awaitingPayer(
  draft: Draft,
  walletTransactionId: string | null,
  policy: PaymentPolicy,
  now: Date,
): Draft {
  const { payment } = draft;
  // An answer from before the payment succeeded, recorded late: the evidence of payment stands.
  if (payment.state === 'succeeded') return draft;
  const known = withFields(draft, {
    knownToWallet: true,
    walletTransactionId: payment.walletTransactionId ?? walletTransactionId,
  });
  if (!isOpen(payment)) return reversal.paymentFound(known, policy, now);
  if (payment.state === 'awaiting_payer') return known;
  const asked = moved(known, 'awaiting_payer');
  return payment.state === 'submitted' ? step(asked, 'inquire', now, policy.inquiryIntervalMs) : asked;
}

/** No final answer to `pay`: inquire at once. RES-02, RES-08. */
function answerMissing(draft: Draft, data: TimelineEvent['data'], now: Date): Draft {
  if (draft.payment.state !== 'submitted') return draft;
  return step(moved(draft, 'unknown', data), 'inquire', now);
}

/** One more inquiry without a final answer: the next after the interval, or, used up, the reversal. RES-03, RES-05. */
function inquiredInVain(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  const tries = payment.tries + 1;
  if (tries >= policy.inquiryCount || now >= payment.expiresAt) {
    return reversal.begun(withFields(draft, { failure: notConfirmedInTime }), 'gateway', policy, now);
  }
  const known = payment.state === 'submitted' ? moved(draft, 'unknown', { answer: 'never_recorded' }) : draft;
  return withFields(known, {
    tries,
    nextStep: { action: 'inquire', dueAt: new Date(now.getTime() + policy.inquiryIntervalMs) },
  });
}

function cancelRequested(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (isOpen(payment) || payment.state === 'succeeded') {
    return reversal.begun(draft, 'merchant', policy, now);
  }
  return draft;
}

function refundEnded(
  draft: Draft,
  amountMinor: bigint,
  succeeded: boolean,
  policy: PaymentPolicy,
  now: Date,
): Draft {
  const { payment } = draft;
  const settled = withFields(draft, {
    openRefunds: payment.openRefunds - 1,
    refunded: succeeded ? payment.refunded + amountMinor : payment.refunded,
    refundReserved: succeeded ? payment.refundReserved : payment.refundReserved - amountMinor,
  });
  return reversalRefund.refundsAwaited(settled, policy, now);
}

/**
 * Nobody but a person can tell the merchant now: whatever else asks for attention ends by itself, this does not.
 */
function undeliveredNoted(draft: Draft, now: Date): Draft {
  if (draft.payment.attention?.reason === 'delivery_exhausted') return draft;
  return attentionRaised(attentionEnded(draft), 'delivery_exhausted', now);
}

function failed(draft: Draft, failure: Failure): Draft {
  return attentionEnded(
    noStep(
      withFields(moved(draft, 'failed', { code: failure.code, wallet_code: failure.walletCode }), {
        failure,
      }),
    ),
  );
}

function trustNoted(draft: Draft, call: string, answer: { kind: string } | NoAnswer): Draft {
  if (!('reason' in answer) || answer.reason !== 'untrusted') return draft;
  return withEvent(draft, 'UntrustedAnswer', { call, detail: answer.detail });
}

/** Our own stable failure codes, by who can do something about the wallet's refusal. */
function failureOfRefusal(refused: Refused): Failure {
  const spoken = { walletCode: refused.code, message: refused.message };
  switch (refused.remedy) {
    case 'payer':
      return {
        ...spoken,
        code: 'payment_declined',
        advice: 'Ask the payer for a fresh payment code or another way to pay, then start a new attempt.',
      };
    case 'merchant':
      return {
        ...spoken,
        code: 'payment_rejected',
        advice: 'Correct what the message names, then start a new attempt.',
      };
    case 'operator':
      return {
        ...spoken,
        code: 'wallet_configuration',
        advice: 'The acquirer must act: show it this code. Repeating the payment will not help.',
      };
    default:
      return refused.remedy satisfies never;
  }
}

function failureAtWallet(code: string, message: string): Failure {
  return {
    code: 'payment_declined',
    walletCode: code,
    message,
    advice: 'Nothing was charged. Start a new attempt.',
  };
}

const closedAtWallet: Failure = {
  code: 'payment_closed',
  walletCode: null,
  message: 'The wallet closed the payment before it was paid.',
  advice: 'Nothing was charged. Start a new attempt.',
};

const notSent: Failure = {
  code: 'wallet_unreachable',
  walletCode: null,
  message: 'The payment could not be sent to the wallet.',
  advice: 'Nothing was charged. Start a new attempt.',
};

const notConfirmedInTime: Failure = {
  code: 'not_confirmed_in_time',
  walletCode: null,
  message: 'The wallet did not confirm the payment in time, so it is cancelled.',
  advice: 'Start a new attempt and ask the payer to confirm quickly.',
};
