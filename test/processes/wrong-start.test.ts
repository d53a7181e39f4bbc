import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../database/test-database.ts';
import {
  clearInstallations,
  freePort,
  type Installation,
  installation,
  occupyPort,
  type Run,
  type RunOptions,
} from './installation.fixture.ts';
import { merchantWith, sandboxIn } from './merchant.fixture.ts';

clearInstallations();

/** Runs a start that cannot be, and returns its last line. */
async function refusedStart(home: Installation, options: RunOptions): Promise<string> {
  return lastLineOf(home.shoudan(['start'], options));
}

/** What people see last of a command that fails: no stack before it, and nothing left running after it. */
async function lastLineOf(run: Run): Promise<string> {
  const { exitCode } = await run.ended;
  const said = run.complaints();
  expect(said.filter((line) => /^\s+at |^\{/.test(line))).toEqual([]);
  expect(exitCode).toBeGreaterThan(0);
  expect(run.stdout()).not.toContain('Shoudan is running');
  return said.at(-1) ?? '';
}

it.concurrent('of two starts at once on one data folder one runs, and every other is refused', async () => {
  const home = await installation();
  const ports = { PORT: `${await freePort()}`, SIMULATOR_PORT: `${await freePort()}` };
  const [first, second] = [home.shoudan(['start']), home.shoudan(['start'], { env: ports })];
  const refused = await Promise.race([first, second].map((run) => run.ended.then(() => run)));
  const running = refused === first ? second : first;
  const line = `shoudan: the data folder ${home.dataDir} is in use by process ${running.pid}: stop that one, or choose another folder with SHOUDAN_DATA_DIR`;
  expect(await lastLineOf(refused)).toBe(line);
  await home.untilReady(running, running === first ? home.gatewayUrl : `http://127.0.0.1:${ports.PORT}`);
  const others = { PORT: `${await freePort()}`, SIMULATOR_PORT: `${await freePort()}` };
  expect(await refusedStart(home, { env: others })).toBe(line);
  expect((await merchantWith(sandboxIn(home.dataDir)).pay()).status).toBe(201);
  running.signalGroup('SIGTERM');
  expect(await running.ended).toEqual({ exitCode: 0, signal: null });
  await home.untilGone();
  expect(running.complaints()).toEqual(['stopping']);
});

it.concurrent('a port in use is named, whichever it is', async () => {
  const home = await installation();
  const taken = await occupyPort();
  try {
    // First, while the new database is still being migrated.
    expect(await refusedStart(home, { env: { SIMULATOR_PORT: `${taken.port}` } })).toContain(
      `port ${taken.port} on 127.0.0.1 is in use; stop what uses it or set SIMULATOR_PORT`,
    );
    expect(await refusedStart(home, { env: { PORT: `${taken.port}` } })).toBe(
      `shoudan: PORT ${taken.port} is in use on 127.0.0.1: stop what listens there, or set PORT to a free one.`,
    );
    expect(await refusedStart(home, { env: { PORT: '18099', SIMULATOR_PORT: '18099' } })).toBe(
      'shoudan: PORT and SIMULATOR_PORT are both 18099: give each a port of its own.',
    );
    await home.untilGone();
  } finally {
    await taken.close();
  }
});

it.concurrent('a setting that is unknown or wrong is named, also by npm start', async () => {
  const home = await installation();
  expect(await refusedStart(home, { env: { SHOUDAN_X: '1' } })).toContain('SHOUDAN_X is not a setting');
  expect(await lastLineOf(home.npmStart({ env: { PORT: 'eighty' } }))).toContain('PORT is eighty:');
  // Refused before anything was touched.
  expect(existsSync(home.dataDir)).toBe(false);
});

it.concurrent('a database that does not answer, or not to us, is named without its password', async () => {
  const home = await installation();
  const nobody = await freePort();
  const unreachable = `postgres://somebody:secret@127.0.0.1:${nobody}/shoudan`;
  expect(await refusedStart(home, { env: { DATABASE_URL: unreachable } })).toMatch(
    new RegExp(
      `^shoudan: DATABASE_URL leads to 127.0.0.1:${nobody}/shoudan, which cannot be reached: .*ECONNREFUSED`,
    ),
  );
  // One that a starter supervises ends just as well, so that it can be started again.
  for (const command of ['serve', 'work']) {
    const run = home.shoudan([command], { channel: true, env: { DATABASE_URL: unreachable } });
    expect(await lastLineOf(run)).toContain('which cannot be reached');
  }
  const database = await createTestDatabase();
  try {
    const wrong = new URL(database.url);
    wrong.password = 'secret';
    const line = await refusedStart(home, { env: { DATABASE_URL: wrong.href } });
    expect(line).toContain(`DATABASE_URL leads to ${wrong.host}${wrong.pathname}, which cannot be reached`);
    expect(line).toContain('password authentication failed');
    expect(line).not.toContain('secret');
  } finally {
    await database.drop();
  }
});

it.concurrent('a database that another version has migrated ends the start while the simulator is still starting', async () => {
  const home = await installation();
  const database = await createTestDatabase();
  try {
    await onDatabase(database.url, `update schema_migrations set checksum = 'other' where version = 1`);
    expect(await refusedStart(home, { env: { DATABASE_URL: database.url } })).toMatch(
      /^shoudan: migrations\/000001_\S+ differs from what this database was migrated with/,
    );
    await home.untilGone();
  } finally {
    await database.drop();
  }
});

it.concurrent('a data folder that cannot be written is named', async () => {
  const home = await installation();
  const folder = dirname(home.dataDir);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const [dataDir, why] of [
    [join(file, 'data'), 'ENOTDIR'],
    ['/proc/shoudan', 'ENOENT'],
  ] as const) {
    expect(await refusedStart(home, { env: { SHOUDAN_DATA_DIR: dataDir } })).toBe(
      `shoudan: the data folder ${dataDir} cannot be written (${why}): make it writable for this user, or choose another with SHOUDAN_DATA_DIR`,
    );
  }
});

async function onDatabase(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
