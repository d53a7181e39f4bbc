import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../../test/until.ts';
import {
  type ChildOptions,
  ChildStartError,
  type SupervisedChild,
  superviseChild,
} from './child-processes.ts';
import { isAlive } from './process-liveness.mjs';

const fixture = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const supervised: SupervisedChild[] = [];
const printed: string[] = [];

afterEach(async () => {
  await Promise.all(supervised.splice(0).map((child) => child.stop()));
  printed.length = 0;
});

async function supervise(changes: Partial<ChildOptions> = {}): Promise<SupervisedChild> {
  const child = await superviseChild({
    name: 'gateway',
    entry: fixture('./child.fixture.ts'),
    onLine: (line, stream) => printed.push(`${stream}: ${line}`),
    readyTimeoutMs: 20_000,
    stopTimeoutMs: 5_000,
    log: () => undefined,
    ...changes,
  });
  supervised.push(child);
  return child;
}

it('a child is ready when it says so, with what it says', async () => {
  const child = await supervise({ args: ['serve', 'on port 1'] });
  expect(child.readyDetails()).toEqual({ ready: true, pid: child.pid(), detail: 'on port 1' });
});

it('a child that ends before it is ready fails the start with its last line', async () => {
  await expect(supervise({ args: ['fail', 'port 8080 is in use'] })).rejects.toThrow(
    new ChildStartError('gateway ended before it was ready (exit code 3): port 8080 is in use'),
  );
});

it('a child that never gets ready fails the start and is ended', async () => {
  await expect(supervise({ args: ['silent'], readyTimeoutMs: 300 })).rejects.toThrow(
    'gateway was not ready within 0.3 s',
  );
});

it('a child that is only getting ready ends when its start is called off', async () => {
  const calledOff = new AbortController();
  const started = supervise({ args: ['silent', 'begun'], signal: calledOff.signal });
  await until('it has begun', () => printed.length > 0);
  calledOff.abort();
  await expect(started).rejects.toThrow('gateway was stopped before it was ready');
  expect(printed).toEqual(['stdout: begun', 'stdout: ends: stop_asked']);
});

it('an entry that does not exist fails the start', async () => {
  await expect(supervise({ entry: fixture('./missing.ts') })).rejects.toThrow(
    /gateway ended before it was ready/,
  );
});

it('a child that is killed is started again', async () => {
  const said: string[] = [];
  const child = await supervise({ log: (line) => said.push(line) });
  const first = child.pid() ?? 0;
  process.kill(first, 'SIGKILL');
  await until(
    'another one runs',
    () => child.pid() !== undefined && child.pid() !== first && child.readyDetails()['pid'] === child.pid(),
  );
  expect(said).toEqual(['gateway ended unexpectedly (SIGKILL), starting it again']);
});

it('a child whose end is expected is not started again when somebody else ends it', async () => {
  const said: string[] = [];
  const child = await supervise({ log: (line) => said.push(line) });
  child.letEnd();
  process.kill(child.pid() ?? 0, 'SIGTERM');
  await until('it has ended', () => child.pid() === undefined);
  await child.stop();
  expect(said).toEqual([]);
});

it('a child that is told to stop ends and stays ended', async () => {
  const child = await supervise();
  const pid = child.pid() ?? 0;
  await child.stop();
  expect(isAlive(pid)).toBe(false);
  expect(child.pid()).toBeUndefined();
  await until('it has said why it ends', () => printed.length === 2);
  expect(printed).toEqual([`stdout: runs as ${pid}`, 'stdout: ends: stop_asked']);
});

it('a child that does not stop is killed after its time', async () => {
  const child = await supervise({ args: ['stubborn'], stopTimeoutMs: 100 });
  const pid = child.pid() ?? 0;
  await child.stop();
  expect(isAlive(pid)).toBe(false);
});

it('a child ends by itself when its starter is killed with -9, and a Ctrl-C alone does not end it', async () => {
  const starter = spawn(process.execPath, [fixture('./child-starter.fixture.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const output = createInterface({ input: starter.stdout }).on('line', (line) => lines.push(line));
  const closed = new Promise((resolve) => output.once('close', resolve));
  await until('its starter has started it', () => lines.some((line) => line.startsWith('started ')));
  const pid = Number(lines.find((line) => line.startsWith('started '))?.slice('started '.length));
  process.kill(pid, 'SIGINT');
  starter.kill('SIGKILL');
  await closed;
  await until('it has ended', () => !isAlive(pid));
  expect(lines.at(-1)).toBe('ends: starter_gone');
});

it.each(['SIGINT', 'SIGTERM'] as const)('a process without a starter ends by %s', async (signal) => {
  const child = spawn(process.execPath, [fixture('./child.fixture.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.startsWith('runs as ')) child.kill(signal);
  });
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  expect(exitCode).toBe(0);
  expect(lines.at(-1)).toBe(`ends: ${signal}`);
});
