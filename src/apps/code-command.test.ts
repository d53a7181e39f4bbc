import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMerchantDirectory } from '../adapters/postgres/merchant-directory.ts';
import { saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { saveWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';
import type { Environment } from './settings.ts';

const sealing = createSealing(Buffer.alloc(32, 7));
const publicUrl = 'https://pay.example.com/gateway';

const { url: databaseUrl, database } = await openedTestDatabase();
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-codes-'));
  for (const wallet of ['alipay_open', 'alipay_plus']) {
    await saveWalletAccount(database, sealing, {
      wallet,
      name: 'main',
      appId: 'app',
      gatewayUrl: 'https://wallet.example',
      privateKey: 'private',
      walletPublicKey: 'public',
    });
  }
  const shop = async (id: string, mcc: string | null, bindings: readonly (readonly string[])[]) =>
    saveMerchant(database, sealing, {
      id,
      name: `Shop ${id}`,
      mcc,
      notifyUrl: null,
      orderCodes: null,
      stores: ['S1', 'S2'].map((store) => ({ id: store, name: store, mcc: null, terminalIds: [] })),
      bindings: bindings.map(([wallet = '', currency = '', smid = null]) => ({
        wallet,
        currency,
        account: 'main',
        subMerchantId: smid,
      })),
    });
  await shop('DOLLARS', '5411', [
    ['alipay_open', 'CNY', 'O1'],
    ['alipay_plus', 'USD', 'P1'],
  ]);
  await shop('MANY', '5411', [
    ['alipay_plus', 'USD', 'P2'],
    ['alipay_plus', 'JPY', 'P3'],
  ]);
  await shop('YUAN', '5411', [['alipay_open', 'CNY', 'O2']]);
  await shop('BARE', null, [['alipay_plus', 'USD']]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shoudan(words: string | readonly string[], more: Environment = {}): Promise<Ended> {
  return run(words, {
    DATABASE_URL: databaseUrl,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_PUBLIC_URL: publicUrl,
    ...more,
  });
}

// proves PAY-01
it('a code is made for a store in the only currency that can be paid with one, and found by the gateway', async () => {
  const made = await shoudan('code create --merchant DOLLARS --store S2 --json');
  expect(made).toMatchObject({ exitCode: 0, err: '' });
  const document = JSON.parse(made.out);
  expect(document).toEqual({
    code: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{20}$/),
    url: `${publicUrl}/c/${document.code}`,
    merchant_id: 'DOLLARS',
    store_id: 'S2',
    currency: 'USD',
    created_at: expect.any(String),
    disabled_at: null,
  });
  const directory = createMerchantDirectory(database, sealing);
  expect(await directory.findEntryCode('DOLLARS', document.code)).toEqual({
    merchantId: 'DOLLARS',
    code: document.code,
    storeId: 'S2',
    currency: 'USD',
    disabledAt: null,
  });
});

it('a code is shown with its address and as a QR, by its letters or by what a scan of it gives', async () => {
  const { code, url } = JSON.parse((await shoudan('code create --merchant DOLLARS --store S1 --json')).out);
  const shown = await shoudan(['code', 'show', code.toLowerCase()]);
  expect(shown).toMatchObject({ exitCode: 0, err: '' });
  expect(shown.out).toContain(`address   ${url}\n`);
  expect(shown.out).toMatch(/\n\n[█▀▄ \n]{400,}\n$/);
  expect(await shoudan(['code', 'show', url])).toEqual(shown);
});

it('a code is written to a file for print', async () => {
  const path = join(folder, 'code.svg');
  const made = await shoudan(['code', 'create', '--merchant', 'DOLLARS', '--store', 'S1', '--svg', path]);
  expect(made).toMatchObject({ exitCode: 0, err: `the QR is in ${path}\n` });
  expect(readFileSync(path, 'utf8')).toMatch(
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>\n$/,
  );
});

it('a file that cannot be written leaves no code behind', async () => {
  const count = async () => (await database.query('select from entry_codes')).rowCount;
  const before = await count();
  const path = join(folder, 'absent', 'code.svg');
  expect(await shoudan(['code', 'create', '--merchant', 'DOLLARS', '--store', 'S1', '--svg', path])).toEqual({
    exitCode: 1,
    out: '',
    err: `shoudan: --svg ${path} cannot be written (ENOENT)\n`,
  });
  expect(await count()).toBe(before);
});

it('codes are listed by merchant and store, the newest first', async () => {
  const [first, second, third] = [
    JSON.parse((await shoudan('code create --merchant MANY --store S1 --currency USD --json')).out),
    JSON.parse((await shoudan('code create --merchant MANY --store S2 --currency JPY --json')).out),
    JSON.parse((await shoudan('code create --merchant MANY --store S1 --currency JPY --json')).out),
  ];
  expect(JSON.parse((await shoudan('code list --merchant MANY --json')).out)).toEqual({
    data: [third, second, first],
  });
  const ofStore = await shoudan('code list --merchant MANY --store S1');
  expect(ofStore.out).toMatch(
    new RegExp(
      `^code +store +currency +created +disabled\n${third.code} +S1 +JPY +\\S+\n${first.code} +S1 +USD +\\S+\n$`,
    ),
  );
  expect((await shoudan('code list --merchant YUAN')).out).toBe('no entry code yet: `shoudan code create`\n');
});

it('a code is taken out of use, and into it again', async () => {
  const { code } = JSON.parse((await shoudan('code create --merchant DOLLARS --store S1 --json')).out);
  expect(await shoudan(['code', 'disable', code])).toEqual({
    exitCode: 0,
    out: `entry code ${code} is out of use\n`,
    err: '',
  });
  const disabledAt = async () =>
    JSON.parse((await shoudan(['code', 'show', code, '--json'])).out).disabled_at;
  const since = await disabledAt();
  expect(since).toEqual(expect.any(String));
  await shoudan(['code', 'disable', code]);
  expect(await disabledAt()).toBe(since);
  const enabled = await shoudan(['code', 'enable', code, '--json']);
  expect(JSON.parse(enabled.out)).toMatchObject({ code, disabled_at: null });
});

it('what payments with a code would lack is told beside it', async () => {
  const made = await shoudan('code create --merchant BARE --store S1');
  expect(made.exitCode).toBe(0);
  expect(made.err).toBe(
    'shoudan: the merchant is not onboarded yet: payments with this code will be refused\n' +
      'shoudan: the merchant has no category: payments with this code will be refused until --mcc is set\n',
  );
});

it.each([
  ['code create --merchant NOBODY --store S1', 'no merchant NOBODY is registered'],
  ['code create --merchant DOLLARS --store S9', 'merchant DOLLARS has no store S9'],
  ['code create --merchant MANY --store S1', 'merchant MANY takes JPY, USD with entry codes: choose one'],
  [
    'code create --merchant MANY --store S1 --currency EUR',
    'does not take EUR with entry codes, only JPY, USD',
  ],
  [
    'code create --merchant DOLLARS --store S1 --currency CNY',
    'does not take CNY with entry codes, only USD',
  ],
  ['code create --merchant YUAN --store S1', 'takes nothing that an entry code can be paid with'],
  ['code list --merchant NOBODY', 'no merchant NOBODY is registered'],
  ['code show 0000001ABCDEFGHJKMNP', 'no entry code 0000001ABCDEFGHJKMNP is known'],
  ['code disable nonsense', 'no entry code NONSENSE is known'],
])('`shoudan %s` is refused with the reason', async (line, message) => {
  const ended = await shoudan(line);
  expect(ended).toMatchObject({ exitCode: 1, out: '' });
  expect(ended.err).toContain(message);
});
