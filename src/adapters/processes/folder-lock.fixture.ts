// A process of its own that takes a folder's lock, for tests that race or kill its holder. It waits for a line on its
// standard input, prints `taken` or `held by PID`, and keeps the lock until it is killed or told to end.
import { createInterface } from 'node:readline';
import { takeFolderLock } from './folder-lock.mjs';

process.stdout.write('waiting\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'end') process.exit(0);
  const outcome = takeFolderLock(process.argv[2] ?? '', 'lock');
  process.stdout.write(outcome.heldBy === undefined ? 'taken\n' : `held by ${outcome.heldBy}\n`);
});
