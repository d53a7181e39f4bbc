import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Postmaster, runningPostmaster } from './postmaster.ts';
import { runsAsRoot } from './server-user.ts';

/** The server that runs on the database in this folder (a data folder or a recorded place). For tests. */
export function postmasterIn(home: string): Postmaster | undefined {
  const cluster = join(home, 'postgres');
  if (!existsSync(cluster)) return undefined;
  const { uid, gid } = statSync(cluster);
  return runningPostmaster({ cluster, user: runsAsRoot() ? { uid, gid } : undefined });
}
