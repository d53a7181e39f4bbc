import { randomBytes } from 'node:crypto';
import type { Sealing } from '../sealing.ts';
import type { Database } from './database.ts';
import { deliverySecretContext, hashOfKey } from './merchant-directory.ts';

/** A merchant as an operator registers it. */
export interface MerchantRecord {
  readonly id: string;
  readonly name: string;
  readonly notifyUrl: string | null;
  readonly stores: readonly {
    readonly id: string;
    readonly name: string;
    readonly terminalIds: readonly string[];
  }[];
  readonly bindings: readonly {
    readonly wallet: string;
    readonly currency: string;
    readonly account: string;
    readonly subMerchantId: string | null;
  }[];
}

/**
 * Registers a merchant, or brings its stores, terminals and bindings up to date; nothing is taken away. Answers
 * with the secret that signs its deliveries, made at the first registration.
 */
export async function saveMerchant(
  database: Database,
  sealing: Sealing,
  merchant: MerchantRecord,
): Promise<{ readonly deliverySecret: string }> {
  const fresh = `whsec_${randomBytes(32).toString('base64')}`;
  const sealed = sealing.seal(Buffer.from(fresh), deliverySecretContext(merchant.id));
  const { rows } = await database.query<{ readonly delivery_secret: Buffer }>(
    `insert into merchants (id, name, notify_url, delivery_secret) values ($1, $2, $3, $4)
     on conflict (id) do update set name = excluded.name, notify_url = excluded.notify_url
     returning delivery_secret`,
    [merchant.id, merchant.name, merchant.notifyUrl, sealed],
  );
  for (const store of merchant.stores) {
    await database.query(
      `insert into stores (merchant_id, id, name) values ($1, $2, $3)
       on conflict (merchant_id, id) do update set name = excluded.name`,
      [merchant.id, store.id, store.name],
    );
    for (const terminalId of store.terminalIds) {
      await database.query(
        `insert into terminals (merchant_id, store_id, id) values ($1, $2, $3) on conflict do nothing`,
        [merchant.id, store.id, terminalId],
      );
    }
  }
  for (const binding of merchant.bindings) {
    await database.query(
      `insert into wallet_bindings (merchant_id, wallet, currency, account, sub_merchant_id)
       values ($1, $2, $3, $4, $5)
       on conflict (merchant_id, wallet, currency) do update set
         account = excluded.account, sub_merchant_id = excluded.sub_merchant_id`,
      [merchant.id, binding.wallet, binding.currency, binding.account, binding.subMerchantId],
    );
  }
  const [row] = rows;
  if (row === undefined) throw new Error(`merchant ${merchant.id} was not saved`);
  const deliverySecret = sealing
    .open(row.delivery_secret, deliverySecretContext(merchant.id))
    .toString('utf8');
  return { deliverySecret };
}

/** Makes an API key and answers with it; only its hash is kept. */
export async function createApiKey(
  database: Database,
  key: { readonly environment: string; readonly merchantId: string | null; readonly label: string },
): Promise<string> {
  const apiKey = `sk_${key.environment}_${randomBytes(24).toString('base64url')}`;
  await database.query(`insert into api_keys (key_hash, scope, merchant_id, label) values ($1, $2, $3, $4)`, [
    hashOfKey(apiKey),
    key.merchantId === null ? 'acquirer' : 'merchant',
    key.merchantId,
    key.label,
  ]);
  return apiKey;
}

export async function isLiveKey(database: Database, apiKey: string): Promise<boolean> {
  const { rowCount } = await database.query(
    'select from api_keys where key_hash = $1 and revoked_at is null',
    [hashOfKey(apiKey)],
  );
  return rowCount === 1;
}
