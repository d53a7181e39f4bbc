import type { DeliveryJournal, DueRows } from '../../ports/due-rows.ts';
import type { CancelJournal, PaymentJournal, RefundJournal } from '../../ports/journal.ts';
import { createCancelJournal } from './cancel-journal.ts';
import { createDeliveryJournal } from './delivery-journal.ts';
import { createDueRows } from './due-rows.ts';
import { createPaymentJournal } from './payment-journal.ts';
import { createMemoryRecords, type MemoryRecords } from './records.ts';
import { createRefundJournal } from './refund-journal.ts';

export interface MemoryJournal {
  readonly journal: PaymentJournal & RefundJournal & CancelJournal;
  readonly due: DueRows;
  readonly deliveries: DeliveryJournal;
  /** What is behind the ports, for whoever audits it. */
  readonly records: MemoryRecords;
}

/**
 * The journal, its due rows and its deliveries in memory, for tests and the simulation: the same promises as on
 * PostgreSQL, but for durability. Nothing is copied, since the values in it never change.
 */
export function createMemoryJournal(now: () => Date): MemoryJournal {
  const records = createMemoryRecords(now);
  return {
    journal: {
      ...createPaymentJournal(records),
      ...createRefundJournal(records),
      ...createCancelJournal(records),
    },
    due: createDueRows(records),
    deliveries: createDeliveryJournal(records),
    records,
  };
}
