import type { JsonObject } from '../json.ts';
import type { NotificationOutbox } from '../notifications/outbox.ts';
import { canPay, type Payer, type PayerRecords } from '../payers.ts';
import type { Settings } from '../settings.ts';
import { printAmount } from './body-fields.ts';
import type { AmsClient } from './clients.ts';
import { convert } from './currencies.ts';
import type { AmsPayment, AmsPaymentRecords } from './payment-records.ts';
import type { RegistrationRecords } from './registration-records.ts';
import { AmsRefused, type Fields, type ResultCode, resultOf } from './results.ts';
import { printWireTime } from './wire-time.ts';

/** What the calls of AMS work on. */
export interface AmsBooks {
  readonly payments: AmsPaymentRecords;
  readonly registrations: RegistrationRecords;
  readonly payers: PayerRecords;
  readonly outbox: NotificationOutbox;
  /** The client's own settings over those for everybody. */
  settingsFor(client: AmsClient | undefined): Settings;
}

/** A call whose envelope has been checked, at the moment it is carried out. */
export interface AmsCall {
  readonly client: AmsClient;
  readonly body: JsonObject;
  /** Where payers reach this simulator: what the caller called it. */
  readonly baseUrl: string;
  readonly nowMs: number;
  /** The wallet wants the payer's confirmation whatever the amount (fault `paying`). */
  readonly payerMustConfirm: boolean;
  /** After a cancel that closes an unpaid payment its success arrives that much later; `null`: never. */
  readonly lateSuccessMs: number | null;
}

/** The payment as it stands at `nowMs`: an unpaid one fails by itself at its close time. */
export function asOf(payment: AmsPayment, nowMs: number): AmsPayment {
  if (payment.status !== 'PROCESSING' || nowMs < payment.expiresAtMs) return payment;
  return { ...payment, status: 'FAIL', resultCode: 'ORDER_IS_CLOSED', closedAtMs: payment.expiresAtMs };
}

/** Takes the money and tells the merchant. Only a waiting payment is ever charged, and only once: anything else is our own mistake. */
export function charge(books: AmsBooks, payment: AmsPayment, payer: Payer, nowMs: number): AmsPayment {
  if (payment.status !== 'PROCESSING' || payment.chargedMinor !== 0n)
    throw new Error(`payment ${payment.paymentId} is ${payment.status} and cannot be charged`);
  const paid: AmsPayment = {
    ...taken(books, payment, payer, nowMs),
    status: 'SUCCESS',
    resultCode: 'SUCCESS',
  };
  books.payments.update(paid);
  notify(books, paid, 'SUCCESS', nowMs);
  return paid;
}

function taken(books: AmsBooks, payment: AmsPayment, payer: Payer, nowMs: number): AmsPayment {
  const payerChargedMinor = convert(payment.amountMinor, payment.currency, payer.currency);
  if (!canPay(payer, payerChargedMinor)) throw new AmsRefused('USER_BALANCE_NOT_ENOUGH');
  books.payers.take(payer, payerChargedMinor);
  return {
    ...payment,
    payerId: payer.payerId,
    paidAtMs: nowMs,
    chargedMinor: payment.amountMinor,
    payerChargedMinor,
  };
}

/**
 * The payer's success of a payment that is cancelled already: the money is taken and given back at once, the status stays, and the
 * merchant is told of the success all the same. A payer who has not got the money pays nothing.
 */
export function chargeAfterCancel(
  books: AmsBooks,
  payment: AmsPayment,
  payer: Payer,
  nowMs: number,
): AmsPayment {
  if (payment.status !== 'CANCELLED' || payment.chargedMinor !== 0n)
    throw new Error(`payment ${payment.paymentId} is ${payment.status}: no late success`);
  const paid = taken(books, { ...payment, lateSuccessAtMs: null }, payer, nowMs);
  const returned = givenBack(books, paid, paid.chargedMinor);
  books.payments.update(returned);
  notify(books, returned, 'SUCCESS', nowMs);
  return returned;
}

/** Ends a waiting payment unpaid, and tells the merchant if the settings say so. */
export function fail(
  books: AmsBooks,
  client: AmsClient | undefined,
  payment: AmsPayment,
  resultCode: ResultCode,
  nowMs: number,
): AmsPayment {
  if (payment.status !== 'PROCESSING')
    throw new Error(`payment ${payment.paymentId} is ${payment.status}, not waiting`);
  const failed: AmsPayment = { ...payment, status: 'FAIL', resultCode, closedAtMs: nowMs };
  books.payments.update(failed);
  if (books.settingsFor(client).plus_failure_notifications === 'on') notify(books, failed, resultCode, nowMs);
  return failed;
}

/**
 * Gives a part of the money back, in the payer's currency the same part of what was taken, so that all parts together are all
 * of it. The caller stores the payment.
 */
export function givenBack(books: AmsBooks, payment: AmsPayment, amountMinor: bigint): AmsPayment {
  const refundedMinor = payment.refundedMinor + amountMinor;
  if (payment.payerId === null || refundedMinor > payment.chargedMinor)
    throw new Error(`payment ${payment.paymentId} would give back more than it took`);
  const payerRefundedMinor = (payment.payerChargedMinor * refundedMinor) / payment.chargedMinor;
  books.payers.giveBack(payment.payerId, payerRefundedMinor - payment.payerRefundedMinor);
  return { ...payment, refundedMinor, payerRefundedMinor };
}

function notify(books: AmsBooks, payment: AmsPayment, code: ResultCode, nowMs: number): void {
  const isSuccess = code === 'SUCCESS';
  books.outbox.enqueue(
    {
      wallet: 'alipay_plus',
      appId: payment.clientId,
      requestId: payment.paymentRequestId,
      url: payment.notifyUrl,
      facts: {
        notifyType: 'PAYMENT_RESULT',
        result: resultOf(code),
        ...namesOf(payment),
        // The wallet's sample of a failure says nothing more.
        ...(isSuccess ? { ...moneyOf(payment), ...customerOf(books, payment) } : {}),
      },
    },
    nowMs,
  );
}

export function namesOf(payment: AmsPayment): Fields {
  return { paymentRequestId: payment.paymentRequestId, paymentId: payment.paymentId };
}

export function moneyOf(payment: AmsPayment): Fields {
  return {
    paymentAmount: printAmount(payment.currency, payment.amountMinor),
    paymentCreateTime: printWireTime(payment.createdAtMs),
    ...(payment.paidAtMs === null ? {} : { paymentTime: printWireTime(payment.paidAtMs) }),
  };
}

export function customerOf(books: AmsBooks, payment: AmsPayment): Fields {
  const payer = payment.payerId === null ? undefined : books.payers.find(payment.payerId);
  if (payer === undefined) return {};
  return {
    pspCustomerInfo: {
      pspName: payer.brand,
      pspCustomerId: payer.buyerId,
      displayCustomerId: payer.logonId,
    },
  };
}
