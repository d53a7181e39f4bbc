import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataFolderLockError, lockDataFolder } from './data-folder-lock.ts';

let dataDir: string;
let children: ChildProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'shoudan-lock-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(dataDir, { recursive: true, force: true });
});

interface Taker {
  readonly pid: number;
  readonly take: () => Promise<string>;
  readonly end: (how: 'SIGKILL' | 'end') => Promise<void>;
}

async function taker(): Promise<Taker> {
  const fixture = fileURLToPath(new URL('./folder-lock.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [fixture, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout });
  const nextLine = () => new Promise<string>((resolve) => lines.once('line', resolve));
  await nextLine();
  return {
    pid: child.pid ?? 0,
    take() {
      const outcome = nextLine();
      child.stdin.write('take\n');
      return outcome;
    },
    async end(how) {
      if (how === 'end') child.stdin.write('end\n');
      else child.kill(how);
      await ended;
    },
  };
}

it('a data folder in use is refused with one line that names the process', async () => {
  const holder = await taker();
  expect(await holder.take()).toBe('taken');
  let refusal: unknown;
  try {
    lockDataFolder(dataDir);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(DataFolderLockError);
  expect(refusal).toMatchObject({
    heldBy: holder.pid,
    message: `the data folder ${dataDir} is in use by process ${holder.pid}: stop that one, or choose another folder with SHOUDAN_DATA_DIR`,
  });
});

it.each(['SIGKILL', 'end'] as const)(
  'the lock of a process that has ended (%s) is taken over',
  async (how) => {
    const holder = await taker();
    expect(await holder.take()).toBe('taken');
    await holder.end(how);
    lockDataFolder(dataDir).release();
  },
);

it('of processes that race for a stale lock exactly one wins, every time', async () => {
  let racers = await Promise.all([1, 2, 3, 4].map(() => taker()));
  for (let round = 0; round < 8; round += 1) {
    const dead = await taker();
    expect(await dead.take()).toBe('taken');
    await dead.end('SIGKILL');
    const outcomes = await Promise.all(racers.map((racer) => racer.take()));
    const [winner, ...more] = racers.filter((_, at) => outcomes[at] === 'taken');
    expect(more).toEqual([]);
    const refused = outcomes.filter((outcome) => outcome !== 'taken');
    expect(refused).toEqual(refused.map(() => `held by ${winner?.pid}`));
    await winner?.end('SIGKILL');
    racers = [...racers.filter((racer) => racer !== winner), await taker()];
  }
});

it('a process id that was given to another process does not hold the lock', () => {
  writeFileSync(join(dataDir, 'lock.7'), JSON.stringify({ pid: process.ppid, startTime: 'another boot:1' }));
  const lock = lockDataFolder(dataDir);
  expect(readdirSync(dataDir)).toEqual(['lock.8']);
  lock.release();
});

it('a released lock can be taken again by the same process, a held one cannot', () => {
  const lock = lockDataFolder(dataDir);
  expect(() => lockDataFolder(dataDir)).toThrow(/is in use by process/);
  lock.release();
  lockDataFolder(dataDir).release();
});

it('the numbers of the lock files only grow, so that a late taker can tell that it is late', () => {
  const files = [1, 2, 3].map(() => {
    const lock = lockDataFolder(dataDir);
    const held = readdirSync(dataDir);
    lock.release();
    expect(readdirSync(dataDir)).toEqual(held);
    return held;
  });
  expect(files).toEqual([['lock.1'], ['lock.2'], ['lock.3']]);
});

it('a folder that cannot be made is said in one line', () => {
  writeFileSync(join(dataDir, 'file'), '');
  expect(() => lockDataFolder(join(dataDir, 'file', 'data'))).toThrow(/cannot be written \(ENOTDIR\)/);
  expect(() => lockDataFolder(join(dataDir, 'file'))).toThrow(/cannot be written \(EEXIST\)/);
});

it('folders above the data folder are made too', () => {
  lockDataFolder(join(dataDir, 'a', 'b')).release();
  expect(readdirSync(join(dataDir, 'a', 'b'))).toEqual(['lock.1']);
});
