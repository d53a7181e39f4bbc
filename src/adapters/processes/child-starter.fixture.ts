// A starter with one supervised child, to be killed by a test. It prints the child's process id.
import { fileURLToPath } from 'node:url';
import { superviseChild } from './child-processes.ts';

const child = await superviseChild({
  name: 'child',
  entry: fileURLToPath(new URL('./child.fixture.ts', import.meta.url)),
  readyTimeoutMs: 20_000,
  stopTimeoutMs: 5_000,
  log: () => undefined,
});
process.stdout.write(`started ${child.pid()}\n`);
setInterval(() => undefined, 60_000);
