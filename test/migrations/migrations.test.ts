import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type Database, openDatabase } from '../../src/adapters/postgres/database.ts';
import { dropOutlived, ensurePartitions } from '../../src/adapters/postgres/housekeeping.ts';
import {
  type Migration,
  MigrationError,
  migrate,
  readMigrations,
  requireCurrentSchema,
} from '../../src/adapters/postgres/migrations.ts';
import { schemaText } from './schema-text.ts';

const schemaPath = fileURLToPath(new URL('../../migrations/schema.sql', import.meta.url));
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A database without anything in it. */
async function emptyDatabase(): Promise<string> {
  const server = new pg.Client({ connectionString: inject('testServerUrl') });
  await server.connect();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await server.query(`create database ${name}`);
  cleanups.push(async () => {
    await server.query(`drop database if exists ${name} with (force)`);
    await server.end();
  });
  const url = new URL(inject('testServerUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

function opened(url: string): Database {
  const database = openDatabase({ url, poolSize: 2, applicationName: 'test', onIdleError: () => {} });
  cleanups.push(() => database.end());
  return database;
}

describe('migrations', () => {
  it('make the committed schema, and a second run changes nothing', async () => {
    const url = await emptyDatabase();
    const applied = await migrate(url);
    expect(applied).toEqual(readMigrations().map(({ name }) => name));
    expect(await migrate(url)).toEqual([]);
    const text = await schemaText(opened(url));
    // `UPDATE_SCHEMA=1 npm test -- test/migrations` writes the file anew after a migration was added.
    if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(schemaPath, text);
    expect(readFileSync(schemaPath, 'utf8')).toBe(text);
  });

  it('let payments pass that would have queued up behind their wait for a lock', async () => {
    const url = await emptyDatabase();
    const [first, ...others] = readMigrations();
    if (first === undefined) throw new Error('there is no migration');
    await migrate(url, [first]);
    const reader = new pg.Client({ connectionString: url });
    await reader.connect();
    const database = opened(url);
    try {
      // A dump, or somebody's forgotten transaction.
      await reader.query('begin');
      await reader.query('select count(*) from payments');
      const migrating = migrate(url, [first, ...others]);
      // The reader ends only after these: behind an ALTER that waits for it they would never be answered.
      for (let look = 0; look < 25; look += 1) {
        await database.query('select from payments where merchant_id = $1 and id = $2', ['M1', 'pay_1']);
        await sleepFor(100);
      }
      await reader.query('commit');
      expect(await migrating).toEqual(others.map(({ name }) => name));
    } finally {
      await reader.end();
    }
  });

  it('carry a flat policy override over to every product that it held for', async () => {
    const url = await emptyDatabase();
    const all = readMigrations();
    await migrate(url, all.slice(0, 6));
    const database = opened(url);
    const flat = { payAnswerMs: 25_000, cancelRetry: { firstMs: 5_000 }, amountMaxMinor: '9007199254740993' };
    const merchant =
      'insert into merchants (id, name, policy_override, delivery_secret) values ($1, $1, $2, $3)';
    await database.query(merchant, ['M1', flat, Buffer.alloc(1)]);
    await database.query(merchant, ['M2', {}, Buffer.alloc(1)]);
    await migrate(url);
    const { rows } = await database.query('select id, policy_overrides from merchants order by id');
    expect(rows).toEqual([
      {
        id: 'M1',
        policy_overrides: {
          alipay_open: { payment_code: flat, order_code: flat },
          alipay_plus: { payment_code: flat, entry_code: flat, order_code: flat },
        },
      },
      { id: 'M2', policy_overrides: {} },
    ]);
  });

  it('carry the keys of accounts over, and keep them in step with what older code writes', async () => {
    const url = await emptyDatabase();
    await migrate(url, readMigrations().slice(0, 17));
    const database = opened(url);
    await database.query(
      `insert into wallet_accounts (wallet, name, app_id, gateway_url, private_key, wallet_public_key, key_version)
       values ('alipay_open', 'a', '1', 'https://a.example', '\\x01', 'theirs', null),
              ('alipay_plus', 'b', '2', 'https://b.example', '\\x02', 'theirs', null),
              ('alipay_plus', 'c', '3', 'https://c.example', '\\x03', 'theirs', 7)`,
    );
    await migrate(url);
    const keys = async (): Promise<readonly string[]> => {
      const { rows } = await database.query<{ readonly key: string }>(
        `select concat_ws(' ', account, holder, version, state, private_key, public_key) as key
         from wallet_account_keys order by account, holder, version`,
      );
      return rows.map(({ key }) => key);
    };
    expect(await keys()).toEqual([
      'a ours 1 signing \\x01',
      'a wallet 1 accepted theirs',
      'b ours 1 signing \\x02',
      'b wallet 1 accepted theirs',
      'c ours 7 signing \\x03',
      'c wallet 1 accepted theirs',
    ]);
    await database.query(
      `update wallet_accounts set private_key = '\\x04', key_version = 8, wallet_public_key = 'new' where name = 'c'`,
    );
    expect((await keys()).slice(4)).toEqual([
      'c ours 7 accepted \\x03',
      'c ours 8 signing \\x04',
      'c wallet 1 retired theirs',
      'c wallet 2 accepted new',
    ]);
  });

  it('started by several at once are applied once', async () => {
    const url = await emptyDatabase();
    const runs = await Promise.all([migrate(url), migrate(url), migrate(url), migrate(url)]);
    expect(runs.flat()).toEqual(readMigrations().map(({ name }) => name));
  });

  it('that fail are rolled back whole and named', async () => {
    const url = await emptyDatabase();
    const broken: Migration = {
      version: 1,
      name: '000001_broken.sql',
      sql: 'create table half (id int); select 1 / 0;',
      checksum: 'x',
    };
    await expect(migrate(url, [broken])).rejects.toThrow(/000001_broken\.sql failed and was rolled back/);
    const { rows } = await opened(url).query(`select to_regclass('half') as half`);
    expect(rows).toEqual([{ half: null }]);
  });

  it('that were edited after they were applied are refused', async () => {
    const url = await emptyDatabase();
    const [first] = readMigrations();
    if (first === undefined) throw new Error('there is no migration');
    await migrate(url, [first]);
    await expect(migrate(url, [{ ...first, checksum: 'edited' }])).rejects.toThrow(MigrationError);
  });

  it('are demanded before a gateway or worker starts', async () => {
    const url = await emptyDatabase();
    await expect(requireCurrentSchema(url)).rejects.toThrow(/run `shoudan migrate` first/);
    await migrate(url);
    await expect(requireCurrentSchema(url)).resolves.toBeUndefined();
  });
});

describe('partitions', () => {
  it('are made for this month and the next two, by any number of workers', async () => {
    const url = await emptyDatabase();
    await migrate(url);
    const database = opened(url);
    await Promise.all([ensurePartitions(database), ensurePartitions(database)]);
    const { rows } = await database.query<{ readonly name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits
       where inhparent = 'payment_events'::regclass order by 1`,
    );
    expect(rows).toHaveLength(4);
    expect(rows.map(({ name }) => name)).toContain('payment_events_rest');
  });

  it('that have outlived their retention are dropped, unless a delivery in them is pending', async () => {
    const url = await emptyDatabase();
    await migrate(url);
    const database = opened(url);
    await database.query(
      `select ensure_month_partitions('2024-01-15'), ensure_month_partitions('2024-02-15')`,
    );
    const deliver = (id: string, state: string, dueAt: string | null, at: string) =>
      database.query(
        `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, due_at, created_at)
         values ('M1', $1, 'payment.succeeded', 'payment', 'p', 'p', 'http://x', $2, $3, $4)`,
        [id, state, dueAt, at],
      );
    await deliver('old', 'delivered', null, '2024-01-20T00:00:00Z');
    await deliver('waiting', 'pending', '2024-02-21T00:00:00Z', '2024-02-20T00:00:00Z');
    await dropOutlived(database, {
      eventDays: 60,
      untrustedAnswerDays: 14,
      clearedStrayDays: 90,
      failingEndpointDays: 30,
      idempotencyKeyDays: 90,
    });
    const { rows } = await database.query('select id from deliveries order by id');
    expect(rows).toEqual([{ id: 'waiting' }]);
    const { rows: left } = await database.query<{ readonly name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhrelid::regclass::text ~ '_2024..$' order by 1`,
    );
    expect(left.map(({ name }) => name)).toEqual(['deliveries_202402']);
  });
});
