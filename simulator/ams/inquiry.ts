import { bodyMember, printAmount, someText } from './body-fields.ts';
import { findPayment } from './payment-name.ts';
import type { AmsPayment, AmsRefund } from './payment-records.ts';
import { type AmsBooks, type AmsCall, customerOf, moneyOf, namesOf } from './payments.ts';
import { AmsRefused, answered, type Fields, type ResultCode, resultOf } from './results.ts';
import { printWireTime } from './wire-time.ts';

/**
 * payments/inquiryPayment. `S` is about the asking; `paymentStatus` stays SUCCESS when refunds follow, which `transactions`
 * lists.
 */
export function inquirePayment(books: AmsBooks, call: AmsCall): Fields {
  const payment = findPayment(books, call);
  if (payment === undefined) throw new AmsRefused('ORDER_NOT_EXIST');
  if (payment.hiddenInquiries > 0) {
    books.payments.update({ ...payment, hiddenInquiries: payment.hiddenInquiries - 1 });
    throw new AmsRefused('ORDER_NOT_EXIST');
  }
  const { resultCode, resultMessage } = resultOf(resultCodeOf(payment));
  const { paymentTime, ...money } = moneyOf(payment);
  const isPaid = payment.status === 'SUCCESS';
  const refunds = books.payments.refundsOf(payment.paymentId);
  return answered('SUCCESS', {
    paymentStatus: payment.status,
    paymentResultCode: resultCode ?? null,
    paymentResultMessage: resultMessage ?? null,
    ...namesOf(payment),
    ...money,
    ...(isPaid && paymentTime !== undefined ? { paymentTime } : {}),
    ...(isPaid ? customerOf(books, payment) : {}),
    ...(refunds.length === 0
      ? {}
      : { transactions: refunds.map((refund) => transactionOf(payment, refund)) }),
  });
}

function resultCodeOf(payment: AmsPayment): ResultCode {
  return payment.status === 'CANCELLED' ? 'ORDER_IS_CANCELED' : payment.resultCode;
}

function transactionOf(payment: AmsPayment, refund: AmsRefund): Fields {
  return {
    transactionType: 'REFUND',
    transactionStatus: refund.status,
    transactionId: refund.refundId,
    transactionRequestId: refund.refundRequestId,
    transactionAmount: printAmount(payment.currency, refund.amountMinor),
    transactionTime: printWireTime(refund.refundedAtMs),
    transactionResult: resultOf(refund.resultCode),
  };
}

/** payments/inquiryRefund. A refund that was refused before it began is not found. */
export function inquireRefund(books: AmsBooks, call: AmsCall): Fields {
  const { refundId, refundRequestId } = someText(bodyMember(call.body), 'refundId', 'refundRequestId');
  const { clientId } = call.client;
  const refund =
    refundId === undefined
      ? books.payments.refund(clientId, refundRequestId ?? '')
      : books.payments.refundById(clientId, refundId);
  const payment = refund && books.payments.findById(clientId, refund.paymentId);
  if (refund === undefined || payment === undefined) throw new AmsRefused('ORDER_NOT_EXIST');
  return answered('SUCCESS', {
    refundStatus: refund.status,
    refundId: refund.refundId,
    refundRequestId: refund.refundRequestId,
    refundAmount: printAmount(payment.currency, refund.amountMinor),
    ...(refund.status === 'SUCCESS' ? { refundTime: printWireTime(refund.refundedAtMs) } : {}),
  });
}
