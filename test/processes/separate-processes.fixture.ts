import { setUpSandbox } from '../../src/apps/sandbox.ts';
import { readSettings } from '../../src/apps/settings.ts';
import { createTestDatabase } from '../database/test-database.ts';
import { type Installation, installation, type Run, type RunOptions, until } from './installation.fixture.ts';
import { type Merchant, merchantWith } from './merchant.fixture.ts';

/** One database and one simulator, for gateways and workers that a test starts one by one. */
export interface SeparateProcesses {
  readonly home: Installation;
  readonly databaseUrl: string;
  readonly merchant: Merchant;
  readonly simulator: Run;
  /** A command on this database; every wait of every policy shrinks by `speed`. */
  shoudan(args: readonly string[], speed: number, options?: RunOptions): Run;
}

export async function separateProcesses(): Promise<SeparateProcesses> {
  const home = await installation();
  const simulator = home.shoudan(['simulator'], { channel: true });
  const database = await createTestDatabase();
  await until(
    'the simulator answers',
    () =>
      fetch(`${home.simulatorUrl}/healthz`).then(
        ({ status }) => status,
        () => simulator.stderr(),
      ),
    (status) => status === 200,
  );
  const settings = readSettings({
    PORT: `${home.port}`,
    SIMULATOR_PORT: `${home.simulatorPort}`,
    SHOUDAN_DATA_DIR: home.dataDir,
  });
  const merchant = merchantWith(await setUpSandbox(settings, database.url, home.simulatorUrl));
  return {
    home,
    databaseUrl: database.url,
    merchant,
    simulator,
    shoudan: (args, speed, options = {}) =>
      home.shoudan(args, {
        ...options,
        env: {
          DATABASE_URL: database.url,
          SHOUDAN_SIMULATOR_URL: home.simulatorUrl,
          SHOUDAN_POLICY_SPEED: `${speed}`,
          ...options.env,
        },
      }),
  };
}
