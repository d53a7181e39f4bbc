import type { CancelJournal } from '../../ports/journal.ts';
import { existing, holderOf, orderOf } from './payment-journal.ts';
import { type MemoryRecords, rowKeyOf } from './records.ts';

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

    async holdCancelOfRequest(merchantId, paymentRequestId) {
      records.heldCancels.add(rowKeyOf(merchantId, paymentRequestId));
    },
  };
}
