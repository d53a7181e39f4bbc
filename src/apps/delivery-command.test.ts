import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeliveryJournal } from '../adapters/postgres/delivery-journal.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { readOperatingSignals } from '../adapters/postgres/operating-signals.ts';
import { createPaymentJournal } from '../adapters/postgres/payment-journal.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

const { url: databaseUrl, database } = await openedTestDatabase();
const deliveries = createDeliveryJournal(database);
const journal = createPaymentJournal(database);

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-deliveries-'));
  await database.query(
    `insert into merchants (id, name, delivery_secret) values ('M1', 'Tea', ''), ('M2', 'Books', '')`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => database.query('truncate orders, payments, payment_events, deliveries, endpoints cascade'));

function shoudan(words: string): Promise<Ended> {
  return run(words, { DATABASE_URL: databaseUrl, SHOUDAN_DATA_DIR: folder });
}

const shop = 'https://shop.example/hook';

interface Made {
  readonly id: string;
  readonly state: string;
  readonly merchantId?: string;
  readonly url?: string;
  /** Before now. */
  readonly madeSeconds?: number;
}

/** A delivery of a payment of its own. */
async function made({ id, state, merchantId = 'M1', url = shop, madeSeconds = 60 }: Made): Promise<string> {
  const paymentId = `pay_of_${id}`;
  await database.query(`insert into orders (merchant_id, merchant_order_no) values ($1, $2)`, [
    merchantId,
    paymentId,
  ]);
  await database.query(
    `insert into payments (merchant_id, id, merchant_order_no, wallet, account, product, currency, amount, store_id,
       terminal_id, sub_merchant_id, subject, metadata, expires_at, created_at, state, version, updated_at)
     values ($1, $2, $2, 'alipay_open', 'main', 'payment_code', 'CNY', 1234, 'S1', 'T1', '2088', 'x', '{}', now(),
       now(), 'succeeded', 3, now())`,
    [merchantId, paymentId],
  );
  await database.query(
    `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, tries, last_failure,
       due_at, ended_at, created_at)
     values ($1, $2, 'payment.succeeded', 'payment', $3, $3, $4, $5, 12, 'the endpoint answered 503',
       case when $5 = 'pending' then clock_timestamp() + interval '1 hour' end,
       case when $5 <> 'pending' then clock_timestamp() end, clock_timestamp() - $6 * interval '1 second')`,
    [merchantId, id, paymentId, url, state, madeSeconds],
  );
  return paymentId;
}

async function disabled(merchantId: string): Promise<void> {
  await database.query(
    `insert into endpoints (merchant_id, url, failing_since, failures, last_failure, disabled_at)
     values ($1, $2, now() - interval '5 days', 31, 'the endpoint answered 503', now())`,
    [merchantId, shop],
  );
}

async function stateOf(id: string) {
  const { rows } = await database.query(`select state, tries, due_at from deliveries where id = $1`, [id]);
  return rows[0];
}

// proves NOT-03, RES-13
describe('a disabled endpoint', () => {
  it('stands in attention with what to do, and in the metrics', async () => {
    await disabled('M1');
    const { out } = await shoudan('inspect attention');
    expect(out).toMatch(
      /\ndisabled endpoints: 1\n\nmerchant .*\nM1 {8}https:\/\/shop\.example\/hook .* 503\n/,
    );
    expect(out).toContain('`shoudan endpoint enable`');
    const document = JSON.parse((await shoudan('inspect attention --json')).out);
    expect(document).toMatchObject({
      disabled_endpoints_total: 1,
      disabled_endpoints: [{ merchant_id: 'M1', url: shop, failures: 31, advice: expect.any(String) }],
    });
    const { needsAttention } = await readOperatingSignals(database);
    expect(needsAttention.get('endpoint_disabled')).toBe(1);
  });

  it('is enabled with what was held for it, the oldest first', async () => {
    await disabled('M1');
    await made({ id: 'evt_new', state: 'held', madeSeconds: 10 });
    const oldestOf = await made({ id: 'evt_old', state: 'held', madeSeconds: 90 });
    await made({ id: 'evt_gone', state: 'withdrawn' });
    await made({ id: 'evt_given_up', state: 'exhausted' });
    const ended = await shoudan(`endpoint enable ${shop}`);
    expect(ended).toEqual({
      exitCode: 0,
      err: '',
      out: `enabled ${shop} of merchant M1: what was held is sent within 1 s, 2 in all\n`,
    });
    const [old, recent] = [await stateOf('evt_old'), await stateOf('evt_new')];
    expect(old).toMatchObject({ state: 'pending', tries: 0 });
    expect(recent.due_at.getTime() - old.due_at.getTime()).toBe(200);
    expect(await stateOf('evt_gone')).toMatchObject({ state: 'withdrawn' });
    expect(await stateOf('evt_given_up')).toMatchObject({ state: 'exhausted' });
    expect((await shoudan('endpoint list')).out).toBe('every endpoint that was tried works\n');
    const timeline = await journal.timeline('M1', oldestOf);
    expect(timeline).toMatchObject([
      { type: 'DeliveryReplayed', version: 3, data: { delivery_id: 'evt_old' } },
    ]);

    const again = await shoudan(`endpoint enable ${shop}`);
    expect(again).toMatchObject({ exitCode: 1, out: '' });
    expect(again.err).toContain(`${shop} is not disabled`);
  });

  it('of two merchants is enabled for the one that is named', async () => {
    await disabled('M1');
    await disabled('M2');
    const { exitCode, err } = await shoudan(`endpoint enable ${shop}`);
    expect(exitCode).toBe(1);
    expect(err).toContain('disabled for M1 and M2: choose one with --merchant');
    const enabled = JSON.parse((await shoudan(`endpoint enable ${shop} --merchant M2 --json`)).out);
    expect(enabled).toEqual({ merchant_id: 'M2', url: shop, replayed: 0 });
    const { data, total } = JSON.parse((await shoudan('endpoint list --json')).out);
    expect(total).toBe(1);
    expect(data).toEqual([
      {
        merchant_id: 'M1',
        url: shop,
        failing_since: expect.any(String),
        failures: 31,
        last_failure: 'the endpoint answered 503',
        disabled_at: expect.any(String),
      },
    ]);
  });

  it('takes no replay', async () => {
    await disabled('M1');
    await made({ id: 'evt_1', state: 'exhausted' });
    const { exitCode, err } = await shoudan('delivery replay evt_1');
    expect(exitCode).toBe(1);
    expect(err).toContain('`shoudan endpoint enable` first');
    expect(await stateOf('evt_1')).toMatchObject({ state: 'exhausted' });
  });

  it('of another merchant takes nothing from this one', async () => {
    await disabled('M2');
    await made({ id: 'evt_1', state: 'delivered' });
    expect(await shoudan('delivery replay evt_1 --merchant M1')).toMatchObject({ exitCode: 0 });
    expect(await stateOf('evt_1')).toMatchObject({ state: 'pending' });
  });
});

// proves NOT-03
describe('deliveries', () => {
  it('are listed by payment, endpoint, state and merchant', async () => {
    const payment = await made({ id: 'evt_1', state: 'exhausted', madeSeconds: 50 });
    await made({ id: 'evt_2', state: 'delivered', url: `${shop}/2`, madeSeconds: 40 });
    await made({ id: 'evt_3', state: 'pending', merchantId: 'M2', madeSeconds: 30 });
    const idsOf = async (words: string): Promise<string[]> =>
      JSON.parse((await shoudan(`delivery list --json ${words}`.trim())).out).data.map(
        (row: { id: string }) => row.id,
      );
    expect(await idsOf('')).toEqual(['evt_3', 'evt_2', 'evt_1']);
    expect(await idsOf(`--payment ${payment}`)).toEqual(['evt_1']);
    expect(await idsOf(`--endpoint ${shop}`)).toEqual(['evt_3', 'evt_1']);
    expect(await idsOf(`--endpoint ${shop} --merchant M2`)).toEqual(['evt_3']);
    expect(await idsOf('--state delivered')).toEqual(['evt_2']);
    expect((await shoudan('delivery list --state gone')).exitCode).toBe(2);
    expect((await shoudan('delivery list --state held')).out).toBe('no such delivery\n');
    expect((await shoudan(`delivery list --payment ${payment}`)).out).toMatch(
      /\nevt_1 {5}M1 .*payment\.succeeded .* exhausted {2}12 .* the endpoint answered 503\n/,
    );
  });

  it('are replayed one by one, by payment, or since a time', async () => {
    await made({ id: 'evt_1', state: 'exhausted', madeSeconds: 3_600 });
    const payment = await made({ id: 'evt_2', state: 'delivered', madeSeconds: 50 });
    await made({ id: 'evt_3', state: 'exhausted', madeSeconds: 40 });
    await made({ id: 'evt_4', state: 'exhausted', madeSeconds: 30, url: `${shop}/else` });
    expect(await shoudan('delivery replay evt_1')).toEqual({ exitCode: 0, err: '', out: 'replayed evt_1\n' });
    expect(await stateOf('evt_1')).toMatchObject({ state: 'pending', tries: 0 });
    expect(await stateOf('evt_2')).toMatchObject({ state: 'delivered' });
    const byPayment = await shoudan(`delivery replay --payment ${payment} --json`);
    expect(JSON.parse(byPayment.out)).toEqual({ replayed: ['evt_2'], left: [] });
    const since = new Date(Date.now() - 600_000).toISOString();
    const bySince = await shoudan(`delivery replay --since ${since} --endpoint ${shop}`);
    expect(bySince).toEqual({ exitCode: 0, err: '', out: 'replayed evt_2, evt_3\n' });
    expect(await stateOf('evt_4')).toMatchObject({ state: 'exhausted' });
  });

  it('are found by the merchant whose number their ids carry', async () => {
    const { rows } = await database.query(`select id, short_no from merchants order by id`);
    const idOf = (shortNo: bigint): string => `evt_${`${shortNo}`.padStart(7, '0')}${'A'.repeat(24)}_2`;
    for (const { id: merchantId, short_no: shortNo } of rows) {
      await made({ id: idOf(shortNo), merchantId, state: 'exhausted' });
      const { out } = await shoudan(`delivery replay ${idOf(shortNo)}`);
      expect(out).toBe(`replayed ${idOf(shortNo)}\n`);
    }
    // An id that carries another merchant's number is not looked for elsewhere.
    await made({ id: `${idOf(rows[0].short_no)}2`, merchantId: 'M2', state: 'exhausted' });
    expect(await shoudan(`delivery replay ${idOf(rows[0].short_no)}2`)).toMatchObject({ exitCode: 1 });
  });

  it('that the payment has left behind are not replayed', async () => {
    await made({ id: 'evt_1', state: 'withdrawn' });
    expect(await shoudan('delivery replay evt_1')).toEqual({
      exitCode: 5,
      err: '',
      out: 'left evt_1: withdrawn, since the payment has gone on\n',
    });
    expect(await stateOf('evt_1')).toMatchObject({ state: 'withdrawn' });
  });

  it.each([
    ['delivery replay', 2],
    ['delivery replay evt_1 --payment pay_1', 2],
    ['delivery replay --since 2026-03-02T09:30:00Z', 2],
    [`delivery replay --endpoint ${shop}`, 2],
    [`delivery replay --since yesterday --endpoint ${shop}`, 2],
    ['delivery replay evt_nobody', 1],
  ])('%s is refused', async (words, exitCode) => {
    const ended = await shoudan(words);
    expect(ended).toMatchObject({ exitCode, out: '' });
    expect(ended.err).not.toBe('');
  });

  it('that were held beyond what one statement replays are all sent', async () => {
    await disabled('M1');
    await database.query(
      `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at)
       select 'M1', 'evt_' || n, 'payment.succeeded', 'payment', 'p' || n, 'p' || n, $1, 'held',
         clock_timestamp() - n * interval '1 second'
       from generate_series(1, 10001) n`,
      [shop],
    );
    expect(await deliveries.enableEndpoint('M1', shop, 2)).toBe(10_001);
    const { rows } = await database.query(
      `select count(*)::int as count, count(distinct due_at)::int as turns,
         bool_and(state = 'pending') as pending from deliveries`,
    );
    expect(rows[0]).toEqual({ count: 10_001, turns: 10_001, pending: true });
    const { rows: order } = await database.query(`select id from deliveries order by due_at limit 2`);
    expect(order).toEqual([{ id: 'evt_10001' }, { id: 'evt_10000' }]);
  });
});
