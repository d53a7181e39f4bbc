import { createHash } from 'node:crypto';
import type {
  ApiKey,
  EntryCode,
  KeyScope,
  Merchant,
  MerchantDirectory,
  Store,
  WalletBinding,
} from '../../ports/merchant-directory.ts';
import type { Sealing } from '../sealing.ts';
import type { Database } from './database.ts';
import { type KeyUses, noteKeyUses } from './key-uses.ts';
import { policyOverridesOf, type StoredPolicyOverrides } from './policy-overrides.ts';

/** How old an answer of the directory may be: what a revoked key or a changed binding takes to be seen. */
const freshForMs = 5_000;

/** Merchants and keys on PostgreSQL, remembered for a few seconds so that no payment reads them again. */
export function createMerchantDirectory(
  database: Database,
  sealing: Sealing,
  uses: KeyUses = noteKeyUses(database),
): MerchantDirectory {
  const merchants = remembered((id: string) => readMerchant(database, 'id', id));
  const byShortNo = remembered((shortNo: number) => readMerchant(database, 'short_no', shortNo));
  const entryCodes = remembered((key: string) => readEntryCode(database, key));
  const keys = remembered((hash: string) => readKey(database, hash));
  const secrets = remembered((id: string) => readDeliverySecret(database, sealing, id));
  return {
    find: (merchantId) => merchants(merchantId),
    findByShortNo: (shortNo) => byShortNo(shortNo),
    findEntryCode: (merchantId, code) => entryCodes(`${merchantId} ${code}`),
    async findKey(apiKey) {
      const hash = hashOfKey(apiKey).toString('hex');
      const key = await keys(hash);
      if (key !== null) uses.note(hash);
      return key;
    },
    useNonce: (apiKey, nonce) => useNonce(database, hashOfKey(apiKey), nonce),
    deliverySecret: (merchantId) => secrets(merchantId),
  };
}

/** API keys are long random texts, so a plain hash keeps them; the key itself is stored nowhere. */
export function hashOfKey(apiKey: string): Buffer {
  return createHash('sha256').update(apiKey).digest();
}

export function deliverySecretContext(merchantId: string): string {
  return `merchants.delivery_secret ${merchantId}`;
}

/** One look-up under way per key, its answer kept for a few seconds; failures are not kept. */
function remembered<Key, Value>(read: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const entries = new Map<Key, { readonly value: Promise<Value>; readonly untilMs: number }>();
  const capacity = 10_000;
  return (key) => {
    const known = entries.get(key);
    if (known !== undefined && performance.now() < known.untilMs) return known.value;
    const value = read(key);
    entries.delete(key);
    entries.set(key, { value, untilMs: performance.now() + freshForMs });
    value.catch(() => entries.delete(key));
    const [oldest] = entries.keys();
    if (entries.size > capacity && oldest !== undefined) entries.delete(oldest);
    return value;
  };
}

async function readMerchant(
  database: Database,
  column: 'id' | 'short_no',
  value: string | number,
): Promise<Merchant | null> {
  const { rows } = await database.query<{
    readonly id: string;
    readonly short_no: bigint;
    readonly name: string;
    readonly channels: string[];
    readonly mcc: string | null;
    readonly order_code_scene: string | null;
    readonly order_code_expiry_ms: number | null;
    readonly policy_overrides: StoredPolicyOverrides;
    readonly notify_url: string | null;
    readonly stores: Store[];
    readonly bindings: WalletBinding[];
  }>({
    name: `find_merchant_by_${column}`,
    text: `select m.id, m.short_no, m.name, m.mcc, m.order_code_scene, m.order_code_expiry_ms, m.policy_overrides,
             m.notify_url,
             (with recursive above as (
                select c.id, c.parent, 1 as height from channels c where c.id = m.channel_id
                union all
                select c.id, c.parent, above.height + 1 from channels c join above on c.id = above.parent)
              select coalesce(jsonb_agg(id order by height), '[]') from above) as channels,
             (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'mcc', s.mcc)
                order by s.id), '[]')
              from stores s where s.merchant_id = m.id) as stores,
             (select coalesce(jsonb_agg(jsonb_build_object(
                 'wallet', b.wallet, 'account', b.account, 'subMerchantId', b.sub_merchant_id,
                 'currency', b.currency) order by b.wallet, b.currency), '[]')
              from wallet_bindings b where b.merchant_id = m.id) as bindings
           from merchants m where m.${column} = $1`,
    values: [value],
  });
  const [row] = rows;
  if (row === undefined) return null;
  return {
    id: row.id,
    shortNo: Number(row.short_no),
    name: row.name,
    channels: row.channels,
    mcc: row.mcc,
    stores: row.stores,
    bindings: row.bindings,
    orderCodes:
      row.order_code_scene === null || row.order_code_expiry_ms === null
        ? null
        : { scene: row.order_code_scene, expiryMs: row.order_code_expiry_ms },
    policyOverrides: policyOverridesOf(row.policy_overrides),
    notifyUrl: row.notify_url,
  };
}

async function readEntryCode(database: Database, key: string): Promise<EntryCode | null> {
  const [merchantId, code] = key.split(' ');
  const { rows } = await database.query<EntryCode>({
    name: 'find_entry_code',
    text: `select merchant_id as "merchantId", code, store_id as "storeId", currency, disabled_at as "disabledAt"
           from entry_codes where merchant_id = $1 and code = $2`,
    values: [merchantId, code],
  });
  return rows[0] ?? null;
}

async function readKey(database: Database, keyHash: string): Promise<ApiKey | null> {
  const { rows } = await database.query<KeyScope & KeyRow>({
    name: 'find_api_key',
    text: `select scope as kind, merchant_id as "merchantId", null as "channelId", requests_per_s as "requestsPerS",
             signature_required as "signatureRequired", ${signersOfKey} as signers
           from api_keys where key_hash = $1 and revoked_at is null
           union all
           select 'channel', null, channel_id, requests_per_s, signature_required, ${signersOfKey}
           from channel_keys where key_hash = $1 and revoked_at is null`,
    values: [Buffer.from(keyHash, 'hex')],
  });
  const [row] = rows;
  if (row === undefined) return null;
  return {
    scope: scopeIn(row),
    requestsPerS: row.requestsPerS,
    signers: row.signers,
    signatureRequired: row.signatureRequired,
  };
}

type KeyRow = Omit<ApiKey, 'scope'>;

const signersOfKey = `(select coalesce(jsonb_agg(jsonb_build_object('keyid', s.keyid, 'publicKey', s.public_key)), '[]')
             from request_signers s where s.key_hash = $1 and s.removed_at is null)`;

async function useNonce(database: Database, keyHash: Buffer, nonce: string): Promise<boolean> {
  const { rowCount } = await database.query({
    name: 'use_nonce',
    text: 'insert into request_nonces (key_hash, nonce) values ($1, $2) on conflict do nothing',
    values: [keyHash, nonce],
  });
  return rowCount === 1;
}

function scopeIn(scope: KeyScope): KeyScope {
  switch (scope.kind) {
    case 'acquirer':
      return { kind: 'acquirer' };
    case 'channel':
      return { kind: 'channel', channelId: scope.channelId };
    case 'merchant':
      return { kind: 'merchant', merchantId: scope.merchantId };
    default:
      return scope satisfies never;
  }
}

async function readDeliverySecret(database: Database, sealing: Sealing, merchantId: string): Promise<string> {
  const { rows } = await database.query<{ readonly delivery_secret: Buffer }>({
    name: 'find_delivery_secret',
    text: 'select delivery_secret from merchants where id = $1',
    values: [merchantId],
  });
  const [row] = rows;
  if (row === undefined) throw new Error(`merchant ${merchantId} has no delivery secret`);
  return sealing.open(row.delivery_secret, deliverySecretContext(merchantId)).toString('utf8');
}
