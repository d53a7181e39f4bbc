import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/database/test-database.ts';
import { type Database, openDatabase } from '../adapters/postgres/database.ts';
import { createMerchantDirectory } from '../adapters/postgres/merchant-directory.ts';
import { findWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';
import type { Environment } from './settings.ts';

/*
 * The commands that work on the database, against PostgreSQL.
 */

const masterKey = 'ab'.repeat(32);
const sealing = createSealing(Buffer.from(masterKey, 'hex'));

let folder: string;
let ours: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
let theirs: typeof ours;
let testDatabase: TestDatabase;
let database: Database;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-cli-'));
  ours = generateKeyPairSync('rsa', { modulusLength: 2048 });
  theirs = generateKeyPairSync('rsa', { modulusLength: 2048 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function makeDatabase(): Promise<void> {
  testDatabase = await createTestDatabase();
  database = openDatabase({
    url: testDatabase.url,
    poolSize: 2,
    applicationName: 'test',
    onIdleError: () => {},
  });
}

async function dropDatabase(): Promise<void> {
  await database.end();
  await testDatabase.drop();
}

function settings(more: Environment = {}): Environment {
  return {
    DATABASE_URL: testDatabase.url,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_MASTER_KEY: masterKey,
    ...more,
  };
}

function shoudan(words: string | readonly string[], more: Environment = {}): Promise<Ended> {
  return run(words, settings(more));
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

describe('what is accepted', () => {
  beforeEach(makeDatabase);
  afterEach(dropDatabase);

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
    expect(listed.out).toMatch(/^wallet +name +app id +gateway +wallet key +options +updated\n/);
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

  it('a merchant is registered whole, and its delivery secret is shown this once', async () => {
    await addAccount();
    const added = await shoudan([
      ...['merchant', 'add', '--id', 'M1', '--name', '街角商店', '--notify-url', 'http://127.0.0.1:9/n'],
      ...['--mcc', '5411', '--store-mcc', 'S2:5462', '--order-codes', 'counter', '--order-code-expiry', '60'],
      ...['--store', 'S1:前门', '--store', 'S2:Back', '--terminal', 'S1:T1', '--terminal', 'S1:T2'],
      ...['--bind', 'alipay_open:CNY:main:2088000000000002', '--json'],
    ]);
    const document = JSON.parse(added.out);
    expect(document).toMatchObject({
      id: 'M1',
      name: '街角商店',
      mcc: '5411',
      notify_url: 'http://127.0.0.1:9/n',
      order_codes: { scene: 'counter', expiry_seconds: 60 },
      stores: [
        { id: 'S1', name: '前门', mcc: null, terminal_ids: ['T1', 'T2'] },
        { id: 'S2', name: 'Back', mcc: '5462', terminal_ids: [] },
      ],
      bindings: [{ wallet: 'alipay_open', currency: 'CNY', account: 'main', smid: '2088000000000002' }],
      registered: true,
    });
    const directory = createMerchantDirectory(database, sealing);
    expect(document.delivery_secret).toMatch(/^whsec_/);
    expect(await directory.deliverySecret('M1')).toBe(document.delivery_secret);
    expect(await directory.find('M1')).toMatchObject({
      id: 'M1',
      shortNo: document.short_no,
      mcc: '5411',
      stores: [
        { id: 'S1', mcc: null },
        { id: 'S2', mcc: '5462' },
      ],
      orderCodes: { scene: 'counter', expiryMs: 60_000 },
    });

    const again = await shoudan('merchant add --id M1 --terminal S2:T3 --json');
    expect(JSON.parse(again.out)).toMatchObject({
      name: '街角商店',
      notify_url: 'http://127.0.0.1:9/n',
      mcc: '5411',
      order_codes: { scene: 'counter', expiry_seconds: 60 },
      stores: [{ terminal_ids: ['T1', 'T2'] }, { mcc: '5462', terminal_ids: ['T3'] }],
      registered: false,
      delivery_secret: null,
    });
    const shown = await shoudan('merchant show --id M1');
    expect(shown.out).toContain('  S1  前门            T1, T2\n  S2  Back  5462      T3\n');
    expect(shown.out).toContain('category     5411\norder codes  for counter, each 60 s\n');
    expect(shown.out).not.toContain('whsec_');
    const list = await shoudan('merchant list');
    expect(list.out).toBe(
      'id  name      category  stores  order codes  notify url\n' +
        'M1  街角商店  5411      2       60 s         http://127.0.0.1:9/n\n',
    );
    expect(JSON.parse((await shoudan('merchant list --json')).out).data).toMatchObject([
      { id: 'M1', mcc: '5411', order_codes: { scene: 'counter', expiry_seconds: 60 }, store_count: 2 },
    ]);
  });

  it('the secret stands at the end of what people read', async () => {
    const added = await shoudan('merchant add --id M1 --name Shop');
    expect(added.out).toMatch(
      /^merchant {5}M1\nname {9}Shop\norder codes {2}off\ncreated {6}\S+\n\nThe secret that signs its deliveries, shown this once:\n {2}whsec_\S+\n$/,
    );
  });

  // proves ONB-03
  it('an smid of another merchant leaves no merchant behind', async () => {
    await addAccount();
    const bind = ['--bind', 'alipay_open:CNY:main:2088000000000002'];
    await shoudan(['merchant', 'add', '--id', 'M1', '--name', 'One', ...bind]);
    expect(await shoudan(['merchant', 'add', '--id', 'M2', '--name', 'Two', ...bind])).toEqual({
      exitCode: 1,
      out: '',
      err: 'shoudan: smid 2088000000000002 is bound to another merchant, and one smid is one merchant: nothing was saved\n',
    });
    expect((await shoudan('merchant show --id M2')).exitCode).toBe(1);
  });

  // proves NOT-04
  it('production takes no URL for deliveries that is not public', async () => {
    const production = { SHOUDAN_ENV: 'production', SHOUDAN_PUBLIC_URL: 'https://pay.example.com' };
    for (const [url, complaint] of [
      ['http://example.com/n', 'must begin with https://'],
      ['https://10.0.0.1/n', 'must not lead to a private address'],
    ]) {
      const ended = await shoudan(`merchant add --id M1 --name N --notify-url ${url}`, production);
      expect(ended).toMatchObject({ exitCode: 2 });
      expect(ended.err).toContain(`--notify-url ${url} ${complaint}`);
    }
    const line = 'merchant add --id M1 --name N --notify-url https://example.com/n';
    expect(await shoudan(line, production)).toMatchObject({ exitCode: 0 });
  });

  it('an API key is shown this once, works, is listed by its id, and ends when it is revoked', async () => {
    await shoudan('merchant add --id M1 --name Shop');
    const added = await shoudan('merchant key add --merchant M1 --label till --json');
    const { api_key: apiKey, id } = JSON.parse(added.out);
    expect(apiKey).toMatch(/^sk_sandbox_/);
    const scope = () => createMerchantDirectory(database, sealing).scopeOfKey(apiKey);
    expect(await scope()).toEqual({ kind: 'merchant', merchantId: 'M1' });

    const acquirer = await shoudan('merchant key add --acquirer');
    expect(acquirer.out).toMatch(
      /^key {4}\w{16}\nfor {4}the acquirer\nlabel {2}cli\n\nThe API key, shown this once:\n {2}sk_\S+\n$/,
    );

    const listed = await shoudan('merchant key list');
    expect(listed.out).toMatch(
      new RegExp(`^key +for +label +created +revoked\n${id} +M1 +till +\\S+\n\\w+ +acquirer +cli `),
    );
    expect(listed.out).not.toContain('sk_');
    const ofMerchant = await shoudan('merchant key list --merchant M1 --json');
    expect(JSON.parse(ofMerchant.out).data).toMatchObject([{ id, scope: 'merchant', revoked_at: null }]);

    expect(await shoudan(`merchant key revoke ${id.toUpperCase()}`)).toMatchObject({
      out: `key ${id} is revoked\n`,
    });
    expect(await scope()).toBeNull();
    const again = await shoudan(`merchant key revoke ${apiKey} --json`);
    expect(JSON.parse(again.out)).toMatchObject({ id, revoked_at: expect.any(String) });
  });

  it('another master key is told in one line', async () => {
    await shoudan('merchant add --id M1 --name Shop');
    const ended = await shoudan('merchant add --id M1', { SHOUDAN_MASTER_KEY: 'cd'.repeat(32) });
    expect(ended).toEqual({
      exitCode: 1,
      out: '',
      err: 'shoudan: the sealed value of merchants.delivery_secret M1 cannot be opened: is SHOUDAN_MASTER_KEY the right one?\n',
    });
  });

  it('the sandbox makes its master key where there was no folder, and keeps it', async () => {
    const more = { SHOUDAN_MASTER_KEY: undefined, SHOUDAN_DATA_DIR: join(folder, 'new', 'deep') };
    expect(await shoudan('merchant add --id M1 --name Shop', more)).toMatchObject({ exitCode: 0, err: '' });
    expect(await shoudan('merchant add --id M1 --name Shop', more)).toMatchObject({ exitCode: 0, err: '' });
  });

  it('migrate says what it did; a database that was never migrated is told what to do', async () => {
    expect((await shoudan('migrate')).out).toMatch(/^the schema of PostgreSQL at \S+ is up to date\n$/);
    const empty = `${new URL(testDatabase.url).pathname.slice(1)}_empty`;
    await database.query(`create database ${empty}`);
    try {
      const url = new URL(testDatabase.url);
      url.pathname = `/${empty}`;
      const more = { DATABASE_URL: url.href };
      const early = await shoudan('account list', more);
      expect(early).toMatchObject({ exitCode: 1, out: '' });
      expect(early.err).toMatch(
        /^shoudan: the database lacks 000001_\w+\.sql.*: run `shoudan migrate` first\.\n$/,
      );
      const migrated = await shoudan('migrate --json', more);
      expect(JSON.parse(migrated.out).applied).toContain('000001_payments.sql');
      expect(await shoudan('account list', more)).toMatchObject({ exitCode: 0 });
    } finally {
      await database.query(`drop database ${empty} with (force)`);
    }
  });

  it('a database that cannot be reached is told in one line', async () => {
    const ended = await shoudan('account list', { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/d' });
    expect(ended).toMatchObject({ exitCode: 4, out: '' });
    expect(ended.err).toMatch(
      /^shoudan: DATABASE_URL leads to 127\.0\.0\.1:1\/d, which cannot be reached: [^\n]*ECONNREFUSED[^\n]*\n$/,
    );
    const absent = new URL(testDatabase.url);
    absent.pathname = '/absent';
    expect((await shoudan('inspect queue', { DATABASE_URL: absent.href })).exitCode).toBe(4);
  });
});

describe('what is refused changes nothing', () => {
  beforeAll(makeDatabase);
  afterAll(dropDatabase);

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

  it.each([
    ['a new merchant without a name', 'merchant add --id M9', 2, 'merchant M9 is new and needs --name'],
    [
      'an account that is not there',
      'merchant add --id M9 --name N --bind alipay_open:CNY:other:1',
      1,
      'alipay_open has no account other',
    ],
    [
      'a terminal without its store',
      'merchant add --id M9 --name N --terminal S1:T1',
      1,
      'merchant M9 has no store S1',
    ],
    ['a merchant that is not there', 'merchant show --id M9', 1, 'no merchant M9 is registered'],
    ['a key for nobody', 'merchant key add', 2, 'merchant key add needs either --merchant or --acquirer'],
    [
      'a key for two',
      'merchant key add --merchant M1 --acquirer',
      2,
      'needs either --merchant or --acquirer',
    ],
    [
      'a key for a merchant that is not there',
      'merchant key add --merchant M9',
      1,
      'no merchant M9 is registered',
    ],
    ['a key that is not there', 'merchant key revoke 0123', 1, 'no API key 0123 is known'],
  ])('%s is told in one line', async (_, line, exitCode, message) => {
    const ended = await shoudan(line);
    expect(ended).toMatchObject({ exitCode, out: '' });
    expect(ended.err).toMatch(/^shoudan: [^\n]+\n$/);
    expect(ended.err).toContain(message);
    expect((await shoudan('merchant list')).out).toBe('no merchant yet: `shoudan merchant add`\n');
  });
});
