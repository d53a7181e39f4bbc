import { afterAll } from 'vitest';
import { createTestDatabase } from '../../../test/database/test-database.ts';
import { type Database, openDatabase } from './database.ts';

/**
 * A migrated, empty database for one test file, which awaits it before its first test. It is closed and dropped when all
 * of them are over.
 */
export async function openedTestDatabase(): Promise<{ readonly url: string; readonly database: Database }> {
  const { url, drop } = await createTestDatabase();
  const database = openDatabase({ url, poolSize: 8, applicationName: 'test', onIdleError: () => {} });
  afterAll(async () => {
    await database.end();
    await drop();
  });
  return { url, database };
}
