import { randomBytes } from 'node:crypto';
import type { QueryConfig } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClockSample } from '../clock-estimate.ts';
import { createSealing } from '../sealing.ts';
import { type Database, inTransaction } from './database.ts';
import { createDueRows } from './due-rows.ts';
import { saveMerchant } from './merchant-records.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';

const { database } = await openedTestDatabase();

beforeAll(async () => {
  await saveMerchant(database, createSealing(randomBytes(32)), {
    id: 'M1',
    name: 'Test Shop',
    mcc: null,
    notifyUrl: null,
    orderCodes: null,
    stores: [],
    bindings: [],
  });
});

/** Payments, with refunds and deliveries of the first of them: all due at an SQL expression, or settled. */
async function insertRows(
  prefix: string,
  count: number,
  dueAt: string | null,
  merchantId = 'M1',
  account = 'sandbox',
): Promise<void> {
  const step = (action: string) => (dueAt === null ? 'null, null' : `'${action}', ${dueAt}`);
  const state = dueAt === null ? 'succeeded' : 'unknown';
  const numbers = `generate_series(1, ${count}) n`;
  await inTransaction(database, async (connection) => {
    // Rows that fit together are made here; checking each reference would take most of the time.
    await connection.query('set local session_replication_role = replica');
    await connection.query(
      `insert into orders (merchant_id, merchant_order_no) select '${merchantId}', '${prefix}' || n from ${numbers}`,
    );
    await connection.query(
      `insert into payments (merchant_id, id, merchant_order_no, wallet, account, product, currency, amount,
         store_id, terminal_id, sub_merchant_id, subject, metadata, expires_at, created_at, state, version,
         updated_at, next_step, due_at)
       select '${merchantId}', 'pay_${prefix}' || n, '${prefix}' || n, 'alipay_open', '${account}', 'payment_code', 'CNY', 100,
         'S1', 'T1', 'smid', 'tea', '{}', now(), now(), '${state}', 1, now(), ${step('inquire')}
       from ${numbers}`,
    );
    await connection.query(
      `insert into refunds (merchant_id, id, payment_id, currency, amount, created_at, state, version, updated_at,
         next_step, due_at)
       select '${merchantId}', 're_${prefix}' || n, 'pay_${prefix}' || n, 'CNY', 1, now(), '${state}', 1, now(),
         ${step('refund')}
       from ${numbers} where n <= 20000`,
    );
    await connection.query(
      `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at,
         due_at)
       select '${merchantId}', 'evt_${prefix}' || n, 'payment.succeeded', 'payment', 'pay_${prefix}' || n,
         'pay_${prefix}' || n, 'https://merchant.example/', '${dueAt === null ? 'delivered' : 'pending'}', now(),
         ${dueAt ?? 'null'}
       from ${numbers} where n <= 20000`,
    );
  });
}

describe('a claim of many rows, when one of them cannot be claimed', () => {
  const rowsOf = async (failing: (id: string) => boolean) => {
    await insertRows('claim', 3, `clock_timestamp() - n * interval '1 second'`);
    const partly = {
      query: (statement: { readonly name: string; readonly values?: readonly string[] }) =>
        statement.name.startsWith('claim_') && failing(statement.values?.[1] ?? '')
          ? Promise.reject(new Error('timeout exceeded when trying to connect'))
          : database.query(statement as QueryConfig),
    };
    return createDueRows(partly as unknown as Database).claimDue(100, 60_000);
  };
  afterEach(async () => {
    await database.query('truncate orders, payments, refunds, deliveries, payment_events');
  });

  it('the others are claimed and handed out, and it stays due for the next look', async () => {
    const claimed = await rowsOf((id) => id === 'pay_claim2');
    expect(claimed).toHaveLength(8);
    const left = await createDueRows(database).claimDue(100, 60_000);
    expect(left).toMatchObject([{ kind: 'payment', payment: { id: 'pay_claim2' } }]);
  });

  it('with none claimed the failure is told', async () => {
    await expect(rowsOf(() => true)).rejects.toThrow('timeout exceeded');
  });
});

function literal(value: unknown): string {
  if (Array.isArray(value)) return `array[${value.map(literal).join(', ')}]::text[]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** What the named statements of the due loop are, and their plans as this process's connections would make them. */
async function plansOf(mode: 'force_custom_plan' | 'force_generic_plan'): Promise<Map<string, string>> {
  const statements: { name: string; text: string; values: unknown[] }[] = [];
  const recording = {
    query: async (statement: { name: string; text: string; values?: unknown[] }) => {
      statements.push({ ...statement, values: statement.values ?? [] });
      return { rows: [] };
    },
  };
  const due = createDueRows(recording as unknown as Database);
  await due.claimDue(32, 15_000, { deliveryLimit: 16 });
  await due.releaseHeld('alipay_open', 'sandbox', 50);
  await due.nextDueAt();
  const connection = await database.connect();
  const plans = new Map<string, string>();
  try {
    await connection.query(`set plan_cache_mode = ${mode}`);
    for (const { name, text, values } of statements) {
      await connection.query(`prepare planned as ${text}`);
      const args = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`;
      const { rows } = await connection.query<{ readonly 'QUERY PLAN': string }>(
        `explain (analyze, costs off, timing off, summary off) execute planned${args}`,
      );
      await connection.query('deallocate planned');
      plans.set(name, rows.map((row) => row['QUERY PLAN']).join('\n'));
    }
  } finally {
    connection.release(true);
  }
  return plans;
}

// proves RES-13, CAN-03
describe('ten thousand rows of one merchant or account that are longer due than all others', () => {
  const claimedOf = async (limit: number, underWay: ReadonlyMap<string, number> = new Map()) => {
    const claimed = await createDueRows(database).claimDue(limit, 60_000, {
      deliveryLimit: limit / 2,
      underWay,
    });
    return claimed.map((row) => ({ kind: row.kind, lanes: row.lanes.join(', ') }));
  };
  const long = `clock_timestamp() - interval '1 hour' - n * interval '1 millisecond'`;

  beforeAll(async () => {
    await insertRows('crowd', 10_000, long, 'M1', 'silent');
    await insertRows('few', 1, `clock_timestamp() - interval '1 second'`, 'M2', 'sandbox');
    await insertRows('same', 1, `clock_timestamp() - interval '1 second'`, 'M3', 'silent');
    await database.query('analyze payments, refunds, deliveries');
  }, 60_000);
  afterAll(async () => {
    await database.query('truncate orders, payments, refunds, deliveries, payment_events');
  });

  it('leave every other merchant its places in the next two claims', async () => {
    const first = await claimedOf(32);
    const lanes = first.map((row) => `${row.kind}: ${row.lanes}`);
    expect(lanes).toContain('payment: merchant M2 at alipay_open/sandbox, account alipay_open/sandbox');
    expect(lanes).toContain('refund: merchant M2 at alipay_open/sandbox, account alipay_open/sandbox');
    expect(lanes.filter((lane) => lane.includes('merchant M1'))).toHaveLength(22);
    const second = await claimedOf(
      8,
      new Map([
        ['merchant M1 at alipay_open/silent', 24],
        ['deliveries M1', 6],
      ]),
    );
    const both = [...first, ...second].map((row) => row.lanes);
    expect(both).toEqual(expect.arrayContaining(['deliveries M2', 'deliveries M3']));
  });

  it('take no place at all where they have three quarters already', async () => {
    const underWay = new Map([
      ['merchant M1 at alipay_open/silent', 24],
      ['account alipay_open/silent', 24],
      ['deliveries M1', 24],
    ]);
    await database.query(`update payments set lease_until = null`);
    await database.query(`update refunds set lease_until = null`);
    await database.query(`update deliveries set lease_until = null`);
    const claimed = await claimedOf(8, underWay);
    expect(claimed.map((row) => row.lanes).sort()).toEqual([
      'deliveries M2',
      'deliveries M3',
      'merchant M2 at alipay_open/sandbox, account alipay_open/sandbox',
      'merchant M2 at alipay_open/sandbox, account alipay_open/sandbox',
    ]);
  });

  it('are read over for a tenth of the time at most, however often somebody looks', async () => {
    let looksPast = 0;
    const counting = {
      query: (statement: { readonly name: string; readonly values?: readonly unknown[] }) => {
        const isPast = statement.name === 'due_candidates' && statement.values?.slice(2).flat().length !== 0;
        if (isPast) looksPast += 1;
        return database.query(statement as QueryConfig);
      },
    };
    let nowMs = 0;
    // Each look at this clock takes ten milliseconds more.
    const monotonicMs = () => {
      nowMs += 10;
      return nowMs;
    };
    const due = createDueRows(counting as unknown as Database, { monotonicMs, heard: () => {} });
    for (let look = 0; look < 100; look += 1) {
      await due.claimDue(8, 60_000, { underWay: new Map([['merchant M1 at alipay_open/silent', 24]]) });
    }
    expect(looksPast).toBeGreaterThan(0);
    expect((looksPast * 10) / nowMs).toBeLessThan(0.2);
  });
});

// Money case 12.
it('a claim tells its process what time it is at the database', async () => {
  await database.query('truncate orders, payments, refunds, deliveries, payment_events');
  const heard: ClockSample[] = [];
  const due = createDueRows(database, {
    monotonicMs: () => performance.now(),
    heard: (sample) => heard.push(sample),
  });
  await due.claimDue(8, 60_000);
  expect(heard).toEqual([]);
  await insertRows('told', 1, 'clock_timestamp()');
  const askedAtMs = performance.now();
  expect(await due.claimDue(8, 60_000)).not.toEqual([]);
  const [sample] = heard;
  const { rows } = await database.query<{ readonly now: Date }>('select clock_timestamp() as now');
  expect(sample?.askedAtMs).toBeGreaterThanOrEqual(askedAtMs);
  expect(sample?.answeredAtMs).toBeGreaterThanOrEqual(sample?.askedAtMs ?? Number.NaN);
  await database.query('truncate orders, payments, refunds, deliveries, payment_events');
  expect(Math.abs((rows[0]?.now.getTime() ?? Number.NaN) - (sample?.toldMs ?? 0))).toBeLessThan(5_000);
});

// proves CAN-01
describe('ten thousand steps that wait for their account', () => {
  it('are released once each, by several processes at once, through their index', async () => {
    await insertRows('held', 10_000, `clock_timestamp() + interval '10 minutes'`);
    await database.query(
      `update payments set waits_for = 'alipay_open/sandbox', window_ends_at = created_at + n * interval '1 second'
       from generate_series(1, 10000) n where id = 'pay_held' || n`,
    );
    await database.query('analyze payments');
    const due = createDueRows(database);
    const counts = await Promise.all([1, 2, 3, 4].map(() => due.releaseHeld('alipay_open', 'sandbox', 50)));
    const { rows } = await database.query<{ readonly count: number; readonly last: number }>(
      `select count(*)::int as count, max(substr(id, 9)::int)::int as last from payments where due_at <= clock_timestamp()`,
    );
    expect(rows[0]?.count).toBe(counts.reduce((sum, count) => sum + count, 0));
    expect(rows[0]?.count).toBeGreaterThanOrEqual(50);
    expect(rows[0]?.last).toBeLessThanOrEqual(200);
    for (const mode of ['force_custom_plan', 'force_generic_plan'] as const) {
      const plan = (await plansOf(mode)).get('held_steps');
      expect(plan).toContain('payments_waiting_for_account');
      expect(plan).toContain('refunds_waiting_for_account');
      expect(plan).not.toContain('Seq Scan');
    }
    await database.query('truncate orders, payments, refunds, deliveries, payment_events');
  });
});

describe('the due loop’s looks, beside a hundred thousand settled payments', () => {
  beforeAll(async () => {
    await insertRows('settled', 100_000, null);
    await database.query('analyze payments, refunds, deliveries');
  }, 60_000);

  /** Every table is read by its index of due rows; a partition may be read whole only if it is empty. */
  const expectDueIndexes = (plan: string | undefined): void => {
    expect(plan).toContain('payments_due');
    expect(plan).toContain('refunds_due');
    expect(plan).toMatch(/deliveries_\d{6}_due_at_idx/);
    for (const [, table] of plan?.matchAll(/Seq Scan on (\S+)[^\n]*rows=[1-9]/g) ?? []) {
      expect(`a sequential scan of ${table}`).toBe('none');
    }
    expect(plan).not.toMatch(/Seq Scan on (payments|refunds|deliveries)\b/);
    expect(plan).not.toMatch(/Rows Removed by Filter: [1-9]\d\d/);
  };

  it.each(['force_custom_plan', 'force_generic_plan'] as const)(
    'use the indexes of due rows while nothing is due (%s)',
    async (mode) => {
      const plans = await plansOf(mode);
      expectDueIndexes(plans.get('due_candidates'));
      expectDueIndexes(plans.get('next_due_at'));
    },
  );

  it('use them with thousands of rows due, before the statistics know of it and after', async () => {
    await insertRows('due', 2_000, `clock_timestamp() - n * interval '1 second'`);
    for (const analyzed of [false, true]) {
      if (analyzed) await database.query('analyze payments, refunds, deliveries');
      for (const mode of ['force_custom_plan', 'force_generic_plan'] as const) {
        const plans = await plansOf(mode);
        expectDueIndexes(plans.get('due_candidates'));
        expectDueIndexes(plans.get('next_due_at'));
      }
    }
  });
});
