import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/database/test-database.ts';
import { type Database, openDatabase } from '../adapters/postgres/database.ts';
import { createMerchantDirectory } from '../adapters/postgres/merchant-directory.ts';
import { saveWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';
import type { Environment } from './settings.ts';

/*
 * The commands that work on the database, against PostgreSQL. Those of accounts, codes and strays have a file each.
 */

const masterKey = 'ab'.repeat(32);
const sealing = createSealing(Buffer.from(masterKey, 'hex'));

let folder: string;
let testDatabase: TestDatabase;
let database: Database;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-cli-'));
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

async function addAccount(): Promise<void> {
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_open',
    name: 'main',
    appId: '2021000000000001',
    sellerId: '2088000000000001',
    gatewayUrl: 'https://openapi.example.com/gateway.do',
    privateKey: 'private',
    walletPublicKey: 'public',
  });
}

describe('what is accepted', () => {
  beforeEach(makeDatabase);
  afterEach(dropDatabase);

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
      bindings: [
        {
          wallet: 'alipay_open',
          currency: 'CNY',
          account: 'main',
          smid: '2088000000000002',
          source: '2088000000000001',
        },
      ],
      channel_id: null,
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
      'id  name      channel  category  stores  order codes  notify url\n' +
        'M1  街角商店           5411      2       60 s         http://127.0.0.1:9/n\n',
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
    const scope = async () =>
      (await createMerchantDirectory(database, sealing).findKey(apiKey))?.scope ?? null;
    expect(await scope()).toEqual({ kind: 'merchant', merchantId: 'M1' });

    const acquirer = await shoudan('merchant key add --acquirer');
    expect(acquirer.out).toMatch(
      /^key {4}\w{16}\nfor {4}the acquirer\nlabel {2}cli\nrate {3}default\n\nThe API key, shown this once:\n {2}sk_\S+\n$/,
    );

    const listed = await shoudan('merchant key list');
    expect(listed.out).toMatch(
      new RegExp(
        `^key +for +label +rate +created +last used +revoked\n${id} +merchant M1 +till +default +\\S+ +never\n\\w+ +acquirer +cli `,
      ),
    );
    expect(listed.out).not.toContain('sk_');
    const ofMerchant = await shoudan('merchant key list --merchant M1 --json');
    expect(JSON.parse(ofMerchant.out).data).toMatchObject([{ id, scope: 'merchant', revoked_at: null }]);

    expect(await shoudan(`merchant key revoke ${id.toUpperCase()}`)).toMatchObject({
      out: `key ${id} is revoked: gateways that run take it for 5 seconds more at most\n`,
    });
    expect(await scope()).toBeNull();
    const again = await shoudan(`merchant key revoke ${apiKey} --json`);
    expect(JSON.parse(again.out)).toMatchObject({ id, revoked_at: expect.any(String) });
  });

  it('an API key may have a limit of its own, which is changed and taken away again', async () => {
    await shoudan('merchant add --id M1 --name Shop');
    const added = JSON.parse((await shoudan('merchant key add --merchant M1 --rate 50/s --json')).out);
    expect(added.requests_per_s).toBe(50);
    const limit = async () =>
      (await createMerchantDirectory(database, sealing).findKey(added.api_key))?.requestsPerS;
    expect(await limit()).toBe(50);
    expect((await shoudan('merchant key list')).out).toMatch(/ 50\/s /);
    expect(await shoudan(`merchant key limit ${added.id} --rate 2000`)).toMatchObject({
      exitCode: 0,
      out: `key ${added.id} may make 2000 requests a second: gateways that run notice it within 5 seconds\n`,
    });
    expect(await limit()).toBe(2_000);
    const taken = await shoudan(`merchant key limit ${added.api_key} --rate= --json`);
    expect(JSON.parse(taken.out)).toMatchObject({ id: added.id, requests_per_s: null });
    expect(await limit()).toBeNull();
    expect(await shoudan('merchant key limit 0000000000000000 --rate 5/s')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('no API key 0000000000000000 is known'),
    });
  });

  it('an API key may have signers, several side by side, and is taken with signed requests alone when it shall be', async () => {
    await shoudan('merchant add --id M1 --name Shop');
    const { id, api_key: apiKey } = JSON.parse((await shoudan('merchant key add --merchant M1 --json')).out);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const file = join(folder, 'signer.pem');
    const write = (text: string | Buffer) => writeFileSync(file, text);
    const add = (keyid: string) =>
      shoudan(`merchant signer add ${id} --keyid ${keyid} --public-key-file ${file}`);
    write(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect((await add('pos')).err).toContain('holds a private key');
    write('nonsense');
    expect((await add('pos')).err).toContain('holds no public key in PEM');
    write(generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }));
    expect((await add('pos')).err).toContain('is of a kind that is not taken');
    write(publicKey.export({ type: 'spki', format: 'pem' }));
    expect(await shoudan(`merchant signer require ${id}`)).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining(`key ${id} has no signer`),
    });
    expect(await add('pos')).toMatchObject({ exitCode: 0 });
    expect((await add('pos')).err).toContain(`key ${id} has, or had, a signer pos`);
    expect(await add('till')).toMatchObject({ exitCode: 0 });
    expect((await shoudan(`merchant signer require ${id}`)).out).toBe(
      `requests of key ${id} must be signed: gateways that run notice it within 5 seconds\n`,
    );
    expect(JSON.parse((await shoudan('merchant key list --json')).out).data).toMatchObject([
      { id, signature_required: true },
    ]);
    const found = await createMerchantDirectory(database, sealing).findKey(apiKey);
    expect(found).toMatchObject({ signatureRequired: true });
    expect(found?.signers.map(({ keyid }) => keyid).toSorted()).toEqual(['pos', 'till']);
    expect(await shoudan(`merchant signer remove ${id} --keyid pos`)).toMatchObject({ exitCode: 0 });
    expect(await shoudan(`merchant signer remove ${id} --keyid till`)).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining(`till is the last signer of key ${id}`),
    });
    expect(await shoudan(`merchant signer require ${id} --off`)).toMatchObject({ exitCode: 0 });
    expect(await shoudan(`merchant signer remove ${id} --keyid till`)).toMatchObject({ exitCode: 0 });
    const { data } = JSON.parse((await shoudan(`merchant signer list ${id} --json`)).out);
    expect(data).toMatchObject([
      { keyid: 'pos', removed_at: expect.any(String) },
      { keyid: 'till', removed_at: expect.any(String) },
    ]);
  });

  it.each(['0', '0/s', '100001/s', '5/m', '-5', '1.5/s', 'many'])('--rate %s is no rate', async (rate) => {
    await shoudan('merchant add --id M1 --name Shop');
    const ended = await shoudan(`merchant key add --merchant M1 --rate=${rate}`);
    expect(ended).toMatchObject({ exitCode: 2 });
    expect(ended.err).toContain(`--rate ${rate} is no rate from 1/s to 100000/s, such as 50/s`);
    expect(JSON.parse((await shoudan('merchant key list --json')).out).data).toEqual([]);
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
    ['a key for nobody', 'merchant key add', 2, 'needs one of --merchant, --channel and --acquirer'],
    [
      'a key for two',
      'merchant key add --merchant M1 --acquirer',
      2,
      'needs one of --merchant, --channel and --acquirer',
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
