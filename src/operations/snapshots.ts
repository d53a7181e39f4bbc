import { paymentRequestId, refundRequestId } from '../domain/ids.ts';
import type { Money } from '../domain/money.ts';
import { type Payment, publicStatus } from '../domain/payment.ts';
import { publicRefundStatus, type Refund } from '../domain/refund.ts';
import { publicCancelStatus, type StrayCancel } from '../domain/stray-cancel.ts';

/*
 * What merchants are shown, over REST and in every delivery: one form each, made here and nowhere else.
 * JSON, snake_case; amounts are integers of minor units.
 */

export interface AmountSnapshot {
  readonly currency: string;
  readonly value: number;
}

/** Minor units as a JSON integer. Amounts that a double cannot hold exactly are our own mistake. */
export function amountSnapshot(amount: Money): AmountSnapshot {
  const value = Number(amount.minor);
  if (!Number.isSafeInteger(value))
    throw new RangeError(`amount ${amount.minor} does not fit a JSON integer`);
  return { currency: amount.currency, value };
}

export function paymentSnapshot(payment: Payment) {
  return {
    object: 'payment' as const,
    id: payment.id,
    payment_request_id: paymentRequestId(payment.id),
    merchant_id: payment.merchantId,
    merchant_order_no: payment.merchantOrderNo,
    product: payment.product,
    status: publicStatus(payment),
    amount: amountSnapshot(payment.amount),
    wallet: payment.wallet,
    wallet_transaction_id: payment.walletTransactionId,
    order_code: orderCodeSnapshot(payment),
    store_id: payment.storeId,
    terminal_id: payment.terminalId,
    subject: payment.subject,
    failure: failureSnapshot(payment.failure),
    refunded: amountSnapshot({ currency: payment.amount.currency, minor: payment.refunded }),
    cancelled_by: payment.cancelledBy,
    needs_attention: attentionSnapshot(payment.attention),
    next_step: nextStepSnapshot(payment.nextStep),
    awaiting_payer: payment.state === 'awaiting_payer',
    metadata: payment.metadata,
    paid_at: payment.paidAt?.toISOString() ?? null,
    expires_at: payment.expiresAt.toISOString(),
    version: payment.version,
    created_at: payment.createdAt.toISOString(),
    updated_at: payment.updatedAt.toISOString(),
  };
}

/** The code to show to the payer, once the wallet has issued it; `null` for every other product. PAY-03. */
function orderCodeSnapshot({ payerAction }: Payment) {
  if (payerAction?.kind !== 'show_code') return null;
  return { value: payerAction.value, expires_at: payerAction.expiresAt.toISOString() };
}

export type PaymentSnapshot = ReturnType<typeof paymentSnapshot>;

export function refundSnapshot(refund: Refund) {
  return {
    object: 'refund' as const,
    id: refund.id,
    refund_request_id: refundRequestId(refund.id),
    payment_id: refund.paymentId,
    merchant_id: refund.merchantId,
    merchant_refund_no: refund.merchantRefundNo,
    status: publicRefundStatus(refund),
    amount: amountSnapshot(refund.amount),
    reason: refund.reason,
    failure: failureSnapshot(refund.failure),
    needs_attention: attentionSnapshot(refund.attention),
    next_step: nextStepSnapshot(refund.nextStep),
    version: refund.version,
    created_at: refund.createdAt.toISOString(),
    updated_at: refund.updatedAt.toISOString(),
  };
}

export type RefundSnapshot = ReturnType<typeof refundSnapshot>;

/** What has become of a held cancel at one wallet. Money case 10. */
export function strayCancelSnapshot(cancel: StrayCancel) {
  return {
    wallet: cancel.wallet,
    status: publicCancelStatus(cancel),
    cancelled_by: cancel.cancelledBy,
    known_to_wallet: cancel.knownToWallet,
    amount: cancel.amount === null ? null : amountSnapshot(cancel.amount),
    needs_attention: attentionSnapshot(cancel.attention),
    next_step: nextStepSnapshot(cancel.nextStep),
  };
}

export type StrayCancelSnapshot = ReturnType<typeof strayCancelSnapshot>;

function failureSnapshot(failure: Payment['failure']) {
  if (failure === null) return null;
  return {
    code: failure.code,
    wallet_code: failure.walletCode,
    message: failure.message,
    advice: failure.advice,
  };
}

function attentionSnapshot(attention: Payment['attention']) {
  return attention === null ? null : { reason: attention.reason, since: attention.since.toISOString() };
}

function nextStepSnapshot(step: { readonly action: string; readonly dueAt: Date } | null) {
  return step === null ? null : { action: step.action, due_at: step.dueAt.toISOString() };
}
