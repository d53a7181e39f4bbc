import {
  type PaymentResolution,
  paymentResolutionObstacle,
  type RefundResolution,
  refundResolutionObstacle,
  type WrittenEvidence,
} from '../domain/decide-by-hand.ts';
import type { Payment } from '../domain/payment.ts';
import { publicRefundStatus, type Refund } from '../domain/refund.ts';
import type { Engine } from './engine.ts';
import { policyOf, recordPaymentInput, recordRefundInput } from './record.ts';

/*
 * What a person asks for beside the gateway: that it takes a step now, or that what it cannot settle is settled on written
 * evidence. Both work on what is recorded; nobody is called here. RES-13, RES-19.
 */

export type ByHandEngine = Pick<Engine, 'journal' | 'due' | 'clock' | 'changes' | 'policySpeed'> & {
  readonly merchants: Pick<Engine['merchants'], 'find'>;
};

export type ByHandResult<Row> =
  | { readonly kind: 'done'; readonly row: Row }
  /** It cannot be; `obstacle` says why and what to do, as the end of a sentence about the row. */
  | { readonly kind: 'refused'; readonly obstacle: string }
  | { readonly kind: 'unknown' };

const nothingToRetry = 'it has ended, and no step of it waits.';

/** Makes the payment's next step due now; whoever runs the due loop takes it. */
export async function retryPayment(
  engine: Pick<ByHandEngine, 'journal' | 'due'>,
  merchantId: string,
  paymentId: string,
): Promise<ByHandResult<Payment>> {
  const isDue = await engine.due.bringForward('payment', merchantId, paymentId);
  const row = await engine.journal.findPayment(merchantId, paymentId);
  if (row === null) return { kind: 'unknown' };
  return isDue ? { kind: 'done', row } : { kind: 'refused', obstacle: nothingToRetry };
}

export async function retryRefund(
  engine: Pick<ByHandEngine, 'journal' | 'due'>,
  merchantId: string,
  refundId: string,
): Promise<ByHandResult<Refund>> {
  const isDue = await engine.due.bringForward('refund', merchantId, refundId);
  const row = await engine.journal.findRefund(merchantId, refundId);
  if (row === null) return { kind: 'unknown' };
  return isDue ? { kind: 'done', row } : { kind: 'refused', obstacle: nothingToRetry };
}

/**
 * Settles a payment that needs attention, on the wallet's written word. Recorded with who said so, in one transaction with what
 * it changes; what has moved on meanwhile is looked at again. It never makes a payment succeed.
 */
export async function resolvePayment(
  engine: ByHandEngine,
  merchantId: string,
  paymentId: string,
  as: PaymentResolution,
  written: WrittenEvidence,
): Promise<ByHandResult<Payment>> {
  for (;;) {
    const payment = await engine.journal.findPayment(merchantId, paymentId);
    if (payment === null) return { kind: 'unknown' };
    const obstacle = paymentResolutionObstacle(payment, as);
    if (obstacle !== null) return { kind: 'refused', obstacle };
    const policy = await policyOf(engine, payment);
    const input = { kind: 'resolved_by_hand', as, ...written } as const;
    const row = await recordPaymentInput(engine, payment, input, policy);
    // That the merchant could not be told stays before people, whatever becomes of the money. NOT-03.
    const isSettled = as === 'noted' ? row.attention === null : row.reversal?.state === 'effected';
    if (isSettled) return { kind: 'done', row };
  }
}

/** The same of a refund: what was reserved for it is given back to the payment when it has failed. Money case 6. */
export async function resolveRefund(
  engine: ByHandEngine,
  merchantId: string,
  refundId: string,
  as: RefundResolution,
  written: WrittenEvidence,
): Promise<ByHandResult<Refund>> {
  for (;;) {
    const refund = await engine.journal.findRefund(merchantId, refundId);
    if (refund === null) return { kind: 'unknown' };
    const obstacle = refundResolutionObstacle(refund, as);
    if (obstacle !== null) return { kind: 'refused', obstacle };
    const payment = await engine.journal.findPayment(merchantId, refund.paymentId);
    if (payment === null) throw new Error(`refund ${refundId} has no payment ${refund.paymentId}`);
    const policy = await policyOf(engine, payment);
    const input = { kind: 'resolved_by_hand', as, ...written } as const;
    const row = await recordRefundInput(engine, refund, input, policy);
    const isSettled = as === 'noted' ? row.attention === null : publicRefundStatus(row) === as;
    if (isSettled) return { kind: 'done', row };
  }
}
