import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isAlive, parentOf, startTimeOf } from '../src/adapters/processes/process-liveness.mjs';

const pollMs = 500;
const npmDistanceMax = 3;

/**
 * Watches for the reasons to end that come from outside: SIGINT, SIGTERM, and the end of the npm that started this
 * (killed with -9 it cannot pass anything on). The listener set by `onEnd` gets `'SIGINT'`, `'SIGTERM'` or
 * `'starter_gone'`; while there is none this process ends at once.
 *
 * npm repeats a Ctrl-C that the terminal has already sent to everybody, so the same signal within a second counts once.
 */
export function watchForEnd() {
  const endAtOnce = (reason) => process.exit(exitCodeFor(reason));
  let listener = endAtOnce;
  const lastAtMs = {};
  const onSignal = (signal) => {
    const nowMs = performance.now();
    const repeated = nowMs - lastAtMs[signal] < 1_000;
    lastAtMs[signal] = nowMs;
    if (!repeated) listener(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  const starters = findStarters();
  if (starters.length > 0) {
    const parentPid = process.ppid;
    const poll = setInterval(() => {
      if (process.ppid === parentPid && starters.every(({ pid, startTime }) => isAlive(pid, startTime)))
        return;
      clearInterval(poll);
      listener('starter_gone');
    }, pollMs);
    poll.unref();
  }

  return {
    onEnd(next) {
      listener = next ?? endAtOnce;
    },
  };
}

/** As a shell reports it: 128 + n for signal n. */
export function exitCodeFor(reason) {
  return reason === 'starter_gone' ? 1 : 128 + constants.signals[reason];
}

/**
 * The processes whose end is ours too: from the parent up to npm, which runs its scripts through a shell; the parent
 * alone when npm cannot be told but was there; none when nobody's script runs this.
 */
function findStarters() {
  const chain = [];
  if (process.platform === 'linux') {
    for (let pid = process.ppid; chain.length < npmDistanceMax && pid > 0; pid = parentOf(pid) ?? 0) {
      chain.push({ pid, startTime: startTimeOf(pid) });
      if (commandLineOf(pid).startsWith('npm')) return chain;
    }
  }
  if (process.env['npm_lifecycle_event'] === undefined) return [];
  return [{ pid: process.ppid, startTime: startTimeOf(process.ppid) }];
}

function commandLineOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
