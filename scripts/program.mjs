import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ownNode } from './pinned-node.mjs';
import { exitCodeFor } from './starter.mjs';

/** To be imported by a program of Node's before it begins. */
export const endWithStarter = new URL('./end-with-starter.mjs', import.meta.url).href;

/**
 * Where Node keeps what it has compiled and stripped of types: every process of a second start loads its modules in
 * about half the time. A folder that cannot be written is passed over.
 */
const compileCache = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url));

/** How long a program may take to end before it is killed, once its starter is gone. */
const endTimeoutMs = 10_000;
/** How long a program that is not ours may take to end by the terminal's own Ctrl-C. */
const interruptTimeoutMs = 3_000;

/**
 * Runs a program to its end and returns its exit code, 128 + n when signal n killed it. An IPC channel tells the
 * program when this process is gone.
 *
 * Our own programs leave Ctrl-C to their starter and are told to end by SIGTERM, once. Others (vitest, say) have had the
 * terminal's Ctrl-C themselves; only when they go on, because the signal was sent to this process alone, they
 * get SIGTERM.
 */
export function runProgram({ node, file, args, cwd, ours }, end) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, ['--import', endWithStarter, file, ...args], {
      cwd,
      env: ours ? { NODE_COMPILE_CACHE: compileCache, ...process.env } : process.env,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    const timers = [];
    const later = (signal, afterMs) => timers.push(setTimeout(() => child.kill(signal), afterMs));
    const settle = (outcome) => {
      for (const timer of timers) clearTimeout(timer);
      end.onEnd(undefined);
      outcome();
    };

    child.once('error', (error) => {
      // A pinned Node that this system cannot load (another C library, say) looks like a missing file.
      settle(() => {
        if (child.pid !== undefined || node === process.execPath) return reject(error);
        try {
          const own = ownNode(`the pinned Node does not run here (${error.code})`);
          resolve(runProgram({ node: own, file, args, cwd, ours }, end));
        } catch (reason) {
          reject(reason);
        }
      });
    });
    child.once('exit', (exitCode, signal) => {
      settle(() => resolve(signal === null ? exitCode : exitCodeFor(signal)));
    });

    end.onEnd((reason) => {
      switch (reason) {
        case 'SIGINT':
          later('SIGTERM', ours ? 0 : interruptTimeoutMs);
          break;
        case 'SIGTERM':
          child.kill('SIGTERM');
          break;
        case 'starter_gone':
          child.kill('SIGTERM');
          later('SIGKILL', endTimeoutMs);
          break;
      }
    });
  });
}
