import { type Delivery, putOffMs } from '../../domain/delivery.ts';
import type { FailingEndpoint } from '../../domain/endpoint.ts';
import { later } from '../../domain/payment-changes.ts';
import type { DeliveryJournal } from '../../ports/due-rows.ts';
import {
  appendEvents,
  type DeliveryRow,
  type MemoryRecords,
  rowKeyOf,
  storeDelivery,
  supersededTriesEndMs,
} from './records.ts';

/** What becomes of deliveries and of their endpoints, in memory. A delivery that has ended stays as it ended. */
export function createDeliveryJournal(records: MemoryRecords): DeliveryJournal {
  const change = (delivery: Delivery, changed: (row: DeliveryRow) => DeliveryRow): void => {
    const row = records.deliveries.get(rowKeyOf(delivery.merchantId, delivery.id));
    if (row?.state === 'pending') storeDelivery(records, changed(row));
    else tryHasEnded(records, delivery);
  };
  const failed = (delivery: Delivery, reason: string, changed: Partial<DeliveryRow>): FailingEndpoint => {
    change(delivery, (row) => ({ ...tried(row), lastFailure: reason, ...changed }));
    return endpointFailed(records, delivery, reason);
  };
  return {
    async recordDelivered(delivery) {
      change(delivery, (row) => ({ ...tried(row), state: 'delivered', dueAt: null }));
      const key = rowKeyOf(delivery.merchantId, delivery.url);
      if (records.endpoints.get(key)?.disabledAt === null) records.endpoints.delete(key);
    },
    async recordWithdrawn(delivery) {
      change(delivery, (row) => ({ ...row, state: 'withdrawn', dueAt: null }));
    },
    async recordTryFailed(delivery, reason, retryAt) {
      return failed(delivery, reason, { dueAt: retryAt });
    },
    async recordExhausted(delivery, reason) {
      return failed(delivery, reason, { state: 'exhausted', dueAt: null });
    },
    async recordPutOff(delivery, dueAt) {
      change(delivery, (row) => ({ ...row, dueAt }));
    },
    async putOffOthers({ merchantId, url }, longestMs) {
      const now = records.now();
      for (const [rowKey, row] of records.deliveries) {
        if (row.delivery.merchantId !== merchantId || row.delivery.url !== url) continue;
        const leaseUntilMs = records.waiting.get(rowKey)?.leaseUntilMs ?? 0;
        if (row.dueAt === null || row.dueAt > now || leaseUntilMs > now.getTime()) continue;
        storeDelivery(records, { ...row, dueAt: later(now, putOffMs(row.delivery, longestMs, now)) });
      }
    },
    async recordHeld(delivery) {
      const endpoint = records.endpoints.get(rowKeyOf(delivery.merchantId, delivery.url));
      if (endpoint === undefined || endpoint.disabledAt === null) return false;
      change(delivery, (row) => ({
        ...row,
        state: 'held',
        dueAt: null,
        lastFailure: row.lastFailure ?? 'the endpoint is disabled',
      }));
      return true;
    },
    async disableEndpoint(read) {
      const key = rowKeyOf(read.merchantId, read.url);
      const endpoint = records.endpoints.get(key);
      if (endpoint === undefined || endpoint.disabledAt !== null) return false;
      if (endpoint.failingSince > read.failingSince) return false;
      records.endpoints.set(key, { ...endpoint, disabledAt: records.now() });
      return true;
    },
    async enableEndpoint(merchantId, url, everyMs) {
      const key = rowKeyOf(merchantId, url);
      const wasDisabled = (records.endpoints.get(key)?.disabledAt ?? null) !== null;
      if (wasDisabled) records.endpoints.delete(key);
      const held = [...records.deliveries.values()].filter(
        ({ state, delivery }) =>
          state === 'held' && delivery.merchantId === merchantId && delivery.url === url,
      );
      if (!wasDisabled && held.length === 0) return null;
      return replay(records, held, everyMs).length;
    },
    async replay(merchantId, deliveryIds, everyMs) {
      const chosen = deliveryIds.flatMap((id) => records.deliveries.get(rowKeyOf(merchantId, id)) ?? []);
      return replay(records, chosen, everyMs);
    },
    async hasExhausted(merchantId, paymentId) {
      return [...records.deliveries.values()].some(
        ({ state, delivery }) =>
          state === 'exhausted' && delivery.merchantId === merchantId && delivery.paymentId === paymentId,
      );
    },
  };
}

function tried(row: DeliveryRow): DeliveryRow {
  return { ...row, delivery: { ...row.delivery, tries: row.delivery.tries + 1 } };
}

function endpointFailed(records: MemoryRecords, delivery: Delivery, lastFailure: string): FailingEndpoint {
  const { merchantId, url } = delivery;
  const key = rowKeyOf(merchantId, url);
  const before = records.endpoints.get(key);
  const endpoint: FailingEndpoint =
    before === undefined
      ? { merchantId, url, failingSince: records.now(), failures: 1, lastFailure, disabledAt: null }
      : { ...before, failures: before.failures + 1, lastFailure };
  records.endpoints.set(key, endpoint);
  return endpoint;
}

/** What its payment has to tell instead has waited for the end of this try, and need not wait any longer. */
function tryHasEnded(records: MemoryRecords, ended: Delivery): void {
  const now = records.now();
  const tried = records.deliveries.get(rowKeyOf(ended.merchantId, ended.id));
  if (tried?.state === 'withdrawn') storeDelivery(records, { ...tried, triedUntilMs: 0 });
  for (const [rowKey, row] of records.deliveries) {
    const { delivery, dueAt } = row;
    if (row.state !== 'pending' || delivery.tries > 0 || dueAt === null || dueAt <= now) continue;
    if (delivery.merchantId !== ended.merchantId || delivery.subject !== ended.subject) continue;
    if (delivery.subjectId !== ended.subjectId || records.waiting.get(rowKey)?.leaseUntilMs !== 0) continue;
    storeDelivery(records, { ...row, dueAt: now });
  }
}

function replay(records: MemoryRecords, chosen: readonly DeliveryRow[], everyMs: number): string[] {
  const now = records.now();
  const oldestFirst = chosen.toSorted((a, b) => orderOf(a.delivery, b.delivery));
  const replayed: string[] = [];
  for (const row of oldestFirst) {
    const { merchantId, id, paymentId, type } = row.delivery;
    const leaseUntilMs = records.waiting.get(rowKeyOf(merchantId, id))?.leaseUntilMs ?? 0;
    if (row.state === 'withdrawn' || leaseUntilMs > now.getTime()) continue;
    const turnMs = now.getTime() + replayed.length * everyMs;
    const triedUntilMs =
      row.delivery.subject === 'payment' ? supersededTriesEndMs(records, merchantId, paymentId) : 0;
    const dueAt = new Date(Math.max(turnMs, triedUntilMs));
    storeDelivery(records, { ...row, delivery: { ...row.delivery, tries: 0 }, state: 'pending', dueAt });
    const payment = records.payments.get(rowKeyOf(merchantId, paymentId));
    const event = { type: 'DeliveryReplayed', data: { delivery_id: id, event: type } } as const;
    appendEvents(records, merchantId, paymentId, [event], payment?.version ?? 1, now);
    replayed.push(id);
  }
  return replayed;
}

function orderOf(a: Delivery, b: Delivery): number {
  const betweenMs = a.createdAt.getTime() - b.createdAt.getTime();
  if (betweenMs !== 0) return betweenMs;
  return a.id < b.id ? -1 : 1;
}
