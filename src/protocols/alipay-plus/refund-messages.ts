import { amount, flag, required, text } from './message-fields.ts';
import { settlementQuote } from './payment-messages.ts';
import { resultField } from './result.ts';

/* The bodies of refund and inquiryRefund. In shops a refund is done when it is answered. */

export const refundRequest = {
  /** Idempotency key of the refund. */
  refundRequestId: required(text(64)),
  /** The wallet's id: a refund takes no other name of its payment. */
  paymentId: required(text(64)),
  refundAmount: required(amount),
  referenceRefundId: text(64),
  refundReason: text(256),
  refundRequestTime: text(),
  refundNotifyUrl: text(1024),
  isAsyncRefund: flag,
} as const;

export const refundAnswer = {
  result: resultField,
  refundRequestId: text(64),
  refundId: text(64),
  paymentId: text(64),
  refundAmount: amount,
  refundTime: text(),
  grossSettlementAmount: amount,
  settlementQuote,
} as const;

/** The wallet's id wins where both are sent. */
export const refundReference = { refundId: text(64), refundRequestId: text(64) } as const;

export const refundInquiryAnswer = {
  /** Of the inquiry, not of the refund. */
  result: resultField,
  refundStatus: text(16),
  refundId: text(64),
  refundRequestId: text(64),
  refundAmount: amount,
  refundTime: text(),
  grossSettlementAmount: amount,
  settlementQuote,
} as const;

export type RefundStatus = 'SUCCESS' | 'PROCESSING' | 'FAIL';

/** A refund's status at AMS; `null` for one that is not documented. */
export function readRefundStatus(status: string | null): RefundStatus | null {
  return status === 'SUCCESS' || status === 'PROCESSING' || status === 'FAIL' ? status : null;
}
