#!/usr/bin/env node
// The `shoudan` command: src/apps/cli.ts on the Node that the lock file pins. It installs nothing: whoever calls it
// (`npx shoudan`, a linked command) has installed the project.
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseNode } from '../scripts/pinned-node.mjs';
import { runProgram } from '../scripts/program.mjs';
import { watchForEnd } from '../scripts/starter.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const cli = join(root, 'src', 'apps', 'cli.ts');

try {
  if (!existsSync(join(root, 'node_modules'))) {
    throw new Error(`the dependencies are not installed: run "npm ci" in ${root}`);
  }
  const node = chooseNode(root);
  if (node === realpathSync(process.execPath)) {
    await import(cli);
  } else {
    const end = watchForEnd();
    const args = process.argv.slice(2);
    process.exit(await runProgram({ node, file: cli, args, cwd: process.cwd(), ours: true }, end));
  }
} catch (error) {
  process.stderr.write(`shoudan: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
