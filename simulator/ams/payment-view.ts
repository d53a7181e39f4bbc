import type { JsonObject } from '../json.ts';
import type { AmsPayment, AmsRefund } from './payment-records.ts';
import { printWireTime } from './wire-time.ts';

/** The payment's line in the ledger: amounts in minor units of its currency. A payment that failed by itself is not `cancelled`. */
export function amsLedgerLine(payment: AmsPayment): JsonObject {
  return {
    wallet: 'alipay_plus',
    payment_request_id: payment.paymentRequestId,
    currency: payment.currency,
    amount: Number(payment.amountMinor),
    charged: Number(payment.chargedMinor),
    refunded: Number(payment.refundedMinor),
    cancelled: payment.status === 'CANCELLED',
  };
}

/** Everything the wallet knows about one payment; `payer_charged` and `payer_refunded` count the payer's currency. */
export function amsPaymentView(payment: AmsPayment, refunds: readonly AmsRefund[]): JsonObject {
  const time = (atMs: number | null): string | null => (atMs === null ? null : printWireTime(atMs));
  const folder = payment.scenario === 'OrderCode' ? 'order' : 'pay';
  return {
    ...amsLedgerLine(payment),
    client_id: payment.clientId,
    payment_id: payment.paymentId,
    scenario: payment.scenario,
    payment_status: payment.status,
    result_code: payment.resultCode,
    payer_id: payment.payerId,
    payer_charged: Number(payment.payerChargedMinor),
    payer_refunded: Number(payment.payerRefundedMinor),
    page: `/phone/${folder}/${payment.token}`,
    merchant_id: payment.merchantId,
    merchant_name: payment.merchantName,
    store_id: payment.storeId,
    store_name: payment.storeName,
    description: payment.description,
    notify_url: payment.notifyUrl,
    redirect_url: payment.redirectUrl,
    user_agent: payment.userAgent,
    created_at: time(payment.createdAtMs),
    expires_at: time(payment.expiresAtMs),
    paid_at: time(payment.paidAtMs),
    closed_at: time(payment.closedAtMs),
    late_success_at: time(payment.lateSuccessAtMs),
    hidden_inquiries: payment.hiddenInquiries,
    refunds: refunds.map((refund) => ({
      refund_request_id: refund.refundRequestId,
      refund_id: refund.refundId,
      status: refund.status,
      result_code: refund.resultCode,
      amount: Number(refund.amountMinor),
      refunded_at: time(refund.refundedAtMs),
    })),
  };
}
