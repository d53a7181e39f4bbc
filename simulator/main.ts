import { type RunningSimulator, runSimulator } from './simulator.ts';
import { StartRefused } from './storage.ts';

/**
 * The simulator as a process. Ends on SIGTERM and SIGINT. Started with an IPC channel it reports `{ready: true, port}`, ends on
 * `{stop: true}` or when the channel closes (its starter has died), and leaves SIGINT to its starter, since a terminal sends
 * that to both.
 */

let ending = false;
let running: RunningSimulator | undefined;

function refuse(reason: string): never {
  process.stderr.write(`simulator: ${reason}\n`);
  process.exit(1);
}

function portFrom(text: string | undefined): number {
  if (text === undefined || text === '') return 9090;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    refuse(`SIMULATOR_PORT is "${text}"; it must be 0 to 65535`);
  return Number(text);
}

/** May be asked for while the start is still under way; then the start ends it. */
async function end(): Promise<void> {
  ending = true;
  const simulator = running;
  if (simulator === undefined) return;
  running = undefined;
  await simulator.close();
  process.exit(0);
}

process.on('SIGTERM', end);
if (process.connected) {
  process.on('SIGINT', () => undefined);
  process.on('disconnect', end);
  process.on('message', (message) => {
    if (typeof message === 'object' && message !== null && 'stop' in message && message.stop === true)
      void end();
  });
} else {
  process.on('SIGINT', end);
}

const dataDir = process.env['SHOUDAN_DATA_DIR'] || './.shoudan';
try {
  running = await runSimulator({ port: portFrom(process.env['SIMULATOR_PORT']), dataDir });
} catch (error) {
  if (error instanceof StartRefused) refuse(error.message);
  throw error;
}
if (ending) {
  await end();
} else {
  process.stdout.write(
    `simulator: http://127.0.0.1:${running.port}/phone, wallets at /gateway.do and /ams, data in ${dataDir}/simulator\n`,
  );
  if (process.connected) process.send?.({ ready: true, port: running.port });
}
