import { type Payment, publicStatus } from '../../domain/payment.ts';
import { publicRefundStatus, type Refund } from '../../domain/refund.ts';
import type { DueRows } from '../../ports/due-rows.ts';
import type { PaymentJournal, RefundJournal } from '../../ports/journal.ts';
import type { Database } from './database.ts';
import { bringForward } from './due-rows.ts';
import {
  type AuditDocument,
  type Operator,
  type OperatorAction,
  withOperatorAction,
} from './operator-actions.ts';
import { recordPayment } from './payment-journal.ts';
import { recordRefund } from './refund-journal.ts';

/** What an operator does to a payment or refund. */
interface DoneByHand extends Pick<OperatorAction, 'action' | 'note'> {
  /** What he has said of it. */
  readonly as: string | null;
}

/**
 * The writing parts of the journals as an operator uses them: each record leaves a row in the audit log, in the same
 * transaction. What had moved on, and was not recorded, leaves none.
 */
export function createOperatorRecords(
  database: Database,
  operator: Operator,
  { as, ...done }: DoneByHand,
): Pick<PaymentJournal, 'recordPayment'> &
  Pick<RefundJournal, 'recordRefund'> &
  Pick<DueRows, 'bringForward'> {
  return {
    recordPayment: (record) =>
      withOperatorAction(database, operator, async (connection) => {
        const result = await recordPayment(connection, record);
        if (result === null) return { result, action: null };
        const { merchantId, id: subjectId } = result;
        const before = paymentState(record.before, null);
        const after = paymentState(result, as);
        return { result, action: { ...done, merchantId, subject: 'payment', subjectId, before, after } };
      }),
    recordRefund: (record) =>
      withOperatorAction(database, operator, async (connection) => {
        const result = await recordRefund(connection, record);
        if (result === null) return { result, action: null };
        const { merchantId, id: subjectId } = result;
        const before = refundState(record.before, null);
        const after = refundState(result, as);
        return { result, action: { ...done, merchantId, subject: 'refund', subjectId, before, after } };
      }),
    bringForward: (kind, merchantId, id) =>
      withOperatorAction(database, operator, async (connection) => {
        const result = await bringForward(connection, kind, merchantId, id);
        const what = {
          merchantId,
          subject: kind,
          subjectId: id,
          before: null,
          after: { due: 'now' },
        } as const;
        return { result, action: result ? { ...done, ...what } : null };
      }),
  };
}

function paymentState(payment: Payment, as: string | null): AuditDocument {
  const { attention, nextStep, cancelledBy, refunded } = payment;
  return {
    as,
    status: publicStatus(payment),
    cancelled_by: cancelledBy,
    refunded: `${refunded}`,
    needs_attention: attention?.reason ?? null,
    next_step: nextStep?.action ?? null,
  };
}

function refundState(refund: Refund, as: string | null): AuditDocument {
  return {
    as,
    status: publicRefundStatus(refund),
    needs_attention: refund.attention?.reason ?? null,
    next_step: refund.nextStep?.action ?? null,
  };
}
