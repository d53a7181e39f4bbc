import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

/** A machine with what `.ci/run` uses and nothing else: no Chromium, an npm and an apt-get that say what tests want. */
let machine: string;

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'ci-run-'));
  for (const folder of ['bin', 'project/.ci']) mkdirSync(join(machine, folder), { recursive: true });
  cpSync(fileURLToPath(new URL('../.ci/run', import.meta.url)), join(machine, 'project/.ci/run'));
  for (const tool of ['bash', 'dirname', 'mktemp', 'tee', 'grep', 'rm', 'cat', 'touch', 'chmod']) {
    const path = [`/usr/bin/${tool}`, `/bin/${tool}`].find((one) => existsSync(one));
    if (path === undefined) throw new Error(`this machine has no ${tool}`);
    symlinkSync(path, join(machine, 'bin', tool));
  }
  program('id', 'echo 0');
  program(
    'apt-get',
    `echo "apt-get $*"; [ "$1" = update ] || { touch ${chromium()}; chmod +x ${chromium()}; }`,
  );
  npmSays('5 passed, 0 failed');
});
afterEach(() => rmSync(machine, { recursive: true }));

function chromium(): string {
  return join(machine, 'bin', 'chromium');
}

function program(name: string, script: string): void {
  const path = join(machine, 'bin', name);
  writeFileSync(path, `#!/usr/bin/env bash\n${script}\n`);
  chmodSync(path, 0o755);
}

function npmSays(lines: string, exitCode = 0): void {
  program('npm', `echo "npm $*" >&2\ncat <<'LINES'\n${lines}\nLINES\nexit ${exitCode}`);
}

function run() {
  const { status, stdout, stderr } = spawnSync(join(machine, 'project/.ci/run'), {
    env: { PATH: join(machine, 'bin'), TMPDIR: machine },
    encoding: 'utf8',
  });
  return { status, stdout, complaints: stderr.split('\n').filter((line) => line !== '') };
}

const summary = '5 passed, 0 failed\n';
const skippedPage = 'SKIPPED test/browser/cashier.test.ts: the entry page (no Chromium was found)';

it('a machine that has a Chromium runs the tests, and nothing is installed', () => {
  program('chromium', '');
  expect(run()).toEqual({ status: 0, stdout: summary, complaints: ['npm test --silent'] });
});

it('a machine without one gets Debian’s, and stdout is the tests’ alone', () => {
  expect(run()).toEqual({
    status: 0,
    stdout: summary,
    complaints: [
      'apt-get update -qq',
      'apt-get install -qq -y --no-install-recommends chromium',
      'npm test --silent',
    ],
  });
});

it.each([
  ['apt-get fails', 'apt-get', 'exit 100', []],
  [
    'somebody else than root runs it',
    'id',
    'echo 1000',
    ['ci: no Chromium was found, and only root can install one'],
  ],
])(
  'where %s the tests run all the same, and page tests that were skipped fail the run',
  (_, name, script, said) => {
    program(name, script);
    npmSays(`${skippedPage}\n\n4 passed, 0 failed, 1 skipped`);
    expect(run()).toEqual({
      status: 1,
      stdout: `${skippedPage}\n\n4 passed, 0 failed, 1 skipped\n`,
      complaints: [
        ...said,
        'ci: Chromium could not be installed',
        'npm test --silent',
        'ci: failed, since tests of the pages were skipped: they need Chromium',
      ],
    });
  },
);

it('any other skipped test is named and fails nothing', () => {
  program('chromium', '');
  npmSays('SKIPPED test/processes/users.test.ts: another user\n\n4 passed, 0 failed, 1 skipped');
  expect(run().status).toBe(0);
});

it('a test that failed fails the run with what npm said', () => {
  program('chromium', '');
  npmSays('4 passed, 1 failed', 3);
  expect(run()).toMatchObject({ status: 3, stdout: '4 passed, 1 failed\n' });
});
