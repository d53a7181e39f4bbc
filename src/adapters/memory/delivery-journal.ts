import type { Delivery } from '../../domain/delivery.ts';
import type { DeliveryJournal } from '../../ports/due-rows.ts';
import { type DeliveryRow, type MemoryRecords, rowKeyOf, storeDelivery } from './records.ts';

/** What becomes of deliveries, in memory. A delivery that has ended stays as it ended. */
export function createDeliveryJournal(records: MemoryRecords): DeliveryJournal {
  const change = (delivery: Delivery, changed: (row: DeliveryRow) => DeliveryRow): void => {
    const row = records.deliveries.get(rowKeyOf(delivery.merchantId, delivery.id));
    if (row?.state === 'pending') storeDelivery(records, changed(row));
  };
  return {
    async recordDelivered(delivery) {
      change(delivery, (row) => ({ ...tried(row), state: 'delivered', dueAt: null }));
    },
    async recordWithdrawn(delivery) {
      change(delivery, (row) => ({ ...row, state: 'withdrawn', dueAt: null }));
    },
    async recordTryFailed(delivery, reason, retryAt) {
      change(delivery, (row) => ({ ...tried(row), dueAt: retryAt, lastFailure: reason }));
    },
    async recordExhausted(delivery, reason) {
      change(delivery, (row) => ({ ...tried(row), state: 'exhausted', dueAt: null, lastFailure: reason }));
    },
  };
}

function tried(row: DeliveryRow): DeliveryRow {
  return { ...row, delivery: { ...row.delivery, tries: row.delivery.tries + 1 } };
}
