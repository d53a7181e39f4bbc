// A child for the tests of supervision. What it does is its first argument.
import { watchStarter } from './starter-watch.ts';

const [does = 'serve', detail = ''] = process.argv.slice(2);
const alive = setInterval(() => undefined, 60_000);
const watch = watchStarter((reason) => {
  process.stdout.write(`ends: ${reason}\n`);
  if (does === 'stubborn') return;
  clearInterval(alive);
  watch.close();
});

switch (does) {
  case 'fail':
    process.stderr.write(`the first line\n${detail}\n`);
    process.exit(3);
    break;
  case 'silent':
    process.stdout.write(`${detail}\n`);
    break;
  default:
    process.stdout.write(`runs as ${process.pid}\n`);
    watch.reportReady({ pid: process.pid, detail });
}
