import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSealing } from '../sealing.ts';
import type { Connection } from './database.ts';
import { inTransaction } from './database.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import {
  addOurKey,
  addWalletKey,
  listAccountKeys,
  retireOurKey,
  retireWalletKey,
  useOurKey,
} from './wallet-account-keys.ts';
import { findWalletAccount, privateKeyContext, saveWalletAccount } from './wallet-accounts.ts';

const sealing = createSealing(randomBytes(32));
const { database } = await openedTestDatabase();
const [first, second, third] = [keyPair(), keyPair(), keyPair()];
const [theirs, theirNext, theirLast] = [keyPair(), keyPair(), keyPair()];
const account = { wallet: 'alipay_plus', name: 'main' };

function keyPair() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

beforeEach(async () => {
  await database.query('truncate wallet_accounts cascade');
  await saved();
});

function saved(changes: { readonly privateKey?: string; readonly walletPublicKey?: string } = {}) {
  return saveWalletAccount(database, sealing, {
    ...account,
    appId: 'client',
    gatewayUrl: 'https://wallet.example',
    privateKey: first.privateKey,
    walletPublicKey: theirs.publicKey,
    ...changes,
  });
}

const change = <Result>(of: (connection: Connection) => Promise<Result>) => inTransaction(database, of);
const found = () => findWalletAccount(database, sealing, account.wallet, account.name);

async function keys(): Promise<readonly string[]> {
  const listed = await listAccountKeys(database, sealing, account);
  const pairs = { first, second, third, theirs, theirNext, theirLast };
  return listed.map(({ holder, version, state, publicKey }) => {
    const [name] = Object.entries(pairs).find(([, pair]) => pair.publicKey === publicKey) ?? ['?'];
    return `${holder} ${version} ${state}: ${name}`;
  });
}

/** What code does that knows the account's own columns alone. */
function writtenByOldCode(columns: {
  readonly private_key?: string;
  readonly wallet_public_key?: string;
  readonly key_version?: number;
}) {
  const sealed =
    columns.private_key === undefined
      ? null
      : sealing.seal(Buffer.from(columns.private_key), privateKeyContext(account.wallet, account.name));
  return database.query(
    `update wallet_accounts set private_key = coalesce($1, private_key),
       wallet_public_key = coalesce($2, wallet_public_key), key_version = coalesce($3, key_version),
       updated_at = clock_timestamp()`,
    [sealed, columns.wallet_public_key ?? null, columns.key_version ?? null],
  );
}

describe('the keys of an account', () => {
  it('are at first the two that it was added with', async () => {
    expect(await keys()).toEqual(['ours 1 signing: first', 'wallet 1 accepted: theirs']);
  });

  it('another one of ours signs once it is used, and names its version; the one before stays ready', async () => {
    await change((connection) => addOurKey(connection, sealing, account, 2, second.privateKey));
    expect(await keys()).toContain('ours 2 accepted: second');
    expect(await found()).toMatchObject({ privateKey: first.privateKey, keyVersion: null });
    await change((connection) => useOurKey(connection, account, 2));
    expect(await keys()).toEqual([
      'ours 1 accepted: first',
      'ours 2 signing: second',
      'wallet 1 accepted: theirs',
    ]);
    expect(await found()).toMatchObject({ privateKey: second.privateKey, keyVersion: 2 });
    await change((connection) => useOurKey(connection, account, 1));
    expect(await found()).toMatchObject({ privateKey: first.privateKey, keyVersion: 1 });
  });

  it('one of ours that is retired has lost its private half, and signs no more', async () => {
    await change((connection) => addOurKey(connection, sealing, account, 2, second.privateKey));
    await change((connection) => retireOurKey(connection, account, 2, second.publicKey));
    expect(await keys()).toContain('ours 2 retired: second');
    const { rows } = await database.query('select private_key from wallet_account_keys where version = 2');
    expect(rows).toEqual([{ private_key: null }]);
    await expect(change((connection) => useOurKey(connection, account, 2))).rejects.toThrow(
      /not one to sign/,
    );
    await expect(
      change((connection) => retireOurKey(connection, account, 1, first.publicKey)),
    ).rejects.toThrow(/not one to retire/);
  });

  it('each of the wallet’s that is accepted is handed out, and none that is retired', async () => {
    await change((connection) => addWalletKey(connection, account, 2, theirNext.publicKey));
    await change((connection) => addWalletKey(connection, account, 3, theirLast.publicKey));
    expect(await found()).toMatchObject({
      walletPublicKey: theirs.publicKey,
      furtherWalletKeys: [theirLast.publicKey, theirNext.publicKey],
    });
    await change((connection) => retireWalletKey(connection, account, 1));
    expect(await found()).toMatchObject({
      walletPublicKey: theirLast.publicKey,
      furtherWalletKeys: [theirNext.publicKey],
    });
    await change((connection) => retireWalletKey(connection, account, 2));
    expect(await found()).toMatchObject({ walletPublicKey: theirLast.publicKey });
    expect((await found())?.furtherWalletKeys).toBeUndefined();
    await expect(change((connection) => retireWalletKey(connection, account, 3))).rejects.toThrow();
    expect(await keys()).toContain('wallet 3 accepted: theirLast');
  });

  it('an account that is replaced believes the given key of the wallet alone, and keeps a key that stays', async () => {
    await change((connection) => addWalletKey(connection, account, 2, theirNext.publicKey));
    const [before] = await listAccountKeys(database, sealing, account);
    await saved({ walletPublicKey: theirLast.publicKey });
    expect(await keys()).toEqual([
      'ours 1 signing: first',
      'wallet 1 retired: theirs',
      'wallet 2 retired: theirNext',
      'wallet 3 accepted: theirLast',
    ]);
    const [after] = await listAccountKeys(database, sealing, account);
    expect(after).toEqual(before);
  });

  it('sealed under another master key are listed as unreadable, not left out', async () => {
    const listed = await listAccountKeys(database, createSealing(randomBytes(32)), account);
    expect(listed).toMatchObject([{ holder: 'ours', publicKey: null }, { publicKey: theirs.publicKey }]);
  });
});

describe('what older code writes beside this one', () => {
  it('another key of ours signs in place of the one before', async () => {
    await writtenByOldCode({ private_key: second.privateKey });
    expect(await keys()).toEqual(['ours 1 signing: second', 'wallet 1 accepted: theirs']);
  });

  it('another version of ours signs, and the one before stays ready', async () => {
    await writtenByOldCode({ private_key: second.privateKey, key_version: 2 });
    await change((connection) => addOurKey(connection, sealing, account, 3, third.privateKey));
    expect(await keys()).toEqual([
      'ours 1 accepted: first',
      'ours 2 signing: second',
      'ours 3 accepted: third',
      'wallet 1 accepted: theirs',
    ]);
  });

  it('another key of the wallet’s takes the place of the one before', async () => {
    await writtenByOldCode({ wallet_public_key: theirNext.publicKey });
    expect(await keys()).toContain('wallet 1 retired: theirs');
    expect(await keys()).toContain('wallet 2 accepted: theirNext');
  });

  it('nothing about keys changes none', async () => {
    const before = await listAccountKeys(database, sealing, account);
    await database.query(
      `update wallet_accounts set support_contact = 'Wang', updated_at = clock_timestamp()`,
    );
    expect(await listAccountKeys(database, sealing, account)).toEqual(before);
  });
});
