import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../adapters/postgres/database.ts';
import { keepTroubledAnswer } from '../adapters/postgres/kept-answers.ts';
import { saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { createStrayNotifications, keepUntrustedNotification } from '../adapters/postgres/notifications.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { listValuesToReseal, sealedPlaces } from '../adapters/postgres/resealing.ts';
import { keepUntrustedAnswer } from '../adapters/postgres/untrusted-answers.ts';
import { addOurKey, listAccountKeys } from '../adapters/postgres/wallet-account-keys.ts';
import { findWalletAccount, saveWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing, masterKeyName, type Sealing } from '../adapters/sealing.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

const keys = { old: Buffer.alloc(32, 7), next: Buffer.alloc(32, 8), stranger: Buffer.alloc(32, 9) };
const old = createSealing(keys.old);
const next = createSealing(keys.next);
const folder = mkdtempSync(join(tmpdir(), 'shoudan-master-key-'));
const { url, database } = await openedTestDatabase();
const ours = keyPair();
const spare = keyPair();
const account = { wallet: 'alipay_plus', name: 'main' };

beforeEach(() =>
  database.query(
    `truncate wallet_accounts, merchants, kept_answers, untrusted_answers, untrusted_notifications,
       stray_notifications cascade`,
  ),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function keyPair() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

const hex = (...given: readonly Buffer[]) => given.map((key) => key.toString('hex')).join(',');

function settings(master: Buffer, ...further: readonly Buffer[]) {
  return {
    DATABASE_URL: url,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_MASTER_KEY: hex(master),
    ...(further.length === 0 ? {} : { SHOUDAN_FURTHER_MASTER_KEYS: hex(...further) }),
  };
}

function rotate(words: readonly string[] = [], env = settings(keys.next, keys.old)): Promise<Ended> {
  return run(['master-key', 'rotate', ...words], env);
}

/** A value in every column that holds sealed ones; of stray notifications as many as are asked for. */
async function fill(sealing: Sealing, strays = 1): Promise<void> {
  await saveWalletAccount(database, sealing, {
    ...account,
    appId: 'client',
    gatewayUrl: 'https://wallet.example',
    privateKey: ours.privateKey,
    walletPublicKey: keyPair().publicKey,
  });
  await inTransaction(database, (connection) => addOurKey(connection, sealing, account, 2, spare.privateKey));
  await saveMerchant(database, sealing, {
    id: 'M1',
    name: 'Tea House',
    mcc: null,
    notifyUrl: null,
    orderCodes: null,
    stores: [],
    bindings: [],
  });
  const raw = Buffer.from('{"buyer_user_id":"2088102146225135"}');
  const told = { merchantId: 'M1', paymentId: 'pay_1', call: 'pay' } as const;
  await keepTroubledAnswer(database, sealing, {
    ...told,
    refundId: null,
    answer: 'unclear',
    walletCode: null,
    raw,
  });
  await keepUntrustedAnswer(database, sealing, { ...told, detail: 'not signed', raw });
  await keepUntrustedNotification(database, sealing, {
    wallet: account.wallet,
    account: account.name,
    detail: 'not signed',
    raw,
  });
  const stray = createStrayNotifications(database, sealing);
  for (let no = 0; no < strays; no += 1) {
    await stray.keep({
      wallet: 'alipay_plus',
      account: 'main',
      requestId: `P${no}`,
      says: 'paid 350 USD',
      raw,
    });
  }
}

async function left(sealing: Sealing): Promise<number> {
  const values = await listValuesToReseal(database, sealing);
  return values.reduce((sum, each) => sum + each.values, 0);
}

/** Whether a key opens everything: only then can everything be sealed again under a third. */
async function opensEverything(key: Buffer): Promise<Ended> {
  return rotate([], settings(keys.stranger, key));
}

it('every column that holds sealed bytes is one that is sealed again', async () => {
  const { rows } = await database.query<{ readonly place: string }>(
    `select table_name || '.' || column_name as place from information_schema.columns
     where table_schema = 'public' and data_type = 'bytea'
       and column_name not in ('key_hash', 'fingerprint') order by 1`,
  );
  expect(rows.map(({ place }) => place)).toEqual(sealedPlaces.toSorted());
});

describe('shoudan master-key rotate', () => {
  it('seals everything again, and tells when the old key is needed no more', async () => {
    await fill(old);
    const before = JSON.parse((await rotate(['--check', '--json'])).out);
    expect(Object.keys(before.left).toSorted()).toEqual(
      sealedPlaces.map((place) => place.split('.')[0]).toSorted(),
    );
    const done = await rotate(['--json']);
    expect(done).toMatchObject({ exitCode: 0, err: '' });
    expect(JSON.parse(done.out)).toMatchObject({
      master_key: masterKeyName(keys.next),
      further_master_keys: [masterKeyName(keys.old)],
      sealed: { merchants: 1, wallet_account_keys: 2, stray_notifications: 1 },
      left: {},
    });
    const checked = await rotate(['--check']);
    expect(checked).toMatchObject({ exitCode: 0, err: '' });
    expect(checked.out).toContain(`${masterKeyName(keys.old)}: needed no more`);
    expect(await findWalletAccount(database, next, account.wallet, account.name)).toMatchObject({
      privateKey: ours.privateKey,
    });
    expect(await listAccountKeys(database, next, account)).toMatchObject([
      { version: 1, state: 'signing', publicKey: ours.publicKey },
      { version: 2, state: 'accepted', publicKey: spare.publicKey },
      { holder: 'wallet' },
    ]);
    expect(await opensEverything(keys.next)).toMatchObject({ exitCode: 0, err: '' });
  });

  it('changes of keys that were made before keep their versions, their states and their age', async () => {
    await fill(old);
    const before = await listAccountKeys(database, old, account);
    await rotate();
    expect(await listAccountKeys(database, next, account)).toEqual(before);
  });

  it('with --check changes nothing, and says what is left', async () => {
    await fill(old);
    const ended = await rotate(['--check']);
    expect(ended.exitCode).toBe(1);
    expect(ended.out).toMatch(/^merchants +1 left$/m);
    expect(ended.err).toContain('values are left: `shoudan master-key rotate`');
    expect(await findWalletAccount(database, old, account.wallet, account.name)).not.toBeNull();
  });

  it('two at once do each value once', async () => {
    await fill(old, 450);
    const both = await Promise.all([rotate(['--json']), rotate(['--json'])]);
    for (const ended of both) expect(ended).toMatchObject({ exitCode: 0, err: '' });
    const strays = both.map(({ out }) => JSON.parse(out).sealed.stray_notifications ?? 0);
    expect(strays.reduce((sum, each) => sum + each, 0)).toBe(450);
    expect(await left(next)).toBe(0);
  });

  it('killed in the middle, it leaves nothing that cannot be opened, and goes on where it was', async () => {
    await fill(old, 3_000);
    const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
    const child = spawn(process.execPath, [cli, 'master-key', 'rotate'], {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], ...settings(keys.next, keys.old) },
    });
    const ended = once(child, 'exit');
    const all = await left(next);
    await expect.poll(() => left(next), { interval: 5, timeout: 20_000 }).toBeLessThan(all - 500);
    child.kill('SIGKILL');
    expect((await ended)[1]).toBe('SIGKILL');
    // What a killed process had sent may still be done.
    await expect
      .poll(async () => {
        const first = await left(next);
        return first === (await left(next));
      })
      .toBe(true);
    const rest = await left(next);
    expect(rest).toBeGreaterThan(0);
    const again = await rotate(['--json']);
    expect(again).toMatchObject({ exitCode: 0, err: '' });
    const sealed: Record<string, number> = JSON.parse(again.out).sealed;
    expect(sealed['stray_notifications']).toBeLessThan(2_600);
    expect(await opensEverything(keys.next)).toMatchObject({ exitCode: 0, err: '' });
  }, 60_000);

  it('a value under a key that nobody gave is named, and what was done stays', async () => {
    await fill(createSealing(keys.stranger, [keys.old]));
    const ended = await rotate();
    expect(ended).toMatchObject({ exitCode: 1, out: '' });
    expect(ended.err).toContain('merchants.delivery_secret M1');
    expect(ended.err).toContain(masterKeyName(keys.stranger));
    expect(ended.err).toContain(`given are ${masterKeyName(keys.next)}, ${masterKeyName(keys.old)}`);
    expect(ended.err).not.toContain(hex(keys.next));
    expect(await rotate([], settings(keys.next, keys.old, keys.stranger))).toMatchObject({ exitCode: 0 });
  });

  it('has nothing to do without further keys', async () => {
    const ended = await rotate([], settings(keys.next));
    expect(ended).toMatchObject({ exitCode: 1, out: '' });
    expect(ended.err).toContain('SHOUDAN_FURTHER_MASTER_KEYS is not set');
  });
});
