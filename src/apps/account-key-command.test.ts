import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import {
  findWalletAccount,
  openAccountBook,
  saveWalletAccount,
} from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

const masterKey = 'ab'.repeat(32);
const sealing = createSealing(Buffer.from(masterKey, 'hex'));
const folder = mkdtempSync(join(tmpdir(), 'shoudan-account-keys-'));
const ours = newKey();
const theirs = newKey();
const theirNext = newKey();
const { url, database } = await openedTestDatabase();

beforeEach(async () => {
  await database.query('truncate wallet_accounts cascade');
  for (const wallet of ['alipay_open', 'alipay_plus']) {
    await saveWalletAccount(database, sealing, {
      wallet,
      name: 'main',
      appId: '2021000000000001',
      gatewayUrl: 'https://wallet.example/gateway.do',
      privateKey: pem(ours.privateKey),
      walletPublicKey: pem(theirs.publicKey),
    });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newKey(bits = 2048) {
  return generateKeyPairSync('rsa', { modulusLength: bits });
}

function pem(key: KeyObject): string {
  return key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function key(words: string, more: readonly string[] = [], wallet = 'alipay_plus'): Promise<Ended> {
  return run(['account', 'key', ...words.split(' '), '--wallet', wallet, '--name', 'main', ...more], {
    DATABASE_URL: url,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_MASTER_KEY: masterKey,
  });
}

async function listed(wallet = 'alipay_plus'): Promise<readonly string[]> {
  const { data } = JSON.parse((await key('list --json', [], wallet)).out);
  return data.map((one: { of: string; key_version: number; state: string }) =>
    [one.of, one.key_version, one.state].join(' '),
  );
}

const walletKeyFile = (made: KeyObject) => ['--wallet-public-key-file', file('theirs.pem', pem(made))];

describe.each(['alipay_open', 'alipay_plus'])('the keys of an account of %s', (wallet) => {
  it('a key that is made here shows its public half as the console takes it, and signs once it is used', async () => {
    const made = await key('add --generate --json', [], wallet);
    expect(made).toMatchObject({ exitCode: 0, err: '' });
    expect(made.out).not.toContain('PRIVATE');
    const { console_form, public_key, fingerprint, state } = JSON.parse(made.out);
    expect(state).toBe('accepted');
    expect(
      pem(createPublicKey({ key: Buffer.from(console_form, 'base64'), format: 'der', type: 'spki' })),
    ).toBe(public_key);
    expect(fingerprint).toMatch(/^sha256:[0-9a-f]{16}$/);
    expect(await findWalletAccount(database, sealing, wallet, 'main')).toMatchObject({
      privateKey: pem(ours.privateKey),
    });

    const used = await key('use --key-version 2', [], wallet);
    expect(used).toMatchObject({ exitCode: 0, err: '' });
    expect(used.out).toContain('key          ours 2 signs\n');
    expect(used.out).toContain(fingerprint);
    const account = await findWalletAccount(database, sealing, wallet, 'main');
    expect(pem(createPublicKey(account?.privateKey ?? ''))).toBe(public_key);
    expect(account?.keyVersion).toBe(wallet === 'alipay_plus' ? 2 : null);

    expect(await key('retire --of ours --key-version 1', [], wallet)).toMatchObject({ exitCode: 0, err: '' });
    expect(await listed(wallet)).toEqual(['ours 1 retired', 'ours 2 signing', 'wallet 1 accepted']);
  });

  it('a gateway that runs takes up what is added, used and retired', async () => {
    const book = await openAccountBook(database, sealing, () => {}, 20);
    try {
      const account = () => book.account(wallet, 'main');
      await key('add', walletKeyFile(theirNext.publicKey), wallet);
      await expect.poll(() => account().furtherWalletKeys).toEqual([pem(theirNext.publicKey)]);
      await key('add --generate', [], wallet);
      await key('use --key-version 2', [], wallet);
      await expect.poll(() => account().privateKey).not.toBe(pem(ours.privateKey));
      await key('retire --of wallet --key-version 1', [], wallet);
      await expect.poll(() => account().walletPublicKey).toBe(pem(theirNext.publicKey));
      expect(account().furtherWalletKeys).toBeUndefined();
    } finally {
      book.stop();
    }
  });
});

it('the list shows every key by its fingerprint', async () => {
  const { out } = await key('list');
  expect(out).toMatch(/^whose +version +state +fingerprint +added +since\n/);
  expect(out).toMatch(/\nours +1 +signing +sha256:[0-9a-f]{16} /);
  expect(out).toMatch(/\nwallet +1 +accepted +sha256:[0-9a-f]{16} /);
});

it('what is done already is done again without a word in the log', async () => {
  await key('add --generate');
  for (const words of ['use --key-version 2', 'retire --of ours --key-version 1']) {
    await key(words);
    const count = 'select count(*)::int as n from operator_actions';
    const before = (await database.query(count)).rows;
    expect(await key(words)).toMatchObject({ exitCode: 0, err: '' });
    expect((await database.query(count)).rows).toEqual(before);
  }
});

describe('refused, with what is wrong and what to do', () => {
  it.each<readonly [string, string, () => readonly string[], number, RegExp]>([
    ['no key at all', 'add', () => [], 2, /needs one of --generate, --private-key-file and --wallet-public/],
    ['two keys at once', 'add --generate', () => walletKeyFile(theirNext.publicKey), 2, /needs one of/],
    [
      'a version of the wallet’s',
      'add --key-version 3',
      () => walletKeyFile(theirNext.publicKey),
      2,
      /leave it/,
    ],
    [
      'a version that is none',
      'add --generate --key-version 0',
      () => [],
      2,
      /--key-version 0 is not a number/,
    ],
    ['a version that is taken', 'add --generate --key-version 1', () => [], 1, /ours 1 is there already/],
    ['the key that is there', 'add', () => walletKeyFile(theirs.publicKey), 1, /already: wallet 1, accepted/],
    ['our own for the wallet’s', 'add', () => walletKeyFile(ours.publicKey), 1, /our own public key \(1\)/],
    [
      'a private one for the wallet’s',
      'add',
      () => ['--wallet-public-key-file', file('x.pem', pem(ours.privateKey))],
      2,
      /holds a private key/,
    ],
    ['what is no key', 'add', () => ['--private-key-file', file('x.pem', 'abc')], 2, /wallet account main: /],
    [
      'a short key',
      'add',
      () => ['--private-key-file', file('x.pem', pem(newKey(1024).privateKey))],
      2,
      /2048 bits or more/,
    ],
    [
      'a file that is not there',
      'add',
      () => ['--private-key-file', '/nowhere'],
      1,
      /\/nowhere cannot be read/,
    ],
    ['a key that nobody has', 'use --key-version 7', () => [], 1, /no key ours 7: .*account key list/],
    ['the key that signs', 'retire --of ours --key-version 1', () => [], 1, /have another one sign first/],
    ['the wallet’s last', 'retire --of wallet --key-version 1', () => [], 1, /add the new one first/],
    ['nobody’s key', 'retire --of theirs --key-version 1', () => [], 2, /--of theirs is neither/],
  ])('%s', async (_what, words, more, exitCode, complaint) => {
    const before = await listed();
    const ended = await key(words, more());
    expect(ended).toMatchObject({ exitCode, out: '' });
    expect(ended.err).toMatch(complaint);
    expect(ended.err.trimEnd().split('\n')).toHaveLength(1);
    expect(await listed()).toEqual(before);
  });

  it('a retired key of ours, for good', async () => {
    await key('add --generate');
    await key('retire --of ours --key-version 2');
    const ended = await key('use --key-version 2');
    expect(ended.exitCode).toBe(1);
    expect(ended.err).toContain('is retired, and its private half is gone: add a new one');
  });

  it('a fifth key', async () => {
    for (let n = 0; n < 3; n += 1) expect((await key('add --generate')).exitCode).toBe(0);
    const ended = await key('add --generate');
    expect(ended.exitCode).toBe(1);
    expect(ended.err).toContain('4 keys of ours are in use (1, 2, 3, 4): retire one first');
  });

  it('an account that is not there', async () => {
    await database.query('delete from wallet_accounts');
    for (const words of [
      'list',
      'add --generate',
      'use --key-version 1',
      'retire --of ours --key-version 1',
    ]) {
      const ended = await key(words);
      expect(ended, words).toMatchObject({ exitCode: 1, out: '' });
      expect(ended.err).toContain('alipay_plus has no account main: `shoudan account list` shows');
    }
  });
});
