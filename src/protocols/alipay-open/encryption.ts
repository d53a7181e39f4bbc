import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { decodeText } from './charset.ts';
import { type Unreadable, unreadable } from './unreadable.ts';

/** The platform's AES is CBC with an initial vector of sixteen zero bytes. */
const initialVector = Buffer.alloc(16);

/**
 * An AES-128 key from the base64 text that the platform's console shows.
 * @throws RangeError when it is not sixteen bytes.
 */
export function readAesKey(base64: string): KeyObject {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== 16) throw new RangeError(`an AES key has 16 bytes, this one has ${bytes.length}`);
  return createSecretKey(bytes);
}

/** `biz_content` as sent with `encrypt_type=AES`: encrypted first, signed afterwards. */
export function encryptContent(plaintext: string, key: KeyObject): string {
  const cipher = createCipheriv('aes-128-cbc', key, initialVector);
  return Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]).toString('base64');
}

export interface Decrypted {
  readonly kind: 'decrypted';
  readonly plaintext: string;
}

/** Inverse of {@link encryptContent}. CBC authenticates nothing: verify the signature before calling this. */
export function decryptContent(ciphertext: string, key: KeyObject): Decrypted | Unreadable {
  try {
    const decipher = createDecipheriv('aes-128-cbc', key, initialVector);
    const bytes = Buffer.concat([decipher.update(ciphertext, 'base64'), decipher.final()]);
    const plaintext = decodeText('utf-8', bytes);
    return plaintext === null
      ? unreadable('the decrypted bytes are not UTF-8')
      : { kind: 'decrypted', plaintext };
  } catch {
    return unreadable('the content cannot be decrypted with this key');
  }
}
