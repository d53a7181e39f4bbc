import { spawnSync } from 'node:child_process';
import { lchownSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** Whom the server runs as. PostgreSQL refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The unprivileged user that a server started by root runs as: the machine's `postgres` where there is one.
 * It has to be a user with a name, since `initdb` looks its own name up.
 */
export function unprivilegedUser(): ServerUser {
  for (const name of ['postgres', 'nobody', 'daemon']) {
    const uid = numberPrintedBy('id', ['-u', name]);
    const gid = numberPrintedBy('id', ['-g', name]);
    if (uid !== undefined && gid !== undefined && uid !== 0) return { uid, gid };
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root and this machine has no user named postgres or nobody: start as an ordinary user, or set DATABASE_URL',
  );
}

function numberPrintedBy(command: string, args: readonly string[]): number | undefined {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  return run.status === 0 && /^\d+\s*$/.test(run.stdout) ? Number(run.stdout) : undefined;
}

/**
 * Whether `user` may enter the folder and all folders above it, by their permission bits. `undefined` is this
 * process's own user, who is not asked.
 */
export function canEnter(folder: string, user: ServerUser | undefined): boolean {
  if (user === undefined) return true;
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const needed = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

/** Gives a file or a whole folder to a user; symbolic links are not followed. */
export function giveTo(user: ServerUser | undefined, path: string): void {
  if (user === undefined) return;
  lchownSync(path, user.uid, user.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path)) giveTo(user, join(path, entry));
}
