import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * Secrets at rest: AES-256-GCM under the master key. A sealed value is one version byte, a 12-byte nonce, the
 * ciphertext and a 16-byte tag; `context` (table and row) is authenticated with it, so that a sealed value cannot
 * be moved to another row.
 */
export interface Sealing {
  seal(plain: Uint8Array, context: string): Buffer;
  /** Throws a {@link SealingError} when the value was changed, moved, or sealed under another master key. */
  open(sealed: Uint8Array, context: string): Buffer;
}

/** A sealed value that cannot be opened. The message is one line that says which. */
export class SealingError extends Error {}

const version = 1;
const nonceLength = 12;
const tagLength = 16;
export const masterKeyLength = 32;

export function createSealing(masterKey: Uint8Array): Sealing {
  if (masterKey.length !== masterKeyLength) {
    throw new RangeError(`the master key has ${masterKey.length} bytes instead of ${masterKeyLength}`);
  }
  const key = Buffer.from(masterKey);
  return {
    seal(plain, context) {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
      cipher.setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(version), nonce, sealed, cipher.getAuthTag()]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      if (bytes.length < 1 + nonceLength + tagLength || bytes[0] !== version) {
        throw new SealingError(`the sealed value of ${context} is not of a form that this version writes`);
      }
      const nonce = bytes.subarray(1, 1 + nonceLength);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(bytes.length - tagLength));
      try {
        return Buffer.concat([
          decipher.update(bytes.subarray(1 + nonceLength, bytes.length - tagLength)),
          decipher.final(),
        ]);
      } catch (cause) {
        throw new SealingError(
          `the sealed value of ${context} cannot be opened: is SHOUDAN_MASTER_KEY the right one?`,
          {
            cause,
          },
        );
      }
    },
  };
}
