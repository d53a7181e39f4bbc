import { merchantShortNoOf, paymentIdOfRequest } from '../domain/ids.ts';
import type { Payment } from '../domain/payment.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { StrayCancel } from '../domain/stray-cancel.ts';
import type { Merchant } from '../ports/merchant-directory.ts';
import { type Engine, leaseMs } from './engine.ts';
import { performPaymentStep } from './perform.ts';
import { policyOf, recordPaymentInput } from './record.ts';
import { strayCancelsOf } from './stray-cancel.ts';

export type CancelResult =
  | { readonly kind: 'payment'; readonly payment: Payment }
  /** Accepted for an order or request without an open or paid attempt; it holds for what may still arrive. */
  | {
      readonly kind: 'held';
      readonly latest: Payment | null;
      /** What is sent to the wallets, where an upstream id was named. Money case 10. */
      readonly strays: readonly StrayCancel[];
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A cancel that is recorded, with the first call for it still under way. */
export type BegunCancel =
  | {
      readonly kind: 'payment';
      /** As the cancel was recorded on it. */
      readonly payment: Payment;
      /** As it stands after the first call; rejects when its answer could not be recorded. */
      readonly answered: Promise<Payment>;
    }
  | Exclude<CancelResult, { readonly kind: 'payment' }>;

/**
 * Cancels a payment, whatever has become of it: an open one is undone, a paid one given back, an ended one stays as
 * it is. Accepted durably before anything is called; the first call is made at once, the rest by the due loop
 * until the wallet has done it. Idempotent. ACQ-04, CAN-01, CAN-05.
 *
 * Refusals: payment_not_found.
 */
export async function cancelPayment(
  engine: Engine,
  merchantId: string,
  paymentId: string,
): Promise<CancelResult> {
  return performed(await beginCancelPayment(engine, merchantId, paymentId));
}

/** {@link cancelPayment}, resolved as soon as the cancel is recorded. Whoever takes `answered` must handle its rejection. */
export async function beginCancelPayment(
  engine: Engine,
  merchantId: string,
  paymentId: string,
): Promise<BegunCancel> {
  const payment = await engine.journal.findPayment(merchantId, paymentId);
  if (payment === null) {
    return {
      kind: 'refused',
      refusal: refusal(
        'payment_not_found',
        'id',
        paymentId,
        `No payment ${paymentId} is known: check the id, or cancel by merchant_order_no with POST /v1/cancels.`,
      ),
    };
  }
  return cancelFound(engine, payment);
}

/**
 * Cancels an order whose payment the caller may never have seen answered. Without an open or paid attempt the
 * order is closed: a payment of it that arrives later is recorded as cancelled and never sent. CAN-02.
 */
export async function cancelOrder(
  engine: Engine,
  merchantId: string,
  merchantOrderNo: string,
): Promise<CancelResult> {
  return performed(await beginCancelOrder(engine, merchantId, merchantOrderNo));
}

/** {@link cancelOrder}, resolved as soon as the cancel is recorded. Whoever takes `answered` must handle its rejection. */
export async function beginCancelOrder(
  engine: Engine,
  merchantId: string,
  merchantOrderNo: string,
): Promise<BegunCancel> {
  const found = await engine.journal.cancelOrder(merchantId, merchantOrderNo);
  if (found.kind === 'held') return { ...found, strays: [] };
  return cancelFound(engine, found.payment);
}

/**
 * Cancels by the upstream id that a payment showed as `payment_request_id`. One that nobody here knows is held in an
 * operator's sight and sent to the merchant's accounts: after a restore a wallet may know what this database does
 * not. Money case 10, CAN-02.
 *
 * Refusals: payment_not_found, for what cannot be an id of this merchant.
 */
export async function cancelRequestId(
  engine: Engine,
  merchant: Pick<Merchant, 'id' | 'shortNo' | 'bindings'>,
  requestId: string,
): Promise<CancelResult> {
  return performed(await beginCancelRequestId(engine, merchant, requestId));
}

/** {@link cancelRequestId}, resolved as soon as the cancel is recorded. Whoever takes `answered` must handle its rejection. */
export async function beginCancelRequestId(
  engine: Engine,
  merchant: Pick<Merchant, 'id' | 'shortNo' | 'bindings'>,
  requestId: string,
): Promise<BegunCancel> {
  const paymentId = paymentIdOfRequest(requestId);
  if (paymentId === null || merchantShortNoOf(requestId) !== merchant.shortNo) {
    return {
      kind: 'refused',
      refusal: refusal(
        'payment_not_found',
        'payment_request_id',
        requestId,
        `payment_request_id ${requestId} is not one of this merchant's: send the value that the payment showed, ` +
          'or cancel by merchant_order_no.',
      ),
    };
  }
  const payment = await engine.journal.findPayment(merchant.id, paymentId);
  if (payment !== null) return cancelFound(engine, payment);
  const now = engine.clock.now();
  const strays = await engine.journal.holdCancelOfRequest(
    merchant.id,
    requestId,
    strayCancelsOf(merchant, requestId, now),
  );
  for (const { id, nextStep } of strays) engine.changes.publish(id, nextStep?.dueAt ?? null);
  return { kind: 'held', latest: null, strays };
}

async function cancelFound(engine: Engine, payment: Payment): Promise<BegunCancel> {
  const policy = await policyOf(engine, payment);
  const recorded = await recordPaymentInput(engine, payment, { kind: 'cancel_requested' }, policy);
  return { kind: 'payment', payment: recorded, answered: advanced(engine, recorded) };
}

async function performed(begun: BegunCancel): Promise<CancelResult> {
  return begun.kind === 'payment' ? { kind: 'payment', payment: await begun.answered } : begun;
}

/** Performs the payment's due step at once when nobody else does: a caller's request waits in no queue. */
export async function advanced(engine: Engine, payment: Payment): Promise<Payment> {
  const claimed = await engine.due.claimPayment(payment.merchantId, payment.id, leaseMs);
  return claimed === null ? payment : performPaymentStep(engine, claimed);
}
