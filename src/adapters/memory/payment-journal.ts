import { holdsOrder, type Payment } from '../../domain/payment.ts';
import type { OpenPaymentResult, PaymentJournal } from '../../ports/journal.ts';
import {
  announce,
  appendEvents,
  foundKey,
  isCurrent,
  type MemoryRecords,
  type OrderRow,
  rowKeyOf,
  storePayment,
  writePayment,
} from './records.ts';

/** Payments in memory. */
export function createPaymentJournal(records: MemoryRecords): PaymentJournal {
  return {
    async openPayment(payment, events, key, announcements): Promise<OpenPaymentResult> {
      const { merchantId } = payment;
      if (key !== null) {
        const repeat = foundKey(records, merchantId, key, 'payment');
        if (repeat.kind === 'replayed')
          return { kind: 'replayed', payment: existing(records, repeat.rowKey) };
        if (repeat.kind === 'key_reused') return { kind: 'key_reused' };
      }
      const order = orderOf(records, merchantId, payment.merchantOrderNo);
      const holds = holdsOrder(payment);
      const holder = holderOf(records, order);
      if (holds && holder !== null) return { kind: 'order_held', by: holder };
      if (holds && order.closedAt !== null) return { kind: 'order_closed' };
      const latest = order.attempts.at(-1);
      if (holds && key === null && latest !== undefined) {
        return { kind: 'order_repeated', latest: existing(records, latest) };
      }
      const rowKey = rowKeyOf(merchantId, payment.id);
      if (records.payments.has(rowKey)) throw new Error(`payment ${payment.id} exists already`);
      storePayment(records, payment);
      records.orders.set(rowKeyOf(merchantId, payment.merchantOrderNo), {
        ...order,
        attempts: [...order.attempts, rowKey],
      });
      if (key !== null) {
        records.keys.set(rowKeyOf(merchantId, key.key), {
          fingerprint: key.fingerprint,
          subject: { kind: 'payment', rowKey },
        });
      }
      appendEvents(records, merchantId, payment.id, events, payment.version, payment.createdAt);
      announce(records, merchantId, payment.id, announcements, `${payment.id.slice(4)}_1`, payment.createdAt);
      return { kind: 'opened', payment };
    },

    async findPayment(merchantId, paymentId) {
      return records.payments.get(rowKeyOf(merchantId, paymentId)) ?? null;
    },

    async findPaymentOfKey(merchantId, key) {
      const repeat = foundKey(records, merchantId, key, 'payment');
      if (repeat.kind !== 'replayed') return repeat;
      return { kind: 'replayed', payment: existing(records, repeat.rowKey) };
    },

    async findPaymentsOfOrder(merchantId, merchantOrderNo) {
      const { attempts } = orderOf(records, merchantId, merchantOrderNo);
      return attempts.map((rowKey) => existing(records, rowKey)).reverse();
    },

    async recordPayment(record) {
      return isCurrent(records.payments, record.before) ? writePayment(records, record) : null;
    },

    async timeline(merchantId, paymentId) {
      return [...(records.events.get(rowKeyOf(merchantId, paymentId)) ?? [])];
    },
  };
}

export function orderOf(records: MemoryRecords, merchantId: string, merchantOrderNo: string): OrderRow {
  return records.orders.get(rowKeyOf(merchantId, merchantOrderNo)) ?? { closedAt: null, attempts: [] };
}

/** The attempt of the order that is open or paid. PAY-13. */
export function holderOf(records: MemoryRecords, order: OrderRow): Payment | null {
  for (const rowKey of order.attempts) {
    const payment = existing(records, rowKey);
    if (holdsOrder(payment)) return payment;
  }
  return null;
}

export function existing(records: MemoryRecords, rowKey: string): Payment {
  const payment = records.payments.get(rowKey);
  if (payment === undefined) throw new Error(`payment ${rowKey} is referred to and does not exist`);
  return payment;
}
