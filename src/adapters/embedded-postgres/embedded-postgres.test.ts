import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { ask } from '../../../test/database/ask.ts';
import { until } from '../../../test/until.ts';
import { isAlive } from '../processes/process-liveness.mjs';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { postmasterIn } from './postmaster.fixture.ts';
import { type StarterProcess, spawnStarter } from './starter-process.fixture.ts';

const rootFolder = mkdtempSync(join(inject('testRunFolder'), 'embedded-'));
chmodSync(rootFolder, 0o755);
const template = join(rootFolder, 'template');
const running: EmbeddedPostgres[] = [];
const starters: StarterProcess[] = [];
let folders = 0;

/** A data folder with a database that has been used and stopped: copied, since making one takes a second. */
function usedDataFolder(): string {
  folders += 1;
  const copy = join(rootFolder, `copy-${folders}`);
  const run = spawnSync('cp', ['-a', template, copy]);
  expect(run.status).toBe(0);
  return copy;
}

/** One that only looks used: enough for what is refused before any server starts. */
function seeminglyUsedDataFolder(): string {
  folders += 1;
  const folder = join(rootFolder, `seeming-${folders}`);
  mkdirSync(join(folder, 'postgres'), { recursive: true });
  for (const file of ['postgres.json', join('postgres', 'PG_VERSION')]) {
    copyFileSync(join(template, file), join(folder, file));
  }
  return folder;
}

async function start(...[options]: Parameters<typeof startEmbeddedPostgres>): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  running.push(server);
  return server;
}

function starter(...args: Parameters<typeof spawnStarter>): StarterProcess {
  const started = spawnStarter(...args);
  starters.push(started);
  return started;
}

/** Ends what a test left running, also when it failed half-way. */
afterEach(async () => {
  for (const one of starters.splice(0)) {
    if (isAlive(one.pid)) process.kill(one.pid, 'SIGCONT');
    await one.kill('SIGKILL');
  }
  await Promise.all(running.splice(0).map((server) => server.stop()));
  for (const entry of readdirSync(rootFolder)) {
    const left = postmasterIn(join(rootFolder, entry));
    if (left !== undefined) process.kill(left.pid, 'SIGQUIT');
  }
});
afterAll(() => rmSync(rootFolder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

describe('an embedded PostgreSQL', () => {
  let firstSettings: Record<string, string>;

  beforeAll(async () => {
    const server = await startEmbeddedPostgres({ dataDir: template });
    const [settings] = await ask<Record<string, string>>(
      server.databaseUrl,
      `select current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
              current_setting('synchronous_commit') as synchronous_commit, current_setting('TimeZone') as timezone,
              current_setting('server_encoding') as encoding, current_setting('listen_addresses') as addresses,
              current_setting('unix_socket_directories') as sockets, current_database() as database,
              (select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = current_user)::text as scram`,
    );
    firstSettings = settings ?? {};
    await ask(
      server.databaseUrl,
      'create table kept (note text); insert into kept values ($$written first$$)',
    );
    await server.stop();
  });

  it('starts with full durability, on loopback only, with a password of its own', async () => {
    expect(firstSettings).toEqual({
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      timezone: 'UTC',
      encoding: 'UTF8',
      addresses: '127.0.0.1',
      sockets: '',
      database: 'shoudan',
      scram: 'true',
    });
    expect(statSync(join(template, 'postgres.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(template, 'postgres')).mode & 0o777).toBe(0o700);
    const dataDir = usedDataFolder();
    const { databaseUrl } = await start({ dataDir });
    const wrong = databaseUrl.replace(/:[^:@/]+@/, ':guessed@');
    await expect(ask(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('keeps data and address from one start to the next', async () => {
    const dataDir = usedDataFolder();
    const first = await start({ dataDir });
    await ask(first.databaseUrl, 'insert into kept values ($$written second$$)');
    await first.stop();
    const second = await start({ dataDir });
    expect(second.databaseUrl).toBe(first.databaseUrl);
    expect(second.adopted).toBe(false);
    expect(await ask(second.databaseUrl, 'select note from kept order by note')).toEqual([
      { note: 'written first' },
      { note: 'written second' },
    ]);
  });

  it('stops the server in an orderly way, and only once', async () => {
    const dataDir = usedDataFolder();
    const server = await start({ dataDir });
    await Promise.all([server.stop(), server.stop()]);
    expect(postmasterIn(dataDir)).toBeUndefined();
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
    expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).toContain('database system is shut down');
  });

  it('is started again at the same address when its postmaster is killed with -9', async () => {
    const dataDir = usedDataFolder();
    const restarted = Promise.withResolvers<void>();
    const server = await start({ dataDir, onRestart: () => restarted.resolve() });
    await ask(server.databaseUrl, 'insert into kept values ($$before the kill$$)');
    const killed = postmasterIn(dataDir)?.pid ?? 0;
    process.kill(killed, 'SIGKILL');
    await restarted.promise;
    expect(await ask(server.databaseUrl, 'select count(*)::int as n from kept')).toEqual([{ n: 2 }]);
    expect(postmasterIn(dataDir)?.pid).not.toBe(killed);
  });

  it('is started again although a backend of the killed postmaster is busy and does not notice', async () => {
    const dataDir = usedDataFolder();
    const restarted = Promise.withResolvers<void>();
    const server = await start({ dataDir, onRestart: () => restarted.resolve() });
    const busy = new pg.Client({ connectionString: server.databaseUrl });
    busy.on('error', () => undefined);
    await busy.connect();
    const [row] = (await busy.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
    const broken = busy.query('select count(*) from generate_series(1, 1000000000)').catch(() => 'broken');
    process.kill(postmasterIn(dataDir)?.pid ?? 0, 'SIGKILL');
    await restarted.promise;
    expect(await broken).toBe('broken');
    expect(isAlive(row?.pid ?? 0)).toBe(false);
    expect(await ask(server.databaseUrl, 'select note from kept')).toEqual([{ note: 'written first' }]);
  });

  it('is adopted when an earlier run was killed, and is then started again like its own', async () => {
    const dataDir = usedDataFolder();
    const earlier = starter({ options: { dataDir } });
    const { databaseUrl } = await earlier.started();
    const left = postmasterIn(dataDir);
    await earlier.kill('SIGKILL');

    const restarted = Promise.withResolvers<void>();
    const server = await start({ dataDir, onRestart: () => restarted.resolve() });
    expect(server.adopted).toBe(true);
    expect(server.databaseUrl).toBe(databaseUrl);
    expect(postmasterIn(dataDir)).toEqual(left);

    process.kill(left?.pid ?? 0, 'SIGKILL');
    await restarted.promise;
    expect(await ask(server.databaseUrl, 'select note from kept')).toEqual([{ note: 'written first' }]);
    await server.stop();
    expect(postmasterIn(dataDir)).toBeUndefined();
  });

  it('is replaced, not adopted, when the one left behind runs with other settings', async () => {
    const dataDir = usedDataFolder();
    const earlier = starter({ options: { dataDir, extraSettings: { synchronous_commit: 'off' } } });
    await earlier.started();
    await earlier.kill('SIGKILL');
    const server = await start({ dataDir });
    expect(server.adopted).toBe(false);
    expect(await ask(server.databaseUrl, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
  });

  it('has every acknowledged row after kill -9 of starter, postmaster and backends', async () => {
    const dataDir = usedDataFolder();
    const writer = starter({ options: { dataDir }, writeRows: true });
    const { databaseUrl } = await writer.started();
    const backends = await ask<{ pid: number }>(databaseUrl, 'select pid from pg_stat_activity');
    while (Number(await writer.nextLine()) < 200);
    const postmaster = postmasterIn(dataDir)?.pid ?? 0;
    for (const pid of [postmaster, ...backends.map((row) => row.pid)]) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
    await writer.kill('SIGKILL');
    const acknowledged = Math.max(200, ...writer.linesLeft().map(Number).filter(Number.isInteger));

    const server = await start({ dataDir });
    expect(server.adopted).toBe(false);
    const [row] = await ask<{ n: number; last: number }>(
      server.databaseUrl,
      'select count(*)::int as n, max(n)::int as last from acknowledged',
    );
    expect(row?.last).toBeGreaterThanOrEqual(acknowledged);
    expect(row?.n).toBe(row?.last);
  });

  it('does not take another process for its server when the process id was given away', async () => {
    const dataDir = usedDataFolder();
    // This very test process stands for the one that got the id.
    writeFileSync(
      join(dataDir, 'postgres', 'postmaster.pid'),
      `${process.pid}\n${join(dataDir, 'postgres')}\n1700000000\n5432\n\n127.0.0.1\n  1234567         0\nready   \n`,
    );
    const server = await start({ dataDir });
    expect(server.adopted).toBe(false);
    expect(await ask(server.databaseUrl, 'select note from kept')).toEqual([{ note: 'written first' }]);
  });

  it('counts a zombie postmaster as dead', async () => {
    const dataDir = usedDataFolder();
    const earlier = starter({ options: { dataDir } });
    await earlier.started();
    const postmaster = postmasterIn(dataDir)?.pid ?? 0;
    // A stopped parent does not notice that its child has ended.
    process.kill(earlier.pid, 'SIGSTOP');
    process.kill(postmaster, 'SIGKILL');
    await until('the postmaster is a zombie', () => !isAlive(postmaster));
    expect(process.kill(postmaster, 0)).toBe(true);

    const server = await start({ dataDir });
    expect(server.adopted).toBe(false);
    expect(await ask(server.databaseUrl, 'select note from kept')).toEqual([{ note: 'written first' }]);
  });

  it('moves to another port when somebody else listens on the recorded one', async () => {
    const dataDir = usedDataFolder();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const record = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8'));
    writeFileSync(join(dataDir, 'postgres.json'), JSON.stringify({ ...record, port }));
    try {
      const server = await start({ dataDir });
      expect(new URL(server.databaseUrl).port).not.toBe(String(port));
      const recorded = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')).port;
      expect(new URL(server.databaseUrl).port).toBe(String(recorded));
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
  });

  it('neither adopts nor stops the server of the folder that it was copied from', async () => {
    const original = usedDataFolder();
    const first = await start({ dataDir: original });
    const copy = `${original}-copied`;
    expect(spawnSync('cp', ['-a', original, copy]).status).toBe(0);
    expect(existsSync(join(copy, 'postgres', 'postmaster.pid'))).toBe(true);
    const second = await start({ dataDir: copy });
    expect(second.adopted).toBe(false);
    expect(second.databaseUrl).not.toBe(first.databaseUrl);
    await ask(second.databaseUrl, 'insert into kept values ($$only in the copy$$)');
    expect(await ask(first.databaseUrl, 'select count(*)::int as n from kept')).toEqual([{ n: 1 }]);
  });

  it('is made anew when an earlier run was killed in the middle of making it', async () => {
    const dataDir = join(rootFolder, 'half-made');
    const earlier = starter({ options: { dataDir } });
    const drafts = () =>
      existsSync(dataDir) ? readdirSync(dataDir).filter((f) => f.startsWith('postgres.draft-')) : [];
    await until('initdb has begun', () =>
      drafts().some((d) => existsSync(join(dataDir, d, 'cluster', 'PG_VERSION'))),
    );
    await earlier.kill('SIGKILL');
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);

    const server = await start({ dataDir });
    expect(await ask(server.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('runs from the installed package when that is asked for', async () => {
    const dataDir = join(rootFolder, 'from-package');
    const server = await start({ dataDir, binaries: 'package' });
    expect(server.binariesFrom).toBe('package');
    expect(server.version).toMatch(/^18\.\d+$/);
    await ask(server.databaseUrl, 'create table kept (note text); insert into kept values ($$x$$)');
    await server.stop();
    const again = await start({ dataDir });
    expect(again.version).toBe(server.version);
    expect(await ask(again.databaseUrl, 'select note from kept')).toEqual([{ note: 'x' }]);
  });
});

describe('what cannot work is said in one line', () => {
  const failureOf = async (...[options]: Parameters<typeof startEmbeddedPostgres>) => {
    const error: unknown = await startEmbeddedPostgres(options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    const { message } = error as EmbeddedPostgresError;
    expect(message).not.toContain('\n');
    return message;
  };

  it('a database of an unsupported major', async () => {
    const dataDir = seeminglyUsedDataFolder();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '14\n');
    expect(await failureOf({ dataDir })).toMatch(
      /was made by PostgreSQL 14, but only 15 to 18 are supported.*SHOUDAN_DATA_DIR/,
    );
  });

  it('a database of a major that is not there', async () => {
    const dataDir = seeminglyUsedDataFolder();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '16\n');
    expect(await failureOf({ dataDir, binaries: 'package' })).toMatch(
      /was made by PostgreSQL 16, which was not found.*apt-get install postgresql-16/,
    );
  });

  it('a data folder that is a file', async () => {
    const dataDir = join(rootFolder, 'a-file');
    writeFileSync(dataDir, '');
    expect(await failureOf({ dataDir })).toMatch(/a-file cannot be written \(EEXIST\).*SHOUDAN_DATA_DIR/);
  });

  it('a database that has disappeared, instead of an empty one in its stead', async () => {
    const dataDir = seeminglyUsedDataFolder();
    rmSync(join(dataDir, 'postgres'), { recursive: true });
    expect(await failureOf({ dataDir })).toMatch(/is not in .* any more: restore it/);
  });

  it('a lost record, which holds the password', async () => {
    const dataDir = seeminglyUsedDataFolder();
    rmSync(join(dataDir, 'postgres.json'));
    expect(await failureOf({ dataDir })).toMatch(/postgres\.json.* is missing: restore it/);
  });

  it('a record that is none', async () => {
    const dataDir = seeminglyUsedDataFolder();
    writeFileSync(join(dataDir, 'postgres.json'), 'half a rec');
    expect(await failureOf({ dataDir })).toMatch(/postgres\.json is not a record of this program/);
  });

  it('a password that is not the database’s', async () => {
    const dataDir = usedDataFolder();
    const record = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8'));
    writeFileSync(join(dataDir, 'postgres.json'), JSON.stringify({ ...record, password: 'another' }));
    expect(await failureOf({ dataDir })).toMatch(/does not accept the password/);
    expect(postmasterIn(dataDir)).toBeUndefined();
  });

  it('a setting that the server refuses', async () => {
    const dataDir = usedDataFolder();
    expect(await failureOf({ dataDir, extraSettings: { shared_buffers: 'much' } })).toMatch(
      /did not start: .*shared_buffers.*\(log: /,
    );
  });
});
