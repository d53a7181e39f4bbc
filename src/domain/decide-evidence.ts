import * as reversal from './decide-reversal.ts';
import { isOpen } from './payment.ts';
import {
  attentionEnded,
  attentionRaised,
  type Draft,
  later,
  moved,
  noStep,
  step,
  withFields,
} from './payment-changes.ts';
import type { PaymentPolicy } from './policy.ts';
import type { Issued, Paid } from './wallet-answer.ts';

/*
 * What a wallet's word that it knows a payment leads to, whether it comes as the answer to a call or as a notification.
 */

/** Evidence of payment, from whichever call or notification. Money case 5. */
export function paid(draft: Draft, answer: Paid, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (payment.state === 'succeeded') return paidAgain(draft, answer, now);
  const known = payment.paidEvidence ? payment.walletTransactionId : null;
  const evident = withFields(draft, {
    knownToWallet: true,
    paidEvidence: true,
    walletTransactionId: known ?? answer.walletTransactionId,
    paidAt: answer.paidAt ?? payment.paidAt,
  });
  if (isOpen(payment)) {
    const succeeded = moved(withFields(evident, { payerActiveUntil: null }), 'succeeded', {
      wallet_transaction_id: answer.walletTransactionId,
    });
    return attentionEnded(noStep(succeeded));
  }
  return reversal.paymentFound(evident, policy, now);
}

/** A repeat fills in what the first word left out. Another transaction of the same payment is for people. Money case 5. */
function paidAgain(draft: Draft, answer: Paid, now: Date): Draft {
  const { payment } = draft;
  if (payment.walletTransactionId !== answer.walletTransactionId) {
    return attentionRaised(draft, 'second_wallet_transaction', now);
  }
  const paidAt = payment.paidAt ?? answer.paidAt ?? null;
  return paidAt === payment.paidAt ? draft : withFields(draft, { paidAt });
}

/** The URL or code is there: the payer may come, and nobody has been charged. RES-01. */
export function issued(draft: Draft, answer: Issued, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  if (!isOpen(payment)) {
    // Undone meanwhile: that the wallet knows the payment is news, and what was issued leads nobody anywhere.
    const isNews = answer.known && !payment.knownToWallet;
    return isNews ? awaitingPayer(draft, answer.walletTransactionId, policy, now) : draft;
  }
  const known = withFields(draft, {
    payerAction: answer.action,
    knownToWallet: payment.knownToWallet || answer.known,
    walletTransactionId: payment.walletTransactionId ?? answer.walletTransactionId,
  });
  // An inquiry was faster than the answer: the payer may come all the same.
  if (payment.state === 'awaiting_payer' || payment.state === 'issued') return known;
  const active = withFields(moved(known, 'issued', { action: answer.action.kind }), {
    payerActiveUntil: later(now, policy.payerActiveMs),
    tries: 0,
  });
  return inquiredNext(active, policy, now);
}

export function awaitingPayer(
  draft: Draft,
  walletTransactionId: string | null,
  policy: PaymentPolicy,
  now: Date,
): Draft {
  const { payment } = draft;
  // An answer from before the payment succeeded, recorded late: the evidence of payment stands.
  if (payment.state === 'succeeded') return draft;
  const isNews =
    !payment.knownToWallet || (payment.walletTransactionId === null && walletTransactionId !== null);
  const known = isNews
    ? withFields(draft, {
        knownToWallet: true,
        walletTransactionId: payment.walletTransactionId ?? walletTransactionId,
      })
    : draft;
  if (!isOpen(payment)) return reversal.paymentFound(known, policy, now);
  if (payment.state === 'awaiting_payer') return known;
  // A wallet that knows what it has issued says so from the start, whether a payer has come or not.
  if (payment.state === 'issued' && payment.knownToWallet) return known;
  const asked = moved(known, 'awaiting_payer');
  if (payment.state === 'issued') {
    return inquiredNext(
      withFields(asked, { payerActiveUntil: later(now, policy.payerActiveMs) }),
      policy,
      now,
    );
  }
  return payment.state === 'submitted' ? step(asked, 'inquire', now, policy.inquiryIntervalMs) : asked;
}

/** When the next inquiry is due: soon while a payer is active, else slowly, and at the close time at the latest. */
export function inquiredNext(draft: Draft, policy: PaymentPolicy, now: Date): Draft {
  const { payerActiveUntil, expiresAt } = draft.payment;
  if (policy.givesUpAt === 'inquiries_used_up') {
    return withFields(draft, {
      nextStep: { action: 'inquire', dueAt: later(now, policy.inquiryIntervalMs) },
    });
  }
  const isActive = payerActiveUntil !== null && now < payerActiveUntil;
  const dueAt = later(now, isActive ? policy.inquiryIntervalMs : policy.idleInquiryIntervalMs);
  return withFields(draft, {
    nextStep: { action: 'inquire', dueAt: dueAt > expiresAt && now < expiresAt ? expiresAt : dueAt },
  });
}
