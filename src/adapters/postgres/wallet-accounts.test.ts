import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSealing, SealingError } from '../sealing.ts';
import type { Database } from './database.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import {
  type AccountBook,
  findWalletAccount,
  listWalletAccounts,
  openAccountBook,
  saveWalletAccount,
  type WalletAccount,
} from './wallet-accounts.ts';

const sealing = createSealing(randomBytes(32));
const refreshEveryMs = 20;
const books: AccountBook[] = [];
const complaints: string[] = [];
const { database } = await openedTestDatabase();

beforeEach(async () => {
  await database.query('truncate wallet_accounts cascade');
});
afterEach(() => {
  for (const book of books.splice(0)) book.stop();
  complaints.length = 0;
  vi.restoreAllMocks();
});

function privateKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;
}

function accountOf(changes: Partial<WalletAccount> = {}): WalletAccount {
  return {
    wallet: 'alipay_open',
    name: 'sandbox',
    appId: '2021000000000001',
    sellerId: '2088000000000001',
    settlementCurrency: null,
    merchantRegion: null,
    keyVersion: null,
    supportContact: null,
    gatewayUrl: 'https://wallet.example/gateway.do',
    privateKey: 'a private key',
    walletPublicKey: 'the wallet’s public key',
    ...changes,
  };
}

async function openBook(of: Database = database): Promise<AccountBook> {
  const book = await openAccountBook(of, sealing, (error) => complaints.push(error.message), refreshEveryMs);
  books.push(book);
  return book;
}

it('a private key comes back as it was saved, and lies sealed in its row', async () => {
  const pem = privateKey();
  await saveWalletAccount(database, sealing, accountOf({ privateKey: pem }));
  expect((await openBook()).account('alipay_open', 'sandbox')).toEqual(accountOf({ privateKey: pem }));
  expect(await findWalletAccount(database, sealing, 'alipay_open', 'sandbox')).toEqual(
    accountOf({ privateKey: pem }),
  );
  const { rows } = await database.query<{ readonly row: string; readonly private_key: Buffer }>(
    'select a::text as row, private_key from wallet_accounts a',
  );
  const [row] = rows;
  const secretLine = pem.split('\n')[1] ?? '';
  for (const text of [pem, secretLine, 'PRIVATE KEY']) {
    expect(row?.row).not.toContain(text);
    expect(row?.row).not.toContain(Buffer.from(text).toString('hex'));
    expect(row?.private_key.includes(text)).toBe(false);
  }
});

it('a seller is compared as long as somebody has named it', async () => {
  await saveWalletAccount(database, sealing, accountOf());
  expect(await listWalletAccounts(database)).toMatchObject([{ sellerId: '2088000000000001' }]);
  const { sellerId: _, ...unnamed } = accountOf();
  await saveWalletAccount(database, sealing, unnamed);
  expect((await openBook()).account('alipay_open', 'sandbox').sellerId).toBeNull();
  const mistyped = saveWalletAccount(database, sealing, accountOf({ sellerId: '2088 0000 0000 0001' }));
  await expect(mistyped).rejects.toThrow('seller_id');
});

it('what a contract with Alipay+ adds comes back as it was saved, and no other wallet has it', async () => {
  const contract = { settlementCurrency: 'EUR', merchantRegion: 'JP', keyVersion: 2 };
  const account = accountOf({ wallet: 'alipay_plus', sellerId: null, ...contract });
  await saveWalletAccount(database, sealing, account);
  expect((await openBook()).account('alipay_plus', 'sandbox')).toEqual(account);
  expect(await listWalletAccounts(database)).toMatchObject([contract]);
  for (const option of [{ settlementCurrency: 'EUR' }, { merchantRegion: 'JP' }, { keyVersion: 2 }]) {
    await expect(saveWalletAccount(database, sealing, accountOf(option))).rejects.toThrow('check constraint');
  }
  const wrong = [{ settlementCurrency: 'eur' }, { merchantRegion: 'Japan' }, { keyVersion: 0 }];
  for (const option of wrong) {
    await expect(saveWalletAccount(database, sealing, { ...account, ...option })).rejects.toThrow('check');
  }
});

it('an account that nobody configured is told of by its name', async () => {
  await saveWalletAccount(database, sealing, accountOf());
  const book = await openBook();
  expect(() => book.account('alipay_open', 'other')).toThrow('no alipay_open account is named other');
  expect(() => book.account('alipay_plus', 'sandbox')).toThrow('no alipay_plus account is named sandbox');
  expect(await findWalletAccount(database, sealing, 'alipay_open', 'other')).toBeNull();
});

describe('the accounts in memory', () => {
  it('follow a rotation of keys, a new account and one that is gone', async () => {
    await saveWalletAccount(database, sealing, accountOf());
    await saveWalletAccount(database, sealing, accountOf({ name: 'leaving' }));
    const book = await openBook();
    await saveWalletAccount(database, sealing, accountOf({ privateKey: 'the next private key' }));
    await saveWalletAccount(database, sealing, accountOf({ name: 'arriving' }));
    await database.query(`delete from wallet_accounts where name = 'leaving'`);
    await expect.poll(() => book.account('alipay_open', 'sandbox').privateKey).toBe('the next private key');
    expect(book.account('alipay_open', 'arriving').name).toBe('arriving');
    expect(() => book.account('alipay_open', 'leaving')).toThrow('no alipay_open account is named leaving');
  });

  it('an account that did not change stays the same object, so that its keys are parsed once', async () => {
    await saveWalletAccount(database, sealing, accountOf());
    const reads = vi.spyOn(database, 'query');
    const book = await openBook();
    const before = book.account('alipay_open', 'sandbox');
    await expect.poll(() => reads.mock.calls.length).toBeGreaterThan(3);
    expect(book.account('alipay_open', 'sandbox')).toBe(before);
  });

  it('stay in force while the database is away, and follow it when it is back', async () => {
    await saveWalletAccount(database, sealing, accountOf());
    let away = false;
    let asked = 0;
    const flaky = {
      query: (statement: string) => {
        asked += 1;
        return away ? Promise.reject(new Error('connection terminated')) : database.query(statement);
      },
    };
    const book = await openBook(flaky as unknown as Database);
    away = true;
    const askedBefore = asked;
    await saveWalletAccount(database, sealing, accountOf({ appId: '2021000000000002' }));
    await expect.poll(() => asked).toBeGreaterThan(askedBefore + 2);
    expect(book.account('alipay_open', 'sandbox').appId).toBe('2021000000000001');
    away = false;
    await expect.poll(() => book.account('alipay_open', 'sandbox').appId).toBe('2021000000000002');
  });

  it('one that cannot be unsealed is told of once, stays as it was, and hinders no other', async () => {
    const stranger = createSealing(randomBytes(32));
    await saveWalletAccount(database, sealing, accountOf());
    await saveWalletAccount(database, sealing, accountOf({ name: 'broken' }));
    const reads = vi.spyOn(database, 'query');
    const book = await openBook();
    const spoil = (name: string) =>
      saveWalletAccount(database, stranger, accountOf({ name, privateKey: 'nobody can read it' }));
    await spoil('broken');
    await spoil('broken-too');
    await saveWalletAccount(database, sealing, accountOf({ privateKey: 'the next private key' }));
    await saveWalletAccount(database, sealing, accountOf({ name: 'arriving' }));
    await expect.poll(() => book.account('alipay_open', 'sandbox').privateKey).toBe('the next private key');
    await expect.poll(() => book.account('alipay_open', 'arriving').name).toBe('arriving');
    expect(book.account('alipay_open', 'broken').privateKey).toBe('a private key');
    expect(() => book.account('alipay_open', 'broken-too')).toThrow('no alipay_open account is named');
    const readBefore = reads.mock.calls.length;
    await expect.poll(() => reads.mock.calls.length).toBeGreaterThan(readBefore + 2);
    expect(complaints.toSorted()).toEqual([
      expect.stringContaining('alipay_open/broken'),
      expect.stringContaining('alipay_open/broken-too'),
    ]);
    await saveWalletAccount(database, sealing, accountOf({ name: 'broken', privateKey: 'mended' }));
    await expect.poll(() => book.account('alipay_open', 'broken').privateKey).toBe('mended');
  });

  it('are read no more once the book is stopped', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const book = await openAccountBook(database, sealing, () => {});
    expect(vi.getTimerCount()).toBe(1);
    book.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('a key that was moved to another account, or sealed under another master key, stops the start', async () => {
    await saveWalletAccount(database, sealing, accountOf());
    await saveWalletAccount(database, sealing, accountOf({ name: 'other' }));
    const stranger = createSealing(randomBytes(32));
    await expect(openAccountBook(database, stranger, () => {})).rejects.toThrow('SHOUDAN_MASTER_KEY');
    await database.query(
      `update wallet_accounts set private_key = (select private_key from wallet_accounts where name = 'sandbox')
       where name = 'other'`,
    );
    await expect(openAccountBook(database, sealing, () => {})).rejects.toThrow(SealingError);
  });
});

it('the list of accounts holds no private key', async () => {
  await saveWalletAccount(database, sealing, accountOf());
  const listed = await listWalletAccounts(database);
  expect(listed).toMatchObject([{ wallet: 'alipay_open', name: 'sandbox', appId: '2021000000000001' }]);
  expect(Object.keys(listed[0] ?? {})).not.toContain('privateKey');
});
