import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, startTimeOf } from '../processes/process-liveness.mjs';
import type { DataFolder } from './data-folder.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** The server process of one cluster, known to be that and not another process that was given its id. */
export interface Postmaster {
  readonly pid: number;
  readonly startTime: string | undefined;
  /** Undefined until the server has written it. */
  readonly port: number | undefined;
}

/** A fast shutdown writes a checkpoint; on a slow disk that takes its time. */
const fastShutdownMs = 30_000;
const immediateShutdownMs = 5_000;

/** What tells a cluster's processes: where it lies, and whom they run as when that is not this process's user. */
export type ClusterIdentity = Pick<DataFolder, 'cluster' | 'user'>;

/**
 * The server that runs on this cluster, whoever started it. A pid file whose process is gone, is a zombie, or is
 * another process by now means that none runs.
 */
export function runningPostmaster(folder: ClusterIdentity): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(folder.cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!isAlive(pid) || !workingIn(folder, [pid]).includes(pid)) return undefined;
  const port = Number(lines[3]);
  return { pid, startTime: startTimeOf(pid), port: port > 0 ? port : undefined };
}

/**
 * Those of the processes that are a PostgreSQL of this very cluster: all of them have it as their working folder,
 * which also tells a copied or a moved data folder from the one that the server was started in.
 */
function workingIn({ cluster, user }: ClusterIdentity, pids: readonly number[]): number[] {
  if (process.platform !== 'linux') {
    return pids.filter((pid) => {
      const ps = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
      return ps.stdout.includes('postgres') && ps.stdout.includes(cluster);
    });
  }
  if (!existsSync(cluster)) return [];
  const { dev, ino } = statSync(cluster);
  const hidden: number[] = [];
  const found = pids.filter((pid) => {
    if (commandOf(pid) !== 'postgres') return false;
    try {
      const at = statSync(`/proc/${pid}/cwd`);
      return at.dev === dev && at.ino === ino;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') hidden.push(pid);
      return false;
    }
  });
  // In a container root usually may not look into another user's processes; that user may.
  if (user === undefined || hidden.length === 0) return found;
  const args = ['-L', '-c', '%n %d:%i', ...hidden.map((pid) => `/proc/${pid}/cwd`)];
  const asked = spawnSync('stat', args, { encoding: 'utf8', cwd: '/', ...user });
  return [...found, ...hidden.filter((pid) => asked.stdout.includes(`/proc/${pid}/cwd ${dev}:${ino}\n`))];
}

function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Every PostgreSQL process of the cluster. Only Linux can tell. */
function processesOf(folder: ClusterIdentity): number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  return workingIn(folder, pids).filter((pid) => isAlive(pid));
}

/**
 * After a postmaster was killed its backends end by themselves as soon as they notice; one in the middle of a long
 * statement may not. No new server can start before the last one has let go of the shared memory.
 */
export async function waitForOrphanedBackends(folder: ClusterIdentity): Promise<void> {
  const orderlyUntilMs = performance.now() + 1_000;
  const askedUntilMs = orderlyUntilMs + 2_000;
  const killedUntilMs = askedUntilMs + 2_000;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const left = processesOf(folder);
    if (left.length === 0) return;
    const nowMs = performance.now();
    if (nowMs > killedUntilMs) {
      throw new EmbeddedPostgresError(
        `the processes ${left.join(', ')} of an earlier PostgreSQL in ${folder.cluster} do not end: end them and start again`,
      );
    }
    if (nowMs > orderlyUntilMs) {
      for (const pid of left) sendSignal(pid, nowMs > askedUntilMs ? 'SIGKILL' : 'SIGQUIT');
    }
    await delay(pauseMs);
  }
}

/** Removes the pid file of a server that is known not to run; PostgreSQL itself would believe a reused process id. */
export function removeStalePidFile({ cluster }: ClusterIdentity): void {
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
}

/**
 * Ends a server: a fast shutdown (open transactions are rolled back, a checkpoint is written), then an immediate one
 * (the next start recovers from the log; nothing committed is lost), then SIGKILL.
 */
export async function stopPostmaster(postmaster: Postmaster, folder: ClusterIdentity): Promise<void> {
  const steps = [
    ['SIGINT', fastShutdownMs],
    ['SIGQUIT', immediateShutdownMs],
    ['SIGKILL', immediateShutdownMs],
  ] as const;
  for (const [signal, limitMs] of steps) {
    if (!postmasterAlive(postmaster)) break;
    sendSignal(postmaster.pid, signal);
    if (await ended(postmaster, limitMs)) break;
  }
  if (postmasterAlive(postmaster)) {
    throw new EmbeddedPostgresError(
      `the PostgreSQL process ${postmaster.pid} in ${folder.cluster} does not end`,
    );
  }
  await waitForOrphanedBackends(folder);
}

export function postmasterAlive(postmaster: Postmaster): boolean {
  return isAlive(postmaster.pid, postmaster.startTime);
}

async function ended(postmaster: Postmaster, limitMs: number): Promise<boolean> {
  const untilMs = performance.now() + limitMs;
  for (let pauseMs = 5; performance.now() < untilMs; pauseMs = Math.min(pauseMs * 2, 100)) {
    if (!postmasterAlive(postmaster)) return true;
    await delay(pauseMs);
  }
  return !postmasterAlive(postmaster);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw new EmbeddedPostgresError(
        `the PostgreSQL process ${pid} belongs to another user and cannot be stopped by this one: start as the user who started it`,
        { cause: error },
      );
    }
  }
}
