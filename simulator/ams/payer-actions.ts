import { conflict, invalidValue } from '../json.ts';
import type { Payer } from '../payers.ts';
import type { AmsClients } from './clients.ts';
import type { AmsPayment } from './payment-records.ts';
import { type AmsBooks, asOf, charge, fail } from './payments.ts';
import { AmsRefused } from './results.ts';

/** Who pays when nobody is named. */
export const defaultPayerId = 'sandbox-payer-plus';

/** What the payer does on the phone. Each runs inside a transaction; what cannot be done is refused with 400, 404 or 409. */
export interface AmsPayerActions {
  /** Opens the wallet's page of an entry code, or scans an order code: from here on it is this payer's payment. */
  open(payment: AmsPayment, payerId: string | null, nowMs: number): AmsPayment;
  /** Takes the money of a waiting payment. Confirming a paid one again changes nothing. */
  confirm(payment: AmsPayment, payerId: string | null, nowMs: number): AmsPayment;
  /** Refuses: the payment fails. */
  refuse(payment: AmsPayment, nowMs: number): AmsPayment;
}

export function amsPayerActions(books: AmsBooks, clients: AmsClients): AmsPayerActions {
  function payerOf(payment: AmsPayment, payerId: string | null): Payer {
    const wanted = payerId ?? payment.payerId ?? defaultPayerId;
    const payer = books.payers.find(wanted);
    if (payer?.wallet !== 'alipay_plus')
      throw invalidValue(
        'payer_id',
        wanted,
        books.payers
          .all()
          .filter((one) => one.wallet === 'alipay_plus')
          .map((one) => one.payerId),
      );
    if (payment.scenario === 'PaymentCode' && payer.payerId !== payment.payerId)
      throw conflict(`payment ${payment.paymentRequestId} belongs to the payer of its code`);
    return payer;
  }

  function waiting(payment: AmsPayment, nowMs: number): AmsPayment {
    const now = asOf(payment, nowMs);
    if (now.status !== 'PROCESSING')
      throw conflict(
        `payment ${now.paymentRequestId} is ${now.status}; only one in PROCESSING waits for its payer`,
      );
    return now;
  }

  return {
    open(payment, payerId, nowMs) {
      const opened: AmsPayment = {
        ...waiting(payment, nowMs),
        payerId: payerOf(payment, payerId).payerId,
      };
      books.payments.update(opened);
      return opened;
    },
    confirm(payment, payerId, nowMs) {
      if (payment.status === 'SUCCESS') return payment;
      try {
        return charge(books, waiting(payment, nowMs), payerOf(payment, payerId), nowMs);
      } catch (error) {
        if (error instanceof AmsRefused) throw conflict(`${error.code} ${error.message}`);
        throw error;
      }
    },
    refuse(payment, nowMs) {
      const client = clients.find(payment.clientId);
      return fail(books, client, waiting(payment, nowMs), 'USER_PAYMENT_VERIFICATION_FAILED', nowMs);
    },
  };
}

/** The payment of that id, or of one client where several gave it. */
export function namedPayment(
  books: AmsBooks,
  paymentRequestId: string,
  clientId: string | null,
): AmsPayment | undefined {
  const [found, ...others] = books.payments
    .named(paymentRequestId)
    .filter((one) => clientId === null || one.clientId === clientId);
  if (others.length > 0)
    throw conflict(`${paymentRequestId} exists for several clients: name one with ?client_id=`);
  return found;
}
