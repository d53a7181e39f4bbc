import { awaitingPayer, paid } from './decide-evidence.ts';
import { isOpen } from './payment.ts';
import { attentionRaised, type Draft, later, withEvent, withFields } from './payment-changes.ts';
import type { PaymentPolicy } from './policy.ts';
import type { NotifiedOutcome, Paid } from './wallet-answer.ts';

/*
 * What a verified notification leads to. Wallets repeat them for a day, deliver them in any order and never tell of a
 * cancel, so a notification is evidence of payment or a reason to look, and nothing else.
 */

export function notified(
  draft: Draft,
  outcome: NotifiedOutcome,
  policy: PaymentPolicy,
  now: Date,
  failureToldAt: Date | null,
): Draft {
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
      return isOpen(payment) ? failureTold(draft, outcome.code, policy, now, failureToldAt) : draft;
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

/**
 * An open payment is inquired at once. Whoever has seen the notification can send it again for ever: what follows another
 * within the policy's time between two inquiries waits for the end of that, and changes nothing when one is due by then.
 */
function failureTold(
  draft: Draft,
  code: string,
  policy: PaymentPolicy,
  now: Date,
  toldAt: Date | null,
): Draft {
  const notBefore = toldAt === null ? now : later(toldAt, policy.inquiryIntervalMs);
  const lookAt = notBefore > now ? notBefore : now;
  const { nextStep } = draft.payment;
  const isRepeat = lookAt > now && nextStep?.action === 'inquire' && nextStep.dueAt <= lookAt;
  return isRepeat ? draft : looked(draft, 'NotPaidNotified', { code }, lookAt);
}

/** An open payment is inquired at once; the inquiry decides. RES-17. */
function looked(
  draft: Draft,
  type: 'NotPaidNotified' | 'ContradictoryNotification',
  data: Readonly<Record<string, string>>,
  lookAt: Date,
): Draft {
  const { payment } = draft;
  const noted = withEvent(draft, type, data);
  if (!isOpen(payment)) return noted;
  const { nextStep } = payment;
  const isDue = nextStep?.action === 'inquire' && nextStep.dueAt <= lookAt;
  return isDue ? noted : withFields(noted, { nextStep: { action: 'inquire', dueAt: lookAt } });
}
