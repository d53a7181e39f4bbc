import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { canEnter } from '../../src/adapters/embedded-postgres/server-user.ts';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import {
  clearInstallations,
  type Installation,
  installation,
  type RunOptions,
} from './installation.fixture.ts';
import { expectAgreement, merchantWith, sandboxIn } from './merchant.fixture.ts';

/*
 * Who starts Shoudan, and where. As root both cases are tried, an ordinary user under another id; an ordinary user's
 * test run is itself the first case and cannot try the second.
 */
const asRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };
const repository = fileURLToPath(new URL('../../', import.meta.url));

// Registered first, it runs last: what an installation has left is found by what stands in its folder.
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
clearInstallations();

it.concurrent('an ordinary user has the whole of it, in files that are that user’s', async () => {
  const home = await ordinaryUsers();
  await paidBy(home, home.asOrdinary);
  const foreign = spawnSync('find', [home.dataDir, '!', '-uid', `${home.uid}`], { encoding: 'utf8' });
  expect(foreign.stdout).toBe('');
});

it.concurrent('a folder that its user may not write is named', async () => {
  const home = await ordinaryUsers();
  mkdirSync(home.dataDir);
  chownSync(home.dataDir, home.uid, home.gid);
  chmodSync(home.dataDir, 0o500);
  const run = home.shoudan(['start'], home.asOrdinary);
  expect((await run.ended).exitCode).toBeGreaterThan(0);
  expect(run.complaints()).toEqual([
    `shoudan: the data folder ${home.dataDir} cannot be written (EACCES): make it writable for this user, or choose another with SHOUDAN_DATA_DIR`,
  ]);
  chmodSync(home.dataDir, 0o700);
});

it.concurrent('root may keep the data in a private folder, which no other user can enter', async ({
  skip,
}) => {
  if (!asRoot) skip('needs root');
  const folder = mkdtempSync(join(homedir(), 'shoudan-processes-'));
  folders.push(folder);
  chmodSync(folder, 0o700);
  const home = await installation({ dataDir: join(folder, 'data') });
  const paid = await paidBy(home, {});
  await home.untilReady(home.shoudan(['start']));
  expect(await merchantWith(sandboxIn(home.dataDir)).payment(paid.id)).toEqual(paid);
});

/** Takes a payment and stops. */
async function paidBy(home: Installation, options: RunOptions): Promise<PaymentSnapshot> {
  const run = home.shoudan(['start'], options);
  await home.untilReady(run);
  expect(statSync(join(home.dataDir, 'sandbox.json')).mode & 0o777).toBe(0o600);
  const merchant = merchantWith(sandboxIn(home.dataDir));
  const { status, body } = await merchant.pay();
  expect(status).toBe(201);
  expectAgreement(body, await merchant.ledgerLine(body));
  run.signalGroup('SIGINT');
  expect(await run.ended).toEqual({ exitCode: 0, signal: null });
  await home.untilGone();
  expect(run.complaints()).toEqual(['stopping']);
  return body;
}

/** An installation in an ordinary user's folder, with a repository that this user can read. */
async function ordinaryUsers(): Promise<
  Installation & { readonly uid: number; readonly gid: number; readonly asOrdinary: RunOptions }
> {
  if (!asRoot) {
    const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1];
    return { ...(await installation()), uid, gid, asOrdinary: {} };
  }
  const home = await installation({ repository: readableRepository() });
  chownSync(dirname(home.dataDir), nobody.uid, nobody.gid);
  return { ...home, ...nobody, asOrdinary: { user: nobody } };
}

/** This repository, or where it lies in a private folder a copy of what the start needs, of hard links if that is possible. */
function readableRepository(): string {
  if (canEnter(repository, nobody)) return repository;
  const copy = mkdtempSync(join(tmpdir(), 'shoudan-repository-'));
  folders.push(copy);
  chmodSync(copy, 0o755);
  const parts = ['package.json', 'src', 'simulator', 'migrations', 'scripts', 'node_modules'];
  const from = parts.map((part) => join(repository, part));
  if (spawnSync('cp', ['-al', ...from, copy]).status !== 0) {
    const copied = spawnSync('cp', ['-a', ...from, copy], { encoding: 'utf8' });
    if (copied.status !== 0) throw new Error(`the repository could not be copied: ${copied.stderr}`);
  }
  return copy;
}
