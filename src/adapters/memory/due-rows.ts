import type { Payment } from '../../domain/payment.ts';
import type { Refund } from '../../domain/refund.ts';
import type { DueRow, DueRows } from '../../ports/due-rows.ts';
import {
  isCurrent,
  type MemoryRecords,
  rowKeyOf,
  storePayment,
  storeRefund,
  type WaitingRow,
} from './records.ts';

/** Due rows in memory. Rows are few here, so every look reads all that wait. */
export function createDueRows(records: MemoryRecords): DueRows {
  return {
    async claimDue(limit, leaseMs, deliveryLimit = limit) {
      const nowMs = records.now().getTime();
      const free: WaitingRow[] = [];
      for (const row of records.waiting.values()) if (isFree(row, nowMs)) free.push(row);
      if (free.length > 1) free.sort((a, b) => a.dueAtMs - b.dueAtMs);
      let deliveries = 0;
      const within = free.filter((row) => {
        if (row.kind !== 'delivery') return true;
        deliveries += 1;
        return deliveries <= deliveryLimit;
      });
      return within.slice(0, limit).map((row) => {
        row.leaseUntilMs = nowMs + leaseMs;
        return dueRowOf(records, row);
      });
    },

    async claimPayment(merchantId, paymentId, leaseMs) {
      return claimOne(records, records.payments, merchantId, paymentId, leaseMs);
    },

    async claimRefund(merchantId, refundId, leaseMs) {
      return claimOne(records, records.refunds, merchantId, refundId, leaseMs);
    },

    async nextDueAt() {
      const atMs = earliestFreeMs(records);
      return atMs === null ? null : new Date(atMs);
    },

    async postponePayment(payment, dueAt) {
      const { nextStep } = payment;
      if (nextStep === null || !isCurrent(records.payments, payment)) return;
      storePayment(records, { ...payment, nextStep: { ...nextStep, dueAt } });
    },

    async postponeRefund(refund, dueAt) {
      const { nextStep } = refund;
      if (nextStep === null || !isCurrent(records.refunds, refund)) return;
      storeRefund(records, { ...refund, nextStep: { ...nextStep, dueAt } });
    },
  };
}

/** When the first row is due and free of a lease: a row under a lease counts from its lease's end. */
export function earliestFreeMs(records: MemoryRecords): number | null {
  let earliestMs: number | null = null;
  for (const row of records.waiting.values()) {
    const freeMs = Math.max(row.dueAtMs, row.leaseUntilMs);
    if (earliestMs === null || freeMs < earliestMs) earliestMs = freeMs;
  }
  return earliestMs;
}

function isFree(row: WaitingRow, nowMs: number): boolean {
  return row.dueAtMs <= nowMs && row.leaseUntilMs <= nowMs;
}

function claimOne<Row extends Payment | Refund>(
  records: MemoryRecords,
  rows: ReadonlyMap<string, Row>,
  merchantId: string,
  id: string,
  leaseMs: number,
): Row | null {
  const rowKey = rowKeyOf(merchantId, id);
  const nowMs = records.now().getTime();
  const waiting = records.waiting.get(rowKey);
  if (waiting === undefined || !isFree(waiting, nowMs)) return null;
  waiting.leaseUntilMs = nowMs + leaseMs;
  return rows.get(rowKey) ?? null;
}

function dueRowOf(records: MemoryRecords, row: WaitingRow): DueRow {
  switch (row.kind) {
    case 'payment': {
      const payment = records.payments.get(row.rowKey);
      if (payment !== undefined) return { kind: 'payment', payment };
      break;
    }
    case 'refund': {
      const refund = records.refunds.get(row.rowKey);
      if (refund !== undefined) return { kind: 'refund', refund };
      break;
    }
    case 'delivery': {
      const delivery = records.deliveries.get(row.rowKey)?.delivery;
      if (delivery !== undefined) return { kind: 'delivery', delivery };
      break;
    }
    default:
      row.kind satisfies never;
  }
  throw new Error(`${row.kind} ${row.rowKey} waits and does not exist`);
}
