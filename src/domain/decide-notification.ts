import { awaitingPayer, paid } from './decide-evidence.ts';
import { isOpen } from './payment.ts';
import { attentionRaised, type Draft, withEvent, withFields } from './payment-changes.ts';
import type { PaymentPolicy } from './policy.ts';
import type { NotifiedOutcome, Paid } from './wallet-answer.ts';

/*
 * What a verified notification leads to. Wallets repeat them for a day, deliver them in any order and never tell of a
 * cancel, so a notification is evidence of payment or a reason to look, and nothing else.
 */

export function notified(draft: Draft, outcome: NotifiedOutcome, policy: PaymentPolicy, now: Date): Draft {
  const { payment } = draft;
  switch (outcome.kind) {
    case 'paid':
      // Known as paid and being undone, or undone by now: the reversal's result decides, and no repeat delays it. RES-09.
      if (payment.paidEvidence && payment.reversal !== null) return sameTransaction(draft, outcome, now);
      return paid(draft, outcome, policy, now);
    case 'awaiting_payer':
      // Sent when the payer came; what was recorded since then is newer.
      return isOpen(payment) ? awaitingPayer(draft, outcome.walletTransactionId, policy, now) : draft;
    case 'not_paid':
      return isOpen(payment) ? looked(draft, 'NotPaidNotified', { code: outcome.code }, now) : draft;
    case 'contradictory':
      return looked(draft, 'ContradictoryNotification', { detail: outcome.detail }, now);
    default:
      return outcome satisfies never;
  }
}

/** A repeat changes nothing; another transaction of a payment that was paid before is for people. Money case 5. */
function sameTransaction(draft: Draft, { walletTransactionId }: Paid, now: Date): Draft {
  const known = draft.payment.walletTransactionId;
  return known === null || known === walletTransactionId
    ? draft
    : attentionRaised(draft, 'second_wallet_transaction', now);
}

/** An open payment is inquired at once; the inquiry decides. RES-17. */
function looked(
  draft: Draft,
  type: 'NotPaidNotified' | 'ContradictoryNotification',
  data: Readonly<Record<string, string>>,
  now: Date,
): Draft {
  const { payment } = draft;
  const noted = withEvent(draft, type, data);
  if (!isOpen(payment)) return noted;
  const { nextStep } = payment;
  const isDue = nextStep?.action === 'inquire' && nextStep.dueAt <= now;
  return isDue ? noted : withFields(noted, { nextStep: { action: 'inquire', dueAt: now } });
}
