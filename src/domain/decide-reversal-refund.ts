import { continued, ended } from './decide-reversal.ts';
import type { Reversal } from './payment.ts';
import { attentionRaised, type Draft, later, stepAgain, withFields } from './payment-changes.ts';
import type { PaymentPolicy } from './policy.ts';
import type { RefundAnswer, RefundInquiryAnswer } from './wallet-answer.ts';

/*
 * The part of a reversal that gives money back by refund: after the cancel window, or after refunds (money case 7).
 * The refund's id follows from the payment's, so the same id is sent however often it takes (money case 6).
 */

export function refundAnswered(draft: Draft, answer: RefundAnswer, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (payment.reversal?.state !== 'refunding') return draft;
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
): Draft {
  const { reversal } = draft.payment;
  if (reversal?.state !== 'refunding') return draft;
  switch (answer.kind) {
    case 'refunded':
      return ended(draft, 'refund');
    case 'failed':
      return lookedAgain(refundIdSpent(draft, reversal), policy, now);
    case 'not_found':
      // The wallet holds no refund of this id, so the same id is safe to send again. Money case 6.
      return lookedAgain(reversal.refundIdDoubted ? refundIdSpent(draft, reversal) : draft, policy, now);
    case 'refused':
    case 'unclear':
    case 'no_answer':
      return stepAgain(draft, 'inquire_refund', policy.refundRetry, 'refund_unresolved', now);
    default:
      return answer satisfies never;
  }
}

/** The wallet let this id fail for good and has confirmed it: the next refund has an id of its own. Money case 6. */
function refundIdSpent(draft: Draft, reversal: Reversal): Draft {
  return withFields(draft, {
    reversal: { ...reversal, refundIdsSpent: reversal.refundIdsSpent + 1, refundIdDoubted: false },
  });
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
