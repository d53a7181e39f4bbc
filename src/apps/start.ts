import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { migrate } from '../adapters/postgres/migrations.ts';
import { type SupervisedChild, superviseChild } from '../adapters/processes/child-processes.ts';
import { watchStarter } from '../adapters/processes/starter-watch.ts';
import { ownDatabase } from './database-of-settings.ts';
import { setUpSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox-file.ts';
import { listenError } from './serve.ts';
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
  const stopAsked = Promise.withResolvers<void>();
  const starter = watchStarter(() => stopAsked.resolve());
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const children: SupervisedChild[] = [];
  const access = await ownDatabase(settings, say);
  try {
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
      });
      children.push(child);
    };
    await Promise.all([launch('simulator', simulatorEntry, []), migrate(access.url)]);
    const sandbox = await setUpSandbox(settings, access.url, env.SHOUDAN_SIMULATOR_URL);
    await launch('gateway', cliEntry, ['serve']);
    process.stdout.write(welcome(settings, sandbox, access.description));
    starter.reportReady({ port: settings.port });
    await stopAsked.promise;
    say('stopping');
  } finally {
    // The gateway first: what it has accepted it finishes or leaves to the row; then the wallet, then the database.
    for (const child of children.toReversed()) await child.stop();
    await access.release();
    starter.close();
  }
}

/** Says at once that a port is taken, before anything else has been started. */
async function requireFreePort(host: string, port: number, settings: Settings): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(listenError(error, settings)));
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
}

function welcome(settings: Settings, sandbox: Sandbox, database: string): string {
  // The order number is made when the line runs, so that it can be run again.
  const body =
    `{"merchant_order_no":"ORDER-'$(date +%s)'","amount":{"currency":"CNY","value":1234},` +
    `"product":"payment_code","payment_code":"${sandbox.payment_codes['alipay_open']}",` +
    `"store_id":"${sandbox.store_id}","terminal_id":"${sandbox.terminal_id}","subject":"Coffee"}`;
  return `
Shoudan is running.

  gateway     ${sandbox.gateway_url}
  simulator   ${sandbox.simulator_url}  (the wallet; faults under /control)
  database    ${database}
  sandbox     ${settings.dataDir}/sandbox.json  (keys and ids)

A payment of 12.34 yuan with a payer's payment code:

  curl -sS ${sandbox.gateway_url}/v1/payments \\
    -H 'Authorization: Bearer ${sandbox.api_key}' \\
    -H 'Content-Type: application/json' \\
    -d '${body}'

Ctrl-C stops everything; the data stays.
`;
}
