import type { Payment } from '../../domain/payment.ts';
import type { Refund } from '../../domain/refund.ts';
import type { StrayCancel } from '../../domain/stray-cancel.ts';
import {
  type AccountRowKind,
  type DueRow,
  type DueRows,
  lanesOfDelivery,
  lanesOfStep,
} from '../../ports/due-rows.ts';
import { createFairShare } from '../fair-share.ts';
import {
  isCurrent,
  type MemoryRecords,
  rowKeyOf,
  storePayment,
  storeRefund,
  storeStrayCancel,
  type WaitingRow,
} from './records.ts';

/** Due rows in memory. Rows are few here, so every look reads all that wait. */
export function createDueRows(records: MemoryRecords): DueRows {
  return {
    async claimDue(limit, leaseMs, { deliveryLimit = limit, underWay = new Map() } = {}) {
      const nowMs = records.now().getTime();
      const free: WaitingRow[] = [];
      for (const row of records.waiting.values()) if (isFree(row, nowMs)) free.push(row);
      if (free.length > 1) free.sort((a, b) => a.dueAtMs - b.dueAtMs);
      const share = createFairShare({ limit, deliveryLimit, underWay });
      const claimed: DueRow[] = [];
      for (const row of free) {
        if (share.isUsedUp()) break;
        const due = dueRowOf(records, row);
        if (!share.take(row.kind, due.lanes)) continue;
        row.leaseUntilMs = nowMs + leaseMs;
        claimed.push(due);
      }
      return claimed;
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

    async postponeStrayCancel(cancel, dueAt) {
      const { nextStep } = cancel;
      if (nextStep === null || !isCurrent(records.strayCancels, cancel)) return;
      storeStrayCancel(records, { ...cancel, nextStep: { ...nextStep, dueAt } });
    },

    async hold(step) {
      const rowKey = rowKeyOf(step.merchantId, step.id);
      const row = rowsOf(records, step.kind).get(rowKey);
      if (row?.version !== step.version || row.nextStep === null) return;
      moveStep(records, step.kind, rowKey, step.dueAt);
      const waiting = records.waiting.get(rowKey);
      if (waiting === undefined) return;
      waiting.held = {
        account: `${step.wallet}/${step.account}`,
        windowEndsAtMs: step.windowEndsAt.getTime(),
      };
    },

    async releaseHeld(wallet, account, limit) {
      const now = records.now();
      const name = `${wallet}/${account}`;
      const held: { readonly row: WaitingRow; readonly windowEndsAtMs: number }[] = [];
      for (const row of records.waiting.values()) {
        if (row.held?.account !== name || row.dueAtMs <= now.getTime()) continue;
        held.push({ row, windowEndsAtMs: row.held.windowEndsAtMs });
      }
      held.sort((a, b) => a.windowEndsAtMs - b.windowEndsAtMs);
      const released = held.slice(0, limit);
      for (const { row } of released)
        if (row.kind !== 'delivery') moveStep(records, row.kind, row.rowKey, now);
      return released.length;
    },

    async bringForward(kind, merchantId, id) {
      const rowKey = rowKeyOf(merchantId, id);
      const waiting = records.waiting.get(rowKey);
      if (waiting?.kind !== kind) return false;
      const now = records.now();
      if (waiting.dueAtMs <= now.getTime()) return true;
      const { leaseUntilMs, held } = waiting;
      moveStep(records, kind, rowKey, now);
      Object.assign(records.waiting.get(rowKey) ?? {}, { leaseUntilMs, held });
      return true;
    },
  };
}

/** Has the row's step fall due at another time; nobody has a lease on it any more, and it waits for no account. */
function moveStep(records: MemoryRecords, kind: AccountRowKind, rowKey: string, dueAt: Date): void {
  switch (kind) {
    case 'payment': {
      const row = records.payments.get(rowKey);
      if (row?.nextStep) storePayment(records, { ...row, nextStep: { ...row.nextStep, dueAt } });
      return;
    }
    case 'refund': {
      const row = records.refunds.get(rowKey);
      if (row?.nextStep) storeRefund(records, { ...row, nextStep: { ...row.nextStep, dueAt } });
      return;
    }
    case 'stray_cancel': {
      const row = records.strayCancels.get(rowKey);
      if (row?.nextStep) storeStrayCancel(records, { ...row, nextStep: { ...row.nextStep, dueAt } });
      return;
    }
    default:
      kind satisfies never;
  }
}

function rowsOf(
  records: MemoryRecords,
  kind: AccountRowKind,
): ReadonlyMap<string, Payment | Refund | StrayCancel> {
  switch (kind) {
    case 'payment':
      return records.payments;
    case 'refund':
      return records.refunds;
    case 'stray_cancel':
      return records.strayCancels;
    default:
      return kind satisfies never;
  }
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
      if (payment !== undefined) return { kind: 'payment', payment, lanes: lanesOf(payment) };
      break;
    }
    case 'refund': {
      const refund = records.refunds.get(row.rowKey);
      if (refund === undefined) break;
      const payment = records.payments.get(rowKeyOf(refund.merchantId, refund.paymentId));
      if (payment !== undefined) return { kind: 'refund', refund, lanes: lanesOf(payment) };
      break;
    }
    case 'stray_cancel': {
      const cancel = records.strayCancels.get(row.rowKey);
      if (cancel !== undefined) return { kind: 'stray_cancel', cancel, lanes: lanesOf(cancel) };
      break;
    }
    case 'delivery': {
      const delivery = records.deliveries.get(row.rowKey)?.delivery;
      if (delivery === undefined) break;
      const endpoint = records.endpoints.get(rowKeyOf(delivery.merchantId, delivery.url)) ?? null;
      const lanes = lanesOfDelivery(delivery.merchantId);
      return { kind: 'delivery', delivery: { ...delivery, endpoint }, lanes };
    }
    default:
      row.kind satisfies never;
  }
  throw new Error(`${row.kind} ${row.rowKey} waits and does not exist`);
}

function lanesOf({ merchantId, wallet, account }: Payment | StrayCancel): string[] {
  return lanesOfStep(merchantId, wallet, account);
}
