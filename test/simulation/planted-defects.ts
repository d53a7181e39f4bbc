import { rowKeyOf } from '../../src/adapters/memory/records.ts';
import type { Payment, TimelineEvent } from '../../src/domain/payment.ts';
import { onEveryProduct } from '../../src/domain/policy.fixture.ts';
import { policyFor } from '../../src/domain/policy.ts';
import type { PaymentRecord } from '../../src/ports/journal.ts';
import type { PayRequest } from '../../src/ports/wallet.ts';
import type { Invariant } from './invariants.ts';
import { type Journal, type Plant, sound, type TakeNotification } from './plant.ts';
import type { World } from './world.ts';

/*
 * Defects of the kind that lose money, planted between the gateway's code and its ports. They show that the auditor
 * can fail, and by which invariant.
 */

export interface PlantedDefect extends Plant {
  /** What a gateway with this defect does. */
  readonly does: string;
  /** The invariants of which at least one must catch it: the money's, not the paperwork's. */
  readonly caughtBy: readonly Invariant[];
}

const policy = policyFor('alipay_open', 'payment_code');

export const plantedDefects: readonly PlantedDefect[] = [
  {
    ...sound,
    does: 'a pay that nobody answered is failed',
    caughtBy: ['one-sided-charge', 'ended-while-payable', 'payable-after-final'],
    wallet: (gateway) => ({
      ...gateway,
      async pay(request, limit) {
        const answer = await gateway.pay(request, limit);
        if (answer.kind !== 'no_answer' || answer.reason === 'not_sent') return answer;
        return { kind: 'refused', code: 'TIMEOUT', message: answer.detail, remedy: 'payer' };
      },
    }),
  },
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
    does: 'whoever finds an expired lease pays again, under a new number',
    caughtBy: ['charged-twice-order'],
    wallet: (gateway, world) => {
      const sent = payRequestsOf(world);
      return {
        ...gateway,
        async pay(request, limit) {
          sent.set(request.requestId, request);
          return gateway.pay(request, limit);
        },
        async inquire(payment, limit) {
          const request = sent.get(payment.requestId);
          if (request === undefined) return gateway.inquire(payment, limit);
          sent.delete(payment.requestId);
          const answer = await gateway.pay(
            { ...request, requestId: request.requestId.replace(/^P./, 'PZ') },
            limit,
          );
          return answer.kind === 'issued' ? { kind: 'not_found' } : answer;
        },
      };
    },
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
    does: 'refunds that cross are both accepted',
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
    does: 'nothing found to cancel counts as cancelled',
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
    does: 'a cancel that comes first is acknowledged and not kept',
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
    does: 'an unanswered refund is repeated under a new id',
    caughtBy: ['unknown-trade'],
    wallet: (gateway, world) => ({
      ...gateway,
      async refund(request, limit) {
        const letter = 'ABCDEFGHJK'.charAt(world.random.integer(0, 9));
        const refundRequestId = request.refundRequestId.replace(/.$/, letter);
        return gateway.refund({ ...request, refundRequestId }, limit);
      },
    }),
  },
  {
    ...sound,
    does: 'the URL or code that was issued counts as money',
    caughtBy: ['success-without-charge', 'one-sided-charge'],
    wallet: (gateway) => ({
      ...gateway,
      async pay(request, limit) {
        const answer = await gateway.pay(request, limit);
        if (answer.kind !== 'issued') return answer;
        return { kind: 'paid', walletTransactionId: 'issued', amount: request.amount };
      },
    }),
  },
  {
    ...sound,
    does: 'a payer at an entry or order code is cut off by a payment code’s timer',
    caughtBy: ['payer-cut-off'],
    merchant: (merchant) => ({
      ...merchant,
      policyOverrides: onEveryProduct({ givesUpAt: 'inquiries_used_up' }, merchant.policyOverrides),
    }),
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
    does: 'a page that is confirmed twice begins two attempts',
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
    does: 'a notification is acknowledged before it is stored',
    caughtBy: ['acknowledged-but-forgotten'],
    takes: (take) => async (engine, taken) => {
      const payment = await notified(engine, taken);
      const stored = take(engine, taken);
      stored.catch(() => {});
      return payment === null ? stored : { kind: 'taken', payment };
    },
  },
  {
    ...sound,
    does: 'a success that is notified after a cancel is acknowledged and ignored',
    caughtBy: ['acknowledged-but-forgotten'],
    takes: (take) => async (engine, taken) => {
      const payment = await notified(engine, taken);
      const isIgnored = payment?.reversal !== null && taken.outcome.kind === 'paid';
      return payment !== null && isIgnored ? { kind: 'taken', payment } : take(engine, taken);
    },
  },
  {
    ...sound,
    does: 'a notified amount is not compared with the payment’s',
    caughtBy: ['success-without-charge'],
    takes: (take) => async (engine, taken) => {
      const payment = await notified(engine, taken);
      if (payment === null || taken.outcome.kind !== 'paid') return take(engine, taken);
      return take(engine, { ...taken, outcome: { ...taken.outcome, amount: payment.amount } });
    },
  },
  {
    ...sound,
    does: 'a reversal’s refund id that was not answered is given up for another one',
    caughtBy: ['refund-id-wasted'],
    wallet: (gateway) => ({
      ...gateway,
      async refund(request, limit) {
        const answer = await gateway.refund(request, limit);
        return answer.kind === 'no_answer' ? { kind: 'spent', code: 'TIMEOUT', message: 'spent' } : answer;
      },
      async inquireRefund(request, limit) {
        const answer = await gateway.inquireRefund(request, limit);
        return answer.kind === 'refunded' ? answer : { kind: 'failed', code: 'TIMEOUT', message: 'failed' };
      },
    }),
  },
  {
    ...sound,
    does: 'a step that is stuck keeps every later one waiting',
    caughtBy: ['left-waiting'],
    due: (due, { memory }) => {
      let head: Payment | null = null;
      return {
        ...due,
        async claimDue(limit, leaseMs, options) {
          const current =
            head === null ? undefined : memory.records.payments.get(rowKeyOf(head.merchantId, head.id));
          if (current !== undefined && current.nextStep !== null) {
            const payment = await due.claimPayment(current.merchantId, current.id, leaseMs);
            return payment === null ? [] : [{ kind: 'payment', payment, lanes: [] }];
          }
          const rows = await due.claimDue(limit === 0 ? 0 : 1, leaseMs, options);
          head = rows[0]?.kind === 'payment' ? rows[0].payment : null;
          return rows;
        },
      };
    },
  },
  {
    ...sound,
    does: 'a cancel that could not be sent is forgotten',
    caughtBy: ['forgotten-row', 'provisional-past-horizon', 'accepted-cancel-lost'],
    due: (due, { memory }) => ({
      ...due,
      async hold(step) {
        const rowKey = rowKeyOf(step.merchantId, step.id);
        if (step.kind === 'payment') memory.records.waiting.delete(rowKey);
        else await due.hold(step);
      },
    }),
  },
];

/** The payment that a notification is about. */
async function notified(
  { journal }: Parameters<TakeNotification>[0],
  { requestId }: Parameters<TakeNotification>[1],
): Promise<Payment | null> {
  return journal.findPayment('M0001', requestId.replace(/^P/, 'pay_'));
}

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

const sentRequests = new WeakMap<World, Map<string, PayRequest>>();

/** What was sent to pay, known to every process of a run: the defect is about who sends, not about knowing. */
function payRequestsOf(world: World): Map<string, PayRequest> {
  const known = sentRequests.get(world) ?? new Map<string, PayRequest>();
  sentRequests.set(world, known);
  return known;
}
