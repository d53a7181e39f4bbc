import { later } from '../domain/payment-changes.ts';
import { policyOf, recordPaymentInput, recordRefundInput } from '../operations/record.ts';
import { recordStrayCancelInput, strayCancelPolicy } from '../operations/stray-cancel.ts';
import type { DueRow } from '../ports/due-rows.ts';
import type { DeliverEngine } from './deliver.ts';

/** Steps that this process could not take at all, by how often in a row. */
export interface FailingSteps {
  /** Once more. The third time the row needs attention, and is tried less often. */
  failed(row: DueRow): Promise<void>;
  worked(row: DueRow): void;
}

const failuresUntilAttention = 3;
const pauseMs = 30_000;
/** Rows that are remembered; a crash forgets them as well, and the count begins anew. */
const rememberedMax = 10_000;

/**
 * A step that throws each time (no such wallet account, an unreadable key, a mistake of ours) is nobody's answer: the row
 * keeps its step and its tries, comes before people, and makes room for others meanwhile. RES-13.
 */
export function createFailingSteps(engine: DeliverEngine): FailingSteps {
  const failures = new Map<string, number>();
  return {
    async failed(row) {
      const name = nameOf(row);
      const count = (failures.get(name) ?? 0) + 1;
      failures.delete(name);
      failures.set(name, count);
      const [oldest] = failures.keys();
      if (failures.size > rememberedMax && oldest !== undefined) failures.delete(oldest);
      if (count >= failuresUntilAttention) await putOff(engine, row);
    },
    worked(row) {
      failures.delete(nameOf(row));
    },
  };
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
      const policy = await strayCancelPolicy(engine, cancel);
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
