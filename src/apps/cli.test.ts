import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };

/*
 * The command as a process: what it prints, how it ends.
 */

const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-cli-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

async function shoudan(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, out, err };
}

it('help and version answer on stdout and end with 0', async () => {
  const help = await shoudan(['--help']);
  expect(help).toMatchObject({ exitCode: 0, err: '' });
  expect(help.out).toMatch(/^usage: shoudan <command> \[options\]\n/);
  expect(await shoudan(['--version'])).toEqual({ exitCode: 0, out: `${packageFile.version}\n`, err: '' });
});

it('help needs no setting to be right', async () => {
  const wrong = { SHOUDAN_ENV: 'nowhere', SHOUDAN_UNHEARD_OF: '1' };
  expect(await shoudan(['pay', '--help'], wrong)).toMatchObject({ exitCode: 0, err: '' });
});

it('an unknown command ends with 2 and one line', async () => {
  expect(await shoudan(['frobnicate'])).toEqual({
    exitCode: 2,
    out: '',
    err: 'shoudan: there is no command frobnicate; see `shoudan --help`\n',
  });
});

it.each(['start', 'serve', 'work', 'migrate', 'simulator', 'account list', 'pay --amount 1 --order 1'])(
  'a wrong setting stops `shoudan %s` with one line that names it',
  async (line) => {
    expect(await shoudan(line.split(' '), { SHOUDAN_LOG_LEVEL: 'loud' })).toEqual({
      exitCode: 1,
      out: '',
      err: expect.stringMatching(/^shoudan: SHOUDAN_LOG_LEVEL is loud: it must be one of [^\n]+\n$/),
    });
  },
);

it.each(['start', 'serve', 'work', 'migrate', 'account list', 'inspect queue'])(
  'a database that cannot be reached ends `shoudan %s` with 4 and one line',
  async (line) => {
    const env = { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d', SHOUDAN_DATA_DIR: join(folder, 'data') };
    expect(await shoudan(line.split(' '), env)).toEqual({
      exitCode: 4,
      out: '',
      err: expect.stringMatching(/^shoudan: DATABASE_URL leads to 127\.0\.0\.1:1\/d, [^\n]+\n$/),
    });
  },
);

it('a data folder that cannot be made is told in one line', async () => {
  const ended = await shoudan(['account', 'list'], { SHOUDAN_DATA_DIR: join(cli, 'data') });
  expect(ended).toMatchObject({ exitCode: 1, out: '' });
  expect(ended.err).toMatch(/^shoudan: the data folder \S+ cannot be written \(ENOTDIR\)[^\n]*\n$/);
});

it('a reader that has seen enough does not make the command fail', async () => {
  const child = spawn(process.execPath, [cli, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
});
