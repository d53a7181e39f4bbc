import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, inject, vi } from 'vitest';

/*
 * Shoudan as people run it, for tests: its processes with a data folder and ports of their own, in a process group of
 * their own, as a terminal would start them. Their processes are told from all others by the data folder in their
 * environment (PostgreSQL's, which has none, by its working folder), and are killed by id when the test is over.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'src', 'apps', 'cli.ts');

/** Longer than anything here may take on a busy machine; a wait that reaches it has failed. */
const patienceMs = 60_000;

export interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command that was started, with everything that it and its children print. */
export interface Run {
  readonly pid: number;
  /** On the clock of `performance.now()`. */
  readonly startedAtMs: number;
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The lines on stderr, without empty ones. */
  complaints(): string[];
  /** The end of the command itself, which its children may outlive. */
  readonly ended: Promise<Ending>;
  /** What a terminal does: everybody in the process group gets the signal. */
  signalGroup(signal: NodeJS.Signals): void;
}

export type Role =
  | 'npm'
  | 'shell'
  | 'script'
  | 'start'
  | 'gateway'
  | 'worker'
  | 'simulator'
  | 'postmaster'
  | 'backend'
  | 'other';

export interface LivingProcess {
  readonly pid: number;
  readonly role: Role;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Gives the command an IPC channel, as a starter of ours would. */
  readonly channel?: boolean;
}

/** A data folder, two ports, and what runs on them. */
export interface Installation {
  readonly dataDir: string;
  readonly gatewayUrl: string;
  readonly simulatorUrl: string;
  readonly port: number;
  readonly simulatorPort: number;
  run(command: readonly [string, ...string[]], options?: RunOptions): Run;
  /** `npm start` in the repository. */
  npmStart(options?: RunOptions): Run;
  /** `shoudan <command>` on the Node that runs this test. */
  shoudan(args: readonly string[], options?: RunOptions): Run;
  processes(): LivingProcess[];
  /** The one process of this role. */
  pidOf(role: Role): number;
  kill(pid: number): void;
  /** kill -9 of every process, until none is left. */
  killEverything(): Promise<void>;
  /** Waits until no process of these roles (of any role, when none is named) is left. */
  untilGone(...roles: readonly Role[]): Promise<void>;
  /** Waits for `/readyz` to answer 200, at the gateway of this installation or another, while the command runs. */
  untilReady(run: Run, gatewayUrl?: string): Promise<void>;
}

const installations: (Installation & { remove(): Promise<void> })[] = [];
let guard: ChildProcess | undefined;
let folderOfFile = '';
let portNext = 10_000 + (process.pid % 100) * 90;

/**
 * To be called once by a test file: makes its folder, and when all its tests are over clears away what they have left,
 * so that they may run beside each other.
 */
export function clearInstallations(): void {
  // Several systems start at the same time, on a machine that may have other work.
  vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
  beforeAll(() => {
    folderOfFile = mkdtempSync(join(inject('testRunFolder'), 'processes-'));
    chmodSync(folderOfFile, 0o755);
    guard = spawnGuard(folderOfFile);
  });
  afterAll(async () => {
    await Promise.all(installations.map((installation) => installation.remove()));
    guard?.stdin?.end();
  });
}

export interface InstallationOptions {
  /** Makes the data folder somewhere else than in an enterable folder of the test run. */
  readonly dataDir?: string;
  /** Runs this copy of the repository. */
  readonly repository?: string;
}

export async function installation(options: InstallationOptions = {}): Promise<Installation> {
  const folder = mkdtempSync(join(folderOfFile, 'installation-'));
  chmodSync(folder, 0o755);
  const home = join(folder, 'home');
  mkdirSync(home, { mode: 0o777 });
  chmodSync(home, 0o777);
  const dataDir = options.dataDir ?? join(folder, 'data');
  const repository = options.repository ?? root;
  const [port, simulatorPort] = [await freePort(), await freePort()];
  // Nothing of the test's own environment: npm's settings, its ports and its Node options are not a user's.
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    PORT: `${port}`,
    SIMULATOR_PORT: `${simulatorPort}`,
    SHOUDAN_DATA_DIR: dataDir,
    // As npm start sets it: modules are compiled once and not by every process.
    NODE_COMPILE_CACHE: join(repository, 'node_modules', '.cache', 'node'),
  };

  const run: Installation['run'] = ([program, ...args], { env, user, channel } = {}) => {
    const startedAtMs = performance.now();
    const child = spawn(program, args, {
      cwd: repository,
      env: { ...environment, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(channel ? (['ipc'] as const) : [])],
      ...user,
    });
    const { pid } = child;
    if (pid === undefined) throw new Error(`${program} could not be started`);
    let [out, err] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    return {
      pid,
      startedAtMs,
      child,
      stdout: () => out,
      stderr: () => err,
      complaints: () => err.split('\n').filter((line) => line.trim() !== ''),
      ended: new Promise((resolve) => {
        // Its output is complete when every holder of the pipes is gone; what outlives it may hold them.
        child.once('exit', (exitCode, signal) => setImmediate(() => resolve({ exitCode, signal })));
      }),
      signalGroup: (signal) => void process.kill(-pid, signal),
    };
  };

  const processes = (): LivingProcess[] => processesOf(dataDir);
  const untilGone: Installation['untilGone'] = async (...roles) => {
    await until(
      `no ${roles.length === 0 ? 'process' : roles.join(', ')} of ${dataDir} is left`,
      () => processes().filter(({ role }) => roles.length === 0 || roles.includes(role)),
      (left) => left.length === 0,
    );
  };
  const killEverything = async (): Promise<void> => {
    await until(
      `everything of ${dataDir} is killed`,
      () => {
        const left = processes();
        for (const { pid } of left) kill(pid);
        return left;
      },
      (left) => left.length === 0,
    );
  };

  const gatewayUrl = `http://127.0.0.1:${port}`;
  const self = {
    dataDir,
    gatewayUrl,
    simulatorUrl: `http://127.0.0.1:${simulatorPort}`,
    port,
    simulatorPort,
    run,
    npmStart: (given?: RunOptions) => run(['npm', 'start'], given),
    shoudan: (args: readonly string[], given?: RunOptions) =>
      run(
        [process.execPath, repository === root ? cli : join(repository, 'src/apps/cli.ts'), ...args],
        given,
      ),
    processes,
    pidOf(role: Role) {
      const [found, ...others] = processes().filter((one) => one.role === role);
      if (found === undefined || others.length > 0) {
        throw new Error(`one ${role} was expected of ${JSON.stringify(processes())}`);
      }
      return found.pid;
    },
    kill,
    killEverything,
    untilGone,
    async untilReady(started: Run, ready: string = gatewayUrl) {
      let over: Ending | undefined;
      void started.ended.then((ending) => {
        over = ending;
      });
      await until(
        `${ready}/readyz answers 200`,
        async () => {
          if (over !== undefined) throw new Error(`ended ${JSON.stringify(over)}: ${started.stderr()}`);
          return readiness(ready);
        },
        (status) => status === 200,
        20,
      );
    },
    async remove() {
      await killEverything();
      const place = databasePlace(dataDir);
      const gone = [folder, dataDir, ...(place === undefined ? [] : [place])];
      await Promise.all(gone.map((path) => rm(path, { recursive: true, force: true })));
    },
  };
  installations.push(self);
  return self;
}

/** Looks again until it sees what is waited for. Throws with what was seen last. */
export async function until<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  isIt: (value: Value) => boolean,
  pauseMs = 50,
): Promise<Value> {
  const giveUpAtMs = performance.now() + patienceMs;
  for (;;) {
    const value = await look();
    if (isIt(value)) return value;
    if (performance.now() > giveUpAtMs) {
      throw new Error(`waited in vain until ${what}; last seen: ${JSON.stringify(value)}`);
    }
    await sleepFor(pauseMs);
  }
}

async function readiness(gatewayUrl: string): Promise<number | string> {
  try {
    const answer = await fetch(`${gatewayUrl}/readyz`);
    await answer.arrayBuffer();
    return answer.status;
  } catch (error) {
    return String(error);
  }
}

/**
 * How long the threads of these processes have waited for a processor that others had. A time limit that is promised
 * for a machine with nothing else to do is held to what is left without it. Only Linux can tell.
 */
export function waitedForProcessorMs(pids: readonly number[]): number {
  return pids
    .flatMap((pid) => entriesOf(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`))
    .map((path) => Number(read(path).split(' ')[1] ?? 0) / 1e6)
    .reduce((sum, ms) => sum + ms, 0);
}

/** A port that nobody listens on, outside of what the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    portNext += 1;
    const port = portNext;
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** Listens on a port until it is closed, so that nobody else can. */
export async function occupyPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1' }, resolve));
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

function processesOf(dataDir: string): LivingProcess[] {
  const clusters = [dataDir, databasePlace(dataDir)]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, 'postgres'));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .flatMap((pid) => {
      const role = roleOf(pid, dataDir, clusters);
      return role === undefined ? [] : [{ pid, role }];
    });
}

function roleOf(pid: number, dataDir: string, clusters: readonly string[]): Role | undefined {
  const command = read(`/proc/${pid}/cmdline`);
  // Without a command line it is a zombie, or a thread of the kernel's. Looking at the others' folders takes its time.
  if (!/^(npm|sh|\S*node|\S*postgres)\b/.test(command)) return undefined;
  if (clusters.includes(workingFolderOf(pid))) return command.includes('\0-D\0') ? 'postmaster' : 'backend';
  if (!read(`/proc/${pid}/environ`).split('\0').includes(`SHOUDAN_DATA_DIR=${dataDir}`)) return undefined;
  if (command.startsWith('npm')) return 'npm';
  if (command.startsWith('sh\0')) return 'shell';
  const words = command.split('\0');
  if (words.some((word) => word.endsWith('scripts/run.mjs'))) return 'script';
  if (words.some((word) => word.endsWith('simulator/main.ts'))) return 'simulator';
  const name = words[words.findIndex((word) => word.endsWith('src/apps/cli.ts')) + 1];
  switch (name) {
    case 'start':
      return 'start';
    case 'serve':
      return 'gateway';
    case 'work':
      return 'worker';
    case 'simulator':
      return 'simulator';
    default:
      return 'other';
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function workingFolderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** Where the embedded database lies when it is not in the data folder. */
function databasePlace(dataDir: string): string | undefined {
  const record = read(join(dataDir, 'postgres.json'));
  return record === '' ? undefined : (JSON.parse(record) as { readonly place?: string }).place;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself in the meantime.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Learns from its standard input that this test file is over, however it ended, and kills what it has left running. */
function spawnGuard(folder: string): ChildProcess {
  const script = `
    cat > /dev/null
    for environment in /proc/[0-9]*/environ; do
      grep -qs "$1/" "$environment" || continue
      pid=\${environment#/proc/}
      kill -9 "\${pid%/environ}"
    done`;
  return spawn('sh', ['-c', script, 'guard', folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}
