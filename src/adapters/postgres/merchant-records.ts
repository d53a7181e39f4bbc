import { randomBytes } from 'node:crypto';
import type { Sealing } from '../sealing.ts';
import { freshApiKey } from './api-keys.ts';
import { type Connection, type Database, inTransaction, type Queryable } from './database.ts';
import { deliverySecretContext, hashOfKey } from './merchant-directory.ts';

/** A merchant as an operator registers it. */
export interface MerchantRecord {
  readonly id: string;
  readonly name: string;
  /** Who brought it; `null`: the acquirer itself. Left out: as it was. */
  readonly channelId?: string | null;
  /** ISO 18245, four digits. */
  readonly mcc: string | null;
  readonly notifyUrl: string | null;
  /** `null`: order codes are off. PAY-16. */
  readonly orderCodes: { readonly scene: string; readonly expiryMs: number } | null;
  readonly stores: readonly {
    readonly id: string;
    readonly name: string;
    /** `null`: the merchant's. */
    readonly mcc: string | null;
    readonly terminalIds: readonly string[];
  }[];
  readonly bindings: readonly {
    readonly wallet: string;
    readonly currency: string;
    readonly account: string;
    readonly subMerchantId: string | null;
    /** The PID that the wallet is told as who brought the merchant. `null`, or left out: as it was. ONB-02. */
    readonly source?: string | null;
  }[];
}

/** What became of a merchant that was saved. */
export interface SavedMerchant {
  /** Signs the merchant's deliveries; made at the first registration. */
  readonly deliverySecret: string;
  /** Whether it was not there before. */
  readonly isNew: boolean;
}

/**
 * Registers a merchant, or brings its stores, terminals and bindings up to date; nothing is taken away. One
 * transaction: a binding that is refused leaves no merchant behind whose delivery secret nobody has seen.
 */
export async function saveMerchant(
  database: Queryable,
  sealing: Sealing,
  merchant: MerchantRecord,
): Promise<SavedMerchant> {
  return inTransaction(database, async (connection) => {
    const saved = await upsertMerchant(connection, sealing, merchant);
    for (const store of merchant.stores) {
      await connection.query(
        `insert into stores (merchant_id, id, name, mcc) values ($1, $2, $3, $4)
         on conflict (merchant_id, id) do update set name = excluded.name, mcc = excluded.mcc`,
        [merchant.id, store.id, store.name, store.mcc],
      );
      for (const terminalId of store.terminalIds) {
        await connection.query(
          `insert into terminals (merchant_id, store_id, id) values ($1, $2, $3) on conflict do nothing`,
          [merchant.id, store.id, terminalId],
        );
      }
    }
    for (const binding of merchant.bindings) {
      await connection.query(
        `insert into wallet_bindings (merchant_id, wallet, currency, account, sub_merchant_id, source)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (merchant_id, wallet, currency) do update set
           account = excluded.account, sub_merchant_id = excluded.sub_merchant_id,
           source = coalesce(excluded.source, wallet_bindings.source)`,
        [
          merchant.id,
          binding.wallet,
          binding.currency,
          binding.account,
          binding.subMerchantId,
          binding.source ?? null,
        ],
      );
    }
    return saved;
  });
}

/** Nobody else changes a merchant that is there until the transaction is over. */
export async function lockMerchant(connection: Connection, merchantId: string): Promise<void> {
  await connection.query('select from merchants where id = $1 for update', [merchantId]);
}

async function upsertMerchant(
  connection: Connection,
  sealing: Sealing,
  merchant: MerchantRecord,
): Promise<SavedMerchant> {
  const fresh = `whsec_${randomBytes(32).toString('base64')}`;
  const sealed = sealing.seal(Buffer.from(fresh), deliverySecretContext(merchant.id));
  const { rows } = await connection.query<{ readonly delivery_secret: Buffer }>(
    `insert into merchants
       (id, name, notify_url, delivery_secret, mcc, order_code_scene, order_code_expiry_ms, channel_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (id) do update set name = excluded.name, notify_url = excluded.notify_url, mcc = excluded.mcc,
       order_code_scene = excluded.order_code_scene, order_code_expiry_ms = excluded.order_code_expiry_ms,
       channel_id = case when $9 then excluded.channel_id else merchants.channel_id end
     returning delivery_secret`,
    [
      merchant.id,
      merchant.name,
      merchant.notifyUrl,
      sealed,
      merchant.mcc,
      merchant.orderCodes?.scene ?? null,
      merchant.orderCodes?.expiryMs ?? null,
      merchant.channelId ?? null,
      merchant.channelId !== undefined,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`merchant ${merchant.id} was not saved`);
  const deliverySecret = sealing
    .open(row.delivery_secret, deliverySecretContext(merchant.id))
    .toString('utf8');
  return { deliverySecret, isNew: deliverySecret === fresh };
}

/** Makes a merchant's key, or one of the acquirer (`null`), and answers with it; only its hash is kept. */
export async function createApiKey(
  database: Queryable,
  key: {
    readonly environment: string;
    readonly merchantId: string | null;
    readonly label: string;
    readonly requestsPerS?: number | null;
  },
): Promise<string> {
  const apiKey = freshApiKey(key.environment);
  await database.query(
    `insert into api_keys (key_hash, scope, merchant_id, label, requests_per_s) values ($1, $2, $3, $4, $5)`,
    [
      hashOfKey(apiKey),
      key.merchantId === null ? 'acquirer' : 'merchant',
      key.merchantId,
      key.label,
      key.requestsPerS ?? null,
    ],
  );
  return apiKey;
}

export async function isLiveKey(database: Database, apiKey: string): Promise<boolean> {
  const { rowCount } = await database.query(
    'select from api_keys where key_hash = $1 and revoked_at is null',
    [hashOfKey(apiKey)],
  );
  return rowCount === 1;
}
