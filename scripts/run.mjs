// What the npm scripts call: sets the project up where that is needed, then runs one of its programs on the Node that
// the lock file pins. Plain JavaScript, since any Node from 20 on may have to start it; what it prints itself goes to
// stderr, stdout belongs to the program.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseNode, oldestStarter, tooOld } from './pinned-node.mjs';
import { runProgram } from './program.mjs';
import { setUp } from './setup.mjs';
import { watchForEnd } from './starter.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const bin = (name) => join(root, 'node_modules', '.bin', name);

const checks = [
  { name: 'typecheck', file: bin('tsc'), args: ['-p', root], ours: false },
  { name: 'biome', file: bin('biome'), args: ['check', root], ours: false },
];
const vitest = (args) => ({ name: 'tests', file: bin('vitest'), args: ['run', ...args], ours: false });

/** Each command's programs, run one after the other until one fails. */
const commands = {
  start: (args) => [{ name: 'start', file: 'src/apps/cli.ts', args: ['start', ...args], ours: true }],
  simulate: (args) => [
    { name: 'simulate', file: 'src/apps/cli.ts', args: ['simulate', ...args], ours: true },
  ],
  bench: (args) => [{ name: 'bench', file: 'bench/main.ts', args, ours: true }],
  chaos: (args) => [{ name: 'chaos', file: 'chaos/main.ts', args, ours: true }],
  check: () => checks,
  // With arguments somebody is after particular tests.
  test: (args) => (args.length === 0 ? [...checks, vitest([])] : [vitest(args)]),
};

function fail(message) {
  process.stderr.write(`shoudan: ${message}\n`);
  process.exit(1);
}

async function main() {
  const [command = '', ...args] = process.argv.slice(2);
  if (tooOld(oldestStarter)) {
    fail(`Node ${process.versions.node} is too old: install Node ${oldestStarter.join('.')} or newer`);
  }
  if (!Object.hasOwn(commands, command)) {
    fail(`unknown command "${command}": choose one of ${Object.keys(commands).join(', ')}`);
  }
  const end = watchForEnd();
  try {
    await setUp(root, end);
    const node = chooseNode(root);
    for (const program of commands[command](args)) {
      const file = program.file.startsWith('/') ? program.file : join(root, program.file);
      if (!existsSync(file)) fail(`${file} does not exist`);
      const exitCode = await runProgram({ ...program, node, file, cwd: root }, end);
      if (exitCode !== 0) {
        if (!program.ours) process.stderr.write(`shoudan: ${program.name} failed\n`);
        process.exit(exitCode);
      }
    }
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  process.exit(0);
}

await main();
