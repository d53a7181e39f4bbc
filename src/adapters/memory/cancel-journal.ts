import type { CancelJournal } from '../../ports/journal.ts';
import { existing, holderOf, orderOf } from './payment-journal.ts';
import { isCurrent, type MemoryRecords, rowKeyOf, storeStrayCancel } from './records.ts';

/** Cancels of orders and upstream ids in memory. */
export function createCancelJournal(records: MemoryRecords): CancelJournal {
  return {
    async cancelOrder(merchantId, merchantOrderNo) {
      const order = orderOf(records, merchantId, merchantOrderNo);
      const holder = holderOf(records, order);
      if (holder !== null) return { kind: 'found', payment: holder };
      records.orders.set(rowKeyOf(merchantId, merchantOrderNo), {
        ...order,
        closedAt: order.closedAt ?? records.now(),
      });
      const latest = order.attempts.at(-1);
      return { kind: 'held', latest: latest === undefined ? null : existing(records, latest) };
    },

    async holdCancelOfRequest(merchantId, paymentRequestId, cancels) {
      records.heldCancels.add(rowKeyOf(merchantId, paymentRequestId));
      for (const cancel of cancels) {
        if (!records.strayCancels.has(rowKeyOf(merchantId, cancel.id))) storeStrayCancel(records, cancel);
      }
      const standing = [...records.strayCancels.values()].filter(
        (cancel) => cancel.merchantId === merchantId && cancel.requestId === paymentRequestId,
      );
      return standing.sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    async findStrayCancel(merchantId, id) {
      return records.strayCancels.get(rowKeyOf(merchantId, id)) ?? null;
    },

    async recordStrayCancel(before, after) {
      if (!isCurrent(records.strayCancels, before)) return null;
      const recorded = { ...after, version: before.version + 1, updatedAt: records.now() };
      storeStrayCancel(records, recorded);
      return recorded;
    },
  };
}
