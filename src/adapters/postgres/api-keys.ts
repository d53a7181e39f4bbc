import type { Connection, Database, Queryable } from './database.ts';
import { hashOfKey } from './merchant-directory.ts';

/** An API key as people may see it: the key itself is kept nowhere. */
export interface ListedKey {
  /** The beginning of its hash, enough to name it. */
  readonly id: string;
  readonly scope: 'acquirer' | 'merchant';
  readonly merchantId: string | null;
  readonly label: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** Hex digits of a key's hash that stand for it. */
const idLength = 16;

/** What {@link listApiKeys} calls this key. */
export function idOfKey(apiKey: string): string {
  return hashOfKey(apiKey).toString('hex').slice(0, idLength);
}

const listed = `left(encode(key_hash, 'hex'), ${idLength}) as id, scope, merchant_id as "merchantId", label,
  created_at as "createdAt", revoked_at as "revokedAt"`;

/** All keys, or those of one merchant, the oldest first; revoked ones too. */
export async function listApiKeys(database: Database, merchantId: string | null): Promise<ListedKey[]> {
  const { rows } = await database.query<ListedKey>(
    `select ${listed} from api_keys where $1::text is null or merchant_id = $1 order by created_at, key_hash`,
    [merchantId],
  );
  return rows;
}

/** The key of this id, which nobody else revokes until the transaction is over; `null` when no key has it. */
export async function findApiKey(connection: Connection, id: string): Promise<ListedKey | null> {
  const { rows } = await connection.query<ListedKey>(
    `select ${listed} from api_keys where left(encode(key_hash, 'hex'), ${idLength}) = $1 for update`,
    [id],
  );
  return rows[0] ?? null;
}

/** Revokes a key for good and answers with it; `null` when no key has this id. Safe to repeat. */
export async function revokeApiKey(database: Queryable, id: string): Promise<ListedKey | null> {
  const { rows } = await database.query<ListedKey>(
    `update api_keys set revoked_at = coalesce(revoked_at, clock_timestamp())
     where left(encode(key_hash, 'hex'), ${idLength}) = $1 returning ${listed}`,
    [id],
  );
  return rows[0] ?? null;
}
