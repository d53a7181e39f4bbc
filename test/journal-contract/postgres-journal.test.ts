import { randomBytes } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { beforeAll } from 'vitest';
import { createCancelJournal } from '../../src/adapters/postgres/cancel-journal.ts';
import { createDeliveryJournal } from '../../src/adapters/postgres/delivery-journal.ts';
import { createDueRows } from '../../src/adapters/postgres/due-rows.ts';
import { saveMerchant } from '../../src/adapters/postgres/merchant-records.ts';
import { openedTestDatabase } from '../../src/adapters/postgres/opened-test-database.fixture.ts';
import { createPaymentJournal } from '../../src/adapters/postgres/payment-journal.ts';
import { createRefundJournal } from '../../src/adapters/postgres/refund-journal.ts';
import { createSealing } from '../../src/adapters/sealing.ts';
import { journalContract } from './journal-contract.ts';
import { contractMerchants } from './journal-under-test.ts';

const { database } = await openedTestDatabase();

beforeAll(async () => {
  const sealing = createSealing(randomBytes(32));
  for (const id of contractMerchants) {
    await saveMerchant(database, sealing, {
      id,
      name: id,
      mcc: null,
      notifyUrl: null,
      orderCodes: null,
      stores: [],
      bindings: [],
    });
  }
});

// One database for all cases, emptied for each: a clone per case would take most of the time.
journalContract('journal on PostgreSQL', async () => {
  await database.query(
    'truncate orders, payments, refunds, payment_events, deliveries, endpoints, idempotency_keys, held_cancels, stray_cancels',
  );
  return {
    journal: {
      ...createPaymentJournal(database),
      ...createRefundJournal(database),
      ...createCancelJournal(database),
    },
    due: createDueRows(database),
    deliveries: createDeliveryJournal(database),
    now: async () => {
      const { rows } = await database.query<{ readonly now: Date }>('select clock_timestamp() as now');
      if (rows[0] === undefined) throw new Error('the database did not tell its time');
      return rows[0].now;
    },
    pass: async (ms) => {
      await sleepFor(ms);
    },
    close: async () => {},
  };
});
