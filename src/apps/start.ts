import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { migrate } from '../adapters/postgres/migrations.ts';
import { type SupervisedChild, superviseChild } from '../adapters/processes/child-processes.ts';
import { watchStarter } from '../adapters/processes/starter-watch.ts';
import type { WalletName } from '../domain/wallets.ts';
import { qrText } from '../inbound/cli/qr-text.ts';
import { type DatabaseAccess, ownDatabase } from './database-of-settings.ts';
import { listenError } from './listen-error.ts';
import { setUpSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox-file.ts';
import { type Settings, SettingsError } from './settings.ts';

const cliEntry = fileURLToPath(new URL('./cli.ts', import.meta.url));
const simulatorEntry = fileURLToPath(new URL('../../simulator/main.ts', import.meta.url));

/**
 * `shoudan start`: everything on one machine with nothing to configure. Starts the database, the simulator and the
 * gateway with its worker, each a process of its own, keeps them running, and ends them in order.
 */
export async function start(settings: Settings): Promise<void> {
  if (settings.environment === 'production') {
    throw new SettingsError(
      'SHOUDAN_ENV is production, but `start` is the sandbox on one machine: run `shoudan migrate`, then ' +
        '`shoudan serve` and `shoudan work`.',
    );
  }
  if (settings.port === settings.simulatorPort) {
    throw new SettingsError(
      `PORT and SIMULATOR_PORT are both ${settings.port}: give each a port of its own.`,
    );
  }
  outliveReaders();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const stopAsked = Promise.withResolvers<void>();
  // Only until everything runs; from then on the children are ended one after the other.
  const callOff = new AbortController();
  let runs = false;
  const children: SupervisedChild[] = [];
  const starter = watchStarter(() => {
    say('stopping');
    // Who signals the whole process group ends them as well, in no order.
    for (const child of children) child.letEnd();
    if (!runs) callOff.abort();
    stopAsked.resolve();
  });
  let access: DatabaseAccess | undefined;
  try {
    access = await ownDatabase(settings, say);
    const sandbox = await bringUp(settings, access, children, callOff.signal, say);
    runs = true;
    process.stdout.write(welcome(settings, sandbox, access.description));
    starter.reportReady({ port: settings.port });
    await stopAsked.promise;
  } catch (error) {
    // Asked to stop before everything ran: what could not be finished then is no failure.
    if (!callOff.signal.aborted) throw error;
  } finally {
    // The gateway first: what it has accepted it finishes or leaves to the row; then the wallet, then the database.
    for (const child of children.toReversed()) await child.stop();
    await access?.release();
    starter.close();
  }
}

/** Starts simulator and gateway; `children` gets each as soon as it runs. Throws when it is called off. */
async function bringUp(
  settings: Settings,
  access: DatabaseAccess,
  children: SupervisedChild[],
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Sandbox> {
  signal.throwIfAborted();
  await requireFreePort(settings.host, settings.port, settings);
  const env = {
    DATABASE_URL: access.url,
    SHOUDAN_DATA_DIR: settings.dataDir,
    SIMULATOR_PORT: `${settings.simulatorPort}`,
    SHOUDAN_SIMULATOR_URL: `http://127.0.0.1:${settings.simulatorPort}`,
    PORT: `${settings.port}`,
  };
  const launch = async (name: string, entry: string, args: readonly string[]): Promise<void> => {
    const child = await superviseChild({
      name,
      entry,
      args,
      env,
      readyTimeoutMs: 30_000,
      stopTimeoutMs: 10_000,
      log: say,
      signal,
    });
    children.push(child);
  };
  // Neither is left alone when the other fails: a child would run on, a migration would lose its database.
  const both = await Promise.allSettled([launch('simulator', simulatorEntry, []), migrate(access.url)]);
  for (const one of both) if (one.status === 'rejected') throw one.reason;
  const sandbox = await setUpSandbox(settings, access.url, env.SHOUDAN_SIMULATOR_URL);
  await launch('gateway', cliEntry, ['serve']);
  return sandbox;
}

/**
 * A terminal or a pipe that has gone (`npm start | tee`, whose Ctrl-C also ends tee) must not end this process in the
 * middle of its work: what runs below it has to be ended in order.
 */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error').on('error', () => {});
  }
}

/** Says at once that a port is taken, before the simulator is started and the database changed. */
async function requireFreePort(host: string, port: number, settings: Settings): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(listenError(error, settings)));
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
}

const docsFolder = fileURLToPath(new URL('../../docs/', import.meta.url));

function welcome(settings: Settings, sandbox: Sandbox, database: string): string {
  return `
Shoudan is running.

  gateway     ${sandbox.gateway_url}
  simulator   ${sandbox.simulator_url}  (the wallets; faults under /control, payers' phones under /phone)
  database    ${database}
  sandbox     ${settings.dataDir}/sandbox.json  (keys and ids)
  docs        ${sandbox.gateway_url}/docs  (the API, with examples that run; more in ${docsFolder})

The entry code of a store: scan it, or open ${sandbox.entry_code_url}

${qrText(sandbox.entry_code_url).replaceAll(/^(?=.)/gm, '  ')}
A payment of 12.34 yuan with a payer's payment code:

${paymentExample(sandbox, 'alipay_open', 'CNY')}

The same in US dollars, with a code of Alipay+:

${paymentExample(sandbox, 'alipay_plus', 'USD')}

Ctrl-C stops everything; the data stays.
`;
}

function paymentExample(sandbox: Sandbox, wallet: WalletName, currency: string): string {
  // The order number is made when the line runs, so that it can be run again.
  const body =
    `{"merchant_order_no":"ORDER-'$(date +%s)-${currency}'","amount":{"currency":"${currency}","value":1234},` +
    `"product":"payment_code","payment_code":"${sandbox.payment_codes[wallet]}",` +
    `"store_id":"${sandbox.store_id}","terminal_id":"${sandbox.terminal_id}","subject":"Coffee"}`;
  return `  curl -sS ${sandbox.gateway_url}/v1/payments \\
    -H 'Authorization: Bearer ${sandbox.api_key}' \\
    -H 'Content-Type: application/json' \\
    -d '${body}'`;
}
