// Plain JavaScript with a declaration file beside it: the set-up in scripts/ needs it on whatever Node starts
// it, before the pinned Node (which could read TypeScript) is there.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

let bootId;

/** Start times on Linux count from the boot, so a boot's id belongs to them. */
function currentBootId() {
  if (bootId === undefined) {
    try {
      bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      bootId = '';
    }
  }
  return bootId;
}

/** What the system says about a process: undefined when it says nothing (gone, or hidden from this user). */
function look(pid) {
  if (process.platform === 'linux') {
    let stat;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    } catch {
      return undefined;
    }
    // The second field is the command in brackets and may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      state: fields[0],
      parentPid: Number(fields[1]),
      startTime: `${currentBootId()}:${fields[19]}`,
    };
  }
  const ps = spawnSync('ps', ['-o', 'stat=,ppid=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const match = /^\s*(\S+)\s+(\d+)\s+(.+?)\s*$/.exec(ps.stdout ?? '');
  return match ? { state: match[1][0], parentPid: Number(match[2]), startTime: match[3] } : undefined;
}

export function startTimeOf(pid) {
  const seen = look(pid);
  return seen === undefined || seen.state === 'Z' || seen.state === 'X' ? undefined : seen.startTime;
}

export function parentOf(pid) {
  return look(pid)?.parentPid;
}

export function isAlive(pid, startTime) {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  const seen = look(pid);
  if (seen === undefined) {
    // Hidden processes of other users (hidepid) answer EPERM; a gone one answers ESRCH.
    try {
      process.kill(pid, 0);
      return startTime === undefined;
    } catch (error) {
      return error.code === 'EPERM';
    }
  }
  if (seen.state === 'Z' || seen.state === 'X') return false;
  return startTime === undefined || seen.startTime === startTime;
}
