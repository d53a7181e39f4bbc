import { idOfHash } from './api-keys.ts';
import type { Connection, Queryable } from './database.ts';

/** Somebody who may sign the requests of an API key, as people see it. */
export interface ListedSigner {
  /** The id of the API key, as `merchant key list` shows it. */
  readonly apiKeyId: string;
  readonly keyid: string;
  /** PEM. */
  readonly publicKey: string;
  readonly createdAt: Date;
  readonly removedAt: Date | null;
}

const listed = `${idOfHash('key_hash')} as "apiKeyId", keyid, public_key as "publicKey", created_at as "createdAt",
  removed_at as "removedAt"`;
const isNamed = `${idOfHash('key_hash')} = $1`;

/** The signers of an API key, the oldest first; removed ones too. */
export async function listSigners(database: Queryable, apiKeyId: string): Promise<ListedSigner[]> {
  const { rows } = await database.query<ListedSigner>(
    `select ${listed} from request_signers where ${isNamed} order by created_at, keyid`,
    [apiKeyId],
  );
  return rows;
}

/** Registers a signer; `false` when the API key has, or had, one that is called so. */
export async function addSigner(
  connection: Connection,
  signer: { readonly apiKeyId: string; readonly keyid: string; readonly publicKey: string },
): Promise<boolean> {
  const { rowCount } = await connection.query(
    `insert into request_signers (key_hash, keyid, public_key)
     select key_hash, $2, $3
     from (select key_hash from api_keys union all select key_hash from channel_keys) as keys where ${isNamed}
     on conflict do nothing`,
    [signer.apiKeyId, signer.keyid, signer.publicKey],
  );
  return rowCount === 1;
}

/** Removes a signer for good; `false` when there is none that is called so. */
export async function removeSigner(
  connection: Connection,
  { apiKeyId, keyid }: { readonly apiKeyId: string; readonly keyid: string },
): Promise<boolean> {
  const { rowCount } = await connection.query(
    `update request_signers set removed_at = clock_timestamp()
     where ${isNamed} and keyid = $2 and removed_at is null`,
    [apiKeyId, keyid],
  );
  return rowCount === 1;
}

/** Whether requests of an API key must be signed from now on. */
export async function requireSignature(
  connection: Connection,
  apiKeyId: string,
  required: boolean,
): Promise<void> {
  await connection.query(`update api_keys set signature_required = $2 where ${isNamed}`, [
    apiKeyId,
    required,
  ]);
  await connection.query(`update channel_keys set signature_required = $2 where ${isNamed}`, [
    apiKeyId,
    required,
  ]);
}
