import { rowKeyOf } from '../../src/adapters/memory/records.ts';
import { isOpen, type Payment, type TimelineEvent } from '../../src/domain/payment.ts';
import { policyFor } from '../../src/domain/policy.ts';
import type { PaymentRecord } from '../../src/ports/journal.ts';
import { type Journal, type PlantedDefect, sound } from './plant.ts';

const policy = policyFor('alipay_open', 'payment_code');

/** Defects in what is recorded, and in what two records that cross make of each other. */
export const plantedInRecords: readonly PlantedDefect[] = [
  {
    ...sound,
    does: 'a cancel is dropped at its last fast try',
    caughtBy: ['forgotten-row', 'provisional-past-horizon'],
    journal: (journal) =>
      recording(journal, ({ after }) =>
        after.nextStep?.action === 'cancel' && after.tries >= policy.cancelRetry.fastTries
          ? { after: { ...after, nextStep: null } }
          : {},
      ),
  },
  {
    ...sound,
    does: 'a late success is acknowledged and not stored',
    caughtBy: ['told-what-never-was', 'not-quiet'],
    journal: (journal) => ({
      ...journal,
      async recordPayment(record) {
        if (record.events.some((event) => event.type === 'SuccessFound')) {
          return { ...record.after, version: record.before.version + 1 };
        }
        return journal.recordPayment(record);
      },
    }),
  },
  {
    ...sound,
    does: 'nothing found to cancel counts as cancelled',
    moneyCase: 1,
    caughtBy: ['one-sided-charge', 'ended-while-payable', 'payable-after-final'],
    journal: (journal) =>
      recording(journal, ({ after, events }) =>
        after.state === 'cancelled_provisionally' && after.reversal !== null
          ? {
              after: {
                ...after,
                state: 'cancelled',
                reversal: { ...after.reversal, state: 'effected' },
                nextStep: null,
              },
              events: renamed(events, {
                NothingFoundToCancel: 'ReversalTookEffect',
                PaymentCancelledProvisionally: 'PaymentCancelled',
              }),
            }
          : {},
      ),
  },
  {
    ...sound,
    does: 'inquiries used up fail the payment here, and the wallet is not told',
    caughtBy: ['one-sided-charge', 'ended-while-payable', 'payable-after-final'],
    journal: (journal) =>
      recording(journal, ({ before, after, events }) =>
        before.state === 'unknown' && after.state === 'reversing' && after.reversal?.by === 'gateway'
          ? {
              after: { ...after, state: 'failed', reversal: null, nextStep: null },
              events: renamed(
                events.filter((event) => event.type !== 'ReversalDecided'),
                { ReversalBegun: 'FailureFound' },
              ),
            }
          : {},
      ),
  },
  {
    ...sound,
    does: 'the close time ends an entry or order code here, and the wallet is not told',
    caughtBy: ['one-sided-charge', 'ended-while-payable', 'payable-after-final'],
    journal: (journal) =>
      recording(journal, ({ before, after, events }) =>
        before.product !== 'payment_code' &&
        before.reversal === null &&
        after.reversal?.by === 'gateway' &&
        after.failure?.code === 'not_paid_in_time'
          ? {
              after: { ...after, state: 'failed', reversal: null, nextStep: null },
              events: renamed(
                events.filter((event) => event.type !== 'ReversalDecided'),
                {
                  ReversalBegunBeforeAnswer: 'PaymentFailed',
                  ReversalBegunBeforePayerCame: 'IssuedPaymentFailed',
                  ReversalBegunBeforePayer: 'PayerRefused',
                  ReversalBegun: 'FailureFound',
                },
              ),
            }
          : {},
      ),
  },
  {
    ...sound,
    does: 'what is paid after its close time is kept',
    caughtBy: ['one-sided-charge'],
    journal: (journal) =>
      recording(journal, ({ before, after }) => {
        const isLate = before.reversal !== null && !before.paidEvidence && after.paidEvidence;
        if (before.product === 'payment_code' || !isLate) return {};
        return { after: { ...before, paidEvidence: true, nextStep: null }, events: [] };
      }),
  },
  {
    ...sound,
    does: 'a cancel that comes first is acknowledged and not kept',
    moneyCase: 3,
    caughtBy: ['accepted-cancel-lost'],
    journal: (journal) => ({
      ...journal,
      async cancelOrder(merchantId, merchantOrderNo) {
        const attempts = await journal.findPaymentsOfOrder(merchantId, merchantOrderNo);
        if (attempts.length === 0) return { kind: 'held', latest: null };
        return journal.cancelOrder(merchantId, merchantOrderNo);
      },
    }),
  },
  {
    ...sound,
    does: 'a cancel of a payment that was lost is acknowledged, and sent to nobody',
    moneyCase: 10,
    caughtBy: ['accepted-cancel-lost'],
    journal: (journal) => ({
      ...journal,
      holdCancelOfRequest: (merchantId, requestId) => journal.holdCancelOfRequest(merchantId, requestId, []),
    }),
  },
  {
    ...sound,
    does: 'a cancel of a payment that was lost is given up when nothing is found',
    moneyCase: 10,
    caughtBy: ['accepted-cancel-lost', 'payable-after-final'],
    journal: (journal) => ({
      ...journal,
      recordStrayCancel: (before, after) =>
        journal.recordStrayCancel(
          before,
          after.state === 'cancelled_provisionally'
            ? { ...after, state: 'cancelled', nextStep: null }
            : after,
        ),
    }),
  },
  {
    ...sound,
    does: 'a cancel of an order and its payment cross without seeing each other',
    moneyCase: 3,
    caughtBy: ['accepted-cancel-lost'],
    journal: (journal, { scheduler, history }) => ({
      ...journal,
      async cancelOrder(merchantId, merchantOrderNo) {
        const attempts = await journal.findPaymentsOfOrder(merchantId, merchantOrderNo);
        const isSeen = ({ id }: Payment): boolean =>
          (history.get(id)?.[0]?.atMs ?? 0) < scheduler.nowMs() - 1_000;
        if (attempts.length === 0 || attempts.some(isSeen)) {
          return journal.cancelOrder(merchantId, merchantOrderNo);
        }
        return { kind: 'held', latest: null };
      },
    }),
  },
  {
    ...sound,
    does: 'a second attempt is accepted while the result of the first one is unknown',
    moneyCase: 4,
    caughtBy: ['charged-twice-order'],
    journal: (journal, { memory }) => ({
      ...journal,
      async openPayment(payment, ...rest) {
        const opened = await journal.openPayment(payment, ...rest);
        if (opened.kind !== 'order_held' || !isOpen(opened.by)) return opened;
        const { orders } = memory.records;
        const orderKey = rowKeyOf(payment.merchantId, payment.merchantOrderNo);
        const order = orders.get(orderKey);
        if (order === undefined) return opened;
        orders.set(orderKey, { ...order, attempts: [] });
        const second = await journal.openPayment(payment, ...rest);
        const attempts = [...order.attempts, ...(orders.get(orderKey)?.attempts ?? [])];
        orders.set(orderKey, { ...order, attempts });
        return second;
      },
    }),
  },
  {
    ...sound,
    does: 'a page that is confirmed twice begins two attempts',
    moneyCase: 11,
    caughtBy: ['two-attempts-of-a-page'],
    journal: (journal, world) => ({
      ...journal,
      openPayment(payment, events, key, announcements) {
        if (payment.product !== 'entry_code') return journal.openPayment(payment, events, key, announcements);
        const merchantOrderNo = `${payment.merchantOrderNo}${world.random.integer(1, 1_000_000)}`;
        return journal.openPayment({ ...payment, merchantOrderNo }, events, null, announcements);
      },
    }),
  },
  {
    ...sound,
    does: 'refunds that cross are both accepted',
    moneyCase: 6,
    caughtBy: ['over-refund'],
    journal: (journal) => ({
      ...journal,
      async acceptRefund(refund, record, key) {
        const result = await journal.acceptRefund(refund, record, key);
        if (result.kind !== 'conflict') return result;
        const before = await journal.findPayment(refund.merchantId, refund.paymentId);
        if (before === null) return result;
        const after: Payment = {
          ...before,
          refundReserved: before.refundReserved + refund.amount.minor,
          openRefunds: before.openRefunds + 1,
        };
        return journal.acceptRefund(refund, { ...record, before, after }, key);
      },
    }),
  },
  {
    ...sound,
    does: 'TRADE_CLOSED means that nothing was paid, whatever was given back',
    moneyCase: 13,
    caughtBy: ['refund-view'],
    journal: (journal) =>
      recording(journal, ({ before, after }) =>
        before.wallet === 'alipay_open' && before.refunded > 0n && after.refunded === after.amount.minor
          ? { after: { ...after, refunded: 0n } }
          : {},
      ),
  },
];

/** Changes what is recorded of a payment; `{}` leaves it as it is. */
function recording(journal: Journal, change: (record: PaymentRecord) => Partial<PaymentRecord>): Journal {
  return { ...journal, recordPayment: (record) => journal.recordPayment({ ...record, ...change(record) }) };
}

function renamed(
  events: readonly TimelineEvent[],
  names: { readonly [type in TimelineEvent['type']]?: TimelineEvent['type'] },
): TimelineEvent[] {
  return events.map((event) => ({ ...event, type: names[event.type] ?? event.type }));
}
