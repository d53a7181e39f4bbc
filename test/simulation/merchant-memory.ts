import type { PublicStatus } from '../../src/domain/payment.ts';
import type { PublicRefundStatus } from '../../src/domain/refund.ts';
import type { PaymentSnapshot, RefundSnapshot } from '../../src/operations/snapshots.ts';

/** What the merchant was told of a payment, in one answer or delivery. */
export interface ToldPayment {
  readonly atMs: number;
  readonly how: 'answer' | 'delivery' | 'page';
  readonly paymentId: string;
  readonly merchantOrderNo: string;
  readonly version: number;
  readonly status: PublicStatus;
  readonly refunded: number;
}

export interface ToldRefund {
  readonly atMs: number;
  readonly how: 'answer' | 'delivery' | 'page';
  readonly refundId: string;
  readonly paymentId: string;
  readonly version: number;
  readonly status: PublicRefundStatus;
  readonly value: number;
}

/** A cancel that the gateway has accepted: from then on the merchant counts on it. */
export interface AcceptedCancel {
  readonly atMs: number;
  readonly by: 'payment' | 'order' | 'request' | 'page' | 'lost';
  readonly merchantOrderNo: string;
  /** The payment that was named in the answer, or the upstream id of a lost one; `null` when an order's cancel is held. */
  readonly paymentId: string | null;
}

/** A request for a payment as the merchant sent it. */
export interface SentCreate {
  readonly atMs: number;
  readonly merchantOrderNo: string;
}

/** Everything that the merchant knows: what it was told, and what it asked for. */
export interface MerchantMemory {
  readonly payments: ToldPayment[];
  readonly refunds: ToldRefund[];
  readonly cancels: AcceptedCancel[];
  readonly creates: SentCreate[];
  /** Ids of deliveries that arrived, however often. */
  readonly messages: Set<string>;
  /** Orders that nobody at the merchant follows any more. */
  readonly vanished: Set<string>;
  tell(atMs: number, how: ToldPayment['how'], snapshot: PaymentSnapshot): void;
  tellRefund(atMs: number, how: ToldPayment['how'], snapshot: RefundSnapshot): void;
  /** What it was last told of a payment: the highest version, whenever that arrived. */
  lastTold(paymentId: string): ToldPayment | null;
  lastToldOfRefund(refundId: string): ToldRefund | null;
}

export function createMerchantMemory(): MerchantMemory {
  const payments: ToldPayment[] = [];
  const refunds: ToldRefund[] = [];
  return {
    payments,
    refunds,
    cancels: [],
    creates: [],
    messages: new Set(),
    vanished: new Set(),
    tell(atMs, how, snapshot) {
      payments.push({
        atMs,
        how,
        paymentId: snapshot.id,
        merchantOrderNo: snapshot.merchant_order_no,
        version: snapshot.version,
        status: snapshot.status,
        refunded: snapshot.refunded.value,
      });
    },
    tellRefund(atMs, how, snapshot) {
      refunds.push({
        atMs,
        how,
        refundId: snapshot.id,
        paymentId: snapshot.payment_id,
        version: snapshot.version,
        status: snapshot.status,
        value: snapshot.amount.value,
      });
    },
    lastTold: (paymentId) => highest(payments.filter((told) => told.paymentId === paymentId)),
    lastToldOfRefund: (refundId) => highest(refunds.filter((told) => told.refundId === refundId)),
  };
}

function highest<Told extends { readonly version: number }>(told: readonly Told[]): Told | null {
  let last: Told | null = null;
  for (const one of told) if (last === null || one.version >= last.version) last = one;
  return last;
}
