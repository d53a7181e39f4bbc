import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../src/adapters/processes/process-liveness.mjs';
import { until } from '../test/until.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** Stands for npm: it "installs" this test's own Node as the pinned one, when `go` allows it, and notes that it did. */
const npm = `
const { appendFileSync, existsSync, mkdirSync, rmSync, symlinkSync } = require('node:fs');
appendFileSync('npm-runs', process.pid + ' ' + process.argv[2] + '\\n');
if (existsSync('fail')) {
  console.error('npm error code ECONNREFUSED\\nnpm error syscall connect\\nnpm error connect ECONNREFUSED 127.0.0.1:9\\nnpm error A complete log of this run is elsewhere');
  process.exit(1);
}
rmSync('node_modules', { recursive: true, force: true });
const wait = setInterval(() => {
  if (existsSync('hold')) return;
  clearInterval(wait);
  mkdirSync('node_modules/.bin', { recursive: true });
  symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/.bin/node');
  console.log('added 1 package');
}, 10);
`;

/** Stands for the program: it says how it was started, and then does what its first argument says. */
const cli = `
if (process.argv[3] === 'serve') {
  // Before it says anything: whoever has read its line may send a signal at once.
  process.on('SIGINT', () => console.log('SIGINT'));
  process.on('SIGTERM', () => { console.log('SIGTERM'); process.exit(0); });
}
console.log(JSON.stringify({ node: process.execPath, args: process.argv.slice(2), pid: process.pid }));
switch (process.argv[3]) {
  case 'fail':
    process.exit(7);
  case 'die':
    process.kill(process.pid, 'SIGKILL');
  case 'serve':
  case 'stay':
    setInterval(() => undefined, 60_000);
}
`;

let project: string;
let children: ChildProcess[];

beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'shoudan-run-')));
  children = [];
  for (const folder of ['scripts', 'src/adapters/processes']) {
    mkdirSync(join(project, folder), { recursive: true });
    for (const file of readdirSync(join(repository, folder)).filter((name) => name.endsWith('.mjs'))) {
      cpSync(join(repository, folder, file), join(project, folder, file));
    }
  }
  mkdirSync(join(project, 'src/apps'));
  writeFileSync(join(project, 'src/apps/cli.ts'), cli);
  writeFileSync(join(project, 'package.json'), '{"type": "module", "dependencies": {}}');
  writeFileSync(join(project, 'package-lock.json'), '{}');
  mkdirSync(join(project, 'npm'));
  writeFileSync(join(project, 'npm', 'package.json'), '{}');
  writeFileSync(join(project, 'npm', 'npm-cli.js'), npm);
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const line of linesOf('npm-runs')) {
    const pid = Number.parseInt(line, 10);
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
  rmSync(project, { recursive: true, force: true });
});

const linesOf = (file: string): string[] =>
  existsSync(join(project, file))
    ? readFileSync(join(project, file), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];

interface Run {
  readonly child: ChildProcess;
  readonly stdout: () => string[];
  readonly stderr: () => string[];
  readonly ended: Promise<{ exitCode: number | null; signal: string | null }>;
}

function follow(child: ChildProcess): Run {
  children.push(child);
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');
  return {
    child,
    stdout: () => lines(out),
    stderr: () => lines(err),
    ended: new Promise((resolve) => child.once('close', (exitCode, signal) => resolve({ exitCode, signal }))),
  };
}

/** No npm is an ancestor that is watched, unless a test makes one. */
const environment = (): NodeJS.ProcessEnv => {
  const { npm_lifecycle_event: _, NODE_OPTIONS: __, ...env } = process.env;
  return { ...env, npm_execpath: join(project, 'npm', 'npm-cli.js'), npm_node_execpath: process.execPath };
};

function run(args: readonly string[], env: NodeJS.ProcessEnv = environment()): Run {
  return follow(
    spawn(process.execPath, [join(project, 'scripts/run.mjs'), ...args], {
      cwd: '/',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

const programOf = (one: Run): { node: string; args: string[]; pid: number } =>
  JSON.parse(one.stdout()[0] ?? '{}');

it('the first run installs, the next ones do not until the lock file changes', async () => {
  for (const runs of [1, 1, 2, 2]) {
    if (runs === 2) writeFileSync(join(project, 'package-lock.json'), '{"changed": true}');
    const one = run(['start']);
    expect(await one.ended).toEqual({ exitCode: 0, signal: null });
    expect(linesOf('npm-runs').length).toBe(runs);
  }
  const scriptChanged = '{"type": "module", "version": "2.0.0", "dependencies": {}}';
  writeFileSync(join(project, 'package.json'), scriptChanged);
  await run(['start']).ended;
  expect(linesOf('npm-runs').length).toBe(2);
});

it('the program runs on the pinned Node with its arguments, and has stdout to itself', async () => {
  const one = run(['start', '--port', '1']);
  await one.ended;
  const program = programOf(one);
  expect(program.node).toBe(realpathSync(join(project, 'node_modules/.bin/node')));
  expect(program.args).toEqual(['start', '--port', '1']);
  expect(one.stdout().length).toBe(1);
  expect(one.stderr()).toEqual([
    'shoudan: installing the locked dependencies (only needed once)',
    expect.stringMatching(/^shoudan: installed in \d+\.\d s$/),
  ]);
});

it('the exit code is the program’s, 128 + n for signal n', async () => {
  expect(await run(['start', 'fail']).ended).toEqual({ exitCode: 7, signal: null });
  expect(await run(['start', 'die']).ended).toEqual({ exitCode: 137, signal: null });
});

it('of two runs that need an installation the second waits for the first', async () => {
  writeFileSync(join(project, 'hold'), '');
  const first = run(['start']);
  await until('the first installs', () => linesOf('npm-runs').length === 1);
  const second = run(['start']);
  await until('the second waits', () => second.stderr().length > 0);
  expect(second.stderr()).toEqual([
    `shoudan: waiting for process ${first.child.pid}, which is installing the dependencies`,
  ]);
  rmSync(join(project, 'hold'));
  expect(await first.ended).toEqual({ exitCode: 0, signal: null });
  expect(await second.ended).toEqual({ exitCode: 0, signal: null });
  expect(linesOf('npm-runs').length).toBe(1);
});

it('an installation killed with -9 takes npm with it and is done again', async () => {
  writeFileSync(join(project, 'hold'), '');
  const first = run(['start']);
  await until('the first installs', () => linesOf('npm-runs').length === 1);
  first.child.kill('SIGKILL');
  const npmPid = Number.parseInt(linesOf('npm-runs')[0] ?? '', 10);
  await until('npm has ended', () => !isAlive(npmPid));
  rmSync(join(project, 'hold'));
  const second = run(['start']);
  expect(await second.ended).toEqual({ exitCode: 0, signal: null });
  expect(linesOf('npm-runs').length).toBe(2);
});

it('what stops an installation is said in one line', async () => {
  writeFileSync(join(project, 'fail'), '');
  const failed = run(['start']);
  expect(await failed.ended).toEqual({ exitCode: 1, signal: null });
  expect(failed.stderr().at(-1)).toBe(
    'shoudan: the dependencies could not be installed: npm ci ended with ECONNREFUSED (connect ECONNREFUSED 127.0.0.1:9) – connect to the network, or set the proxy or registry in npm’s settings',
  );

  const withoutNpm = run(['start'], {
    ...environment(),
    npm_execpath: undefined,
    PATH: join(project, 'npm'),
  });
  expect(await withoutNpm.ended).toEqual({ exitCode: 1, signal: null });
  expect(withoutNpm.stderr().at(-1)).toBe(
    'shoudan: the dependencies could not be installed: npm was not found on the PATH',
  );

  rmSync(join(project, '.setup'), { recursive: true });
  writeFileSync(join(project, '.setup'), 'in the way of the folder');
  const notWritable = run(['start']);
  expect(await notWritable.ended).toEqual({ exitCode: 1, signal: null });
  expect(notWritable.stderr()).toEqual([
    `shoudan: the dependencies are not installed and ${project} cannot be written (EEXIST): make it writable for this user`,
  ]);
});

it('an unknown command is refused before anything is installed', async () => {
  const one = run(['strat']);
  expect(await one.ended).toEqual({ exitCode: 1, signal: null });
  expect(one.stderr()).toEqual([
    expect.stringMatching(/^shoudan: unknown command "strat": choose one of start, /),
  ]);
  expect(linesOf('npm-runs')).toEqual([]);
});

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends the program once, however often npm repeats it',
  async (signal) => {
    const one = run(['start', 'serve']);
    await until('it serves', () => one.stdout().length === 1);
    one.child.kill(signal);
    one.child.kill(signal);
    expect(await one.ended).toEqual({ exitCode: 0, signal: null });
    expect(one.stdout().slice(1)).toEqual(['SIGTERM']);
  },
);

it('the program ends when the run is killed with -9', async () => {
  const one = run(['start', 'stay']);
  await until('it runs', () => one.stdout().length === 1);
  const killedAtMs = performance.now();
  one.child.kill('SIGKILL');
  await until('it has ended', () => !isAlive(programOf(one).pid));
  expect(performance.now() - killedAtMs).toBeLessThan(5_000);
});

it('the program and the run end when the npm that started them is killed with -9', async () => {
  // As npm does it: a process that calls itself npm, a shell, the script.
  const fakeNpm = `
    process.title = 'npm start';
    const { spawn } = require('node:child_process');
    spawn('sh', ['-c', '"$0" "$1" start serve; true', process.execPath, ${JSON.stringify(join(project, 'scripts/run.mjs'))}],
      { stdio: 'inherit', env: { ...process.env, npm_lifecycle_event: 'start' } });`;
  const one = follow(
    spawn(process.execPath, ['-e', fakeNpm], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  await until('it runs', () => one.stdout().length === 1);
  const killedAtMs = performance.now();
  one.child.kill('SIGKILL');
  await until('it has ended', () => !isAlive(programOf(one).pid));
  expect(performance.now() - killedAtMs).toBeLessThan(5_000);
  // Its output closes only when everybody who holds it has ended.
  await one.ended;
});
