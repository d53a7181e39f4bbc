import { watchStarter } from '../src/adapters/processes/starter-watch.ts';
import { leaveProcess } from '../src/apps/leave-process.ts';
import { runDrain } from './drain.ts';
import { readOptions, usage } from './options.ts';
import { runChaos } from './run.ts';

/*
 * `npm run chaos`: real processes, a real PostgreSQL with all its durability, the simulated wallets with their faults
 * on, merchants who sell over REST; `kill -9` of gateways, workers and the database at random; then an audit of the
 * wallet's ledger against the rows, and of both against what the merchants were told. Linux alone tells which
 * processes are the database's.
 */

// The run is the same whatever its user has set for a gateway of their own.
for (const name of Object.keys(process.env)) {
  if (/^(SHOUDAN_|DATABASE_URL|PORT$|SIMULATOR_PORT$)/.test(name)) delete process.env[name];
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const wanted = readOptions(process.argv.slice(2));
if (wanted === null) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}
const stop = new AbortController();
const starter = watchStarter(() => stop.abort(new Error('stopped before the end')));
try {
  const violations =
    wanted.kind === 'drain'
      ? await runDrain(wanted.cancels, stop.signal, print)
      : await runChaos(wanted, stop.signal, print);
  process.exitCode = violations === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(
    `chaos: ${stop.signal.aborted ? 'stopped before the end' : error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 1;
} finally {
  starter.close();
  leaveProcess();
}
