import type { QueryConfig } from 'pg';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { inTransaction } from './database.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import { readOperatingSignals } from './operating-signals.ts';

const { database } = await openedTestDatabase();
const count = 40_000;

/** Payments that have ended, with a refund and a delivery each; a few are due, and a few stand in attention. */
beforeAll(async () => {
  await inTransaction(database, async (connection) => {
    // Rows that fit together are made here; checking each reference would take most of the time.
    await connection.query('set local session_replication_role = replica');
    await connection.query(
      `insert into payments (merchant_id, id, merchant_order_no, wallet, account, product, currency, amount,
         store_id, terminal_id, sub_merchant_id, subject, metadata, expires_at, created_at, state, version,
         updated_at, paid_evidence, next_step, due_at, lease_until, attention, attention_since,
         waits_for, window_ends_at, reversal_state, reversal_by)
       select 'M1', 'pay_' || n, 'O' || n, 'alipay_open', 'sandbox', 'payment_code', 'CNY', 100,
         'S1', 'T1', 'smid', 'tea', '{}', now(), now(),
         case when n <= 4 then 'failed' when n <= 20 then 'unknown' else 'succeeded' end, 1, now(),
         n <= 4 or n > 20,
         case when n <= 4 then 'cancel' when n <= 20 then 'inquire' end,
         case when n <= 20 then now() - n * interval '1 second' end,
         case when n = 20 then now() + interval '1 hour' end,
         case when n = 1 then 'paid_after_end' when n = 2 then 'step_failing' when n in (5, 6) then 'inquiry_unresolved'
           when n in (7, 21) then 'delivery_exhausted' end,
         case when n in (1, 2, 5, 6, 7, 21) then now() end,
         case when n in (8, 9) then 'alipay_open/sandbox' end, case when n in (8, 9) then now() end,
         case when n = 4 then 'effected' end, case when n = 4 then 'gateway' end
       from generate_series(1, ${count}) n`,
    );
    await connection.query(
      `insert into refunds (merchant_id, id, payment_id, currency, amount, created_at, state, version, updated_at,
         next_step, due_at, attention, attention_since)
       select 'M1', 're_' || n, 'pay_' || n, 'CNY', 1, now(), case when n <= 3 then 'unknown' when n = 4 then 'failed' else 'succeeded' end, 1,
         now(), case when n <= 3 then 'refund' end, case when n <= 3 then now() - interval '30 seconds' end,
         case when n = 1 then 'refund_unresolved' when n = 4 then 'refunded_after_failure' end,
         case when n in (1, 4) then now() end
       from generate_series(1, ${count}) n`,
    );
    await connection.query(
      `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at, due_at)
       select 'M1', 'evt_' || n, 'payment.succeeded', 'payment', 'pay_' || n, 'pay_' || n, 'https://merchant.example/',
         case when n <= 2 then 'pending' else 'delivered' end, now(),
         case when n = 1 then now() - interval '10 seconds' when n = 2 then now() + interval '1 hour' end
       from generate_series(1, ${count}) n`,
    );
    await connection.query(
      `insert into endpoints (merchant_id, url, failing_since, failures, last_failure)
       values ('M1', 'https://merchant.example/', now(), 3, 'it answered 500')`,
    );
  });
  await database.query('analyze payments, refunds, deliveries');
});
afterEach(() => vi.restoreAllMocks());

it('counts what is due, what waits for people and what may be one-sided, each once', async () => {
  const signals = await readOperatingSignals(database);
  // The second payment cannot be undone for another reason, and the first refund has no outcome: suspects like the others.
  // The fourth has its money back.
  expect(Object.fromEntries(signals.oneSidedSuspects)).toEqual({
    paid_after_end: 1,
    paid_but_ended: 2,
    inquiry_unresolved: 2,
    refund_unresolved: 1,
    // It has ended as failed, and its wallet says otherwise since.
    refunded_after_failure: 1,
  });
  expect(Object.fromEntries(signals.needsAttention)).toMatchObject({
    paid_after_end: 1,
    step_failing: 1,
    inquiry_unresolved: 2,
    refund_unresolved: 1,
    refunded_after_failure: 1,
    delivery_exhausted: 2,
    endpoint_disabled: 0,
    stray_notification: 0,
  });
  const due = signals.dueSteps.map(({ kind, step, count: rows }) => `${kind} ${step}: ${rows}`);
  expect(signals.heldSteps).toEqual([{ wallet: 'alipay_open', account: 'sandbox', count: 2 }]);
  // The one whose lease runs is worked on.
  expect(due.toSorted()).toEqual([
    'delivery deliver: 1',
    'payment cancel: 4',
    'payment inquire: 15',
    'refund refund: 3',
  ]);
  expect(signals.oldestDueSeconds).toBeGreaterThanOrEqual(30);
  expect(signals.workersAlive).toBe(0);
});

it('reads rows by indexes alone, however many have ended', async () => {
  const asked = vi.spyOn(database, 'query');
  await readOperatingSignals(database);
  const statements = asked.mock.calls.map(([statement]) => statement as unknown as QueryConfig<unknown[]>);
  vi.restoreAllMocks();
  expect(statements.length).toBeGreaterThanOrEqual(5);
  // Partitions of months without a row are read whole, which costs nothing.
  const { rows: months } = await database.query<{ readonly month: string }>(
    `select distinct tableoid::regclass::text as month from deliveries`,
  );
  const full = new RegExp(`Seq Scan on (payments|refunds|${months.map(({ month }) => month).join('|')})\\b`);
  for (const { name, text, values } of statements) {
    const { rows } = await database.query<{ readonly 'QUERY PLAN': string }>(
      `explain (costs off) ${text}`,
      values ?? [],
    );
    const scans = rows.map((row) => row['QUERY PLAN']).filter((line) => full.test(line));
    expect(scans, `${name}`).toEqual([]);
  }
});
