import type { Outcome } from '../../../cashier/result-page.ts';
import type { CancelReason, Charge, FailureReason } from '../../../cashier/texts.ts';
import { isOpen, type Payment } from '../../domain/payment.ts';
import type { PayerAction } from '../../domain/wallet-answer.ts';

/** What a payer is told of a payment: what is recorded, and nothing that a browser says. PAY-12. */
export function payerOutcome(payment: Payment, sandbox: boolean, now: Date): Outcome {
  const paidMinor = payment.amount.minor;
  switch (payment.state) {
    case 'submitted':
    case 'issued':
    case 'awaiting_payer':
    case 'unknown':
      return { kind: 'waiting', walletUrl: now < payment.expiresAt ? walletUrlOf(payment, sandbox) : null };
    case 'succeeded':
      return payment.refunded > 0n
        ? { kind: 'refunded', paidMinor, refundedMinor: payment.refunded }
        : { kind: 'succeeded', paidMinor };
    case 'reversing':
      return { kind: 'undoing' };
    case 'failed':
      if (isGivingBack(payment)) return { kind: 'undoing' };
      return { kind: 'failed', reason: failureReason(payment), charge: chargeOf(payment) };
    case 'cancelled':
    case 'cancelled_provisionally':
      if (isGivingBack(payment)) return { kind: 'undoing' };
      return { kind: 'cancelled', reason: cancelReason(payment, sandbox), charge: chargeOf(payment) };
    default:
      return payment.state satisfies never;
  }
}

/**
 * The page of the wallet that the payer goes on to; `null` where there is none that a browser may be sent to. Only
 * web addresses and the wallet's own app: an address that is script is never put on a page.
 */
export function walletUrlOf(payment: Payment, sandbox: boolean): string | null {
  return isOpen(payment) ? addressOf(payment.payerAction, sandbox) : null;
}

function addressOf(action: PayerAction | null, sandbox: boolean): string | null {
  if (action === null || action.kind !== 'redirect') return null;
  const url = URL.parse(action.url);
  if (url === null || url.username !== '' || url.password !== '') return null;
  return url.protocol === 'https:' || (sandbox && url.protocol === 'http:') || url.protocol === 'alipays:'
    ? url.href
    : null;
}

/** Money that has moved, or may have, and is on its way back. Money case 5. */
function isGivingBack(payment: Payment): boolean {
  if (payment.reversal === null || !payment.paidEvidence) return false;
  switch (payment.reversal.state) {
    case 'cancelling':
    case 'settling':
    case 'refunding':
      return true;
    case 'watching':
    case 'effected':
    case 'baseless':
      return false;
    default:
      return payment.reversal.state satisfies never;
  }
}

function chargeOf(payment: Payment): Charge {
  if (payment.paidEvidence || payment.refunded > 0n) return 'returned';
  if (payment.state === 'failed' || payment.cancelledBy === 'close') return 'none';
  // A wallet that cancels says that the payer has the money, not whether it ever moved.
  return payment.knownToWallet || payment.state === 'cancelled_provisionally' ? 'none_kept' : 'none';
}

const timeFailures = ['not_paid_in_time', 'not_confirmed_in_time', 'payment_closed'];

function cancelReason(payment: Payment, sandbox: boolean): CancelReason {
  if (addressOf(payment.payerAction, sandbox) === null) return 'wallet_silent';
  const code = payment.failure?.code ?? '';
  if (code === 'cancelled_at_wallet') return 'at_wallet';
  return payment.reversal?.by === 'gateway' || timeFailures.includes(code) ? 'not_paid_in_time' : 'by_store';
}

function failureReason(payment: Payment): FailureReason {
  const code = payment.failure?.code ?? '';
  if (timeFailures.includes(code)) return 'not_paid_in_time';
  if (code === 'wallet_unreachable') return 'wallet_not_reached';
  if (code === 'payment_rejected' || code === 'wallet_configuration') return 'store_cannot';
  const walletCode = payment.failure?.walletCode ?? '';
  if (/BALANCE_NOT_ENOUGH|FUND_NOT_ENOUGH/.test(walletCode)) return 'not_enough_money';
  return /LIMIT/.test(walletCode) ? 'over_limit' : 'declined';
}
