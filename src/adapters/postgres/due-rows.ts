import type { Delivery } from '../../domain/delivery.ts';
import type { Payment } from '../../domain/payment.ts';
import type { Refund } from '../../domain/refund.ts';
import type { DueRow, DueRows } from '../../ports/due-rows.ts';
import type { Database } from './database.ts';
import {
  type DeliveryRow,
  deliveryOf,
  type PaymentRow,
  paymentOf,
  type RefundRow,
  refundOf,
} from './rows.ts';

/**
 * Due rows on PostgreSQL. A claim is two statements: a read of candidates that locks nothing, then one
 * compare-and-set a row, so that the same SQL works on one server and on a sharded one. Whoever loses the
 * compare-and-set sees no row.
 */
export function createDueRows(database: Database): DueRows {
  return {
    claimDue: (limit, leaseMs, deliveryLimit) => claimDue(database, limit, leaseMs, deliveryLimit ?? limit),
    claimPayment: (merchantId, paymentId, leaseMs) => claimPayment(database, merchantId, paymentId, leaseMs),
    claimRefund: (merchantId, refundId, leaseMs) => claimRefund(database, merchantId, refundId, leaseMs),
    nextDueAt: () => nextDueAt(database),
    postponePayment: (payment, dueAt) => postpone(database, 'payments', payment, dueAt),
    postponeRefund: (refund, dueAt) => postpone(database, 'refunds', refund, dueAt),
  };
}

type Candidate =
  | { readonly kind: 'payment' | 'refund'; readonly merchant_id: string; readonly id: string }
  | {
      readonly kind: 'delivery';
      readonly merchant_id: string;
      readonly id: string;
      readonly created_at: Date;
    };

const candidatesOf = (kind: string, table: string, createdAt: string, limit: '$1' | '$2') => `
  (select '${kind}' as kind, merchant_id, id, due_at, ${createdAt} as created_at from ${table}
   where due_at <= now() and (lease_until is null or lease_until <= now())
   order by due_at limit ${limit})`;

const candidatesSql = `${candidatesOf('payment', 'payments', 'null::timestamptz', '$1')}
  union all ${candidatesOf('refund', 'refunds', 'null::timestamptz', '$1')}
  union all ${candidatesOf('delivery', 'deliveries', 'created_at', '$2')}
  order by due_at limit $1`;

async function claimDue(
  database: Database,
  limit: number,
  leaseMs: number,
  deliveryLimit: number,
): Promise<DueRow[]> {
  const { rows } = await database.query<Candidate>({
    name: 'due_candidates',
    text: candidatesSql,
    values: [limit, deliveryLimit],
  });
  const claims = await Promise.allSettled(rows.map((candidate) => claim(database, candidate, leaseMs)));
  const claimed = claims.flatMap((each) =>
    each.status === 'fulfilled' && each.value !== null ? [each.value] : [],
  );
  // What was claimed is worked on although another claim failed: else nobody would touch it until its lease ends.
  const failed = claims.find((each) => each.status === 'rejected');
  if (failed !== undefined && claimed.length === 0) throw failed.reason;
  return claimed;
}

async function claim(database: Database, candidate: Candidate, leaseMs: number): Promise<DueRow | null> {
  switch (candidate.kind) {
    case 'payment': {
      const payment = await claimPayment(database, candidate.merchant_id, candidate.id, leaseMs);
      return payment === null ? null : { kind: 'payment', payment };
    }
    case 'refund': {
      const refund = await claimRefund(database, candidate.merchant_id, candidate.id, leaseMs);
      return refund === null ? null : { kind: 'refund', refund };
    }
    case 'delivery': {
      const delivery = await claimDelivery(
        database,
        candidate.merchant_id,
        candidate.id,
        candidate.created_at,
        leaseMs,
      );
      return delivery === null ? null : { kind: 'delivery', delivery };
    }
    default:
      return candidate satisfies never;
  }
}

// The row lock makes a second claimant wait and then look again: it finds the lease and takes nothing.
const leaseSql = (table: string) => `
  update ${table} set lease_until = clock_timestamp() + $3 * interval '1 millisecond'
  where merchant_id = $1 and id = $2
    and due_at <= clock_timestamp() and (lease_until is null or lease_until <= clock_timestamp())`;

async function claimPayment(
  database: Database,
  merchantId: string,
  paymentId: string,
  leaseMs: number,
): Promise<Payment | null> {
  const { rows } = await database.query<PaymentRow>({
    name: 'claim_payment',
    text: `${leaseSql('payments')} returning *`,
    values: [merchantId, paymentId, leaseMs],
  });
  return rows[0] === undefined ? null : paymentOf(rows[0]);
}

async function claimRefund(
  database: Database,
  merchantId: string,
  refundId: string,
  leaseMs: number,
): Promise<Refund | null> {
  const { rows } = await database.query<RefundRow>({
    name: 'claim_refund',
    text: `${leaseSql('refunds')} returning *`,
    values: [merchantId, refundId, leaseMs],
  });
  return rows[0] === undefined ? null : refundOf(rows[0]);
}

async function claimDelivery(
  database: Database,
  merchantId: string,
  deliveryId: string,
  createdAt: Date,
  leaseMs: number,
): Promise<Delivery | null> {
  const { rows } = await database.query<DeliveryRow>({
    name: 'claim_delivery',
    // The driver cuts microseconds off; the millisecond's range still names one partition.
    text: `${leaseSql('deliveries')}
      and created_at >= $4 and created_at < $4::timestamptz + interval '1 millisecond' returning *`,
    values: [merchantId, deliveryId, leaseMs, createdAt],
  });
  return rows[0] === undefined ? null : deliveryOf(rows[0]);
}

// Rows under a lease sit at the head of the index until they are recorded; they count from their lease's end.
const earliestOf = (table: string) => `
  (select greatest(due_at, coalesce(lease_until, due_at)) as at from ${table}
   where due_at is not null order by due_at limit 256)`;

async function nextDueAt(database: Database): Promise<Date | null> {
  const { rows } = await database.query<{ readonly at: Date | null }>({
    name: 'next_due_at',
    text: `select min(at) as at from (${['payments', 'refunds', 'deliveries'].map(earliestOf).join(' union all ')}) due`,
  });
  return rows[0]?.at ?? null;
}

async function postpone(
  database: Database,
  table: 'payments' | 'refunds',
  row: { readonly merchantId: string; readonly id: string; readonly version: number },
  dueAt: Date,
): Promise<void> {
  await database.query({
    name: `postpone_${table}`,
    text: `update ${table} set due_at = $4, lease_until = null
           where merchant_id = $1 and id = $2 and version = $3 and due_at is not null`,
    values: [row.merchantId, row.id, row.version, dueAt],
  });
}
