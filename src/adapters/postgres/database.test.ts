import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/database/test-database.ts';
import {
  type Connection,
  type Database,
  inTransaction,
  openDatabase,
  violatedConstraint,
} from './database.ts';

let testDatabase: TestDatabase;
let database: Database;
let other: Database;
const idleErrors: Error[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const open = (applicationName: string) =>
    openDatabase({
      url: testDatabase.url,
      poolSize: 2,
      applicationName,
      onIdleError: (error) => idleErrors.push(error),
    });
  database = open('under test');
  other = open('other');
  await database.query('create table numbers (n bigint primary key)');
});
beforeEach(async () => {
  await other.query('truncate numbers');
});
afterAll(async () => {
  await database.end();
  await other.end();
  await testDatabase.drop();
});

async function backendOf(connection: Connection | Database): Promise<number> {
  const { rows } = await connection.query<{ readonly pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

async function numbers(): Promise<bigint[]> {
  const { rows } = await other.query<{ readonly n: bigint }>('select n from numbers order by n');
  return rows.map(({ n }) => n);
}

describe('a transaction', () => {
  it('is kept when its work resolves and leaves nothing when it throws', async () => {
    expect(
      await inTransaction(database, async (connection) => {
        await connection.query('insert into numbers values (1)');
        return 'kept';
      }),
    ).toBe('kept');
    await expect(
      inTransaction(database, async (connection) => {
        await connection.query('insert into numbers values (2)');
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await numbers()).toEqual([1n]);
  });

  it('gives its connection back, whatever became of it', async () => {
    for (let count = 0; count < 5; count += 1) {
      await inTransaction(database, async () => {});
      await inTransaction(database, async () => Promise.reject(new Error('no'))).catch(() => {});
      await inTransaction(database, (connection) => connection.query('select nonsense')).catch(() => {});
    }
    expect(database.totalCount - database.idleCount).toBe(0);
  });

  it('whose connection the database ends between two statements fails, and the process lives on', async () => {
    const transaction = inTransaction(database, async (connection) => {
      await connection.query('insert into numbers values (1)');
      const gone = new Promise((resolve) => connection.once('end', resolve));
      await other.query('select pg_terminate_backend($1)', [await backendOf(connection)]);
      await gone;
      await connection.query('insert into numbers values (2)');
    });
    await expect(transaction).rejects.toThrow();
    expect(await numbers()).toEqual([]);
    await inTransaction(database, (connection) => connection.query('insert into numbers values (3)'));
    expect(await numbers()).toEqual([3n]);
  });

  it('whose process stalls loses its locks by the database’s own limit', async () => {
    const { rows } = await database.query('show idle_in_transaction_session_timeout');
    expect(rows).toEqual([{ idle_in_transaction_session_timeout: '10s' }]);
    const stalled = inTransaction(database, async (connection) => {
      await connection.query(`set local idle_in_transaction_session_timeout = 50`);
      const gone = new Promise((resolve) => connection.once('end', resolve));
      await connection.query('insert into numbers values (1)');
      await gone;
    });
    await expect(stalled).rejects.toThrow();
    // Nobody holds the row: another may write it at once.
    await other.query('insert into numbers values (1)');
    expect(await numbers()).toEqual([1n]);
  });
});

it('an idle connection that breaks is heard of and replaced', async () => {
  const heardBefore = idleErrors.length;
  await other.query('select pg_terminate_backend($1)', [await backendOf(database)]);
  await expect.poll(() => idleErrors.length).toBeGreaterThan(heardBefore);
  expect(await backendOf(database)).toBeGreaterThan(0);
});

describe('a migration that gives a table a column, beside a process that has planned its statements', () => {
  const all = { name: 'all_numbers', text: 'select * from numbers' };
  let columns = 0;
  /** Every connection has planned the statement; then the table changes. */
  async function migrated(): Promise<void> {
    const both = await Promise.all([database.connect(), database.connect()]);
    try {
      for (const connection of both) await connection.query(all);
    } finally {
      for (const connection of both) connection.release();
    }
    columns += 1;
    await other.query(`alter table numbers add column more_${columns} text`);
  }

  it('fails no statement', async () => {
    await other.query('insert into numbers values (7)');
    await migrated();
    for (let count = 0; count < 3; count += 1) {
      const { rows } = await database.query(all);
      expect(rows).toMatchObject([{ n: 7n, [`more_${columns}`]: null }]);
    }
  });

  it('fails no transaction, and what that wrote is there once', async () => {
    await migrated();
    const { rows } = await inTransaction(database, async (connection) => {
      await connection.query('insert into numbers values (1)');
      return connection.query(all);
    });
    expect(rows).toMatchObject([{ n: 1n, [`more_${columns}`]: null }]);
    expect(await numbers()).toEqual([1n]);
  });
});

it('money comes as bigint, never as a double', async () => {
  const { rows } = await database.query(
    `select 9007199254740993::bigint as amount, count(*) as counted, 7::int as tries from numbers`,
  );
  expect(rows).toEqual([{ amount: 9_007_199_254_740_993n, counted: 0n, tries: 7 }]);
});

it('a refused row costs no connection, while one that failed otherwise is not used again', async () => {
  await database.query('insert into numbers values (1)');
  let opened = 0;
  database.on('connect', () => {
    opened += 1;
  });
  for (let count = 0; count < 5; count += 1) {
    await expect(database.query('insert into numbers values ($1)', [1])).rejects.toThrow('duplicate key');
  }
  expect(opened).toBe(0);
  await expect(database.query('select nonsense')).rejects.toThrow('nonsense');
  await Promise.all([database.query('select 1'), database.query('select 1')]);
  expect(opened).toBeGreaterThan(0);
});

it('a refused row names the constraint, and every other error names none', async () => {
  await database.query('insert into numbers values (1)');
  const refusal = await database.query('insert into numbers values (1)').catch((error: unknown) => error);
  expect(violatedConstraint(refusal)).toBe('numbers_pkey');
  const mistake = await database.query('select nonsense').catch((error: unknown) => error);
  expect(mistake).toBeInstanceOf(Error);
  expect(violatedConstraint(mistake)).toBeNull();
  expect(violatedConstraint(new Error('connection lost'))).toBeNull();
});
