import { type Delivery, deliveryDelayMs, deliveryTimeoutMs } from '../domain/delivery.ts';
import { type Payment, publicStatus } from '../domain/payment.ts';
import { later } from '../domain/payment-changes.ts';
import { publicRefundStatus, type Refund } from '../domain/refund.ts';
import type { Engine } from '../operations/engine.ts';
import { policyOf, recordPaymentInput } from '../operations/record.ts';
import { paymentSnapshot, refundSnapshot } from '../operations/snapshots.ts';
import type { DeliveryJournal } from '../ports/due-rows.ts';
import type { MerchantEndpoint } from '../ports/merchant-endpoint.ts';

export type DeliverEngine = Engine & {
  readonly deliveries: DeliveryJournal;
  readonly endpoint: MerchantEndpoint;
};

/**
 * One try of a delivery whose lease this process holds. The body is the state of now, whole, with its version; an
 * event that the state has left behind is withdrawn, so that a late *succeeded* never follows a *cancelled*.
 * A crash after the merchant's answer sends the same message again under the same id. NOT-03, RES-11.
 */
export async function deliver(engine: DeliverEngine, delivery: Delivery): Promise<void> {
  const payment = await engine.journal.findPayment(delivery.merchantId, delivery.paymentId);
  if (payment === null) throw new Error(`delivery ${delivery.id} has no payment ${delivery.paymentId}`);
  const refund =
    delivery.subject === 'refund'
      ? await engine.journal.findRefund(delivery.merchantId, delivery.subjectId)
      : null;
  if (eventNow(payment, refund) !== delivery.type) {
    await engine.deliveries.recordWithdrawn(delivery);
    return;
  }
  const reply = await engine.endpoint.send({
    url: delivery.url,
    messageId: delivery.id,
    secret: await engine.merchants.deliverySecret(delivery.merchantId),
    body: deliveryBody(delivery, payment, refund),
    timeoutMs: deliveryTimeoutMs,
  });
  if (reply.kind === 'accepted') {
    await engine.deliveries.recordDelivered(delivery);
    return;
  }
  const delayMs = deliveryDelayMs(delivery.tries + 1);
  if (delayMs !== null) {
    const retryAt = later(engine.clock.now(), delayMs);
    await engine.deliveries.recordTryFailed(delivery, reply.reason, retryAt);
    engine.changes.publish(delivery.id, retryAt);
    return;
  }
  // People are told first: a crash in between leaves a delivery that is tried once more, not one that nobody sees.
  await recordPaymentInput(engine, payment, { kind: 'delivery_exhausted' }, await policyOf(engine, payment));
  await engine.deliveries.recordExhausted(delivery, reply.reason);
}

function eventNow(payment: Payment, refund: Refund | null): string {
  return refund === null ? `payment.${publicStatus(payment)}` : `refund.${publicRefundStatus(refund)}`;
}

function deliveryBody(delivery: Delivery, payment: Payment, refund: Refund | null): string {
  return JSON.stringify({
    id: delivery.id,
    type: delivery.type,
    created_at: delivery.createdAt.toISOString(),
    version: refund === null ? payment.version : refund.version,
    data: {
      payment: paymentSnapshot(payment),
      ...(refund === null ? {} : { refund: refundSnapshot(refund) }),
    },
  });
}
