import type { Announcement } from '../../domain/announcement.ts';
import type { Delivery, DeliveryState } from '../../domain/delivery.ts';
import type { FailingEndpoint } from '../../domain/endpoint.ts';
import type { Payment, TimelineEvent } from '../../domain/payment.ts';
import type { Refund } from '../../domain/refund.ts';
import type { StrayCancel } from '../../domain/stray-cancel.ts';
import type { AccountRowKind } from '../../ports/due-rows.ts';
import type { IdempotencyKey, PaymentRecord, RecordedEvent } from '../../ports/journal.ts';

/*
 * The rows behind the in-memory ports. Each function below is one transaction: it runs without an `await`, so
 * nothing can come between its reads and its writes. Rows are values and are replaced, never changed.
 */

export interface DeliveryRow {
  readonly delivery: Delivery;
  readonly state: DeliveryState;
  readonly dueAt: Date | null;
  readonly lastFailure: string | null;
  /** Of one that was withdrawn while it was tried: the end of that lease. */
  readonly triedUntilMs?: number;
}

export interface OrderRow {
  readonly closedAt: Date | null;
  /** Keys of its attempts, the oldest first. */
  readonly attempts: readonly string[];
}

export interface KeyRow {
  readonly fingerprint: Uint8Array;
  readonly subject: { readonly kind: 'payment' | 'refund'; readonly rowKey: string };
}

/** A row that waits for its next step. `leaseUntilMs` is 0 when nobody has a lease on it. */
export interface WaitingRow {
  readonly kind: AccountRowKind | 'delivery';
  readonly rowKey: string;
  dueAtMs: number;
  leaseUntilMs: number;
  /** The account that it waits for, and the window end by which it is put in order. */
  held: { readonly account: string; readonly windowEndsAtMs: number } | null;
}

export interface MemoryRecords {
  /** The clock that due times, leases and refund turns are compared with. */
  readonly now: () => Date;
  readonly payments: Map<string, Payment>;
  readonly refunds: Map<string, Refund>;
  readonly deliveries: Map<string, DeliveryRow>;
  /** Endpoints that fail, by merchant and URL. */
  readonly endpoints: Map<string, FailingEndpoint>;
  readonly orders: Map<string, OrderRow>;
  readonly keys: Map<string, KeyRow>;
  /** Timelines by payment, in the order of recording. */
  readonly events: Map<string, RecordedEvent[]>;
  /** Until when a payment's refund turn is taken. */
  readonly refundTurns: Map<string, number>;
  readonly heldCancels: Set<string>;
  readonly strayCancels: Map<string, StrayCancel>;
  readonly waiting: Map<string, WaitingRow>;
}

export function createMemoryRecords(now: () => Date): MemoryRecords {
  return {
    now,
    payments: new Map(),
    refunds: new Map(),
    deliveries: new Map(),
    endpoints: new Map(),
    orders: new Map(),
    keys: new Map(),
    events: new Map(),
    refundTurns: new Map(),
    heldCancels: new Set(),
    strayCancels: new Map(),
    waiting: new Map(),
  };
}

/** Rows are found by merchant and id together: another merchant's id finds nothing. */
export function rowKeyOf(merchantId: string, id: string): string {
  return `${merchantId} ${id}`;
}

/** Writes the payment as recorded now, with its events and announcements; any lease on it ends. */
export function writePayment(records: MemoryRecords, record: PaymentRecord): Payment {
  const now = records.now();
  const payment: Payment = { ...record.after, version: record.before.version + 1, updatedAt: now };
  storePayment(records, payment);
  appendEvents(records, payment.merchantId, payment.id, record.events, payment.version, now);
  const idEnding = `${payment.id.slice(4)}_${payment.version}`;
  announce(records, payment.merchantId, payment.id, record.announcements, idEnding, now);
  return payment;
}

export function storePayment(records: MemoryRecords, payment: Payment): void {
  const rowKey = rowKeyOf(payment.merchantId, payment.id);
  records.payments.set(rowKey, payment);
  waitUntil(records, 'payment', rowKey, payment.nextStep?.dueAt ?? null);
}

export function storeRefund(records: MemoryRecords, refund: Refund): void {
  const rowKey = rowKeyOf(refund.merchantId, refund.id);
  records.refunds.set(rowKey, refund);
  waitUntil(records, 'refund', rowKey, refund.nextStep?.dueAt ?? null);
}

export function storeStrayCancel(records: MemoryRecords, cancel: StrayCancel): void {
  const rowKey = rowKeyOf(cancel.merchantId, cancel.id);
  records.strayCancels.set(rowKey, cancel);
  waitUntil(records, 'stray_cancel', rowKey, cancel.nextStep?.dueAt ?? null);
}

export function storeDelivery(records: MemoryRecords, row: DeliveryRow): void {
  const rowKey = rowKeyOf(row.delivery.merchantId, row.delivery.id);
  records.deliveries.set(rowKey, row);
  waitUntil(records, 'delivery', rowKey, row.dueAt);
}

/** Whether the row stands in the journal at this very version. */
export function isCurrent(
  rows: ReadonlyMap<string, Payment | Refund | StrayCancel>,
  row: Pick<Payment | Refund | StrayCancel, 'merchantId' | 'id' | 'version'>,
): boolean {
  return rows.get(rowKeyOf(row.merchantId, row.id))?.version === row.version;
}

export function appendEvents(
  records: MemoryRecords,
  merchantId: string,
  paymentId: string,
  events: readonly TimelineEvent[],
  version: number,
  at: Date,
): void {
  if (events.length === 0) return;
  const rowKey = rowKeyOf(merchantId, paymentId);
  const timeline = records.events.get(rowKey) ?? [];
  records.events.set(rowKey, timeline);
  for (const event of events) timeline.push({ ...event, at, version });
}

/**
 * Records what the merchant shall be told. What a payment still had to tell is withdrawn, so that a late
 * "succeeded" cannot follow a "cancelled"; the end of what is just being tried is waited for. NOT-03.
 */
export function announce(
  records: MemoryRecords,
  merchantId: string,
  paymentId: string,
  announcements: readonly Announcement[],
  idEnding: string,
  now: Date,
): void {
  for (const announcement of announcements) {
    const triedUntilMs =
      announcement.subject === 'payment' ? withdrawWaiting(records, merchantId, paymentId) : 0;
    storeDelivery(records, {
      delivery: {
        merchantId,
        id: `evt_${idEnding}`,
        type: announcement.type,
        subject: announcement.subject,
        subjectId: announcement.subjectId,
        paymentId,
        url: announcement.url,
        tries: 0,
        createdAt: now,
        endpoint: null,
      },
      state: 'pending',
      dueAt: new Date(Math.max(now.getTime(), triedUntilMs)),
      lastFailure: null,
    });
  }
}

/** Withdraws all that has not arrived; until when one of them may be under way at the longest. */
function withdrawWaiting(records: MemoryRecords, merchantId: string, paymentId: string): number {
  for (const [rowKey, row] of records.deliveries) {
    const { delivery, state } = row;
    if (state === 'delivered' || state === 'withdrawn' || delivery.subject !== 'payment') continue;
    if (delivery.merchantId !== merchantId || delivery.paymentId !== paymentId) continue;
    const triedUntilMs = records.waiting.get(rowKey)?.leaseUntilMs ?? 0;
    storeDelivery(records, { ...row, state: 'withdrawn', dueAt: null, triedUntilMs });
  }
  return supersededTriesEndMs(records, merchantId, paymentId);
}

/** When the last try of what the payment has left behind ends at the latest. */
export function supersededTriesEndMs(records: MemoryRecords, merchantId: string, paymentId: string): number {
  let endMs = 0;
  for (const { delivery, triedUntilMs = 0 } of records.deliveries.values()) {
    if (delivery.merchantId !== merchantId || delivery.paymentId !== paymentId) continue;
    endMs = Math.max(endMs, triedUntilMs);
  }
  return endMs;
}

/** The key's row, or what to answer about it. */
export function foundKey(
  records: MemoryRecords,
  merchantId: string,
  key: IdempotencyKey,
  kind: KeyRow['subject']['kind'],
): { readonly kind: 'none' | 'key_reused' } | { readonly kind: 'replayed'; readonly rowKey: string } {
  const row = records.keys.get(rowKeyOf(merchantId, key.key));
  if (row === undefined) return { kind: 'none' };
  if (row.subject.kind !== kind || !sameBytes(row.fingerprint, key.fingerprint))
    return { kind: 'key_reused' };
  return { kind: 'replayed', rowKey: row.subject.rowKey };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Has the row wait until `dueAt`, without a lease; `null`: it waits no more. */
function waitUntil(
  records: MemoryRecords,
  kind: WaitingRow['kind'],
  rowKey: string,
  dueAt: Date | null,
): void {
  if (dueAt === null) records.waiting.delete(rowKey);
  else records.waiting.set(rowKey, { kind, rowKey, dueAtMs: dueAt.getTime(), leaseUntilMs: 0, held: null });
}
