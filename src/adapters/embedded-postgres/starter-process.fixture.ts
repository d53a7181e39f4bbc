import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EmbeddedPostgres } from './embedded-postgres.ts';
import type { StarterRequest } from './starter.fixture.ts';

export type Started = Omit<EmbeddedPostgres, 'stop'>;

export interface StarterProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The next line it prints. */
  readonly nextLine: () => Promise<string>;
  /** What it says when the server answers; rejects with its own one-line message when it fails. */
  readonly started: () => Promise<Started>;
  /** Every line that has not been taken by `nextLine`. */
  readonly linesLeft: () => readonly string[];
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
}

/** Runs the starter fixture. For tests. */
export function spawnStarter(request: StarterRequest, fixture?: string): StarterProcess {
  const entry = fixture ?? fileURLToPath(new URL('./starter.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [entry, JSON.stringify(request)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const taker = waiting.shift();
    if (taker === undefined) lines.push(line);
    else taker(line);
  });
  const nextLine = () => {
    const line = lines.shift();
    return line === undefined
      ? new Promise<string>((resolve) => waiting.push(resolve))
      : Promise.resolve(line);
  };
  return {
    child,
    pid: child.pid ?? 0,
    nextLine,
    linesLeft: () => lines,
    async started() {
      const line = await nextLine();
      if (line.startsWith('failed: ')) throw new Error(line.slice('failed: '.length));
      return JSON.parse(line) as Started;
    },
    async kill(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}
