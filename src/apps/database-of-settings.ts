import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../adapters/embedded-postgres/embedded-postgres.ts';
import {
  type DataFolderLock,
  DataFolderLockError,
  lockDataFolder,
} from '../adapters/processes/data-folder-lock.ts';
import { type Settings, UnreachableError } from './settings.ts';

/** The database that the settings lead to, for as long as this process needs it. */
export interface DatabaseAccess {
  readonly url: string;
  /** What people read: where the database is, without its password. */
  readonly description: string;
  /** Ends an embedded server that this process owns; leaves every other one alone. */
  release(): Promise<void>;
}

const urlFile = 'database-url';

/**
 * Takes the data folder for this process alone and starts its embedded PostgreSQL, or takes the server that
 * DATABASE_URL names. Throws with one clear line when the folder is in use or the database cannot be reached.
 */
export async function ownDatabase(settings: Settings, log: (line: string) => void): Promise<DatabaseAccess> {
  const lock = lockDataFolder(settings.dataDir);
  try {
    return settings.databaseUrl === null
      ? await embedded(settings, lock, log)
      : await external(settings.databaseUrl, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The database for a process that may be one of several: DATABASE_URL's; else the embedded server that another
 * process of this data folder runs; else one that this process starts and owns.
 */
export async function sharedDatabase(
  settings: Settings,
  log: (line: string) => void,
): Promise<DatabaseAccess> {
  if (settings.databaseUrl !== null) return external(settings.databaseUrl, () => {});
  let lock: DataFolderLock;
  try {
    lock = lockDataFolder(settings.dataDir);
  } catch (error) {
    if (error instanceof DataFolderLockError && error.heldBy !== undefined)
      return neighbours(settings, error);
    throw error;
  }
  try {
    return await embedded(settings, lock, log);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function embedded(
  settings: Settings,
  lock: DataFolderLock,
  log: (line: string) => void,
): Promise<DatabaseAccess> {
  const server = await startEmbeddedPostgres({ dataDir: settings.dataDir, log });
  const path = join(settings.dataDir, urlFile);
  writeFileSync(path, server.databaseUrl, { mode: 0o600 });
  return {
    url: server.databaseUrl,
    description: `embedded PostgreSQL ${server.version} in ${settings.dataDir}`,
    async release() {
      rmSync(path, { force: true });
      await server.stop();
      lock.release();
    },
  };
}

async function external(url: string, release: () => void): Promise<DatabaseAccess> {
  const shown = new URL(url);
  const where = `${shown.hostname === '' ? 'a local socket' : shown.host}${shown.pathname}`;
  const failure = await connectionFailure(url);
  if (failure !== null) {
    throw new UnreachableError(`DATABASE_URL leads to ${where}, which cannot be reached: ${failure}.`);
  }
  return {
    url,
    description: `PostgreSQL at ${where}`,
    async release() {
      release();
    },
  };
}

/** The owner of the folder may just be starting: its server is waited for, not for ever. */
async function neighbours(settings: Settings, held: DataFolderLockError): Promise<DatabaseAccess> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 100) {
    const url = readUrl(settings);
    if (url !== null && (await connectionFailure(url)) === null) {
      return {
        url,
        description: `embedded PostgreSQL of process ${held.heldBy ?? '?'} in ${settings.dataDir}`,
        async release() {},
      };
    }
    await sleepFor(100);
  }
  throw new UnreachableError(
    `process ${held.heldBy ?? '?'} holds ${settings.dataDir}, but its database does not answer: ` +
      'stop that process, or set DATABASE_URL.',
  );
}

function readUrl(settings: Settings): string | null {
  try {
    return readFileSync(join(settings.dataDir, urlFile), 'utf8').trim();
  } catch {
    return null;
  }
}

async function connectionFailure(url: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks again right away must not end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return null;
  } catch (error) {
    if (error instanceof AggregateError) return String(error.errors[0]?.message ?? error.message);
    return error instanceof Error ? (error.message.split('\n')[0] ?? 'no reason given') : 'no reason given';
  } finally {
    await client.end().catch(() => {});
  }
}
