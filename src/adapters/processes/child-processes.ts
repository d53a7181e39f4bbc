import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const restartDelayMsMin = 200;
const restartDelayMsMax = 5_000;
/** One that lived this long counts as healthy: the next restart begins with the shortest delay again. */
const healthyAfterMs = 10_000;

export interface ChildOptions {
  /** Stands in messages and, with `prefixed` output, before each line. */
  readonly name: string;
  /** Absolute path of the `.ts` (or `.js`) entry, run by this process's own Node. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Takes each line that it prints. Without it stdout is handed on untouched (no work per line in this process) and
   * stderr line by line.
   */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** How long the first `{ready: true}` may take. */
  readonly readyTimeoutMs: number;
  /** How long it may take to end when asked, before it gets SIGTERM; SIGKILL follows after the same time again. */
  readonly stopTimeoutMs: number;
  /** One line about each unexpected end and each restart. */
  readonly log: (line: string) => void;
  /** Ends it as `stop` does, also while it is only getting ready. */
  readonly signal?: AbortSignal;
}

export interface SupervisedChild {
  readonly name: string;
  /** Of the process that runs now; undefined between an unexpected end and the restart. */
  readonly pid: () => number | undefined;
  /** What the newest process said along with `ready: true`. */
  readonly readyDetails: () => Readonly<Record<string, unknown>>;
  /** From now on its end is no surprise: it is not started again, and nothing is said about it. */
  readonly letEnd: () => void;
  /** Ends it and waits for that. Nothing is restarted afterwards. Safe to call again. */
  readonly stop: () => Promise<void>;
}

/** A child ended, or stayed silent, before it was ready. The message is one line with its last words. */
export class ChildStartError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ChildStartError';
  }
}

/**
 * Starts a process of our own and keeps it running: ready when it says so over IPC (`reportReady` of the
 * starter watch), restarted with a growing delay (0.2 s to 5 s) when it ends unexpectedly, ended by `stop`. When this
 * process is killed the child sees its channel close and ends by itself.
 *
 * Throws `ChildStartError` when the first process does not get ready; later ones are tried again without end.
 */
export async function superviseChild(options: ChildOptions): Promise<SupervisedChild> {
  let current: ChildProcess | undefined;
  let readyDetails: Readonly<Record<string, unknown>> = {};
  let stopping = false;
  let restartDelayMs = restartDelayMsMin;
  let restartTimer: NodeJS.Timeout | undefined;

  const launch = async (): Promise<void> => {
    const startedAtMs = performance.now();
    const { child, lastWords } = spawnChild(options);
    current = child;
    try {
      readyDetails = await readiness(child, options, lastWords);
    } catch (error) {
      current = undefined;
      child.kill('SIGKILL');
      throw error;
    }
    const onEnd = (exitCode: number | null, signal: NodeJS.Signals | null) => {
      current = undefined;
      if (stopping) return;
      if (performance.now() - startedAtMs >= healthyAfterMs) restartDelayMs = restartDelayMsMin;
      options.log(`${options.name} ended unexpectedly (${endingOf(exitCode, signal)}), starting it again`);
      scheduleRestart();
    };
    if (hasEnded(child)) onEnd(child.exitCode, child.signalCode);
    else child.once('exit', onEnd);
  };

  const scheduleRestart = () => {
    restartTimer = setTimeout(() => {
      launch().catch((error: unknown) => {
        if (stopping) return;
        options.log(error instanceof Error ? error.message : String(error));
        scheduleRestart();
      });
    }, restartDelayMs);
    restartDelayMs = Math.min(restartDelayMs * 2, restartDelayMsMax);
  };

  const letEnd = () => {
    stopping = true;
    clearTimeout(restartTimer);
  };
  const stop = async () => {
    letEnd();
    options.signal?.removeEventListener('abort', stop);
    if (current !== undefined) await end(current, options.stopTimeoutMs);
  };
  const stoppedEarly = () => new ChildStartError(`${options.name} was stopped before it was ready`);
  if (options.signal?.aborted) throw stoppedEarly();
  options.signal?.addEventListener('abort', stop);
  try {
    await launch();
  } catch (error) {
    options.signal?.removeEventListener('abort', stop);
    throw stopping ? stoppedEarly() : error;
  }

  return { name: options.name, pid: () => current?.pid, readyDetails: () => readyDetails, letEnd, stop };
}

function spawnChild(options: ChildOptions): { child: ChildProcess; lastWords: () => string } {
  const { onLine } = options;
  const child = spawn(process.execPath, [options.entry, ...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', onLine === undefined ? 'inherit' : 'pipe', 'pipe', 'ipc'],
  });
  let lastLine = '';
  let lastError = '';
  if (child.stdout !== null && onLine !== undefined) {
    createInterface({ input: child.stdout }).on('line', (line) => onLine(line, 'stdout'));
  }
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (/^\w*Error\b.*:/.test(line)) lastError = line.trim();
      if (line.trim() !== '') lastLine = line.trim();
      if (onLine === undefined) process.stderr.write(`${line}\n`);
      else onLine(line, 'stderr');
    });
  }
  // Node ends the report of an uncaught error with its own version.
  return { child, lastWords: () => (lastLine.startsWith('Node.js v') ? lastError : lastLine) };
}

function readiness(
  child: ChildProcess,
  options: ChildOptions,
  lastWords: () => string,
): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('close', onClose);
      child.off('error', onError);
      outcome();
    };
    const fail = (what: string) => {
      const words = lastWords();
      settle(() => reject(new ChildStartError(`${options.name} ${what}${words === '' ? '' : `: ${words}`}`)));
    };
    const onMessage = (message: unknown) => {
      if (typeof message === 'object' && message !== null && 'ready' in message && message.ready === true) {
        settle(() => resolve({ ...message }));
      }
    };
    // 'close' and not 'exit': only then has its last line arrived.
    const onClose = (exitCode: number | null, signal: NodeJS.Signals | null) =>
      fail(`ended before it was ready (${endingOf(exitCode, signal)})`);
    const onError = (error: Error) => fail(`could not be started (${error.message})`);
    const timer = setTimeout(
      () => fail(`was not ready within ${options.readyTimeoutMs / 1000} s`),
      options.readyTimeoutMs,
    );
    child.on('message', onMessage);
    child.on('close', onClose);
    child.on('error', onError);
  });
}

async function end(child: ChildProcess, stopTimeoutMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.connected) child.send({ stop: true }, () => undefined);
  else child.kill('SIGTERM');
  const asked = setTimeout(() => child.kill('SIGTERM'), stopTimeoutMs);
  const insisted = setTimeout(() => child.kill('SIGKILL'), 2 * stopTimeoutMs);
  await ended;
  clearTimeout(asked);
  clearTimeout(insisted);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function endingOf(exitCode: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit code ${exitCode}` : signal;
}
