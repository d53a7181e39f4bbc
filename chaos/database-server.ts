import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentOf } from '../bench/cpu.ts';

/**
 * `kill -9` of a PostgreSQL that this process has started: its postmaster and every one of its backends. Answers with
 * how many processes that were; none when the server is just down.
 */
export function killDatabaseServer(dataDirectory: string): number {
  const postmaster = postmasterIn(dataDirectory);
  if (postmaster === null || parentOrNull(postmaster) !== process.pid) return 0;
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const doomed = [postmaster, ...all.filter((pid) => parentOrNull(pid) === postmaster)];
  for (const pid of doomed) killHard(pid);
  return doomed.length;
}

function postmasterIn(dataDirectory: string): number | null {
  try {
    const [line = ''] = readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
    return /^\d+$/.test(line.trim()) ? Number(line) : null;
  } catch {
    return null;
  }
}

function parentOrNull(pid: number): number | null {
  try {
    return parentOf(pid);
  } catch {
    return null;
  }
}

export function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended in the meantime; a backend goes with its postmaster.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
