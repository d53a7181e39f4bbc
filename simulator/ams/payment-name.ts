import { bodyMember, someText } from './body-fields.ts';
import type { AmsPayment } from './payment-records.ts';
import { type AmsBooks, type AmsCall, asOf } from './payments.ts';

/** The client's payment that a call names, as it stands now; `paymentId` wins when both names are given. */
export function findPayment(books: AmsBooks, call: AmsCall): AmsPayment | undefined {
  const names = someText(bodyMember(call.body), 'paymentId', 'paymentRequestId');
  const { paymentId, paymentRequestId } = names;
  const { clientId } = call.client;
  const found =
    paymentId === undefined
      ? books.payments.find(clientId, paymentRequestId ?? '')
      : books.payments.findById(clientId, paymentId);
  return found && asOf(found, call.nowMs);
}
