import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file: a migration that was applied is never edited. */
  readonly checksum: string;
}

/** A schema that this version cannot work with. The message is one line that says what to do. */
export class MigrationError extends Error {}

const folder = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** The numbered files of `migrations/`, in order, without gaps. */
export function readMigrations(directory: string = folder): Migration[] {
  const files = readdirSync(directory)
    .filter((file) => /^\d{6}_[a-z0-9_]+\.sql$/.test(file))
    .sort();
  return files.map((file, index) => {
    const version = Number(file.slice(0, 6));
    if (version !== index + 1) {
      throw new MigrationError(`migrations/${file} is out of order: the next number is ${index + 1}.`);
    }
    const sql = readFileSync(`${directory}/${file}`, 'utf8');
    return { version, name: file, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

/**
 * Brings the database to the newest schema and makes the coming months' partitions. Each migration is a transaction
 * of its own; several processes may call this at once, one of them does the work and the others wait. A migration that
 * would wait for a lock steps back and tries again, so that payments never queue up behind it. Answers with the names of
 * the migrations that were applied.
 */
export async function migrate(
  databaseUrl: string,
  migrations: readonly Migration[] = readMigrations(),
): Promise<string[]> {
  return withClient(databaseUrl, async (client) => {
    // Held by the session, so that it spans the transactions of all migrations.
    await client.query(`select pg_advisory_lock(hashtext('shoudan migrations'))`);
    await client.query(`create table if not exists schema_migrations (
      version     integer primary key,
      name        text not null,
      checksum    text not null,
      applied_at  timestamptz not null default clock_timestamp()
    )`);
    const applied = await appliedMigrations(client);
    const done: string[] = [];
    for (const migration of migrations) {
      const known = applied.get(migration.version);
      if (known !== undefined) {
        if (known.checksum !== migration.checksum) throw edited(migration);
        continue;
      }
      await apply(client, migration);
      done.push(migration.name);
    }
    return done;
  });
}

/** Longest wait for a lock: as long as payments may stand still behind it. */
const lockTimeoutMs = 2_000;
const lockTries = 30;
const lockPauseMs = 1_000;

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await client.query('begin');
    try {
      await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
      await client.query(migration.sql);
      await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
        migration.version,
        migration.name,
        migration.checksum,
      ]);
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      if (isLockTimeout(error) && tries < lockTries) {
        await sleep(lockPauseMs);
        continue;
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new MigrationError(`migrations/${migration.name} failed and was rolled back: ${reason}`, {
        cause: error,
      });
    }
  }
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '55P03';
}

/**
 * Throws when the database lacks a migration that this version needs. A newer schema is fine: migrations only ever
 * widen what older code uses.
 */
export async function requireCurrentSchema(databaseUrl: string): Promise<void> {
  const migrations = readMigrations();
  await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ readonly present: boolean }>(
      `select to_regclass('schema_migrations') is not null as present`,
    );
    const applied = rows[0]?.present === true ? await appliedMigrations(client) : new Map();
    const missing = migrations.filter(({ version }) => !applied.has(version));
    if (missing.length > 0) {
      throw new MigrationError(
        `the database lacks ${missing.map(({ name }) => name).join(', ')}: run \`shoudan migrate\` first.`,
      );
    }
    const changed = migrations.find(({ version, checksum }) => applied.get(version)?.checksum !== checksum);
    if (changed !== undefined) throw edited(changed);
  });
}

function edited(migration: Migration): MigrationError {
  return new MigrationError(
    `migrations/${migration.name} differs from what this database was migrated with: restore the file, ` +
      'and put the change into a new migration.',
  );
}

async function appliedMigrations(client: pg.Client): Promise<Map<number, { readonly checksum: string }>> {
  const { rows } = await client.query<{ readonly version: number; readonly checksum: string }>(
    'select version, checksum from schema_migrations',
  );
  return new Map(rows.map((row) => [row.version, row]));
}

async function withClient<Result>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  // A connection that breaks fails the statement that waits for it, and must not end the process as well.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
