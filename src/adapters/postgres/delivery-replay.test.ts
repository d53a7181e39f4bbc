import { expect, it } from 'vitest';
import { madePayment } from '../../../test/journal-contract/journal-under-test.ts';
import type { Announcement } from '../../domain/announcement.ts';
import type { Payment } from '../../domain/payment.ts';
import { createDeliveryJournal } from './delivery-journal.ts';
import { createDueRows } from './due-rows.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import { createPaymentJournal } from './payment-journal.ts';

const { database } = await openedTestDatabase();
const journal = createPaymentJournal(database);
const deliveries = createDeliveryJournal(database);
const due = createDueRows(database);

async function recorded(
  before: Payment,
  changes: Partial<Payment>,
  type: Announcement['type'],
): Promise<Payment> {
  const announcement: Announcement = {
    type,
    subject: 'payment',
    subjectId: before.id,
    url: 'https://merchant.example/notify',
  };
  const after = { ...before, ...changes, nextStep: null };
  const payment = await journal.recordPayment({ before, after, events: [], announcements: [announcement] });
  if (payment === null) throw new Error('the payment has gone on');
  return payment;
}

async function claimedType(): Promise<string | null> {
  const [row] = await due.claimDue(10, 15_000);
  return row?.kind === 'delivery' ? row.delivery.type : null;
}

// proves NOT-03
it('a cancel that was begun before a replay, and recorded after it, waits for the replayed success', async () => {
  const opened = await journal.openPayment(madePayment(new Date()), [], null, []);
  if (opened.kind !== 'opened') throw new Error('the payment was not opened');
  const paid = await recorded(opened.payment, { state: 'succeeded' }, 'payment.succeeded');
  const [told] = await due.claimDue(10, 15_000);
  if (told?.kind !== 'delivery') throw new Error('nothing is to be delivered');
  await deliveries.recordDelivered(told.delivery);

  // The cancel's statement has its snapshot already and waits for the payment's row.
  const holder = await database.connect();
  await holder.query('begin');
  await holder.query('select from payments where id = $1 for update', [paid.id]);
  const cancelling = recorded(paid, { state: 'cancelled' }, 'payment.cancelled');
  await expect
    .poll(async () => {
      const { rows } = await database.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length;
    })
    .toBe(1);
  expect(await deliveries.replay(paid.merchantId, [told.delivery.id], 0)).toEqual([told.delivery.id]);
  expect(await claimedType()).toBe('payment.succeeded');
  await holder.query('commit');
  holder.release();
  await cancelling;
  expect(await claimedType()).toBeNull();
  await deliveries.recordDelivered(told.delivery);
  expect(await claimedType()).toBe('payment.cancelled');
});
