import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolderFailure, makeDataFolder } from '../processes/data-folder-lock.ts';
import type { BinariesFrom } from './binaries.ts';
import { EmbeddedPostgresError, reasonOf } from './embedded-postgres-error.ts';
import { canEnter, runsAsRoot, type ServerUser, unprivilegedUser } from './server-user.ts';

/** What `postgres.json` in the data folder remembers between starts (mode 0600: it holds the password). */
export interface DatabaseRecord {
  readonly password: string;
  /** Loopback port of the last start, used again while it is free. */
  readonly port?: number;
  /** The root-made folder that holds the database when the server's user cannot enter the data folder. */
  readonly place?: string;
  /** From now on a missing database is a loss to report, never a reason to make an empty one. */
  readonly initialised?: boolean;
  /** How the newest server was started: one that runs with other settings is not adopted. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly binariesFrom?: BinariesFrom;
}

/** A data folder, opened: where its database lies and whom its server runs as. */
export interface DataFolder {
  readonly dataDir: string;
  /** Holds the database, its log and copied binaries: the data folder itself or the place of its record. */
  readonly home: string;
  /** PostgreSQL's own data directory. */
  readonly cluster: string;
  readonly logFile: string;
  /** Undefined: this process's own user. */
  readonly user: ServerUser | undefined;
}

const recordFile = 'postgres.json';
const markerFile = 'data-folder';

/**
 * Opens (or makes) the data folder. As root the server runs as the folder's owner when that is an ordinary user,
 * else as an unprivileged one; when that one cannot enter the folder (0700 under /root, say), the database lies in a
 * folder made for it elsewhere, which the record names.
 *
 * Throws `EmbeddedPostgresError`.
 */
export function openDataFolder(dataDir: string): DataFolder {
  let ownerUid: number;
  let ownerGid: number;
  try {
    makeDataFolder(dataDir);
    ({ uid: ownerUid, gid: ownerGid } = statSync(dataDir));
    if (readRecord(dataDir) === undefined) {
      if (existsSync(join(dataDir, 'postgres'))) {
        throw new EmbeddedPostgresError(
          `${join(dataDir, recordFile)}, which holds the password of the database beside it, is missing: restore it, or choose another folder with SHOUDAN_DATA_DIR`,
        );
      }
      writeRecord(dataDir, { password: randomBytes(24).toString('base64url') });
    }
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? error : notWritable(dataDir, error);
  }

  if (!runsAsRoot()) return folderAt(dataDir, dataDir, undefined);
  if (ownerUid !== 0) {
    const user = { uid: ownerUid, gid: ownerGid };
    if (canEnter(dataDir, user)) return folderAt(dataDir, dataDir, user);
    throw new EmbeddedPostgresError(
      `the data folder ${dataDir} belongs to user ${ownerUid}, who cannot enter it: open the folders above it to that user, or choose another with SHOUDAN_DATA_DIR`,
    );
  }

  const { place, initialised } = recordOf(dataDir);
  if (place !== undefined) {
    checkPlace(dataDir, place);
    return folderAt(dataDir, place, ownerOfCluster(place) ?? unprivilegedUser());
  }
  const user = ownerOfCluster(dataDir) ?? unprivilegedUser();
  if (canEnter(dataDir, user)) return folderAt(dataDir, dataDir, user);
  if (initialised) {
    throw new EmbeddedPostgresError(
      `the database in ${dataDir} belongs to user ${user.uid}, who cannot enter that folder any more: open the folders above it (chmod o+x)`,
    );
  }
  const made = makePlace(dataDir, user);
  writeRecord(dataDir, { ...recordOf(dataDir), place: made });
  return folderAt(dataDir, made, user);
}

function folderAt(dataDir: string, home: string, user: ServerUser | undefined): DataFolder {
  return { dataDir, home, cluster: join(home, 'postgres'), logFile: join(home, 'postgres.log'), user };
}

/** An existing cluster decides whom it runs as; one that root copied here does not. */
function ownerOfCluster(home: string): ServerUser | undefined {
  const cluster = join(home, 'postgres');
  if (!existsSync(cluster)) return undefined;
  const { uid, gid } = statSync(cluster);
  return uid === 0 ? undefined : { uid, gid };
}

/** /var/lib survives a restart of the machine; the temporary folder is for those that have no writable /var/lib. */
function makePlace(dataDir: string, user: ServerUser): string {
  let lastError: unknown;
  for (const parent of ['/var/lib/shoudan', tmpdir()]) {
    try {
      mkdirSync(parent, { recursive: true, mode: 0o755 });
      // Whoever owns the parent could put another folder in the place's stead; the sticky bit of /tmp forbids that.
      const { uid, mode } = statSync(parent);
      if (uid !== 0 || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) || !canEnter(parent, user)) continue;
      const place = mkdtempSync(join(parent, 'shoudan-'));
      chmodSync(place, 0o755);
      writeFileSync(join(place, markerFile), dataDir);
      return place;
    } catch (error) {
      lastError = error;
    }
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL cannot run as root, its user ${user.uid} cannot enter ${dataDir}, and no other place could be made under /var/lib or ${tmpdir()}${lastError === undefined ? '' : ` (${reasonOf(lastError)})`}: choose another folder with SHOUDAN_DATA_DIR`,
    { cause: lastError },
  );
}

/** The recorded place must be there, and must not belong to the data folder that this one was copied from. */
function checkPlace(dataDir: string, place: string): void {
  let usedBy: string;
  try {
    usedBy = readFileSync(join(place, markerFile), 'utf8');
  } catch (error) {
    throw new EmbeddedPostgresError(
      `${join(dataDir, recordFile)} says that the database lies in ${place}, which is not there (${reasonOf(error)}): restore it, or choose another folder with SHOUDAN_DATA_DIR`,
      { cause: error },
    );
  }
  if (usedBy === dataDir) return;
  if (existsSync(usedBy) && !sameFile(usedBy, dataDir) && readRecord(usedBy)?.place === place) {
    throw new EmbeddedPostgresError(
      `the data folder ${dataDir} is a copy of ${usedBy} and names the same database in ${place}: use ${usedBy}, or choose another folder with SHOUDAN_DATA_DIR`,
    );
  }
  writeFileSync(join(place, markerFile), dataDir);
}

export function sameFile(a: string, b: string): boolean {
  try {
    const [first, second] = [statSync(a), statSync(b)];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}

/** The record of an opened data folder. */
export function recordOf(dataDir: string): DatabaseRecord {
  const record = readRecord(dataDir);
  if (record === undefined) {
    throw new EmbeddedPostgresError(`${join(dataDir, recordFile)} has disappeared while it was in use`);
  }
  return record;
}

function readRecord(dataDir: string): DatabaseRecord | undefined {
  const file = join(dataDir, recordFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new EmbeddedPostgresError(
      `${file} cannot be read (${reasonOf(error)}): it belongs to the user who started this data folder first; start as that user, or choose another folder with SHOUDAN_DATA_DIR`,
      { cause: error },
    );
  }
  try {
    const record = JSON.parse(text) as DatabaseRecord;
    if (typeof record.password === 'string') return record;
  } catch {
    // Said below, together with a record of another shape.
  }
  throw new EmbeddedPostgresError(
    `${file} is not a record of this program: restore it from a copy, or choose another folder with SHOUDAN_DATA_DIR`,
  );
}

/** Replaces the record as a whole; it belongs to the data folder's owner afterwards. */
export function writeRecord(dataDir: string, record: DatabaseRecord): void {
  const draft = join(dataDir, `${recordFile}.${randomBytes(6).toString('hex')}`);
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const owner = statSync(dataDir);
    if (runsAsRoot() && owner.uid !== 0) chownSync(draft, owner.uid, owner.gid);
    renameSync(draft, join(dataDir, recordFile));
    syncFolder(dataDir);
  } catch (error) {
    rmSync(draft, { force: true });
    throw notWritable(dataDir, error);
  }
}

/** Makes renames inside a folder survive a power cut. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function notWritable(dataDir: string, error: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(dataFolderFailure(dataDir, error), { cause: error });
}
