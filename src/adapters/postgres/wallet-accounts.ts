import { type Sealing, SealingError } from '../sealing.ts';
import type { Database, Queryable } from './database.ts';

export interface WalletAccount {
  readonly wallet: string;
  readonly name: string;
  readonly appId: string;
  /** The seller that notifications name (alipay_open's PID); `null` or left out: not compared. NOT-05. */
  readonly sellerId?: string | null;
  /** Of alipay_plus: which settlement contract payments are settled under; `null` or left out: there is one. */
  readonly settlementCurrency?: string | null;
  /** Of alipay_plus: what some regions' gateways ask for; `null` or left out: this one does not. */
  readonly merchantRegion?: string | null;
  /** Of alipay_plus: which of the client's keys `privateKey` is; `null` or left out: the first. */
  readonly keyVersion?: number | null;
  /** Whom to call at the wallet, as people have written it down; `null` or left out: nobody has. RES-19. */
  readonly supportContact?: string | null;
  readonly gatewayUrl: string;
  /** PEM. */
  readonly privateKey: string;
  /** PEM. */
  readonly walletPublicKey: string;
  /** PEM: the wallet's further keys, of which each is good too; left out when there are none. Not kept from here. */
  readonly furtherWalletKeys?: readonly string[] | undefined;
}

export interface AccountBook {
  /** Throws for a name that nobody configured. */
  account(wallet: string, name: string): WalletAccount;
  stop(): void;
}

interface AccountRow {
  readonly wallet: string;
  readonly name: string;
  readonly app_id: string;
  readonly seller_id: string | null;
  readonly settlement_currency: string | null;
  readonly merchant_region: string | null;
  readonly key_version: number | null;
  readonly support_contact: string | null;
  readonly gateway_url: string;
  readonly private_key: Buffer;
  readonly wallet_public_key: string;
  readonly further_wallet_keys: readonly string[] | null;
  readonly updated_at: Date;
}

/** The row of an account, with the keys of the wallet that are accepted beside the one in it. */
const accountRow = `select a.*, (
    select array_agg(k.public_key order by k.version desc) from wallet_account_keys k
    where k.wallet = a.wallet and k.account = a.name and k.holder = 'wallet' and k.state = 'accepted'
      and k.public_key <> a.wallet_public_key
  ) as further_wallet_keys
  from wallet_accounts a`;

function accountOf(row: AccountRow, sealing: Sealing): WalletAccount {
  return {
    wallet: row.wallet,
    name: row.name,
    appId: row.app_id,
    sellerId: row.seller_id,
    settlementCurrency: row.settlement_currency,
    merchantRegion: row.merchant_region,
    keyVersion: row.key_version,
    supportContact: row.support_contact,
    gatewayUrl: row.gateway_url,
    privateKey: sealing.open(row.private_key, privateKeyContext(row.wallet, row.name)).toString('utf8'),
    walletPublicKey: row.wallet_public_key,
    ...(row.further_wallet_keys === null ? {} : { furtherWalletKeys: row.further_wallet_keys }),
  };
}

export function privateKeyContext(wallet: string, name: string): string {
  return `wallet_accounts.private_key ${wallet}/${name}`;
}

/**
 * The wallet accounts in memory, read again every few seconds; an unchanged one stays the same object. One that cannot
 * be unsealed stops the start. Later it is told of once, leaves what it was before in force, and hinders no other.
 */
export async function openAccountBook(
  database: Database,
  sealing: Sealing,
  onUnreadable: (error: Error) => void,
  refreshEveryMs = 5_000,
): Promise<AccountBook> {
  let accounts = new Map<string, { readonly updatedAt: number; readonly account: WalletAccount }>();
  const refresh = async (unreadable: (key: string, updatedAt: number, error: Error) => void) => {
    const { rows } = await database.query<AccountRow>({
      name: 'wallet_accounts',
      text: accountRow,
    });
    const next: typeof accounts = new Map();
    for (const row of rows) {
      const key = `${row.wallet}/${row.name}`;
      const updatedAt = row.updated_at.getTime();
      const known = accounts.get(key);
      if (known !== undefined) next.set(key, known);
      if (known?.updatedAt === updatedAt) continue;
      try {
        next.set(key, { updatedAt, account: accountOf(row, sealing) });
      } catch (error) {
        if (!(error instanceof SealingError)) throw error;
        unreadable(key, updatedAt, error);
      }
    }
    accounts = next;
  };
  await refresh((_key, _updatedAt, error) => {
    throw error;
  });
  const told = new Map<string, number>();
  const tellOnce = (key: string, updatedAt: number, error: Error): void => {
    if (told.get(key) === updatedAt) return;
    told.set(key, updatedAt);
    onUnreadable(error);
  };
  // A refresh that fails leaves the accounts of before in force.
  const timer = setInterval(() => void refresh(tellOnce).catch(() => {}), refreshEveryMs);
  timer.unref();
  return {
    account(wallet, name) {
      const found = accounts.get(`${wallet}/${name}`);
      if (found === undefined) throw new Error(`no ${wallet} account is named ${name}`);
      return found.account;
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * Adds an account, or replaces whatever it is besides its name. Of the wallet's keys the given one alone stays accepted; a
 * key of ours that another version signs in place of stays ready.
 */
export async function saveWalletAccount(
  database: Queryable,
  sealing: Sealing,
  account: WalletAccount,
): Promise<void> {
  const sealed = await sealedKey(database, sealing, account);
  await database.query(
    `insert into wallet_accounts (wallet, name, app_id, seller_id, settlement_currency, merchant_region, key_version,
       support_contact, gateway_url, private_key, wallet_public_key)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (wallet, name) do update set
       app_id = excluded.app_id, seller_id = excluded.seller_id,
       settlement_currency = excluded.settlement_currency, merchant_region = excluded.merchant_region,
       key_version = excluded.key_version, support_contact = excluded.support_contact, gateway_url = excluded.gateway_url,
       private_key = excluded.private_key, wallet_public_key = excluded.wallet_public_key,
       updated_at = clock_timestamp()`,
    [
      account.wallet,
      account.name,
      account.appId,
      account.sellerId ?? null,
      account.settlementCurrency ?? null,
      account.merchantRegion ?? null,
      account.keyVersion ?? null,
      account.supportContact ?? null,
      account.gatewayUrl,
      sealed,
      account.walletPublicKey,
    ],
  );
  await database.query(
    `update wallet_account_keys set state = 'retired', changed_at = clock_timestamp()
     where wallet = $1 and account = $2 and holder = 'wallet' and state = 'accepted' and public_key <> $3`,
    [account.wallet, account.name, account.walletPublicKey],
  );
}

/** A key that stays the same stays sealed as it is, so that it keeps its age. */
async function sealedKey(database: Queryable, sealing: Sealing, account: WalletAccount): Promise<Buffer> {
  const context = privateKeyContext(account.wallet, account.name);
  const { rows } = await database.query<{ readonly private_key: Buffer }>(
    // Locked, so that bytes which are just sealed anew are not put back.
    'select private_key from wallet_accounts where wallet = $1 and name = $2 for update',
    [account.wallet, account.name],
  );
  const plain = Buffer.from(account.privateKey);
  const [known] = rows;
  if (known !== undefined && isSealed(known.private_key, plain)) return known.private_key;
  return sealing.seal(plain, context);

  function isSealed(sealed: Buffer, as: Buffer): boolean {
    try {
      return sealing.open(sealed, context).equals(as);
    } catch (error) {
      if (error instanceof SealingError) return false;
      throw error;
    }
  }
}

export async function findWalletAccount(
  database: Queryable,
  sealing: Sealing,
  wallet: string,
  name: string,
): Promise<WalletAccount | null> {
  const { rows } = await database.query<AccountRow>(`${accountRow} where a.wallet = $1 and a.name = $2`, [
    wallet,
    name,
  ]);
  const [row] = rows;
  return row === undefined ? null : accountOf(row, sealing);
}

/** A wallet account as people may see it. */
export interface ListedAccount {
  readonly wallet: string;
  readonly name: string;
  readonly appId: string;
  readonly sellerId: string | null;
  readonly settlementCurrency: string | null;
  readonly merchantRegion: string | null;
  readonly keyVersion: number | null;
  readonly supportContact: string | null;
  readonly gatewayUrl: string;
  /** PEM. */
  readonly walletPublicKey: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** All wallet accounts. Their private keys are not even read. */
export async function listWalletAccounts(database: Queryable): Promise<ListedAccount[]> {
  const { rows } = await database.query<ListedAccount>(
    `select wallet, name, app_id as "appId", seller_id as "sellerId", settlement_currency as "settlementCurrency",
       merchant_region as "merchantRegion", key_version as "keyVersion", support_contact as "supportContact", gateway_url as "gatewayUrl",
       wallet_public_key as "walletPublicKey", created_at as "createdAt", updated_at as "updatedAt"
     from wallet_accounts order by wallet, name`,
  );
  return rows;
}

/** Everything else stays. Gateways that run take it up within seconds. `false`: there is no such account. */
export async function setSupportContact(
  database: Queryable,
  { wallet, name }: Pick<WalletAccount, 'wallet' | 'name'>,
  contact: string | null,
): Promise<boolean> {
  const { rowCount } = await database.query(
    'update wallet_accounts set support_contact = $3, updated_at = clock_timestamp() where wallet = $1 and name = $2',
    [wallet, name, contact],
  );
  return rowCount === 1;
}
