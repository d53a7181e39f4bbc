import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const entry = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Ends by itself long before; a busy machine has its time. */
const limitMs = 400_000;

// proves RES-13, CAN-05
it(
  'half a minute of kills and faults leaves nobody one-sided, forgotten or told wrongly, and nothing behind',
  async () => {
    const before = folders();
    const run = await chaos(['--minutes', '0.4', '--seed', '20261125', '--tills', '12']);
    expect(run.stdout, run.stderr).toMatch(/^[1-9]\d* payments, [3-9]\d* kills, 0 violations\n$/m);
    expect(run.exitCode).toBe(0);
    expect(run.stdout.trimEnd().split('\n').at(-1)).toMatch(/ payments, .* kills, 0 violations$/);
    expect(run.stdout).toContain('fsync on, full_page_writes on, synchronous_commit on');
    for (const victim of ['gateway', 'worker', 'database']) {
      expect(run.stdout).toMatch(new RegExp(`${victim} [1-9]`));
    }
    expect(folders().filter((folder) => !before.includes(folder) && run.names(folder))).toEqual([]);
    expect(run.left()).toEqual([]);
  },
  limitMs,
);

it('arguments that make no sense are refused with how to use it', async () => {
  const run = await chaos(['--minutes', 'long']);
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toMatch(/^usage: chaos /);
});

it(
  'a run that is told to stop ends everything that it has started',
  async () => {
    const run = await chaos(['--minutes', '5', '--seed', '1'], (child) => {
      // The plan is printed first; then the database and the others start one after the other.
      child.stdout?.once('data', () => setTimeout(() => child.kill('SIGTERM'), 4_000));
    });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('stopped before the end');
    expect(run.left()).toEqual([]);
  },
  limitMs,
);

interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether a folder of the temporary directory is this run's. */
  names(folder: string): boolean;
  /** Processes of this run that are still there. */
  left(): number[];
}

async function chaos(
  args: readonly string[],
  started: (child: ReturnType<typeof spawn>) => void = () => {},
): Promise<Run> {
  const tag = `${process.pid}-${Math.random().toString(36).slice(2)}`;
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...process.env, CHAOS_TEST_RUN: tag },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  started(child);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    exitCode,
    stdout,
    stderr,
    names: (folder) => folder.startsWith(`shoudan-chaos-${child.pid}-`),
    left: () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .filter((pid) => belongsTo(pid, tag, `shoudan-chaos-${child.pid}-`)),
  };
}

function belongsTo(pid: number, tag: string, folder: string): boolean {
  const read = (name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8');
    } catch {
      return '';
    }
  };
  // PostgreSQL has an environment of its own; its command names the folder.
  return read('environ').includes(`CHAOS_TEST_RUN=${tag}`) || read('cmdline').includes(folder);
}

function folders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('shoudan-chaos-'));
}
