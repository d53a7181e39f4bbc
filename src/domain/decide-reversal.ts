import { newReversal, type Payment, type Reversal } from './payment.ts';
import {
  attentionEnded,
  attentionRaised,
  type Draft,
  later,
  moved,
  noStep,
  reversalMoved,
  step,
  stepAgain,
  stepSoon,
  withEvent,
  withFields,
} from './payment-changes.ts';
import { type PaymentPolicy, retryDelayMs } from './policy.ts';
import type { CancelAnswer, InquiryAnswer, Paid } from './wallet-answer.ts';

/*
 * The reversal's modes, in one place.
 *
 * A reversal starts as `cancelling` (or, with refunds on the payment, as `settling` or `refunding`) and ends when
 * the wallet names what it did, or an inquiry says that the payment is closed. Between those:
 *
 *   cancel → "closed/refunded"          effected
 *   cancel → nothing named              known to the wallet: inquire, until it shows the payment closed.
 *                                       not known: `watching`, since a delayed call may still arrive.
 *   cancel → window passed              inquire; paid: `refunding`; closed: effected.
 *   refund → refused                    inquire the refund; not there: inquire the payment; closed: effected;
 *                                       paid: the same refund again.
 *   silence, unclear, later             the same call again, ever more slowly, in an operator's sight.
 *
 * `watching` inquires and cancels in turn until the sent expiry and its grace have passed, then ends as
 * `baseless` and looks once more after a day. Evidence of payment at any time leads back to `cancelling`.
 */

/** Begins to undo a payment. What the payment already shows decides how. */
export function begun(draft: Draft, by: Reversal['by'], policy: PaymentPolicy, now: Date): Draft {
  const decided = withEvent(draft, 'ReversalDecided', { by });
  const reversing = moved(
    withFields(decided, {
      reversal: newReversal(by),
      payerActiveUntil: null,
      failure: by === 'merchant' ? null : draft.payment.failure,
    }),
    'reversing',
  );
  return continued(reversing, policy, now);
}

/** The next move of a reversal that has the payer's money to give back, or may have. */
export function continued(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (payment.openRefunds > 0) {
    return step(reversalMoved(draft, 'settling'), 'await_refunds', now, policy.refundRetry.nextMs);
  }
  if (payment.refunded >= payment.amount.minor) return ended(draft, 'refund');
  if (payment.refunded > 0n || mustRefund(payment)) {
    // Money case 7: after a partial refund the wallet refuses a cancel; the remainder goes back by refund.
    return step(reversalMoved(draft, 'refunding'), 'refund', now);
  }
  return step(reversalMoved(draft, 'cancelling'), 'cancel', now);
}

function mustRefund(payment: Payment): boolean {
  return payment.reversal?.refundInstead === true && payment.paidEvidence;
}

/**
 * The wallet shows that it knows the payment (waiting for the payer, or paid) although the payment was being
 * undone or had ended. An ended payment never flips back: the money is given back by itself. Money case 5.
 */
export function paymentFound(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  const current = payment.reversal?.state;
  if (current === 'settling') return draft;
  if (current === 'refunding') {
    if (payment.nextStep?.action !== 'inquire') return draft;
    return withFields(draft, { nextStep: { action: 'refund', dueAt: now } });
  }
  if (current === 'cancelling') {
    if (mustRefund(payment)) return continued(draft, policy, now);
    return stepSoon(draft, 'cancel', policy.cancelRetry, 'cancel_unresolved', now);
  }
  if (current === 'watching') return step(reversalMoved(draft, 'cancelling'), 'cancel', now);
  return suspected(draft, now);
}

/** Evidence against an ended payment: inquire first, then reverse; people are told. */
function suspected(draft: Draft, now: Date): Draft {
  const { payment } = draft;
  const reversing =
    payment.reversal === null
      ? withFields(withEvent(draft, 'PaymentEvidenceAfterEnd'), {
          reversal: newReversal('gateway'),
        })
      : reversalMoved(draft, 'cancelling');
  return step(attentionRaised(reversing, 'paid_after_end', now), 'inquire', now);
}

/** Proof that the payment was never charged and never can be: refused for good, or not sent at all. */
export function neverPaid(draft: Draft): Draft {
  const { payment } = draft;
  const current = payment.reversal?.state;
  if (current !== 'cancelling' && current !== 'watching') return draft;
  if (payment.knownToWallet || payment.paidEvidence) return draft;
  return concluded(reversalMoved(draft, 'baseless'), 'cancel');
}

/** What an inquiry says of a payment that is not open, other than that it was paid. */
export function inquiryAnswered(
  draft: Draft,
  answer: Exclude<InquiryAnswer, Paid>,
  policy: PaymentPolicy,
  now: Date,
  askedAt: Date,
): Draft {
  const { payment } = draft;
  const current = payment.reversal?.state;
  if (isOlderThanLook(payment, answer, askedAt)) return draft;
  switch (answer.kind) {
    case 'awaiting_payer':
      if (payment.state === 'succeeded') return draft;
      return paymentFound(
        withFields(draft, {
          knownToWallet: true,
          walletTransactionId: payment.walletTransactionId ?? answer.walletTransactionId,
        }),
        policy,
        now,
      );
    case 'closed':
    case 'cancelled':
    case 'failed':
      if (payment.state === 'succeeded') {
        return payment.refunded < payment.amount.minor && payment.openRefunds === 0
          ? attentionRaised(draft, 'closed_after_success', now)
          : draft;
      }
      // Money case 5: against evidence of payment the word "failed" weighs no more than "not found".
      if (answer.kind === 'failed' && payment.paidEvidence) return notFound(draft, policy, now, askedAt);
      if (current === 'cancelling' || current === 'watching') {
        return ended(withFields(draft, { knownToWallet: true }), payment.paidEvidence ? 'cancel' : 'close');
      }
      if (current === 'refunding') {
        // Paid and closed: wholly given back, by our refund or on the wallet's side. Money case 13.
        return ended(draft, answer.kind === 'cancelled' ? 'cancel' : 'refund');
      }
      return current === 'settling' ? draft : lookEnded(draft);
    case 'not_found':
      return notFound(draft, policy, now, askedAt);
    case 'refused':
    case 'unclear':
    case 'no_answer':
      if (payment.nextStep?.action !== 'inquire') return draft;
      return stepAgain(draft, 'inquire', policy.cancelRetry, 'inquiry_unresolved', now);
    default:
      return answer satisfies never;
  }
}

/**
 * Whether an inquiry that found nothing is an older one's answer, recorded late: the look at an ended payment still
 * lies ahead, and what was not there before says nothing about then. RES-20.
 */
function isOlderThanLook(payment: Payment, answer: Exclude<InquiryAnswer, Paid>, askedAt: Date): boolean {
  const { nextStep, reversal } = payment;
  if (reversal?.state !== 'baseless' || nextStep === null || nextStep.dueAt <= askedAt) return false;
  switch (answer.kind) {
    case 'not_found':
    case 'refused':
    case 'unclear':
    case 'no_answer':
      return true;
    case 'awaiting_payer':
    case 'closed':
    case 'cancelled':
    case 'failed':
      return false;
    default:
      return answer satisfies never;
  }
}

function notFound(draft: Draft, policy: PaymentPolicy, now: Date, askedAt: Date): Draft {
  const { payment } = draft;
  if (payment.nextStep?.action !== 'inquire') return draft;
  if (payment.paidEvidence) {
    // Money case 5: with evidence of payment no "not found" ends it as unpaid, and a cancel is no harm.
    const { reversal } = payment;
    const action = reversal?.state === 'cancelling' && !reversal.refundInstead ? 'cancel' : 'inquire';
    return stepAgain(draft, action, policy.cancelRetry, 'inquiry_unresolved', now);
  }
  switch (payment.reversal?.state) {
    case 'watching':
      // A cancel that the wallet bars can never be the last word: the inquiries alone decide then. RES-07.
      if (payment.reversal.refundInstead) return watched(draft, policy, now, askedAt);
      return withFields(draft, { nextStep: { action: 'cancel', dueAt: now } });
    case 'cancelling':
      if (payment.knownToWallet) {
        return stepSoon(draft, 'cancel', policy.cancelRetry, 'cancel_unresolved', now);
      }
      return watched(draft, policy, now, askedAt);
    default:
      return lookEnded(draft);
  }
}

export function cancelAnswered(
  draft: Draft,
  answer: CancelAnswer,
  policy: PaymentPolicy,
  now: Date,
  askedAt: Date,
): Draft {
  const { payment } = draft;
  const current = payment.reversal?.state;
  if (current === undefined || current === 'effected' || current === 'baseless') {
    const known = answer.kind === 'effected' ? withFields(draft, { knownToWallet: true }) : draft;
    // The one cancel that follows a failure has been made, whatever became of it. RES-04.
    return current === undefined && payment.nextStep?.action === 'cancel'
      ? attentionEnded(noStep(known))
      : known;
  }
  if (current === 'settling' || current === 'refunding') return cancelAnsweredLate(draft, answer);
  switch (answer.kind) {
    case 'effected':
      if (answer.action === 'closed' && payment.paidEvidence) {
        // "Closed unpaid" against evidence of payment: the inquiry must say that it is closed.
        return stepSoon(draft, 'inquire', policy.cancelRetry, 'cancel_unresolved', now);
      }
      return ended(
        withFields(draft, {
          knownToWallet: true,
          paidEvidence: payment.paidEvidence || answer.action === 'refunded',
        }),
        'cancel',
      );
    case 'nothing_named':
      if (payment.knownToWallet) {
        // The wallet may have come to know the payment after this cancel was sent: the inquiry tells.
        return stepSoon(draft, 'inquire', policy.cancelRetry, 'cancel_unresolved', now);
      }
      // Not the answer that the watch waits for: an older cancel's, which says nothing of what came since.
      if (current === 'watching' && payment.nextStep?.action !== 'cancel') return draft;
      return watched(draft, policy, now, askedAt);
    case 'refund_instead': {
      const barred = backToCancelling(barredFromCancel(draft));
      if (payment.paidEvidence) return continued(barred, policy, now);
      return stepSoon(barred, 'inquire', policy.cancelRetry, 'cancel_unresolved', now);
    }
    case 'later':
      return cancelAgain(attentionRaised(draft, 'cancel_unresolved', now), policy, now);
    case 'unclear':
    case 'no_answer':
      return cancelAgain(draft, policy, now);
    default:
      return answer satisfies never;
  }
}

/**
 * The answer to a cancel that was on its way when refunds took over. Only the wallet's word that it gave the money
 * back ends the reversal; anything else leaves the refunds to go on.
 */
function cancelAnsweredLate(draft: Draft, answer: CancelAnswer): Draft {
  if (answer.kind === 'effected' && answer.action !== 'closed') return ended(draft, 'cancel');
  return answer.kind === 'refund_instead' ? barredFromCancel(draft) : draft;
}

function barredFromCancel(draft: Draft): Draft {
  const { reversal } = draft.payment;
  return reversal === null ? draft : withFields(draft, { reversal: { ...reversal, refundInstead: true } });
}

function backToCancelling(draft: Draft): Draft {
  return draft.payment.reversal?.state === 'watching' ? reversalMoved(draft, 'cancelling') : draft;
}

function cancelAgain(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (payment.nextStep?.action !== 'cancel') return draft;
  return stepAgain(draft, 'cancel', policy.cancelRetry, 'cancel_unresolved', now);
}

/**
 * Nothing was found to cancel, and nothing shows that the wallet ever knew the payment: cancelled provisionally,
 * watched until the horizon. RES-20, money case 1.
 */
function watched(draft: Draft, policy: PaymentPolicy, now: Date, askedAt: Date): Draft {
  const { payment } = draft;
  const horizon = horizonOf(payment, policy);
  // What was asked before the horizon says nothing of what came until then, however late its answer is.
  if (payment.reversal?.state === 'watching' && askedAt >= horizon) {
    const over = concluded(reversalMoved(draft, 'baseless'), 'cancel');
    return withFields(over, {
      nextStep: { action: 'inquire', dueAt: later(now, policy.finalLookMs) },
    });
  }
  const watching = reversalMoved(draft, 'watching');
  const provisional =
    payment.state === 'reversing'
      ? withFields(moved(watching, 'cancelled_provisionally'), { cancelledBy: 'cancel' })
      : watching;
  const tries = payment.reversal?.state === 'watching' ? payment.tries + 1 : 1;
  const dueAt = later(now, retryDelayMs(policy.watchRetry, tries));
  return attentionEnded(
    withFields(provisional, {
      tries,
      nextStep: { action: 'inquire', dueAt: now < horizon && dueAt > horizon ? horizon : dueAt },
    }),
  );
}

/** Until then a delayed call, code or order of the payment's id could still be paid. RES-20. */
export function horizonOf(payment: Pick<Payment, 'createdAt' | 'expiresAt'>, policy: PaymentPolicy): Date {
  const { createdAt, expiresAt } = payment;
  if (policy.codeLifeMs === 0) return later(expiresAt, policy.expiryGraceMs);
  // A code that is scanned at the end of its life makes an order with a life of its own.
  const orderLifeMs = expiresAt.getTime() - createdAt.getTime();
  return later(createdAt, policy.codeLifeMs + orderLifeMs + policy.expiryGraceMs);
}

/** The look at a payment that had ended found nothing to do. */
function lookEnded(draft: Draft): Draft {
  return draft.payment.nextStep?.action === 'inquire' ? attentionEnded(noStep(draft)) : draft;
}

/** The payer has the money: the reversal took effect. */
export function ended(draft: Draft, by: NonNullable<Payment['cancelledBy']>): Draft {
  const effected = concluded(reversalMoved(draft, 'effected', { by }), by);
  if (by !== 'refund') return effected;
  const { minor } = draft.payment.amount;
  return withFields(effected, { refunded: minor, refundReserved: minor });
}

function concluded(draft: Draft, by: NonNullable<Payment['cancelledBy']>): Draft {
  const { payment } = draft;
  const closed =
    payment.state === 'reversing' || payment.state === 'cancelled_provisionally'
      ? withFields(moved(draft, 'cancelled', { by }), { cancelledBy: by })
      : draft;
  return attentionEnded(noStep(closed));
}
