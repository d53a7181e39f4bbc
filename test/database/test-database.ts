import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

/** The migrated database that is cloned; made once per test run. */
export const templateName = 'shoudan_template';

/** One clone at a time: copying is quick, and PostgreSQL checks the template for other users each time. */
const cloningLock = 7_308_604_759;

export interface TestDatabase {
  readonly url: string;
  /** Breaks the connections that are still open, and removes the database. */
  readonly drop: () => Promise<void>;
}

/** A migrated, empty database for one test or one test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onServer(async (server) => {
    await server.query('select pg_advisory_lock($1)', [cloningLock]);
    // By files: without durability that is a third quicker than through the write-ahead log.
    await server.query(`create database ${name} template ${templateName} strategy file_copy`);
  });
  const url = new URL(inject('testServerUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => onServer((server) => server.query(`drop database if exists ${name} with (force)`)),
  };
}

/** The lock ends with the connection, so it is free again whatever happened. */
async function onServer(work: (server: pg.Client) => Promise<unknown>): Promise<void> {
  const server = new pg.Client({ connectionString: inject('testServerUrl') });
  await server.connect();
  try {
    await work(server);
  } finally {
    await server.end();
  }
}
