import { randomDigits } from '../payers.ts';
import { bodyMember, optionalText, printAmount, requiredAmount, requiredText } from './body-fields.ts';
import { checkPosition } from './cancel.ts';
import type { AmsPayment, AmsRefund } from './payment-records.ts';
import { type AmsBooks, type AmsCall, asOf, givenBack } from './payments.ts';
import { AmsRefused, answered, type Fields } from './results.ts';
import { printCompactTime, printWireTime } from './wire-time.ts';

const dayMs = 86_400_000;

/**
 * payments/refund. `refundRequestId` makes it idempotent. Want of money at the merchant's is final for that id: a repeat fails the
 * same way, and the merchant comes again with another id. Every other refusal leaves nothing behind.
 */
export function refund(books: AmsBooks, call: AmsCall): Fields {
  const { client, nowMs } = call;
  const body = bodyMember(call.body);
  const refundRequestId = requiredText(body, 'refundRequestId', 64);
  const paymentId = requiredText(body, 'paymentId', 64);
  const amount = requiredAmount(body, 'refundAmount');
  optionalText(body, 'refundReason', 256);
  const found = books.payments.findById(client.clientId, paymentId);
  const earlier = books.payments.refund(client.clientId, refundRequestId);
  if (earlier !== undefined) {
    const isSame =
      earlier.paymentId === paymentId &&
      earlier.amountMinor === amount.minor &&
      found?.currency === amount.currency;
    if (!isSame) throw new AmsRefused('REPEAT_REQ_INCONSISTENT');
    return outcomeOf(earlier, amount.currency);
  }
  if (found === undefined) throw new AmsRefused('ORDER_NOT_EXIST');
  const payment = asOf(found, nowMs);
  if (payment.currency !== amount.currency)
    throw new AmsRefused('CURRENCY_NOT_SUPPORT', `the payment is in ${payment.currency}`);
  checkRefundable(books, call, payment);
  if (amount.minor > payment.chargedMinor - payment.refundedMinor)
    throw new AmsRefused('REFUND_AMOUNT_EXCEED');
  const made: AmsRefund = {
    clientId: client.clientId,
    refundRequestId,
    refundId: `${printCompactTime(nowMs)}0108002${randomDigits(14)}`,
    paymentId,
    status: 'SUCCESS',
    resultCode: 'SUCCESS',
    amountMinor: amount.minor,
    refundedAtMs: nowMs,
  };
  return outcomeOf(carryOut(books, call, payment, made), amount.currency);
}

function checkRefundable(books: AmsBooks, { client, nowMs }: AmsCall, payment: AmsPayment): void {
  switch (payment.status) {
    case 'SUCCESS': {
      const periodMs = books.settingsFor(client).refund_period_days * dayMs;
      if (nowMs >= (payment.paidAtMs ?? payment.createdAtMs) + periodMs)
        throw new AmsRefused('REFUND_WINDOW_EXCEED');
      return;
    }
    case 'CANCELLED':
      throw new AmsRefused('ORDER_IS_CANCELED');
    case 'PROCESSING':
    case 'FAIL':
      throw new AmsRefused('ORDER_STATUS_INVALID');
    default:
      payment.status satisfies never;
  }
}

function carryOut(books: AmsBooks, call: AmsCall, payment: AmsPayment, made: AmsRefund): AmsRefund {
  try {
    checkPosition(books, call, payment, made.amountMinor);
  } catch (error) {
    if (!(error instanceof AmsRefused)) throw error;
    const failed: AmsRefund = { ...made, status: 'FAIL', resultCode: error.code };
    books.payments.insertRefund(failed);
    return failed;
  }
  books.payments.insertRefund(made);
  books.payments.update(givenBack(books, payment, made.amountMinor));
  return made;
}

function outcomeOf(made: AmsRefund, currency: string): Fields {
  const names = {
    refundRequestId: made.refundRequestId,
    refundId: made.refundId,
    paymentId: made.paymentId,
    refundAmount: printAmount(currency, made.amountMinor),
  };
  if (made.status === 'FAIL') return answered(made.resultCode, names);
  return answered('SUCCESS', { ...names, refundTime: printWireTime(made.refundedAtMs) });
}
