import { type PaymentResolution, paymentResolved, type WrittenEvidence } from './decide-by-hand.ts';
import { awaitingPayer, inquiredNext, issued, paid } from './decide-evidence.ts';
import { notified } from './decide-notification.ts';
import * as reversal from './decide-reversal.ts';
import * as reversalRefund from './decide-reversal-refund.ts';
import { heldUp, stepFailed, stepWorks, withLastAnswer } from './decide-trouble.ts';
import { type Failure, isOpen, type Payment, type TimelineEvent } from './payment.ts';
import {
  attentionEnded,
  attentionRaised,
  type Draft,
  draftOf,
  later,
  moved,
  noStep,
  step,
  withEvent,
  withFields,
} from './payment-changes.ts';
import {
  cancelledAtWallet,
  closedAtWallet,
  failureAtWallet,
  failureOfRefusal,
  notConfirmedInTime,
  notDelivered,
  notPaidInTime,
  notSent,
} from './payment-failures.ts';
import type { PaymentPolicy } from './policy.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  NoAnswer,
  NotifiedOutcome,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
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
  /**
   * `idsSpent`: which of the reversal's refund ids the call named, the present one when it is left out. What is said
   * of an earlier id says nothing of the present one. Money case 6.
   */
  | { readonly kind: 'reversal_refund_answered'; readonly answer: RefundAnswer; readonly idsSpent?: number }
  | {
      readonly kind: 'reversal_refund_inquired';
      readonly answer: RefundInquiryAnswer;
      readonly idsSpent?: number;
    }
  /** A notification whose signature holds. `failureToldAt`: when one told of a failure last. RES-09, RES-17. */
  | { readonly kind: 'notified'; readonly outcome: NotifiedOutcome; readonly failureToldAt?: Date | null }
  /** Somebody is seen at the payer's side: the page is open, or the payer came back from the wallet. RES-16. */
  | { readonly kind: 'payer_seen' }
  /**
   * The payer was told to begin anew, because no URL came in time, or (`issued`) one came that no page may lead to. A URL
   * that came meanwhile is another matter: somebody may have seen it.
   */
  | { readonly kind: 'undelivered'; readonly issued: boolean }
  /** The merchant wants the payment undone, whatever has become of it. ACQ-04. */
  | { readonly kind: 'cancel_requested' }
  /** The merchant's refund was accepted: reserved on the payment before any call. Money case 6. */
  | { readonly kind: 'refund_accepted'; readonly amountMinor: bigint }
  | { readonly kind: 'refund_ended'; readonly amountMinor: bigint; readonly succeeded: boolean }
  /** The safety net of a reversal that waits for refunds: look again whether they have settled. */
  | { readonly kind: 'refunds_awaited' }
  /** A delivery to the merchant has used up its schedule. NOT-03. */
  | { readonly kind: 'delivery_exhausted' }
  /** A delivery was replayed and accepted, and none of the payment stands given up any more. NOT-03. */
  | { readonly kind: 'delivery_made_good' }
  /** The calls of the due step could not leave for longer than its fast tries take. No try of it counts. CAN-03. */
  | { readonly kind: 'held_up' }
  /** The gateway itself cannot take the due step (no such account, an unreadable key), again and again. RES-13. */
  | { readonly kind: 'step_failed' }
  /** A person has decided, with written evidence, what the gateway could not. RES-13, RES-19. */
  | ({ readonly kind: 'resolved_by_hand'; readonly as: PaymentResolution } & WrittenEvidence);

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
  const draft = draftOf(payment);
  if (!('answer' in input)) return decide(draft, input, policy, now);
  const decided = decide(stepWorks(draft), input, policy, now);
  return { ...decided, events: withLastAnswer(decided.events, input.answer) };
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
        input.idsSpent,
      );
    case 'reversal_refund_inquired':
      return reversalRefund.refundInquired(
        trustNoted(draft, 'inquire_refund', input.answer),
        input.answer,
        policy,
        now,
        input.idsSpent,
      );
    case 'notified':
      return notified(draft, input.outcome, policy, now, input.failureToldAt ?? null);
    case 'payer_seen':
      return payerSeen(draft, policy, now);
    case 'undelivered':
      return undelivered(draft, input.issued, policy, now);
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
      return reversalRefund.refundsAwaited(stepWorks(draft), policy, now);
    case 'delivery_exhausted':
      return undeliveredNoted(draft, now);
    case 'delivery_made_good':
      return deliveryMadeGood(draft);
    case 'held_up':
      return heldUp(draft, now);
    case 'step_failed':
      return stepFailed(draft, now);
    case 'resolved_by_hand':
      return paymentResolved(draft, input.as, { by: input.by, evidence: input.evidence });
    default:
      return input satisfies never;
  }
}

function payAnswered(draft: Draft, answer: PayAnswer, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  switch (answer.kind) {
    case 'paid':
      return paid(draft, answer, policy, now);
    case 'issued':
      return issued(draft, answer, policy, now);
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
  if (answer.kind === 'paid') return paid(draft, answer, policy, now);
  if (!isOpen(payment)) {
    return reversal.inquiryAnswered(draft, answer, policy, now, askedAt);
  }
  switch (answer.kind) {
    case 'awaiting_payer':
      return inquiredInVain(awaitingPayer(draft, answer.walletTransactionId, policy, now), policy, now);
    case 'closed':
      return failed(withFields(draft, { knownToWallet: true }), closedAtWallet);
    case 'cancelled':
      return cancelFound(draft);
    case 'failed':
      return failureFound(draft, failureAtWallet(answer.code, answer.message), policy, now);
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

/** A payer in sight brings the next inquiry near; who is seen again and again costs no write each time. RES-16. */
function payerSeen(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (!isOpen(payment) || policy.givesUpAt !== 'close_time') return draft;
  const until = payment.payerActiveUntil;
  const isFresh = until !== null && until.getTime() - now.getTime() > policy.payerActiveMs / 2;
  if (isFresh) return draft;
  const soon = later(now, policy.inquiryIntervalMs);
  const { nextStep } = payment;
  return withFields(draft, {
    payerActiveUntil: later(now, policy.payerActiveMs),
    nextStep:
      nextStep?.action === 'inquire' && nextStep.dueAt > soon ? { action: 'inquire', dueAt: soon } : nextStep,
  });
}

/** Cancelled at the wallet by somebody else: nothing can be paid any more. RES-04. */
function cancelFound(draft: Draft): Draft {
  const cancelled = withFields(
    moved(withFields(draft, { knownToWallet: true }), 'cancelled', { by: 'wallet' }),
    {
      cancelledBy: 'cancel',
      failure: cancelledAtWallet,
    },
  );
  return attentionEnded(noStep(cancelled));
}

/** The wallet's word that the attempt failed, and one cancel for the case that it is not the last one. RES-04. */
function failureFound(draft: Draft, failure: Failure, policy: PaymentPolicy, now: Date): Draft {
  const tooLate = policy.givesUpAt === 'close_time' && now >= draft.payment.expiresAt;
  // The wallet closes an unpaid payment in its own words; what happened is that nobody paid in time.
  const ended = failed(draft, tooLate ? { ...notPaidInTime, walletCode: failure.walletCode } : failure);
  return policy.cancelsFailed ? step(ended, 'cancel', now) : ended;
}

/** No final answer to `pay`: inquire at once. RES-02, RES-08. */
function answerMissing(draft: Draft, data: TimelineEvent['data'], now: Date): Draft {
  if (draft.payment.state !== 'submitted') return draft;
  return step(moved(draft, 'unknown', data), 'inquire', now);
}

/** One more inquiry without a final answer: the next one, or the reversal. RES-03, RES-05, RES-16. */
function inquiredInVain(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  const tries = payment.tries + 1;
  if (now >= payment.expiresAt) {
    const failure = policy.givesUpAt === 'close_time' ? notPaidInTime : notConfirmedInTime;
    return reversal.begun(withFields(draft, { failure }), 'gateway', policy, now);
  }
  if (policy.givesUpAt === 'inquiries_used_up' && tries >= policy.inquiryCount) {
    return reversal.begun(withFields(draft, { failure: notConfirmedInTime }), 'gateway', policy, now);
  }
  const known = payment.state === 'submitted' ? moved(draft, 'unknown', { answer: 'never_recorded' }) : draft;
  return inquiredNext(withFields(known, { tries }), policy, now);
}

/** Nobody can pay what never reached anybody: undone before its close time, and cutting nobody off. RES-16. */
function undelivered(draft: Draft, issued: boolean, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (!isOpen(payment) || (payment.payerAction !== null) !== issued) return draft;
  const noted = withEvent(withFields(draft, { failure: notDelivered }), 'PayerActionUndelivered');
  return reversal.begun(noted, 'gateway', policy, now);
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

function deliveryMadeGood(draft: Draft): Draft {
  if (draft.payment.attention?.reason !== 'delivery_exhausted') return draft;
  return withEvent(withFields(draft, { attention: null }), 'AttentionEnded', {
    reason: 'delivery_exhausted',
  });
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
