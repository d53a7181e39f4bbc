import pg, { type QueryConfig } from 'pg';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Delivery } from '../../domain/delivery.ts';
import { inTransaction } from './database.ts';
import { createDeliveryJournal } from './delivery-journal.ts';
import { type DeliveryFilter, listDeliveries } from './listed-deliveries.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';

const { database } = await openedTestDatabase();
const perMonth = 30_000;
const url = 'https://shop.example/hook';

/** Three months of deliveries, of which nearly all have arrived; some of a small shop's are held, and a few of a large one's wait. */
beforeAll(async () => {
  await inTransaction(database, async (connection) => {
    for (const [month, day] of ['2026-01-01', '2026-02-01', '2026-03-01'].entries()) {
      await connection.query('select ensure_month_partitions($1::date)', [day]);
      await connection.query(
        `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, due_at, created_at)
         select case when n % 1000 = 0 then 'SMALL' else 'LARGE' end, 'evt_' || $1::int || '_' || n, 'payment.succeeded', 'payment',
           'pay_' || n, 'pay_' || n, $2, case when n % 1000 = 0 then 'held' when n % 1500 = 1 then 'pending' else 'delivered' end,
           case when n % 1000 <> 0 and n % 1500 = 1 then now() end, $3::timestamptz + n * interval '1 minute'
         from generate_series(1, ${perMonth}) n`,
        [month, url, `${day} 00:00:00+00`],
      );
    }
  });
  await database.query('analyze deliveries');
});
afterEach(() => vi.restoreAllMocks());

const anything: DeliveryFilter = {
  merchantId: null,
  id: null,
  paymentId: null,
  url: null,
  state: null,
  since: null,
};

/** Rows that the statements read which the work asks, by their plans as they are executed once more. */
async function rowsRead(work: () => Promise<unknown>): Promise<number> {
  const asked = vi.spyOn(pg.Client.prototype, 'query');
  await work();
  const calls = asked.mock.calls.map(
    (call) => call as unknown as [string | QueryConfig<unknown[]>, unknown[]?],
  );
  vi.restoreAllMocks();
  const connection = await database.connect();
  await connection.query('begin');
  let read = 0;
  for (const [statement, given = []] of calls) {
    const { text, values = given } = typeof statement === 'string' ? { text: statement } : statement;
    if (text.startsWith('set local')) await connection.query(text);
    if (!/^\s*(select|with|update)\b/.test(text)) continue;
    const { rows } = await connection.query<{ readonly 'QUERY PLAN': string }>(
      `explain (analyze, costs off, timing off, summary off) ${text}`,
      values,
    );
    for (const { 'QUERY PLAN': line } of rows) {
      const scanned = / Scan .*\(actual rows=([\d.]+) loops=(\d+)\)/.exec(line);
      const filtered = /Rows Removed by (?:Join )?Filter: (\d+)/.exec(line);
      read += Number(scanned?.[1] ?? 0) * Number(scanned?.[2] ?? 1) + Number(filtered?.[1] ?? 0);
    }
  }
  await connection.query('rollback');
  connection.release();
  return read;
}

it.each([
  ['all of them', {}],
  ['a large merchant’s', { merchantId: 'LARGE' }],
  ['a small merchant’s', { merchantId: 'SMALL' }],
  ['those to an endpoint', { url }],
  ['those that are held', { state: 'held' }],
  ['those that wait', { state: 'pending' }],
  ['those of one payment', { paymentId: 'pay_77' }],
  ['one merchant’s of one id', { merchantId: 'LARGE', id: 'evt_1_77' }],
] as const)('a list of %s reads little more than it shows, however many there are', async (_, filter) => {
  const read = await rowsRead(() => listDeliveries(database, { ...anything, ...filter }, 50));
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(500);
});

it('the newest come first, through the months, and it is told whether there are more', async () => {
  const { rows, hasMore } = await listDeliveries(database, { ...anything, merchantId: 'SMALL' }, 40);
  expect(hasMore).toBe(true);
  expect(rows).toHaveLength(40);
  expect(rows[0]).toMatchObject({ id: `evt_2_${perMonth}`, state: 'held' });
  expect(rows[39]).toMatchObject({ id: `evt_1_${perMonth - 9_000}` });
  const times = rows.map(({ createdAt }) => createdAt.getTime());
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  expect((await listDeliveries(database, { ...anything, state: 'held' }, 90)).hasMore).toBe(false);
});

// proves NOT-03
it('putting off what is due to an endpoint reads what is due, however much has arrived', async () => {
  const deliveries = createDeliveryJournal(database);
  const delivery: Delivery = {
    merchantId: 'LARGE',
    id: 'evt_0_1',
    type: 'payment.succeeded',
    subject: 'payment',
    subjectId: 'pay_1',
    paymentId: 'pay_1',
    url,
    tries: 0,
    createdAt: new Date('2026-01-01T00:01:00Z'),
    endpoint: null,
  };
  expect(await rowsRead(() => deliveries.putOffOthers(delivery, 0))).toBeLessThan(2_000);
});
