import { later } from '../domain/payment-changes.ts';
import { policyOf, recordPaymentInput, recordRefundInput } from '../operations/record.ts';
import { policyOfStrayCancel, recordStrayCancelInput } from '../operations/stray-cancel.ts';
import type { DueRow } from '../ports/due-rows.ts';
import type { DeliverEngine } from './deliver.ts';

/** Steps that this process could not take at all, by how often in a row. */
export interface FailingSteps {
  /** Once more. The third time the row needs attention; what people know of already is tried less often at once. */
  failed(row: DueRow): Promise<void>;
  worked(row: DueRow): void;
}

const failuresUntilAttention = 3;
const pauseMs = 30_000;
/**
 * Rows that are remembered; a crash forgets them as well, and the count begins anew. More of them come later, when these stand
 * before people: to forget one for another would keep all of them from being counted to the end.
 */
const rememberedMax = 10_000;
/** What has not failed for so long was settled, or another process has it. */
const rememberedMs = 300_000;

/**
 * A step that throws each time (no such wallet account, an unreadable key, a mistake of ours) is nobody's answer: the row
 * keeps its step and its tries, comes before people, and makes room for others meanwhile. RES-13.
 */
export function createFailingSteps(engine: DeliverEngine): FailingSteps {
  const failures = new Map<string, { readonly count: number; readonly atMs: number }>();

  function remember(name: string, count: number): void {
    const atMs = engine.clock.monotonicMs();
    // Whoever fails again goes to the end: the first is the one that has not failed for the longest time.
    failures.delete(name);
    const [oldest] = failures;
    if (failures.size >= rememberedMax && oldest !== undefined) {
      if (atMs < oldest[1].atMs + rememberedMs) return;
      failures.delete(oldest[0]);
    }
    failures.set(name, { count, atMs });
  }

  return {
    async failed(row) {
      const name = nameOf(row);
      const count = (failures.get(name)?.count ?? 0) + 1;
      remember(name, count);
      if (count < failuresUntilAttention && !isInSight(row)) return;
      await putOff(engine, row);
      if (row.kind !== 'delivery') failures.delete(name);
    },
    worked(row) {
      failures.delete(nameOf(row));
    },
  };
}

/** Whether the row stands before people already, for whatever reason. */
function isInSight(row: DueRow): boolean {
  switch (row.kind) {
    case 'payment':
      return row.payment.attention !== null;
    case 'refund':
      return row.refund.attention !== null;
    case 'stray_cancel':
      return row.cancel.attention !== null;
    case 'delivery':
      return false;
    default:
      return row satisfies never;
  }
}

async function putOff(engine: DeliverEngine, row: DueRow): Promise<void> {
  const dueAt = later(engine.clock.now(), pauseMs);
  switch (row.kind) {
    case 'payment': {
      const { payment } = row;
      const policy = await policyOf(engine, payment);
      const told = await recordPaymentInput(engine, payment, { kind: 'step_failed' }, policy);
      if (isSameStep(payment, told)) await engine.due.postponePayment(told, dueAt);
      return;
    }
    case 'refund': {
      const { refund } = row;
      const payment = await engine.journal.findPayment(refund.merchantId, refund.paymentId);
      if (payment === null) throw new Error(`refund ${refund.id} has no payment ${refund.paymentId}`);
      const policy = await policyOf(engine, payment);
      const told = await recordRefundInput(engine, refund, { kind: 'step_failed' }, policy);
      if (isSameStep(refund, told)) await engine.due.postponeRefund(told, dueAt);
      return;
    }
    case 'stray_cancel': {
      const { cancel } = row;
      const policy = await policyOfStrayCancel(engine, cancel);
      const told = await recordStrayCancelInput(engine, cancel, { kind: 'step_failed' }, policy);
      if (isSameStep(cancel, told)) await engine.due.postponeStrayCancel(told, dueAt);
      return;
    }
    case 'delivery':
      // Its schedule counts what the endpoint does, and that was not asked. The log says what went wrong here.
      await engine.deliveries.recordPutOff(row.delivery, dueAt);
      return;
    default:
      row satisfies never;
  }
}

type Step = { readonly nextStep: { readonly dueAt: Date } | null };

/** Whether nobody has taken the step meanwhile. */
function isSameStep(before: Step, now: Step): boolean {
  return now.nextStep !== null && now.nextStep.dueAt.getTime() === before.nextStep?.dueAt.getTime();
}

function nameOf(row: DueRow): string {
  switch (row.kind) {
    case 'payment':
      return `${row.payment.merchantId} ${row.payment.id}`;
    case 'refund':
      return `${row.refund.merchantId} ${row.refund.id}`;
    case 'stray_cancel':
      return `${row.cancel.merchantId} ${row.cancel.id}`;
    case 'delivery':
      return `${row.delivery.merchantId} ${row.delivery.id}`;
    default:
      return row satisfies never;
  }
}
