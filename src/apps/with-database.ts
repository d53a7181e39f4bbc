import { type Database, openDatabase } from '../adapters/postgres/database.ts';
import { requireCurrentSchema } from '../adapters/postgres/migrations.ts';
import { sharedDatabase } from './database-of-settings.ts';
import type { Settings } from './settings.ts';

/** Does one command's work on the database that the settings lead to, beside whatever else runs on it. */
export async function withDatabase<Result>(
  settings: Settings,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const access = await sharedDatabase(settings, () => {});
  try {
    await requireCurrentSchema(access.url);
    const database = openDatabase({
      url: access.url,
      poolSize: 2,
      applicationName: 'shoudan command',
      onIdleError: () => {},
    });
    try {
      return await work(database);
    } finally {
      await database.end();
    }
  } finally {
    await access.release();
  }
}
