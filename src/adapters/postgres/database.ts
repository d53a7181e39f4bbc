import pg from 'pg';

/** A pool of connections to the one database. Statements are named, so that each connection plans them once. */
export type Database = pg.Pool;
export type Connection = pg.PoolClient;
/** For what is one statement, or brings its own transaction: it may as well be a part of somebody's. */
export type Queryable = Database | Connection;

const int8Oid = 20;

export interface DatabaseOptions {
  readonly url: string;
  /** Connections; eight to sixteen serve a process well. */
  readonly poolSize: number;
  readonly applicationName: string;
  /** Heard when an idle connection breaks; the pool replaces it by itself. */
  readonly onIdleError: (error: Error) => void;
}

/** Money and short numbers are `bigint` in TypeScript as they are in the database; nothing becomes a double. */
export function openDatabase(options: DatabaseOptions): Database {
  const database = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    // A statement that hangs would hold a caller and a connection for ever; all of ours are short.
    query_timeout: 30_000,
    statement_timeout: 20_000,
    // A process that stalls, or whose host is gone, inside a transaction must not keep its row locks.
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8Oid && format !== 'binary' ? BigInt : pg.types.getTypeParser(oid, format),
    },
  });
  database.on('error', options.onIdleError);
  // A connection that breaks while it is in use fails its statement, or the next one. It tells of it by an event as
  // well, which would end the whole process if nobody listened.
  database.on('connect', (connection) => connection.on('error', () => {}));
  database.query = queryOf(database) as typeof database.query;
  return database;
}

/**
 * A statement on a connection of the pool. By itself the pool closes a connection after every error; one whose row a
 * constraint refused is as good as before, and repeated requests are recognised by just that.
 */
function queryOf(database: Database) {
  return (statement: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> =>
    againAfterMigration(() => once(statement, values));

  async function once(statement: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> {
    const connection = await database.connect();
    let spoiled = true;
    try {
      const result = await connection.query(statement, values);
      spoiled = false;
      return result;
    } catch (error) {
      spoiled = violatedConstraint(error) === null;
      throw error;
    } finally {
      connection.release(spoiled);
    }
  }
}

/**
 * A migration has given a table a column that a statement planned before reads with `*`. That statement was not
 * executed, and never will be on its connection: whoever sees this closes the connection.
 */
function isOutdatedPlan(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.routine === 'RevalidateCachedQuery';
}

/** Every connection that knows the outdated plan is closed by its failure, so there is an end to it. */
async function againAfterMigration<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isOutdatedPlan(error)) throw error;
    }
  }
}

export const uniqueViolation = '23505';

/** The constraint that refused a row because another one holds its place; `null` for every other error. */
export function violatedConstraint(error: unknown): string | null {
  return error instanceof pg.DatabaseError && error.code === uniqueViolation
    ? (error.constraint ?? '')
    : null;
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws. It is run again when a
 * migration has come in between. On a connection it is a part of the transaction that is open there: what it has done is
 * taken back when it throws, and is durable with all the rest.
 */
export function inTransaction<Result>(
  database: Queryable,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  return database instanceof pg.Pool
    ? againAfterMigration(() => inOneTransaction(database, work))
    : inSavepoint(database, work);
}

async function inSavepoint<Result>(
  connection: Connection,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  await connection.query('savepoint part');
  try {
    const result = await work(connection);
    await connection.query('release savepoint part');
    return result;
  } catch (error) {
    await connection.query('rollback to savepoint part');
    throw error;
  }
}

async function inOneTransaction<Result>(
  database: Database,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await database.connect();
  let broken: Error | undefined;
  try {
    await connection.query('begin');
    const result = await work(connection);
    await connection.query('commit');
    return result;
  } catch (error) {
    if (isOutdatedPlan(error)) broken = error as Error;
    await connection.query('rollback').catch((reason: Error) => {
      broken = reason;
    });
    throw error;
  } finally {
    connection.release(broken);
  }
}
