import type { Sealing } from '../sealing.ts';
import { type Database, inTransaction, type Queryable } from './database.ts';
import { privateKeyContext } from './wallet-accounts.ts';

/*
 * Every sealed value of the database, sealed again under the master key. What has been done is seen by how a value begins, so
 * a run that was killed is begun again and goes on where it was; gateways may read and write all the while.
 */

/** Where sealed values lie: what names a row, and the context that its value is bound to. */
interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  /** In SQL, of the row's columns. */
  readonly context: string;
}

const sealedColumns: readonly SealedColumn[] = [
  {
    table: 'merchants',
    column: 'delivery_secret',
    key: ['id'],
    context: `'merchants.delivery_secret ' || id`,
  },
  {
    table: 'kept_answers',
    column: 'sealed_bytes',
    key: ['merchant_id', 'payment_id', 'received_at'],
    context: `'kept_answers.sealed_bytes ' || payment_id`,
  },
  {
    table: 'untrusted_answers',
    column: 'sealed_bytes',
    key: ['merchant_id', 'payment_id', 'received_at'],
    context: `'untrusted_answers.sealed_bytes ' || payment_id`,
  },
  {
    table: 'untrusted_notifications',
    column: 'sealed_bytes',
    key: ['id'],
    context: `'untrusted_notifications.sealed_bytes ' || wallet || '/' || account`,
  },
  {
    table: 'stray_notifications',
    column: 'sealed_bytes',
    key: ['wallet', 'account', 'payment_request_id', 'says'],
    context: `'stray_notifications.sealed_bytes ' || wallet || '/' || account || '/' || payment_request_id`,
  },
];

/** Keys of accounts lie in two tables, with the same bytes where one signs. */
const accountKeys = { table: 'wallet_account_keys', column: 'private_key' } as const;
const accounts = { table: 'wallet_accounts', column: 'private_key' } as const;

/** Every column that holds sealed values, as `table.column`. */
export const sealedPlaces: readonly string[] = [...sealedColumns, accountKeys, accounts].map(
  ({ table, column }) => `${table}.${column}`,
);

/** How many values of a table are not marked as sealed under the master key. */
export interface Unsealed {
  readonly table: string;
  readonly values: number;
}

/** Rows of one transaction: each is locked for as long as it takes. */
const batchRows = 100;

/** What is still to be sealed again, by table; none: further keys are needed no more. */
export async function listValuesToReseal(database: Queryable, sealing: Sealing): Promise<Unsealed[]> {
  const found: Unsealed[] = [];
  for (const { table, column } of [...sealedColumns, accountKeys, accounts]) {
    const { rows } = await database.query<{ readonly values: number }>(
      `select count(*)::int as values from ${table} where ${isOther(column)}`,
      [sealing.namedHead],
    );
    found.push({ table, values: rows[0]?.values ?? 0 });
  }
  return found.filter(({ values }) => values > 0);
}

/** The values begin otherwise than those that name the master key. */
function isOther(column: string): string {
  return `${column} is not null and substring(${column} from 1 for length($1::bytea)) <> $1`;
}

/**
 * Seals everything again that is not marked as sealed under the master key, in small transactions, and tells `onSealed` of
 * each. Throws a {@link SealingError} for the first value that none of the given keys opens.
 */
export async function resealAll(
  database: Database,
  sealing: Sealing,
  onSealed: (table: string, values: number) => void,
): Promise<void> {
  for (const { table, column, key, context } of sealedColumns) {
    for (;;) {
      const resealed = await inTransaction(database, async (connection) => {
        const names = key.map((name, index) => `${name}::text as k${index}`).join(', ');
        const { rows } = await connection.query<
          Readonly<Record<string, string>> & { readonly sealed: Buffer; readonly context: string }
        >(
          `select ${names}, ${column} as sealed, ${context} as context from ${table}
           where ${isOther(column)} order by ${key.join(', ')} limit ${batchRows} for update`,
          [sealing.namedHead],
        );
        const isRow = key.map((name, index) => `${name} = $${index + 2}`).join(' and ');
        for (const row of rows) {
          const anew = sealing.seal(sealing.open(row.sealed, row.context), row.context);
          await connection.query(`update ${table} set ${column} = $1 where ${isRow}`, [
            anew,
            ...key.map((_, index) => row[`k${index}`]),
          ]);
        }
        return rows.length;
      });
      if (resealed > 0) onSealed(table, resealed);
      if (resealed < batchRows) break;
    }
  }
  await resealAccounts(database, sealing, onSealed);
}

async function resealAccounts(
  database: Database,
  sealing: Sealing,
  onSealed: (table: string, values: number) => void,
): Promise<void> {
  const { rows } = await database.query<{ readonly wallet: string; readonly name: string }>(
    'select wallet, name from wallet_accounts order by wallet, name',
  );
  for (const { wallet, name } of rows) {
    const values = await inTransaction(database, async (connection) => {
      await connection.query('select from wallet_accounts where wallet = $1 and name = $2 for update', [
        wallet,
        name,
      ]);
      const keys = await connection.query<{ readonly version: number; readonly private_key: Buffer }>(
        `select version, private_key from wallet_account_keys
         where ${isOther('private_key')} and wallet = $2 and account = $3`,
        [sealing.namedHead, wallet, name],
      );
      const context = privateKeyContext(wallet, name);
      for (const { version, private_key: sealed } of keys.rows) {
        const anew = sealing.seal(sealing.open(sealed, context), context);
        await connection.query(
          `update wallet_account_keys set private_key = $1
           where wallet = $2 and account = $3 and holder = 'ours' and version = $4`,
          [anew, wallet, name, version],
        );
      }
      // The same bytes in both tables: the trigger sees that the key is the one that signs already.
      await connection.query(
        `update wallet_accounts a set private_key = k.private_key from wallet_account_keys k
         where a.wallet = $1 and a.name = $2 and k.wallet = a.wallet and k.account = a.name and k.state = 'signing'
           and k.private_key <> a.private_key`,
        [wallet, name],
      );
      return keys.rows.length;
    });
    if (values > 0) onSealed('wallet_account_keys', values);
  }
}
