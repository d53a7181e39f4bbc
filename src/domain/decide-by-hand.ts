import { ended } from './decide-reversal.ts';
import type { Payment } from './payment.ts';
import { attentionEnded, type Draft, withEvent, withFields } from './payment-changes.ts';
import type { Refund } from './refund.ts';

/*
 * What a person may decide, with written evidence, where the gateway cannot: nothing else is ever settled by hand. There
 * is no way to make an unpaid payment succeed here; only an inquiry or a notification does that. RES-13, RES-19.
 */

/** Who says so, and on what grounds, as the wallet's support or its bill has put it in writing. */
export interface WrittenEvidence {
  readonly by: string;
  readonly evidence: string;
}

/**
 * `given_back`: the wallet's written word that the payer has the money, or was never charged and never can be.
 * `noted`: somebody has dealt with it outside; nothing else changes.
 */
export type PaymentResolution = 'given_back' | 'noted';

/** `succeeded`, `failed`: the wallet's written word on this refund. `noted`: as above. */
export type RefundResolution = 'succeeded' | 'failed' | 'noted';

/** Why a payment cannot be resolved so; `null` when it can. A sentence that names the next step. */
export function paymentResolutionObstacle(payment: Payment, as: PaymentResolution): string | null {
  const { attention, reversal, nextStep } = payment;
  if (attention === null) return 'it needs no attention: the gateway settles it by itself.';
  if (as === 'noted') {
    return nextStep === null
      ? null
      : `the gateway still works on it (${nextStep.action}): wait for it, or resolve it as given_back.`;
  }
  if (reversal === null) return nothingToGiveBack;
  switch (reversal.state) {
    case 'cancelling':
    case 'watching':
    case 'refunding':
      return null;
    case 'settling':
      return 'refunds of it are under way: resolve those first.';
    case 'effected':
    case 'baseless':
      return nothingToGiveBack;
    default:
      return reversal.state satisfies never;
  }
}

const nothingToGiveBack =
  'nothing of it is to be given back now: only a payment that is being undone can be given back.';

export function refundResolutionObstacle(refund: Refund, as: RefundResolution): string | null {
  if (refund.attention === null) return 'it needs no attention: the gateway settles it by itself.';
  const isFinal = refund.nextStep === null;
  if (as === 'noted') {
    return isFinal ? null : 'the gateway still works on it: resolve it as succeeded or as failed.';
  }
  return isFinal ? `it has ${refund.state}, and that stands: it can only be noted.` : null;
}

/** What a person has decided about a payment; what cannot be decided so changes nothing. */
export function paymentResolved(draft: Draft, as: PaymentResolution, written: WrittenEvidence): Draft {
  if (paymentResolutionObstacle(draft.payment, as) !== null) return draft;
  const { attention, reversal, refunded } = draft.payment;
  const told = withEvent(draft, 'ResolvedByHand', { as, ...written, reason: attention?.reason ?? null });
  if (as === 'noted') {
    const settled = attentionEnded(told);
    // A delivery that was given up is settled by a person alone, who has told the merchant. NOT-03.
    if (settled.payment.attention === null) return settled;
    return withEvent(withFields(settled, { attention: null }), 'AttentionEnded', {
      reason: settled.payment.attention.reason,
    });
  }
  const byRefund = reversal?.state === 'refunding' || refunded > 0n;
  return ended(withFields(told, { knownToWallet: true }), byRefund ? 'refund' : 'cancel');
}
