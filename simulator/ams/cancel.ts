import { findPayment } from './payment-name.ts';
import type { AmsPayment } from './payment-records.ts';
import { type AmsBooks, type AmsCall, givenBack, namesOf } from './payments.ts';
import { AmsRefused, answered, type Fields } from './results.ts';
import { printWireTime, startOfDayInChina, usualCancelEnd } from './wire-time.ts';

/**
 * payments/cancel: closes an unpaid payment, so that nobody can pay it any more, or gives all of a paid one back. An unknown id is
 * ORDER_NOT_EXIST and nothing is remembered: a pay that arrives afterwards still charges, as it may with the real wallet. A
 * repeat answers the same; a payment that has failed by itself needs nothing more and stays failed.
 */
export function cancel(books: AmsBooks, call: AmsCall): Fields {
  const payment = findPayment(books, call);
  if (payment === undefined) throw new AmsRefused('ORDER_NOT_EXIST');
  switch (payment.status) {
    case 'PROCESSING':
      return done(close(books, call, payment), call);
    case 'SUCCESS':
      return done(giveAllBack(books, call, payment), call);
    case 'FAIL':
      return done(call.lateSuccessMs === null ? payment : close(books, call, payment), call);
    case 'CANCELLED':
      return done(payment, call);
    default:
      return payment.status satisfies never;
  }
}

function close(books: AmsBooks, { nowMs, lateSuccessMs }: AmsCall, payment: AmsPayment): AmsPayment {
  const closed: AmsPayment = {
    ...payment,
    status: 'CANCELLED',
    resultCode: 'ORDER_IS_CANCELED',
    closedAtMs: nowMs,
    lateSuccessAtMs: lateSuccessMs === null ? null : nowMs + lateSuccessMs,
  };
  books.payments.update(closed);
  return closed;
}

function giveAllBack(books: AmsBooks, call: AmsCall, payment: AmsPayment): AmsPayment {
  if (payment.refundedMinor > 0n) throw new AmsRefused('ORDER_STATUS_INVALID');
  if (call.nowMs > cancelEnd(books, call, payment.paidAtMs ?? payment.createdAtMs))
    throw new AmsRefused('CANCEL_WINDOW_EXCEED');
  checkPosition(books, call, payment, payment.chargedMinor);
  const cancelled: AmsPayment = {
    ...givenBack(books, payment, payment.chargedMinor),
    status: 'CANCELLED',
    resultCode: 'ORDER_IS_CANCELED',
    closedAtMs: call.nowMs,
  };
  books.payments.update(cancelled);
  return cancelled;
}

function cancelEnd(books: AmsBooks, { client }: AmsCall, paidAtMs: number): number {
  const windowMs = books.settingsFor(client).plus_cancel_window_ms;
  return windowMs === null ? usualCancelEnd(paidAtMs) : paidAtMs + windowMs;
}

/** With the refund position on, money goes back only out of the merchant's takings of the day (China time). */
export function checkPosition(
  books: AmsBooks,
  { client, nowMs }: AmsCall,
  payment: AmsPayment,
  amountMinor: bigint,
): void {
  if (books.settingsFor(client).position === 'off') return;
  const since = startOfDayInChina(nowMs);
  const { clientId, merchantId, currency } = payment;
  if (books.payments.positionSince(clientId, merchantId, currency, since) < amountMinor)
    throw new AmsRefused('MERCHANT_BALANCE_NOT_ENOUGH');
}

function done(payment: AmsPayment, { nowMs }: AmsCall): Fields {
  return answered('SUCCESS', {
    ...namesOf(payment),
    cancelTime: printWireTime(payment.closedAtMs ?? nowMs),
  });
}
