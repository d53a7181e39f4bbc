import type { KeyObject } from 'node:crypto';
import { invalidValue, isJsonObject, type JsonObject } from './json.ts';
import { printPublicKey, readPublicKey } from './open-platform/signing.ts';
import type { Journal } from './storage.ts';

/** Public keys that a caller has beside its first, by version, while it changes one for another. */
export type FurtherKeys = ReadonlyMap<number, KeyObject>;

export interface StoredFurtherKeys {
  of(wallet: string, callerId: string): FurtherKeys;
  /** Puts these in place of the caller's. Within a submitted piece of work. */
  replace(wallet: string, callerId: string, keys: FurtherKeys): void;
}

export function openFurtherKeys({ db }: Journal): StoredFurtherKeys {
  const select = db.prepare(
    'select version, public_key from further_keys where wallet = ? and caller_id = ?',
  );
  const forget = db.prepare('delete from further_keys where wallet = ? and caller_id = ?');
  const insert = db.prepare('insert into further_keys values (?, ?, ?, ?)');
  return {
    of: (wallet, callerId) =>
      new Map(
        select.all(wallet, callerId).map((row) => {
          const key = readPublicKey(row['public_key'] as string);
          if (key === null) throw new Error('a stored key cannot be read');
          return [row['version'] as number, key];
        }),
      ),
    replace(wallet, callerId, keys) {
      forget.run(wallet, callerId);
      for (const [version, key] of keys) insert.run(wallet, callerId, version, printPublicKey(key));
    },
  };
}

/** `further_public_keys` of a registration: `{"2": "-----BEGIN PUBLIC KEY…"}`. */
export function readFurtherKeys(json: JsonObject): FurtherKeys {
  const name = 'further_public_keys';
  const given = json[name] ?? {};
  if (!isJsonObject(given)) throw invalidValue(name, given, 'an object of versions and keys');
  return new Map(
    Object.entries(given).map(([version, text]) => {
      const key = typeof text === 'string' ? readPublicKey(text) : null;
      if (!/^[1-9]\d{0,8}$/.test(version) || key === null) {
        throw invalidValue(
          name,
          `a version or key that is none: ${version}`,
          'RSA keys of at least 2048 bits by version',
        );
      }
      return [Number(version), key];
    }),
  );
}
