import { rowKeyOf } from '../../src/adapters/memory/records.ts';
import type { Payment } from '../../src/domain/payment.ts';
import { onEveryProduct } from '../../src/domain/policy.fixture.ts';
import { type PlantedDefect, sound, type TakeNotification } from './plant.ts';

/** Defects in how a process takes notifications, steps, policies and the time. */
export const plantedInProcesses: readonly PlantedDefect[] = [
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
    moneyCase: 5,
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
    does: 'a notification of a payment that nobody here knows is dropped',
    moneyCase: 10,
    caughtBy: ['acknowledged-but-forgotten'],
    takes: (take) => async (engine, taken) =>
      (await notified(engine, taken)) === null ? { kind: 'stray' } : take(engine, taken),
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
    does: 'a step that is stuck keeps every later one waiting',
    caughtBy: ['left-waiting'],
    due: (due, { memory, scheduler }) => {
      let head: Payment | null = null;
      let sinceMs = 0;
      return {
        ...due,
        async claimDue(limit, leaseMs, options) {
          const current =
            head === null ? undefined : memory.records.payments.get(rowKeyOf(head.merchantId, head.id));
          // Longer shows nothing more, and takes many events.
          const isStuck = scheduler.nowMs() < sinceMs + 15 * 60_000;
          if (current !== undefined && current.nextStep !== null && isStuck) {
            const payment = await due.claimPayment(current.merchantId, current.id, leaseMs);
            return payment === null ? [] : [{ kind: 'payment', payment, lanes: [] }];
          }
          const rows = await due.claimDue(limit === 0 ? 0 : 1, leaseMs, options);
          head = rows[0]?.kind === 'payment' ? rows[0].payment : null;
          sinceMs = scheduler.nowMs();
          return rows;
        },
      };
    },
  },
  {
    ...sound,
    does: 'a cancel that could not be sent is forgotten',
    moneyCase: 14,
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
  {
    ...sound,
    does: 'a process goes by its host’s clock, which is wrong',
    moneyCase: 12,
    caughtBy: ['payer-cut-off', 'payable-after-final', 'ended-while-payable'],
    clock(clock, { scheduler, random }) {
      const aheadMs = random.integer(-30, 30) * 60_000;
      return { ...clock, now: () => new Date(scheduler.nowMs() + aheadMs) };
    },
  },
];

/** The payment that a notification is about. */
async function notified(
  { journal }: Parameters<TakeNotification>[0],
  { requestId }: Parameters<TakeNotification>[1],
): Promise<Payment | null> {
  return journal.findPayment('M0001', requestId.replace(/^P/, 'pay_'));
}
