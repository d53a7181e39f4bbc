import { continued, ended } from './decide-reversal.ts';
import { reversalRefundIdCount } from './ids.ts';
import type { Reversal } from './payment.ts';
import { attentionRaised, type Draft, later, stepAgain, withFields } from './payment-changes.ts';
import type { PaymentPolicy } from './policy.ts';
import type { RefundAnswer, RefundInquiryAnswer } from './wallet-answer.ts';

/*
 * The part of a reversal that gives money back by refund: after the cancel window, or after refunds (money case 7).
 * The refund's id follows from the payment's, so the same id is sent however often it takes (money case 6).
 */

export function refundAnswered(
  draft: Draft,
  answer: RefundAnswer,
  policy: PaymentPolicy,
  now: Date,
  idsSpent?: number,
): Draft {
  const { payment } = draft;
  if (payment.reversal?.state !== 'refunding') return draft;
  if (isOfEarlierId(payment.reversal, answer, idsSpent)) return draft;
  switch (answer.kind) {
    case 'refunded':
      return ended(draft, 'refund');
    case 'repeated':
      return stepLater(draft, 'inquire_refund', policy.refundInquiryDelayMs, now);
    case 'refused':
      return stepLater(
        attentionRaised(draft, 'refund_unresolved', now),
        'inquire_refund',
        policy.refundInquiryDelayMs,
        now,
      );
    case 'spent': {
      const doubted = withFields(draft, { reversal: { ...payment.reversal, refundIdDoubted: true } });
      return stepLater(
        attentionRaised(doubted, 'refund_unresolved', now),
        'inquire_refund',
        policy.refundInquiryDelayMs,
        now,
      );
    }
    case 'later':
      return stepAgain(
        attentionRaised(draft, 'refund_unresolved', now),
        'refund',
        policy.refundRetry,
        'refund_unresolved',
        now,
      );
    case 'unclear':
    case 'no_answer':
      return stepAgain(draft, 'refund', policy.refundRetry, 'refund_unresolved', now);
    default:
      return answer satisfies never;
  }
}

export function refundInquired(
  draft: Draft,
  answer: RefundInquiryAnswer,
  policy: PaymentPolicy,
  now: Date,
  idsSpent?: number,
): Draft {
  const { reversal } = draft.payment;
  if (reversal?.state !== 'refunding') return draft;
  if (isOfEarlierId(reversal, answer, idsSpent)) return draft;
  switch (answer.kind) {
    case 'refunded':
      return ended(draft, 'refund');
    case 'failed':
      return refundIdSpent(draft, reversal, policy, now);
    case 'not_found':
      // The wallet holds no refund of this id, so the same id is safe to send again. Money case 6.
      return reversal.refundIdDoubted
        ? refundIdSpent(draft, reversal, policy, now)
        : lookedAgain(draft, policy, now);
    case 'refused':
    case 'unclear':
    case 'no_answer':
      return stepAgain(draft, 'inquire_refund', policy.refundRetry, 'refund_unresolved', now);
    default:
      return answer satisfies never;
  }
}

/**
 * A late answer about a refund id that has failed for good since: the present id may have been sent by now, and nothing
 * was said of it. Only money that moved counts, under whichever id.
 */
function isOfEarlierId(
  reversal: Reversal,
  answer: RefundAnswer | RefundInquiryAnswer,
  idsSpent = reversal.refundIdsSpent,
): boolean {
  return idsSpent !== reversal.refundIdsSpent && answer.kind !== 'refunded';
}

/**
 * The wallet let this id fail for good and has confirmed it: the next refund has an id of its own, once the payment was
 * inquired. There are few ids, and a merchant's account may be short for days: the waits double, so that the last id is
 * reached after a month. Money case 6.
 */
function refundIdSpent(draft: Draft, reversal: Reversal, policy: PaymentPolicy, now: Date): Draft {
  const refundIdsSpent = reversal.refundIdsSpent + 1;
  const next = { ...reversal, refundIdsSpent, refundIdDoubted: false };
  const again = lookedAgain(withFields(draft, { reversal: next }), policy, now);
  const doublings = Math.min(refundIdsSpent, reversalRefundIdCount) - 1;
  const dueAt = later(now, policy.refundRetry.firstMs * 2 ** doublings);
  const { nextStep } = again.payment;
  return nextStep !== null && nextStep.dueAt < dueAt
    ? withFields(again, { nextStep: { ...nextStep, dueAt } })
    : again;
}

/**
 * Before money is given back again the payment itself is inquired: one that was given back in another way is closed,
 * and refuses for ever.
 */
function lookedAgain(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  return stepAgain(draft, 'inquire', policy.refundRetry, 'refund_unresolved', now);
}

/** A refund of the payment has ended, or it is time to look whether one has. Money case 7. */
export function refundsAwaited(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (payment.reversal?.state !== 'settling') return draft;
  if (payment.openRefunds > 0) {
    return stepAgain(draft, 'await_refunds', policy.refundRetry, 'refund_unresolved', now);
  }
  return continued(draft, policy, now);
}

/** A different step of the same loop, after a delay; the try counts. */
function stepLater(draft: Draft, action: 'inquire_refund', delayMs: number, now: Date): Draft {
  return withFields(draft, {
    nextStep: { action, dueAt: later(now, delayMs) },
    tries: draft.payment.tries + 1,
  });
}
