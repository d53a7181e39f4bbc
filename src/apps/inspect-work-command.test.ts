import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/database/test-database.ts';
import { createCancelJournal } from '../adapters/postgres/cancel-journal.ts';
import { type Database, openDatabase } from '../adapters/postgres/database.ts';
import { gatewayMetrics } from './metrics.ts';
import { createProcessSignals } from './process-signals.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

let folder: string;
let testDatabase: TestDatabase;
let database: Database;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-cli-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({
    url: testDatabase.url,
    poolSize: 2,
    applicationName: 'test',
    onIdleError: () => {},
  });
});

afterEach(async () => {
  await database.end();
  await testDatabase.drop();
});

function shoudan(line: string): Promise<Ended> {
  return run(line, { DATABASE_URL: testDatabase.url, SHOUDAN_DATA_DIR: folder });
}

/** An id of a merchant who has the short number 0. */
function idOf(kind: string, number: number): string {
  return kind + `${number}`.padStart(31, '0');
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly step: string | null;
  /** From now; negative when it is due. */
  readonly dueInSeconds: number | null;
  readonly attention?: string;
  readonly since?: string;
}

async function payment(row: Row): Promise<void> {
  await database.query(`insert into orders (merchant_id, merchant_order_no) values ('M1', $1)`, [row.id]);
  await database.query(
    `insert into payments (merchant_id, id, merchant_order_no, wallet, account, product, currency, amount, store_id,
       terminal_id, sub_merchant_id, subject, metadata, expires_at, created_at, state, next_step, due_at, tries,
       attention, attention_since, version, updated_at)
     values ('M1', $1, $1, 'alipay_open', 'main', 'payment_code', 'CNY', 1234, 'S1', 'T1', '2088', 'x', '{}', now(),
       now(), $2, $3, clock_timestamp() + $4 * interval '1 second', 7, $5, $6, 1, now())`,
    [row.id, row.state, row.step, row.dueInSeconds, row.attention ?? null, row.since ?? null],
  );
}

async function refund(row: Row & { readonly paymentId: string }): Promise<void> {
  await database.query(
    `insert into refunds (merchant_id, id, payment_id, currency, amount, created_at, state, next_step, due_at, tries,
       attention, attention_since, version, updated_at)
     values ('M1', $1, $2, 'CNY', 100, now(), $3, $4, clock_timestamp() + $5 * interval '1 second', 3, $6, $7, 1, now())`,
    [row.id, row.paymentId, row.state, row.step, row.dueInSeconds, row.attention ?? null, row.since ?? null],
  );
}

async function delivery(id: string, dueInSeconds: number): Promise<void> {
  await database.query(
    `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, due_at, created_at)
     values ('M1', $1, 'payment.succeeded', 'payment', 'p', 'p', 'http://x', 'pending',
       clock_timestamp() + $2 * interval '1 second', now())`,
    [id, dueInSeconds],
  );
}

it('an empty queue says so, and that no worker is alive', async () => {
  const ended = await shoudan('inspect queue');
  expect(ended).toMatchObject({ exitCode: 0, err: '' });
  expect(ended.out).toMatch(
    /^at {7}\S+Z\nworkers {2}none alive: start one with `shoudan work`\n\nnothing waits\n\nneeds attention: 0\n\ndisabled endpoints: 0\n\nheld cancels: 0\n\nstray notifications: 0\n\nuntrusted notifications of the last day: 0\n$/,
  );
  expect(JSON.parse((await shoudan('inspect queue --json')).out)).toEqual({
    at: expect.any(String),
    workers_alive: 0,
    steps: [],
    accounts: [],
    attention_total: 0,
    attention: [],
    disabled_endpoints_total: 0,
    disabled_endpoints: [],
    held_cancels_total: 0,
    held_cancels: [],
    held_order_cancels_total: 0,
    held_order_cancels: [],
    stray_notifications_total: 0,
    stray_notifications: [],
    untrusted_notifications: [],
  });
});

it('what waits is counted by kind and step, with what is due and since when', async () => {
  await payment({ id: 'p1', state: 'unknown', step: 'inquire', dueInSeconds: -60 });
  await payment({ id: 'p2', state: 'submitted', step: 'inquire', dueInSeconds: 600 });
  await payment({ id: 'p3', state: 'reversing', step: 'cancel', dueInSeconds: 600 });
  await payment({ id: 'p4', state: 'succeeded', step: null, dueInSeconds: null });
  await refund({ id: 'r1', paymentId: 'p4', state: 'accepted', step: 'refund', dueInSeconds: -5 });
  await delivery('d1', -30);
  await delivery('d2', 600);
  await database.query(`insert into workers (id) values ('w1'), ('w2')`);
  await database.query(`insert into workers (id, seen_at) values ('gone', now() - interval '1 minute')`);

  const json = JSON.parse((await shoudan('inspect queue --json')).out);
  expect(json.workers_alive).toBe(2);
  expect(json.steps).toMatchObject([
    { kind: 'payment', step: 'cancel', waiting: 1, due: 0 },
    { kind: 'payment', step: 'inquire', waiting: 2, due: 1 },
    { kind: 'refund', step: 'refund', waiting: 1, due: 1 },
    { kind: 'delivery', step: 'deliver', waiting: 2, due: 1 },
  ]);
  const late = Date.parse(json.at) - Date.parse(json.steps[1].oldest_due_at);
  expect(late).toBeGreaterThanOrEqual(60_000);

  const { out } = await shoudan('inspect queue');
  expect(out).toContain('workers  2 alive\n');
  expect(out).toMatch(/\nkind {6}step {5}waiting {2}due {2}oldest due\n/);
  expect(out).toMatch(/\npayment {3}cancel {3}1 {8}0 {4}\S+Z \(in \d+ s\)\n/);
  expect(out).toMatch(/\npayment {3}inquire {2}2 {8}1 {4}\S+Z \(\d+ s late\)\n/);
  expect(out).toMatch(/\ndelivery {2}deliver {2}2 {8}1 {4}\S+Z \(\d+ s late\)\n/);
});

it('what needs attention is listed with its reason, its next step and what to do, the oldest first', async () => {
  await payment({
    ...{ id: idOf('pay_', 1), state: 'reversing', step: 'cancel', dueInSeconds: 600 },
    ...{ attention: 'cancel_unresolved', since: '2026-11-22T02:00:00Z' },
  });
  await payment({
    ...{ id: idOf('pay_', 2), state: 'succeeded', step: null, dueInSeconds: null },
    ...{ attention: 'delivery_exhausted', since: '2026-11-22T03:00:00Z' },
  });
  await refund({
    ...{
      id: idOf('re_', 1),
      paymentId: idOf('pay_', 2),
      state: 'unknown',
      step: 'refund',
      dueInSeconds: 600,
    },
    ...{ attention: 'refund_unresolved', since: '2026-11-22T01:00:00Z' },
  });
  await database.query(
    `insert into wallet_accounts (wallet, name, gateway_url, app_id, private_key, wallet_public_key, support_contact)
     values ('alipay_open', 'main', 'https://wallet.example', 'app', '', '', 'Wang Fang, +86 10 5555 0001')`,
  );
  await database.query(
    `insert into held_cancels (merchant_id, payment_request_id, created_at) values ('M1', 'P1', '2026-11-22T00:00:00Z')`,
  );

  await database.query(
    `update payments set waits_for = 'alipay_open/main', window_ends_at = now(), tries = 1 where id = $1`,
    [idOf('pay_', 1)],
  );

  const json = JSON.parse((await shoudan('inspect attention --json')).out);
  expect(json).toMatchObject({
    attention_total: 3,
    attention: [
      {
        kind: 'refund',
        id: idOf('re_', 1),
        payment_id: idOf('pay_', 2),
        payment_request_id: idOf('P', 2),
        refund_request_id: idOf('R', 1),
        reason: 'refund_unresolved',
        next_step: { action: 'refund' },
        waits_for: null,
        tries: 3,
        call: 'Wang Fang, +86 10 5555 0001',
      },
      {
        kind: 'payment',
        id: idOf('pay_', 1),
        merchant_id: 'M1',
        payment_request_id: idOf('P', 1),
        merchant_order_no: idOf('pay_', 1),
        wallet: 'alipay_open',
        account: 'main',
        wallet_transaction_id: null,
        reason: 'cancel_unresolved',
        waits_for: { wallet: 'alipay_open', account: 'main' },
        tries: 1,
      },
      {
        kind: 'payment',
        id: idOf('pay_', 2),
        reason: 'delivery_exhausted',
        call: 'the merchant: its endpoint accepts nothing',
        since: '2026-11-22T03:00:00.000Z',
        next_step: null,
      },
    ],
    held_cancels_total: 1,
    held_cancels: [{ merchant_id: 'M1', payment_request_id: 'P1', since: '2026-11-22T00:00:00.000Z' }],
  });
  for (const row of json.attention) expect(row.advice).toMatch(/\.$/);

  const { out } = await shoudan('inspect attention');
  expect(out).toMatch(
    /^needs attention: 3\n\nrefund +re_0+1 of merchant M1\npayment +pay_0+2\nrequest +P0+2\nrefund request {2}R0+1\norder +pay_0+2\nwallet +alipay_open main: names no transaction\nreason +refund_unresolved since 2026-11-22T01:00:00\.000Z\nnext step +refund, due \S+Z, after 3 tries\nadvice +\S.*\ncall +Wang Fang, \+86 10 5555 0001\n/,
  );
  expect(out).toMatch(
    /\nnext step +cancel, as soon as alipay_open main answers again, or at \S+Z; after 1 try\n/,
  );
  expect(out).toMatch(/next step +none: it has ended\n/);
  expect(out).toContain(
    '\nheld cancels: 1\n\nmerchant  payment_request_id  since                     account  has come to\n' +
      'M1        P1                  2026-11-22T00:00:00.000Z  -        no account to send it to\n',
  );
  expect((await shoudan('inspect queue')).out).toContain('needs attention: 3\n');
});

// money case 10
it('a cancelled order that no payment has come of is listed for a day, once a payment on its way would have come', async () => {
  const cancelled = (orderNo: string, minutesAgo: number, requests: number) =>
    database.query(
      `with o as (insert into orders (merchant_id, merchant_order_no, closed_at, requests) values ('M1', $1, now(), $3))
       insert into held_order_cancels (merchant_id, merchant_order_no, created_at)
       values ('M1', $1, clock_timestamp() - $2 * interval '1 minute')`,
      [orderNo, minutesAgo, requests],
    );
  await cancelled('too-young', 0, 0);
  const journal = createCancelJournal(database);
  for (const time of [1, 2])
    expect([time, (await journal.cancelOrder('M1', 'lost')).kind]).toEqual([time, 'held']);
  await database.query(
    `update held_order_cancels set created_at = created_at - interval '2 minutes' where merchant_order_no = 'lost'`,
  );
  await cancelled('came-later', 2, 1);
  await cancelled('too-old', 60 * 25, 0);
  const json = JSON.parse((await shoudan('inspect attention --json')).out);
  expect(json).toMatchObject({
    held_order_cancels_total: 1,
    held_order_cancels: [{ merchant_id: 'M1', merchant_order_no: 'lost' }],
  });
  expect((await shoudan('inspect attention')).out).toMatch(
    /\ncancelled orders without a payment: 1\n\nmerchant {2}merchant_order_no {2}since\s+M1 +lost +\S+Z\n\nNo payment has come/,
  );
  const { body } = await gatewayMetrics({ database, signals: createProcessSignals() })();
  expect(body).toContain('shoudan_needs_attention{reason="cancel_of_unknown_order"} 1');
});

// proves NOT-01
it('a notification of a payment that nobody here knows is listed with what it says and what to do', async () => {
  await database.query(
    `insert into stray_notifications (wallet, account, payment_request_id, says, times, sealed_bytes, created_at)
     values ('alipay_plus', 'main', 'P9', 'paid 350 USD as 2026', 3, '', '2026-11-22T00:00:00Z')`,
  );
  const json = JSON.parse((await shoudan('inspect attention --json')).out);
  expect(json).toMatchObject({
    stray_notifications_total: 1,
    stray_notifications: [
      {
        wallet: 'alipay_plus',
        account: 'main',
        payment_request_id: 'P9',
        says: 'paid 350 USD as 2026',
        times: 3,
        since: '2026-11-22T00:00:00.000Z',
      },
    ],
  });
  const { out } = await shoudan('inspect queue');
  expect(out).toMatch(
    /\nstray notifications: 1\n\nwallet .*\nalipay_plus {2}main {5}P9 .* paid 350 USD as 2026 {2}3 .*\n\nThe wallet tells of a payment that is not known here/,
  );
});

// proves NOT-01
it('notifications that cannot be trusted are counted by account, those of the last day', async () => {
  const insert = (account: string, detail: string, hoursAgo: number) =>
    database.query(
      `insert into untrusted_notifications (wallet, account, received_at, detail, sealed_bytes)
       values ('alipay_plus', $1, clock_timestamp() - $3 * interval '1 hour', $2, '')`,
      [account, detail, hoursAgo],
    );
  await insert('main', 'another client', 23);
  await insert('main', 'its signature does not fit', 1);
  await insert('main', 'of the day before', 25);
  await insert('other', 'its signature does not fit', 2);
  const json = JSON.parse((await shoudan('inspect attention --json')).out);
  expect(json.untrusted_notifications).toMatchObject([
    { wallet: 'alipay_plus', account: 'main', kept: 2, detail: 'its signature does not fit' },
    { wallet: 'alipay_plus', account: 'other', kept: 1 },
  ]);
  expect((await shoudan('inspect attention')).out).toMatch(
    /\nuntrusted notifications of the last day: 3\n\nwallet .*\nalipay_plus {2}main {5}2 {5}\S+Z {2}its signature does not fit\n.*\n\nSomebody else sends these/,
  );
});

it('inspect queue shows the first of many and says where the rest is', async () => {
  for (let index = 0; index < 23; index += 1) {
    await payment({
      ...{ id: idOf('pay_', index), state: 'reversing', step: 'cancel', dueInSeconds: 600 },
      ...{ attention: 'cancel_unresolved', since: '2026-11-22T02:00:00Z' },
    });
  }
  const queue = JSON.parse((await shoudan('inspect queue --json')).out);
  expect(queue).toMatchObject({ attention_total: 23 });
  expect(queue.attention).toHaveLength(20);
  expect((await shoudan('inspect queue')).out).toContain('… and 3 more: `shoudan inspect attention`\n');
  expect(JSON.parse((await shoudan('inspect attention --json')).out).attention).toHaveLength(23);
});
