import type { Delivery } from '../domain/delivery.ts';
import type { Payment } from '../domain/payment.ts';
import type { Refund } from '../domain/refund.ts';

/**
 * Rows whose next step is due. Each row is its own timer; there is no second place that could disagree with it.
 * A lease decides who acts, never whose evidence counts.
 */
export type DueRow =
  | { readonly kind: 'payment'; readonly payment: Payment }
  | { readonly kind: 'refund'; readonly refund: Refund }
  | { readonly kind: 'delivery'; readonly delivery: Delivery };

export interface DueRows {
  /**
   * Claims up to `limit` due rows that nobody has a lease on, the longest due first; at most `deliveryLimit` of them
   * are deliveries (as many as there are when it is left out). A row whose claim fails is left to the next look.
   */
  claimDue(limit: number, leaseMs: number, deliveryLimit?: number): Promise<DueRow[]>;
  /** Claims this payment if its step is due and nobody has a lease on it. */
  claimPayment(merchantId: string, paymentId: string, leaseMs: number): Promise<Payment | null>;
  claimRefund(merchantId: string, refundId: string, leaseMs: number): Promise<Refund | null>;
  /** When the next row falls due, on the database's clock; `null` when none waits. */
  nextDueAt(): Promise<Date | null>;
  /** Puts a claimed refund's step off to a later time and ends its lease; nothing else changes. */
  postponeRefund(refund: Refund, dueAt: Date): Promise<void>;
  postponePayment(payment: Payment, dueAt: Date): Promise<void>;
}

/** What becomes of a delivery after a try. */
export interface DeliveryJournal {
  /** The delivery was answered with 2xx. */
  recordDelivered(delivery: Delivery): Promise<void>;
  recordWithdrawn(delivery: Delivery): Promise<void>;
  recordTryFailed(delivery: Delivery, reason: string, retryAt: Date): Promise<void>;
  recordExhausted(delivery: Delivery, reason: string): Promise<void>;
}
