import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PostgresBinaries } from './binaries.ts';
import { type DataFolder, recordOf, syncFolder, writeRecord } from './data-folder.ts';
import { EmbeddedPostgresError, reasonOf } from './embedded-postgres-error.ts';
import { giveTo, runsAsRoot } from './server-user.ts';

/** The role and the database that everything runs in. */
export const databaseName = 'shoudan';

/**
 * What the server and its tools see of the environment: nothing that could point them at another server, and English
 * messages whatever the machine speaks, since the end of a failed start is read from them.
 */
export const serverEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', LANG: 'C', TZ: 'UTC' };

/** The major of an existing cluster by its PG_VERSION; undefined when there is none yet. */
export function clusterMajor(folder: DataFolder): number | undefined {
  const file = join(folder.cluster, 'PG_VERSION');
  if (existsSync(file)) return Number.parseInt(readFileSync(file, 'utf8'), 10);
  if (recordOf(folder.dataDir).initialised || existsSync(folder.cluster)) {
    throw new EmbeddedPostgresError(
      `the database of ${folder.dataDir} is not in ${folder.cluster} any more: restore it, or choose another folder with SHOUDAN_DATA_DIR`,
    );
  }
  return undefined;
}

/**
 * Makes the cluster in a draft folder and moves it into place when it is whole, so that one killed half-way leaves
 * only a draft, which the next call clears away. `relaxed` skips the final sync (for tests, beside `fsync=off`).
 */
export async function initialiseCluster(
  folder: DataFolder,
  binaries: PostgresBinaries,
  relaxed: boolean,
): Promise<void> {
  const { home, cluster, user, dataDir } = folder;
  try {
    clearDrafts(home);
    const draft = mkdtempSync(join(home, 'postgres.draft-'));
    const passwordFile = join(draft, 'password');
    writeFileSync(passwordFile, `${recordOf(dataDir).password}\n`, { mode: 0o600 });
    giveTo(user, draft);
    await runInitdb(folder, binaries, [
      `--pgdata=${join(draft, 'cluster')}`,
      `--username=${databaseName}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      ...(relaxed ? ['--no-sync'] : []),
    ]);
    renameSync(join(draft, 'cluster'), cluster);
    syncFolder(home);
    writeRecord(dataDir, { ...recordOf(dataDir), initialised: true });
    clearDrafts(home);
  } catch (error) {
    clearDrafts(home);
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(`no database could be made in ${home} (${reasonOf(error)})`, {
      cause: error,
    });
  }
}

/** The `initdb` of a killed run may still be writing: what cannot be removed now is removed next time. */
function clearDrafts(home: string): void {
  for (const entry of readdirSync(home)) {
    if (!entry.startsWith('postgres.draft-')) continue;
    try {
      rmSync(join(home, entry), { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
    } catch {
      // Its name is never used again.
    }
  }
}

function runInitdb(folder: DataFolder, binaries: PostgresBinaries, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(binaries.folder, 'initdb'), args, {
      // The server's user may not be allowed into the folder that we were started in.
      cwd: '/',
      env: serverEnvironment,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(folder.user ?? {}),
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8_192);
    });
    child.on('error', (error) =>
      reject(new EmbeddedPostgresError(`${child.spawnfile} could not be started (${reasonOf(error)})`)),
    );
    child.on('close', (exitCode, signal) => {
      if (exitCode === 0) resolve();
      else {
        reject(
          new EmbeddedPostgresError(
            `no database could be made in ${folder.home}: ${wordsOfFailure(said) ?? `initdb ended with ${signal ?? exitCode}`}`,
          ),
        );
      }
    });
  });
}

/** The line of a tool's output that says why it failed. */
export function wordsOfFailure(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trim());
  return (
    lines.findLast((line) => /FATAL:|PANIC:/.test(line)) ??
    lines.find((line) => /error:|could not/.test(line)) ??
    lines.findLast((line) => line !== '')
  );
}

/** A cluster that root copied (a restored backup) belongs to root, as whom no server runs. */
export function claimCluster(folder: DataFolder): void {
  const { cluster, user } = folder;
  if (runsAsRoot() && user !== undefined && statSync(cluster).uid === 0) {
    giveTo(user, cluster);
    chmodSync(cluster, 0o700);
  }
}

/** The log's file, made so that the data folder's owner can read it. */
export function prepareLog(folder: DataFolder): void {
  mkdirSync(folder.home, { recursive: true });
  try {
    // One old log is enough for a server whose log holds warnings only.
    if (statSync(folder.logFile).size > 4 * 1024 * 1024) renameSync(folder.logFile, `${folder.logFile}.old`);
  } catch {
    // There is none yet.
  }
  writeFileSync(folder.logFile, '', { flag: 'a', mode: 0o600 });
  const owner = statSync(folder.home);
  if (runsAsRoot()) chownSync(folder.logFile, owner.uid, owner.gid);
}
