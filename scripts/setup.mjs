import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { takeFolderLock } from '../src/adapters/processes/folder-lock.mjs';
import { endWithStarter } from './program.mjs';
import { exitCodeFor } from './starter.mjs';

const say = (line) => process.stderr.write(`shoudan: ${line}\n`);

/**
 * Installs the locked dependencies, unless those of this very lock file are installed. Of two that need it at once the
 * second waits for the first. Throws an error of one line when it cannot be done.
 */
export async function setUp(root, end) {
  const wanted = fingerprint(root);
  if (installed(root) === wanted) return;
  const lock = await takeSetUpLock(root);
  try {
    if (installed(root) === wanted) return;
    rmSync(markerIn(root), { force: true });
    say('installing the locked dependencies (only needed once)');
    const startedAtMs = performance.now();
    await npmCi(root, end);
    writeFileSync(markerIn(root), `${wanted}\n`);
    say(`installed in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
  } finally {
    lock.release();
  }
}

const markerIn = (root) => join(root, 'node_modules', '.shoudan-setup');

function installed(root) {
  try {
    return readFileSync(markerIn(root), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** What an installation depends on; a change of the package's version or scripts is none. */
function fingerprint(root) {
  const { dependencies, devDependencies, optionalDependencies, overrides, workspaces } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(JSON.stringify([dependencies, devDependencies, optionalDependencies, overrides, workspaces]))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
}

/** Not inside node_modules, which `npm ci` empties. */
async function takeSetUpLock(root) {
  const folder = join(root, '.setup');
  for (let waiting = false; ; waiting = true) {
    let lock;
    try {
      mkdirSync(folder, { recursive: true });
      lock = takeFolderLock(folder, 'lock');
    } catch (error) {
      throw new Error(
        `the dependencies are not installed and ${root} cannot be written (${error.code ?? error.message}): make it writable for this user`,
      );
    }
    if (lock.heldBy === undefined) return lock;
    if (!waiting) say(`waiting for process ${lock.heldBy}, which is installing the dependencies`);
    await delay(200);
  }
}

/**
 * No package's install scripts are run: none is needed (the database's supervisor makes the links that its package's
 * script would make), and so every npm version gives the same tree.
 */
const npmArguments = [
  'ci',
  '--ignore-scripts',
  '--include=dev',
  '--include=optional',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--no-progress',
  '--loglevel=error',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
];

function npmCi(root, end) {
  const [command, ...before] = npmCommand();
  return new Promise((resolve, reject) => {
    const npm = spawn(command, [...before, ...npmArguments], {
      cwd: root,
      env: {
        ...process.env,
        PATH: pathWithout(join(root, 'node_modules')),
        // So that it ends with this process, and never works on beside the next set-up.
        NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${endWithStarter}`.trim(),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let said = '';
    let toldToEnd;
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
    }
    end.onEnd((reason) => {
      toldToEnd = reason;
      npm.kill('SIGTERM');
    });
    const settle = (outcome) => {
      end.onEnd(undefined);
      outcome();
    };
    npm.once('error', (error) => {
      const what = error.code === 'ENOENT' ? 'npm was not found on the PATH' : error.message;
      settle(() => reject(new Error(`the dependencies could not be installed: ${what}`)));
    });
    npm.once('close', (exitCode) => {
      if (toldToEnd !== undefined) process.exit(exitCodeFor(toldToEnd));
      settle(() => (exitCode === 0 ? resolve() : reject(new Error(failureOf(said, exitCode)))));
    });
  });
}

/** The npm that runs this script, else the one on the PATH. */
function npmCommand() {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env;
  return cli !== undefined && /npm-cli\.[cm]?js$/.test(cli) ? [node ?? process.execPath, cli] : ['npm'];
}

/** npm's own Node has to be one that its work does not replace. */
function pathWithout(folder) {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => !entry.startsWith(folder))
    .join(delimiter);
}

const adviceFor = {
  EACCES: 'make the folder writable for this user',
  EPERM: 'make the folder writable for this user',
  EROFS: 'make the folder writable',
  ENOSPC: 'make room on the disk',
  ENOTFOUND: 'connect to the network, or set the proxy or registry in npm’s settings',
  EAI_AGAIN: 'connect to the network, or set the proxy or registry in npm’s settings',
  ECONNREFUSED: 'connect to the network, or set the proxy or registry in npm’s settings',
  ETIMEDOUT: 'connect to the network, or set the proxy or registry in npm’s settings',
};

/** npm's report of a failure, which takes many lines, in one. */
function failureOf(said, exitCode) {
  const lines = said
    .split('\n')
    .map((line) => /^npm (?:error|ERR!) ?(.*)$/.exec(line)?.[1]?.trim() ?? '')
    .filter((line) => line !== '');
  const code = lines.map((line) => /^code (\S+)$/.exec(line)?.[1]).find((found) => found !== undefined);
  const words = lines.find((line) => !/^(code|syscall|errno|path|dest|A complete log) ?/.test(line));
  const advice = adviceFor[code];
  return [
    `the dependencies could not be installed: npm ci ended with ${code ?? exitCode}`,
    ...(words === undefined ? [] : [`(${words})`]),
    ...(advice === undefined ? [] : [`– ${advice}`]),
  ].join(' ');
}
