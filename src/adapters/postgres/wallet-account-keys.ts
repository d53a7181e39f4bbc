import { createPublicKey } from 'node:crypto';
import { type Sealing, SealingError } from '../sealing.ts';
import type { Connection, Queryable } from './database.ts';
import { privateKeyContext, type WalletAccount } from './wallet-accounts.ts';

/*
 * The keys of wallet accounts: several of ours and several of the wallet's, valid side by side while one is changed for
 * another. The account's own row holds the one that signs and one of the wallet's; a trigger keeps both in step.
 */

/** Whose key pair it is: of ours the private key lies here, of the wallet's the public one. */
export type KeyHolder = 'ours' | 'wallet';

/**
 * - `signing`: ours, and the one that signs.
 * - `accepted`: ours and ready to sign, or the wallet's and good for verifying what it says.
 * - `retired`: neither; of ours only the public half is left.
 */
export type KeyState = 'signing' | 'accepted' | 'retired';

/** What a key is called by within its account. */
export interface KeyName {
  readonly holder: KeyHolder;
  readonly version: number;
}

/** A key as people may see it. */
export interface AccountKey extends KeyName {
  readonly state: KeyState;
  /** PEM; `null`: ours, and sealed under another master key. */
  readonly publicKey: string | null;
  readonly createdAt: Date;
  /** When its state was changed last. */
  readonly changedAt: Date;
}

/** Keys of one holder that are not retired: each costs a verification of whatever is forged. */
export const acceptedKeysMax = 4;

export type NamedAccount = Pick<WalletAccount, 'wallet' | 'name'>;

interface KeyRow {
  readonly holder: KeyHolder;
  readonly version: number;
  readonly state: KeyState;
  readonly private_key: Buffer | null;
  readonly public_key: string | null;
  readonly created_at: Date;
  readonly changed_at: Date;
}

/** All keys of an account: ours first, then by version. */
export async function listAccountKeys(
  database: Queryable,
  sealing: Sealing,
  account: NamedAccount,
): Promise<AccountKey[]> {
  const { rows } = await database.query<KeyRow>(
    `select holder, version, state, private_key, public_key, created_at, changed_at
     from wallet_account_keys where wallet = $1 and account = $2 order by holder, version`,
    [account.wallet, account.name],
  );
  return rows.map((row) => ({
    holder: row.holder,
    version: row.version,
    state: row.state,
    publicKey: row.public_key ?? publicHalfOf(row.private_key, sealing, account),
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }));
}

/** Has changes of one account's keys take turns, to the end of the transaction. `false`: there is no such account. */
export async function lockAccount(connection: Connection, { wallet, name }: NamedAccount): Promise<boolean> {
  const { rowCount } = await connection.query(
    'select from wallet_accounts where wallet = $1 and name = $2 for update',
    [wallet, name],
  );
  return rowCount === 1;
}

/** Adds a key pair of ours. It signs nothing before it is used. */
export async function addOurKey(
  connection: Connection,
  sealing: Sealing,
  account: NamedAccount,
  version: number,
  privateKey: string,
): Promise<void> {
  const sealed = sealing.seal(Buffer.from(privateKey), privateKeyContext(account.wallet, account.name));
  await connection.query(
    `insert into wallet_account_keys (wallet, account, holder, version, state, private_key)
     values ($1, $2, 'ours', $3, 'accepted', $4)`,
    [account.wallet, account.name, version, sealed],
  );
}

/** Adds a public key of the wallet's: from now on what it signs is taken for the wallet's word. */
export async function addWalletKey(
  connection: Connection,
  account: NamedAccount,
  version: number,
  publicKey: string,
): Promise<void> {
  await connection.query(
    `insert into wallet_account_keys (wallet, account, holder, version, state, public_key)
     values ($1, $2, 'wallet', $3, 'accepted', $4)`,
    [account.wallet, account.name, version, publicKey],
  );
  await tellGateways(connection, account);
}

/** The private key of ours that is ready to sign under this version. Throws a {@link SealingError}. */
export async function privateKeyOf(
  connection: Connection,
  sealing: Sealing,
  { wallet, name }: NamedAccount,
  version: number,
): Promise<string | null> {
  const { rows } = await connection.query<{ readonly private_key: Buffer | null }>(
    `select private_key from wallet_account_keys
     where wallet = $1 and account = $2 and holder = 'ours' and version = $3`,
    [wallet, name, version],
  );
  const sealed = rows[0]?.private_key ?? null;
  return sealed === null ? null : sealing.open(sealed, privateKeyContext(wallet, name)).toString('utf8');
}

/** Has this key of ours sign from now on. The one before stays accepted. */
export async function useOurKey(
  connection: Connection,
  { wallet, name }: NamedAccount,
  version: number,
): Promise<void> {
  const states = 'update wallet_account_keys set state = $4, changed_at = clock_timestamp()';
  const ours = `wallet = $1 and account = $2 and holder = 'ours'`;
  await connection.query(`${states} where ${ours} and state = 'signing' and version <> $3`, [
    wallet,
    name,
    version,
    'accepted',
  ]);
  const { rowCount } = await connection.query(
    `${states} where ${ours} and state = 'accepted' and version = $3`,
    [wallet, name, version, 'signing'],
  );
  if (rowCount !== 1) throw new Error(`key ${version} of account ${wallet}/${name} is not one to sign with`);
  await connection.query(
    `update wallet_accounts a
     set private_key = k.private_key, key_version = case a.wallet when 'alipay_plus' then k.version end,
       updated_at = clock_timestamp()
     from wallet_account_keys k
     where a.wallet = $1 and a.name = $2 and k.wallet = a.wallet and k.account = a.name and k.state = 'signing'`,
    [wallet, name],
  );
}

/** Gives up a key of ours that does not sign; its private half is gone for good. */
export async function retireOurKey(
  connection: Connection,
  { wallet, name }: NamedAccount,
  version: number,
  publicKey: string | null,
): Promise<void> {
  const { rowCount } = await connection.query(
    `update wallet_account_keys
     set state = 'retired', private_key = null, public_key = $4, changed_at = clock_timestamp()
     where wallet = $1 and account = $2 and holder = 'ours' and version = $3 and state = 'accepted'`,
    [wallet, name, version, publicKey],
  );
  if (rowCount !== 1) throw new Error(`key ${version} of account ${wallet}/${name} is not one to retire`);
}

/** Gives up a key of the wallet's: nothing that it signs is believed any more. Another one must be accepted. */
export async function retireWalletKey(
  connection: Connection,
  account: NamedAccount,
  version: number,
): Promise<void> {
  const { wallet, name } = account;
  await connection.query(
    `update wallet_account_keys set state = 'retired', changed_at = clock_timestamp()
     where wallet = $1 and account = $2 and holder = 'wallet' and version = $3`,
    [wallet, name, version],
  );
  // Old code knows the account's own column alone: it goes on with the newest that is left.
  const { rowCount } = await connection.query(
    `update wallet_accounts a
     set wallet_public_key = case when exists (
         select from wallet_account_keys k where k.wallet = a.wallet and k.account = a.name and k.holder = 'wallet'
           and k.state = 'accepted' and k.public_key = a.wallet_public_key
       ) then a.wallet_public_key else (
         select k.public_key from wallet_account_keys k where k.wallet = a.wallet and k.account = a.name
           and k.holder = 'wallet' and k.state = 'accepted' order by k.version desc limit 1
       ) end, updated_at = clock_timestamp()
     where wallet = $1 and name = $2`,
    [wallet, name],
  );
  if (rowCount !== 1) throw new Error(`there is no account ${wallet}/${name}`);
}

/** Gateways that run read the account again within seconds. */
async function tellGateways(connection: Connection, { wallet, name }: NamedAccount): Promise<void> {
  await connection.query(
    'update wallet_accounts set updated_at = clock_timestamp() where wallet = $1 and name = $2',
    [wallet, name],
  );
}

function publicHalfOf(sealed: Buffer | null, sealing: Sealing, account: NamedAccount): string | null {
  if (sealed === null) return null;
  try {
    const privateKey = sealing.open(sealed, privateKeyContext(account.wallet, account.name));
    return createPublicKey(privateKey.toString('utf8')).export({ type: 'spki', format: 'pem' }).toString();
  } catch (error) {
    if (error instanceof SealingError) return null;
    throw error;
  }
}
