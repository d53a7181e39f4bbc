import { randomBytes } from 'node:crypto';
import type { KeyScope } from '../../ports/merchant-directory.ts';
import type { Connection, Queryable } from './database.ts';
import { hashOfKey } from './merchant-directory.ts';

/** An API key as people may see it: the key itself is kept nowhere. */
export interface ListedKey {
  /** The beginning of its hash, enough to name it. */
  readonly id: string;
  readonly scope: KeyScope['kind'];
  readonly merchantId: string | null;
  readonly channelId: string | null;
  readonly label: string;
  /** `null`: what every key may, by the gateway's setting. */
  readonly requestsPerS: number | null;
  readonly signatureRequired: boolean;
  readonly createdAt: Date;
  /** To the minute, some seconds late; `null`: never, as far as is known. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Hex digits of a key's hash that stand for it. */
const idLength = 16;

/** The same in SQL, of a column with a key's hash. */
export function idOfHash(column: string): string {
  return `left(encode(${column}, 'hex'), ${idLength})`;
}

/** What {@link listApiKeys} calls this key. */
export function idOfKey(apiKey: string): string {
  return hashOfKey(apiKey).toString('hex').slice(0, idLength);
}

/** A new key, which nobody can guess. */
export function freshApiKey(environment: string): string {
  return `sk_${environment}_${randomBytes(24).toString('base64url')}`;
}

/** Makes a key that speaks for a channel's branch and answers with it; only its hash is kept. */
export async function createChannelKey(
  database: Queryable,
  key: {
    readonly environment: string;
    readonly channelId: string;
    readonly label: string;
    readonly requestsPerS?: number | null;
  },
): Promise<string> {
  const apiKey = freshApiKey(key.environment);
  await database.query(
    `insert into channel_keys (key_hash, channel_id, label, requests_per_s) values ($1, $2, $3, $4)`,
    [hashOfKey(apiKey), key.channelId, key.label, key.requestsPerS ?? null],
  );
  return apiKey;
}

const listed = `${idOfHash('key_hash')} as id, scope, merchant_id as "merchantId",
  channel_id as "channelId", label, requests_per_s as "requestsPerS",
  signature_required as "signatureRequired", created_at as "createdAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`;

/** What both tables have of a key. */
const columnsOf = {
  api_keys:
    'key_hash, scope, merchant_id, null::text as channel_id, label, requests_per_s, signature_required, created_at, last_used_at, revoked_at',
  channel_keys: `key_hash, 'channel', null::text, channel_id, label, requests_per_s, signature_required, created_at, last_used_at, revoked_at`,
};

/** All keys, or those of one holder, the oldest first; revoked ones too. */
export async function listApiKeys(
  database: Queryable,
  holder: { readonly merchantId?: string | undefined; readonly channelId?: string | undefined },
): Promise<ListedKey[]> {
  const { rows } = await database.query<ListedKey>(
    `select ${listed}
     from (select ${columnsOf.api_keys} from api_keys union all select ${columnsOf.channel_keys} from channel_keys) as keys
     where ($1::text is null or merchant_id = $1) and ($2::text is null or channel_id = $2)
     order by created_at, key_hash`,
    [holder.merchantId ?? null, holder.channelId ?? null],
  );
  return rows;
}

const isNamed = `${idOfHash('key_hash')} = $1`;

/** The key of this id, which nobody else revokes until the transaction is over; `null` when no key has it. */
export async function findApiKey(connection: Connection, id: string): Promise<ListedKey | null> {
  const { rows } = await connection.query<ListedKey>(
    `with ours as (select ${columnsOf.api_keys} from api_keys where ${isNamed} for update),
       of_channels as (select ${columnsOf.channel_keys} from channel_keys where ${isNamed} for update)
     select ${listed} from (select * from ours union all select * from of_channels) as keys`,
    [id],
  );
  return rows[0] ?? null;
}

/** Gives a key a limit of its own, or takes it away with `null`; answers with the key, `null` when none has this id. */
export async function limitApiKey(
  database: Queryable,
  id: string,
  requestsPerS: number | null,
): Promise<ListedKey | null> {
  const limit = 'set requests_per_s = $2';
  const { rows } = await database.query<ListedKey>(
    `with ours as (update api_keys ${limit} where ${isNamed} returning ${columnsOf.api_keys}),
       of_channels as (update channel_keys ${limit} where ${isNamed} returning ${columnsOf.channel_keys})
     select ${listed} from (select * from ours union all select * from of_channels) as keys`,
    [id, requestsPerS],
  );
  return rows[0] ?? null;
}

/** Revokes a key for good and answers with it; `null` when no key has this id. Safe to repeat. */
export async function revokeApiKey(database: Queryable, id: string): Promise<ListedKey | null> {
  const revoke = 'set revoked_at = coalesce(revoked_at, clock_timestamp())';
  const { rows } = await database.query<ListedKey>(
    `with ours as (update api_keys ${revoke} where ${isNamed} returning ${columnsOf.api_keys}),
       of_channels as (update channel_keys ${revoke} where ${isNamed} returning ${columnsOf.channel_keys})
     select ${listed} from (select * from ours union all select * from of_channels) as keys`,
    [id],
  );
  return rows[0] ?? null;
}

/** Revokes what still speaks for a channel, for good; how many keys that were. */
export async function revokeKeysOfChannel(connection: Connection, channelId: string): Promise<number> {
  const { rowCount } = await connection.query(
    'update channel_keys set revoked_at = clock_timestamp() where channel_id = $1 and revoked_at is null',
    [channelId],
  );
  return rowCount ?? 0;
}
