import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { findWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';
import type { Environment } from './settings.ts';

const masterKey = 'ab'.repeat(32);
const sealing = createSealing(Buffer.from(masterKey, 'hex'));
const folder = mkdtempSync(join(tmpdir(), 'shoudan-accounts-'));
const ours = generateKeyPairSync('rsa', { modulusLength: 2048 });
const theirs = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { url, database } = await openedTestDatabase();

beforeEach(() => database.query('truncate wallet_accounts cascade'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shoudan(words: string | readonly string[], more: Environment = {}): Promise<Ended> {
  return run(words, {
    DATABASE_URL: url,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_MASTER_KEY: masterKey,
    ...more,
  });
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const pem = (key: KeyObject): string =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();

/** As the platform's key tool prints a key. */
const bare = (key: KeyObject): string =>
  key.export({ type: key.type === 'private' ? 'pkcs1' : 'spki', format: 'der' } as const).toString('base64');

function accountOptions(changes: Readonly<Record<string, string>> = {}): string[] {
  const options: Record<string, string> = {
    wallet: 'alipay_open',
    name: 'main',
    'app-id': '2021000000000001',
    'gateway-url': 'https://openapi.example.com/gateway.do',
    'private-key-file': file('ours.pem', pem(ours.privateKey)),
    'wallet-public-key-file': file('theirs.pem', pem(theirs.publicKey)),
    ...changes,
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

async function addAccount(): Promise<void> {
  expect(await shoudan(['account', 'add', ...accountOptions()])).toMatchObject({ exitCode: 0, err: '' });
}

it('an account is kept sealed and listed without its private key', async () => {
  const added = await shoudan(['account', 'add', ...accountOptions()]);
  expect(added).toMatchObject({ exitCode: 0, err: '' });
  expect(added.out).toContain('account     alipay_open main is added\n');
  expect(added.out).toContain('notify url  http://127.0.0.1:8080/notify/alipay_open/main\n');

  expect(await findWalletAccount(database, sealing, 'alipay_open', 'main')).toEqual({
    wallet: 'alipay_open',
    name: 'main',
    appId: '2021000000000001',
    sellerId: null,
    settlementCurrency: null,
    merchantRegion: null,
    keyVersion: null,
    supportContact: null,
    gatewayUrl: 'https://openapi.example.com/gateway.do',
    privateKey: pem(ours.privateKey),
    walletPublicKey: pem(theirs.publicKey),
  });
  const { rows } = await database.query<{ readonly private_key: Buffer }>(
    'select private_key from wallet_accounts',
  );
  expect(rows[0]?.private_key.toString('latin1')).not.toContain('PRIVATE KEY');

  const listed = await shoudan('account list');
  const der = theirs.publicKey.export({ type: 'spki', format: 'der' });
  const fingerprint = `sha256:${createHash('sha256').update(der).digest('hex').slice(0, 16)}`;
  expect(listed.out).toMatch(/^wallet +name +app id +gateway +wallet key +options +support +updated\n/);
  expect(listed.out).toContain(`https://openapi.example.com/gateway.do  ${fingerprint}  `);
  const json = await shoudan('account list --json');
  expect(JSON.parse(json.out).data).toMatchObject([
    {
      wallet: 'alipay_open',
      name: 'main',
      app_id: '2021000000000001',
      wallet_public_key_fingerprint: fingerprint,
    },
  ]);
  for (const { out } of [added, listed, json]) expect(out).not.toContain('PRIVATE');
});

// proves RES-19
it('whom to call is said when an account is added or later, and stays until something else is said', async () => {
  const contact = async (): Promise<unknown> =>
    JSON.parse((await shoudan('account list --json')).out).data[0].support_contact;
  await addAccount();
  expect(await contact()).toBeNull();
  const set = (text: string) =>
    shoudan(['account', 'set', '--wallet', 'alipay_open', '--name', 'main', '--support-contact', text]);
  const before = await findWalletAccount(database, sealing, 'alipay_open', 'main');
  expect(await set('支付宝 95188, contract 4711')).toEqual({
    exitCode: 0,
    out: 'account  alipay_open main\nsupport  支付宝 95188, contract 4711\n',
    err: '',
  });
  const contacted = { ...before, supportContact: '支付宝 95188, contract 4711' };
  expect(await findWalletAccount(database, sealing, 'alipay_open', 'main')).toEqual(contacted);
  expect((await shoudan('account list')).out).toContain('支付宝 95188, contract 4711');
  await shoudan(['account', 'add', ...accountOptions(), '--replace']);
  expect(await contact()).toBe('支付宝 95188, contract 4711');
  await shoudan(['account', 'add', ...accountOptions(), '--replace', '--support-contact', 'Wang Fang']);
  expect(await contact()).toBe('Wang Fang');
  expect((await set('')).out).toContain('support  nobody is named\n');
  expect(await contact()).toBeNull();
  for (const text of [' ', 'a\nb', 'x'.repeat(201)]) {
    expect(await set(text)).toMatchObject({ exitCode: 2, out: '' });
  }
  const nobodys = await shoudan('account set --wallet alipay_open --name other --support-contact x');
  expect(nobodys).toMatchObject({ exitCode: 1, out: '' });
  expect(nobodys.err).toContain('alipay_open has no account other');
});

// proves NOT-05
it('the seller that notifications must name is kept until another is given, or none', async () => {
  const seller = async (...more: readonly string[]): Promise<string> => {
    const { out } = await shoudan(['account', 'add', ...accountOptions(), ...more, '--json']);
    return JSON.parse(out).seller_id;
  };
  expect(await seller()).toBeNull();
  expect(await seller('--replace', '--seller-id', '2088000000000001')).toBe('2088000000000001');
  expect(await seller('--replace')).toBe('2088000000000001');
  expect(await seller('--replace', '--seller-id', '2088000000000077')).toBe('2088000000000077');
  expect(await seller('--replace', '--seller-id', '')).toBeNull();
});

it('what the contract with Alipay+ adds is kept until something else is given, or taken away', async () => {
  const account = async (...more: readonly string[]) => {
    const options = accountOptions({ wallet: 'alipay_plus', 'app-id': 'SANDBOX_5Y0000000000001' });
    const { out } = await shoudan(['account', 'add', ...options, ...more]);
    const { data } = JSON.parse((await shoudan('account list --json')).out);
    const [{ settlement_currency, merchant_region, key_version }] = data;
    return { out, kept: [settlement_currency, merchant_region, key_version] };
  };
  const bare = await account();
  expect(bare.kept).toEqual([null, null, null]);
  expect(bare.out).toContain(
    'settled in   what the one contract says\nregion       not named\nkey version  1\n',
  );
  const options = ['--settlement-currency', 'EUR', '--merchant-region', 'JP', '--key-version', '2'];
  const full = await account('--replace', ...options);
  expect(full.kept).toEqual(['EUR', 'JP', 2]);
  expect(full.out).toContain('settled in   EUR\nregion       JP\nkey version  2\n');
  expect(await findWalletAccount(database, sealing, 'alipay_plus', 'main')).toMatchObject({
    settlementCurrency: 'EUR',
    merchantRegion: 'JP',
    keyVersion: 2,
  });
  expect((await account('--replace')).kept).toEqual(['EUR', 'JP', 2]);
  expect((await account('--replace', '--key-version', '3')).kept).toEqual(['EUR', 'JP', 3]);
  const listed = await shoudan('account list');
  expect(listed.out).toContain('  settled in EUR, region JP, key version 3  ');
  const cleared = ['--settlement-currency', '', '--merchant-region', '', '--key-version', ''];
  expect((await account('--replace', ...cleared)).kept).toEqual([null, null, null]);
});

it('a client of Alipay+ is an account: its client id, the host of its region', async () => {
  const options = accountOptions({
    wallet: 'alipay_plus',
    'app-id': 'SANDBOX_5Y0000000000001',
    'gateway-url': 'https://open-sea-global.alipay.com',
  });
  const added = await shoudan(['account', 'add', ...options, '--json'], {
    SHOUDAN_PUBLIC_URL: 'https://pay.example.com/gateway/',
  });
  expect(JSON.parse(added.out)).toMatchObject({
    wallet: 'alipay_plus',
    app_id: 'SANDBOX_5Y0000000000001',
    gateway_url: 'https://open-sea-global.alipay.com',
    notify_url: 'https://pay.example.com/gateway/notify/alipay_plus/main',
  });
  expect(await findWalletAccount(database, sealing, 'alipay_plus', 'main')).toMatchObject({
    appId: 'SANDBOX_5Y0000000000001',
    privateKey: pem(ours.privateKey),
    walletPublicKey: pem(theirs.publicKey),
  });
});

it('keys may be given as the bare base64 that the key tool prints', async () => {
  const options = accountOptions({
    'private-key-file': file('ours.txt', `${bare(ours.privateKey)}\n`),
    'wallet-public-key-file': file('theirs.txt', bare(theirs.publicKey)),
  });
  expect(await shoudan(['account', 'add', ...options])).toMatchObject({ exitCode: 0 });
  expect(await findWalletAccount(database, sealing, 'alipay_open', 'main')).toMatchObject({
    privateKey: pem(ours.privateKey),
    walletPublicKey: pem(theirs.publicKey),
  });
});

it('an account that is there is replaced only when that is said', async () => {
  await addAccount();
  const moved = accountOptions({ 'gateway-url': 'https://wallet.example/gateway.do' });
  expect(await shoudan(['account', 'add', ...moved])).toEqual({
    exitCode: 1,
    out: '',
    err: 'shoudan: alipay_open has an account main already: choose another name, or add --replace\n',
  });
  const replaced = await shoudan(['account', 'add', ...moved, '--replace', '--json']);
  expect(JSON.parse(replaced.out)).toMatchObject({
    gateway_url: 'https://wallet.example/gateway.do',
    replaced: true,
  });
});

it('an account stays the application that it was: its payments are known there alone', async () => {
  await addAccount();
  const other = accountOptions({ 'app-id': '2021000000000009' });
  const { exitCode, err } = await shoudan(['account', 'add', ...other, '--replace']);
  expect(exitCode).toBe(1);
  expect(err).toContain('add another application under another name');
});

it.each<[string, () => Record<string, string>, number, string]>([
  ['an unknown wallet', () => ({ wallet: 'alipay' }), 2, '--wallet alipay is none of alipay_open'],
  ['a name with a blank', () => ({ name: 'my account' }), 2, '--name my account is not 1 to 32'],
  [
    'an address without http',
    () => ({ 'gateway-url': 'openapi' }),
    2,
    'gatewayUrl is not an http or https address',
  ],
  [
    'a client id that no header takes',
    () => ({ wallet: 'alipay_plus', 'app-id': 'a b' }),
    2,
    'clientId is missing or holds what no header takes',
  ],
  ['an empty app id', () => ({ 'app-id': '' }), 2, 'appId is missing'],
  [
    'a file that is not there',
    () => ({ 'private-key-file': '/absent' }),
    1,
    '--private-key-file /absent cannot be read (ENOENT)',
  ],
  [
    'a file without a key',
    () => ({ 'private-key-file': file('x', 'hello') }),
    2,
    'the private key is not an RSA private key',
  ],
  [
    'a seller that is none',
    () => ({ 'seller-id': '2088 0000' }),
    2,
    '--seller-id 2088 0000 is not 16 digits',
  ],
  [
    'a seller at another wallet',
    () => ({ wallet: 'alipay_plus', 'seller-id': '2088000000000001' }),
    2,
    'leave it out for alipay_plus',
  ],
  [
    'a settlement currency that is none',
    () => ({ wallet: 'alipay_plus', 'settlement-currency': 'EURO' }),
    2,
    '--settlement-currency EURO is not an ISO 4217 code',
  ],
  [
    'a region that is none',
    () => ({ wallet: 'alipay_plus', 'merchant-region': 'jp' }),
    2,
    '--merchant-region jp is not two capital letters',
  ],
  [
    'a key version that is none',
    () => ({ wallet: 'alipay_plus', 'key-version': '0' }),
    2,
    '--key-version 0 is not a number from 1',
  ],
  ...(['settlement-currency', 'merchant-region', 'key-version'] as const).map(
    (option): [string, () => Record<string, string>, number, string] => [
      `--${option} at another wallet`,
      () => ({ [option]: '2' }),
      2,
      `--${option} is for alipay_plus alone: leave it out for alipay_open`,
    ],
  ),
  [
    'our public key for the wallet’s',
    () => ({ 'wallet-public-key-file': file('x', pem(ours.publicKey)) }),
    2,
    'holds our own public key',
  ],
  [
    'a private key for the wallet’s',
    () => ({ 'wallet-public-key-file': file('x', pem(theirs.privateKey)) }),
    2,
    'holds a private key',
  ],
  [
    'a key that is too short',
    () => ({
      'private-key-file': file('x', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)),
    }),
    2,
    'RSA2 needs a private key of 2048 bits',
  ],
])('%s makes no account', async (_, changes, exitCode, message) => {
  const ended = await shoudan(['account', 'add', ...accountOptions(changes())]);
  expect(ended).toMatchObject({ exitCode, out: '' });
  expect(ended.err).toContain(message);
  expect(ended.err.split('\n')).toHaveLength(2);
  expect(await shoudan('account list')).toMatchObject({
    out: 'no wallet account yet: `shoudan account add`\n',
  });
});
