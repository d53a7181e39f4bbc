import type { Announcement } from '../domain/announcement.ts';
import type { Payment, TimelineEvent } from '../domain/payment.ts';
import type { Refund } from '../domain/refund.ts';
import type { StrayCancel } from '../domain/stray-cancel.ts';

/**
 * The durable record of payments, refunds and what the merchant is told. Every method that writes is one database
 * transaction: when its promise resolves the change is durable, when it rejects nothing is known (the caller
 * reads again). A version that has moved on is a value (`null`), never an error: load, decide and record again.
 */

/** The caller's key for a request that may be repeated, and what it asked for. Kept at least 30 days. */
export interface IdempotencyKey {
  readonly key: string;
  /** SHA-256 of the request, so that a key with another body is recognised. */
  readonly fingerprint: Uint8Array;
}

export type OpenPaymentResult =
  | { readonly kind: 'opened'; readonly payment: Payment }
  /** The same key and the same request were accepted before. */
  | { readonly kind: 'replayed'; readonly payment: Payment }
  | { readonly kind: 'key_reused' }
  /** An attempt of the order is open or paid. PAY-13. */
  | { readonly kind: 'order_held'; readonly by: Payment }
  /** The order has attempts, all ended unpaid, and no key says that another one is meant. */
  | { readonly kind: 'order_repeated'; readonly latest: Payment }
  /** A cancel of the order was accepted before this payment arrived; nothing was recorded. CAN-02. */
  | { readonly kind: 'order_closed' };

export type RepeatedPayment =
  | { readonly kind: 'none' | 'key_reused' }
  | { readonly kind: 'replayed'; readonly payment: Payment };

export type RepeatedRefund =
  | { readonly kind: 'none' | 'key_reused' }
  | { readonly kind: 'replayed'; readonly refund: Refund };

/** What one decision about a payment writes. */
export interface PaymentRecord {
  /** As it was loaded; its version guards the write. */
  readonly before: Payment;
  readonly after: Payment;
  readonly events: readonly TimelineEvent[];
  readonly announcements: readonly Announcement[];
}

/** What one decision about a refund writes: the refund, and its effect on the payment, in one transaction. */
export interface RefundRecord {
  readonly before: Refund;
  readonly after: Refund;
  /** Present when the refund's end, or its attention, changes the payment. */
  readonly payment: PaymentRecord | null;
  readonly events: readonly TimelineEvent[];
  readonly announcements: readonly Announcement[];
}

export type AcceptRefundResult =
  | { readonly kind: 'accepted'; readonly refund: Refund; readonly payment: Payment }
  | { readonly kind: 'replayed'; readonly refund: Refund }
  | { readonly kind: 'key_reused' }
  /** The merchant's refund number stands on this payment already. */
  | { readonly kind: 'refund_no_taken'; readonly by: Refund }
  | { readonly kind: 'conflict' };

export interface RecordedEvent extends TimelineEvent {
  readonly at: Date;
  /** The payment's version that the event belongs to. */
  readonly version: number;
}

export interface PaymentJournal {
  /**
   * Records a new payment together with its order, its key and its first event. Serialised with
   * {@link CancelJournal.cancelOrder} on the order's row, so that a cancel and a payment of one unseen order that
   * arrive at the same instant see each other (money case 3).
   */
  openPayment(
    payment: Payment,
    events: readonly TimelineEvent[],
    key: IdempotencyKey | null,
    announcements: readonly Announcement[],
  ): Promise<OpenPaymentResult>;
  findPayment(merchantId: string, paymentId: string): Promise<Payment | null>;
  /** The payment that was accepted under this key, if any. */
  findPaymentOfKey(merchantId: string, key: IdempotencyKey): Promise<RepeatedPayment>;
  /** Attempts of an order, the newest first. */
  findPaymentsOfOrder(merchantId: string, merchantOrderNo: string): Promise<Payment[]>;
  /** The payment as recorded, or `null` when its version had moved on. Ends any lease on the row. */
  recordPayment(record: PaymentRecord): Promise<Payment | null>;
  timeline(merchantId: string, paymentId: string): Promise<RecordedEvent[]>;
}

export interface RefundJournal {
  acceptRefund(
    refund: Refund,
    payment: PaymentRecord,
    key: IdempotencyKey | null,
  ): Promise<AcceptRefundResult>;
  findRefund(merchantId: string, refundId: string): Promise<Refund | null>;
  /** The refund that was accepted under this key, if any. */
  findRefundOfKey(merchantId: string, key: IdempotencyKey): Promise<RepeatedRefund>;
  findRefundsOfPayment(merchantId: string, paymentId: string): Promise<Refund[]>;
  /** The refund as recorded, or `null` when its version, or the payment's, had moved on. */
  recordRefund(record: RefundRecord): Promise<Refund | null>;
  /**
   * Takes the payment's turn for a refund call: `null` when it was taken, and the next call may come `spacingMs`
   * later; otherwise when the turn is free again. Wallets want refunds of one payment spaced.
   */
  takeRefundTurn(merchantId: string, paymentId: string, spacingMs: number): Promise<Date | null>;
}

export type CancelOrderResult =
  /** This attempt is open or paid: the cancel is to be decided on it. */
  | { readonly kind: 'found'; readonly payment: Payment }
  /** No attempt is open or paid: the order is closed from now on, and a payment of it is never sent. CAN-02. */
  | { readonly kind: 'held'; readonly latest: Payment | null };

export interface CancelJournal {
  /** See {@link PaymentJournal.openPayment}: both lock the order's row first. */
  cancelOrder(merchantId: string, merchantOrderNo: string): Promise<CancelOrderResult>;
  /**
   * Keeps a cancel that names an upstream id nobody here knows, in an operator's sight, with what is to be sent to the
   * merchant's accounts. Answers with what stands of it: a repeat finds what the first one has led to. Money case 10.
   */
  holdCancelOfRequest(
    merchantId: string,
    paymentRequestId: string,
    cancels: readonly StrayCancel[],
  ): Promise<StrayCancel[]>;
  findStrayCancel(merchantId: string, id: string): Promise<StrayCancel | null>;
  /** The stray cancel as recorded, or `null` when its version had moved on. */
  recordStrayCancel(before: StrayCancel, after: StrayCancel): Promise<StrayCancel | null>;
}
