import {
  type Delivery,
  deliveryDelayMs,
  deliveryTimeoutMs,
  longestPutOffMs,
  putOffMs,
} from '../domain/delivery.ts';
import { type EndpointPolicy, type FailingEndpoint, mustBeDisabled, standingOf } from '../domain/endpoint.ts';
import { type Payment, publicStatus } from '../domain/payment.ts';
import { later } from '../domain/payment-changes.ts';
import { publicRefundStatus, type Refund } from '../domain/refund.ts';
import { type Engine, leaseMs } from '../operations/engine.ts';
import { policyOf, recordPaymentInput } from '../operations/record.ts';
import { paymentSnapshot, refundSnapshot } from '../operations/snapshots.ts';
import type { DeliveryJournal } from '../ports/due-rows.ts';
import type { MerchantEndpoint } from '../ports/merchant-endpoint.ts';

export type DeliverEngine = Engine & {
  readonly deliveries: DeliveryJournal;
  readonly endpoint: MerchantEndpoint;
  readonly endpointPolicy: EndpointPolicy;
};

/** From the claim on: a try that begins later could still be under way when its lease has ended. */
export const sendWithinMs = leaseMs - deliveryTimeoutMs;

/**
 * One try of a delivery whose lease this process holds. The body is the state of now, whole, with its version; an
 * event that the state has left behind is withdrawn, so that a late *succeeded* never follows a *cancelled*. Nothing is
 * sent after `sendByMs` on the process's clock: what supersedes this event waits only as long as the lease.
 * A crash after the merchant's answer sends the same message again under the same id. NOT-03, RES-11.
 */
export async function deliver(
  engine: DeliverEngine,
  delivery: Delivery,
  sendByMs: number = engine.clock.monotonicMs() + sendWithinMs,
): Promise<void> {
  const payment = await engine.journal.findPayment(delivery.merchantId, delivery.paymentId);
  if (payment === null) throw new Error(`delivery ${delivery.id} has no payment ${delivery.paymentId}`);
  const refund =
    delivery.subject === 'refund'
      ? await engine.journal.findRefund(delivery.merchantId, delivery.subjectId)
      : null;
  if (eventNow(payment, refund) !== delivery.type) {
    await alertEnded(engine, payment);
    await engine.deliveries.recordWithdrawn(delivery);
    return;
  }
  const disabled = standingOf(delivery.endpoint, engine.endpointPolicy) === 'disabled';
  if (disabled && (await engine.deliveries.recordHeld(delivery))) return;
  const secret = await engine.merchants.deliverySecret(delivery.merchantId);
  if (engine.clock.monotonicMs() > sendByMs) return;
  const reply = await engine.endpoint.send({
    url: delivery.url,
    messageId: delivery.id,
    secret,
    body: deliveryBody(delivery, payment, refund),
    timeoutMs: deliveryTimeoutMs,
  });
  if (reply.kind === 'accepted') {
    await alertEnded(engine, payment);
    await engine.deliveries.recordDelivered(delivery);
    return;
  }
  const delayMs = deliveryDelayMs(delivery.tries + 1);
  if (delayMs !== null) {
    const retryAt = later(engine.clock.now(), delayMs);
    await disabledIfDue(engine, await engine.deliveries.recordTryFailed(delivery, reply.reason, retryAt));
    engine.changes.publish(delivery.id, retryAt);
    return;
  }
  // People are told first: a crash in between leaves a delivery that is tried once more, not one that nobody sees.
  const policy = await policyOf(engine, payment);
  const alerted = await recordPaymentInput(engine, payment, { kind: 'delivery_exhausted' }, policy);
  await disabledIfDue(engine, await engine.deliveries.recordExhausted(delivery, reply.reason));
  // This try may have outlived its lease, and another one has arrived: then nothing was given up.
  await alertEnded(engine, alerted);
}

/**
 * The delivery is due and its endpoint taken up by others: it gets out of the way of those to other endpoints, and with it
 * what else is due to an endpoint that is `hampered`.
 */
export async function putOff(engine: DeliverEngine, delivery: Delivery, hampered: boolean): Promise<void> {
  const now = engine.clock.now();
  const longestMs = longestPutOffMs(standingOf(delivery.endpoint, engine.endpointPolicy));
  const dueAt = later(now, putOffMs(delivery, longestMs, now));
  await engine.deliveries.recordPutOff(delivery, dueAt);
  if (hampered) await engine.deliveries.putOffOthers(delivery, longestMs);
  engine.changes.publish(delivery.id, dueAt);
}

/** Endpoints that have failed for long hear nothing more until somebody looks into it. NOT-03. */
async function disabledIfDue(engine: DeliverEngine, endpoint: FailingEndpoint): Promise<void> {
  if (mustBeDisabled(endpoint, engine.endpointPolicy, engine.clock.now())) {
    await engine.deliveries.disableEndpoint(endpoint);
  }
}

/** What had been given up was replayed, and has arrived or needs to no more. A crash after this tries it once more. */
async function alertEnded(engine: DeliverEngine, payment: Payment): Promise<void> {
  if (payment.attention?.reason !== 'delivery_exhausted') return;
  if (await engine.deliveries.hasExhausted(payment.merchantId, payment.id)) return;
  const policy = await policyOf(engine, payment);
  await recordPaymentInput(engine, payment, { kind: 'delivery_made_good' }, policy);
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
