import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks a second: 100 on every Linux that matters here. */
const ticksPerSecond = 100;

/** CPU seconds that a process and its living and past children have used so far. Linux only. */
export function cpuSecondsOfTree(root: number): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .map(statOf)
    .filter((stat) => stat !== null);
  const members = new Set([root]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const stat of stats) {
      if (members.has(stat.parent) && !members.has(stat.pid)) {
        members.add(stat.pid);
        grown = true;
      }
    }
  }
  return stats.filter((stat) => members.has(stat.pid)).reduce((sum, stat) => sum + stat.seconds, 0);
}

function statOf(pid: number): { pid: number; parent: number; seconds: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const parent = Number(fields[1]);
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return { pid, parent, seconds: ticks / ticksPerSecond };
  } catch {
    return null;
  }
}

export function parentOf(pid: number): number {
  const stat = statOf(pid);
  if (stat === null) throw new Error(`process ${pid} is gone`);
  return stat.parent;
}
