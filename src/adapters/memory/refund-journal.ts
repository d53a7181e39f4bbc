import type { Refund } from '../../domain/refund.ts';
import type { RefundJournal } from '../../ports/journal.ts';
import {
  announce,
  appendEvents,
  foundKey,
  isCurrent,
  type MemoryRecords,
  rowKeyOf,
  storeRefund,
  writePayment,
} from './records.ts';

/** Refunds in memory. */
export function createRefundJournal(records: MemoryRecords): RefundJournal {
  return {
    async acceptRefund(refund, payment, key) {
      const { merchantId } = refund;
      if (key !== null) {
        const repeat = foundKey(records, merchantId, key, 'refund');
        if (repeat.kind === 'replayed') return { kind: 'replayed', refund: existing(records, repeat.rowKey) };
        if (repeat.kind === 'key_reused') return { kind: 'key_reused' };
      }
      const same = refundsOf(records, merchantId, refund.paymentId).find(
        (other) => refund.merchantRefundNo !== null && other.merchantRefundNo === refund.merchantRefundNo,
      );
      if (same !== undefined) return { kind: 'refund_no_taken', by: same };
      if (!isCurrent(records.payments, payment.before)) return { kind: 'conflict' };
      const reserved = writePayment(records, payment);
      storeRefund(records, refund);
      if (key !== null) {
        records.keys.set(rowKeyOf(merchantId, key.key), {
          fingerprint: key.fingerprint,
          subject: { kind: 'refund', rowKey: rowKeyOf(merchantId, refund.id) },
        });
      }
      return { kind: 'accepted', refund, payment: reserved };
    },

    async findRefund(merchantId, refundId) {
      return records.refunds.get(rowKeyOf(merchantId, refundId)) ?? null;
    },

    async findRefundOfKey(merchantId, key) {
      const repeat = foundKey(records, merchantId, key, 'refund');
      return repeat.kind === 'replayed'
        ? { kind: 'replayed', refund: existing(records, repeat.rowKey) }
        : repeat;
    },

    async findRefundsOfPayment(merchantId, paymentId) {
      return refundsOf(records, merchantId, paymentId).reverse();
    },

    async recordRefund(record) {
      const { before, after } = record;
      if (!isCurrent(records.refunds, before)) return null;
      if (record.payment !== null && !isCurrent(records.payments, record.payment.before)) return null;
      const now = records.now();
      const refund: Refund = { ...after, version: before.version + 1, updatedAt: now };
      storeRefund(records, refund);
      // A refund's events stand under the version that its payment had when they happened.
      const payment = records.payments.get(rowKeyOf(refund.merchantId, refund.paymentId));
      const { merchantId, paymentId } = refund;
      appendEvents(records, merchantId, paymentId, record.events, payment?.version ?? 1, now);
      const idEnding = `${refund.id.slice(3)}_${refund.version}`;
      announce(records, merchantId, paymentId, record.announcements, idEnding, now);
      if (record.payment !== null) writePayment(records, record.payment);
      return refund;
    },

    async takeRefundTurn(merchantId, paymentId, spacingMs) {
      const rowKey = rowKeyOf(merchantId, paymentId);
      const nowMs = records.now().getTime();
      const takenUntilMs = records.refundTurns.get(rowKey) ?? 0;
      if (takenUntilMs > nowMs) return new Date(takenUntilMs);
      records.refundTurns.set(rowKey, nowMs + spacingMs);
      return null;
    },
  };
}

/** The oldest first. */
function refundsOf(records: MemoryRecords, merchantId: string, paymentId: string): Refund[] {
  return [...records.refunds.values()].filter(
    (refund) => refund.merchantId === merchantId && refund.paymentId === paymentId,
  );
}

function existing(records: MemoryRecords, rowKey: string): Refund {
  const refund = records.refunds.get(rowKey);
  if (refund === undefined) throw new Error(`refund ${rowKey} is referred to and does not exist`);
  return refund;
}
