import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * Secrets at rest: AES-256-GCM under the master key. A sealed value is a head, a 12-byte nonce, the ciphertext and a
 * 16-byte tag; `context` (table and row) is authenticated with it, so that a sealed value cannot be moved to another row.
 *
 * The head is a byte 1, of which any key may be; or, where there are further keys, a byte 2 and the four bytes that name the
 * key. So a gateway of an older version, which knows the first form alone, is hindered by nothing before keys are changed.
 */
export interface Sealing {
  seal(plain: Uint8Array, context: string): Buffer;
  /** Throws a {@link SealingError} when the value was changed, moved, or sealed under a key that is not given. */
  open(sealed: Uint8Array, context: string): Buffer;
  /** What every value that names the master key begins with. */
  readonly namedHead: Buffer;
}

/** A sealed value that cannot be opened. The message is one line that says which. */
export class SealingError extends Error {}

const anyKey = 1;
const namedKey = 2;
const nameLength = 4;
const nonceLength = 12;
const tagLength = 16;
export const masterKeyLength = 32;

interface Key {
  readonly bytes: Buffer;
  readonly name: Buffer;
}

/** What a key is called by. It says nothing of the key. */
export function masterKeyName(masterKey: Uint8Array): string {
  return nameOf(masterKey).toString('hex');
}

function nameOf(masterKey: Uint8Array): Buffer {
  return createHash('sha256')
    .update('shoudan master key\n')
    .update(masterKey)
    .digest()
    .subarray(0, nameLength);
}

function keyOf(masterKey: Uint8Array): Key {
  if (masterKey.length !== masterKeyLength) {
    throw new RangeError(`the master key has ${masterKey.length} bytes instead of ${masterKeyLength}`);
  }
  return { bytes: Buffer.from(masterKey), name: nameOf(masterKey) };
}

/** Seals with `masterKey`, and opens what was sealed with it or with one of `furtherKeys`. */
export function createSealing(masterKey: Uint8Array, furtherKeys: readonly Uint8Array[] = []): Sealing {
  const own = keyOf(masterKey);
  const keys = [own, ...furtherKeys.map(keyOf)];
  const namedHead = Buffer.concat([Buffer.of(namedKey), own.name]);
  const head = furtherKeys.length === 0 ? Buffer.of(anyKey) : namedHead;
  return {
    namedHead,
    seal(plain, context) {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv('aes-256-gcm', own.bytes, nonce, { authTagLength: tagLength });
      cipher.setAAD(authenticated(head, context));
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([head, nonce, sealed, cipher.getAuthTag()]);
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      const headLength = bytes[0] === namedKey ? 1 + nameLength : 1;
      if (
        bytes.length < headLength + nonceLength + tagLength ||
        (bytes[0] !== anyKey && bytes[0] !== namedKey)
      ) {
        throw new SealingError(`the sealed value of ${context} is not of a form that this version writes`);
      }
      const name = bytes[0] === namedKey ? bytes.subarray(1, headLength) : null;
      const possible = name === null ? keys : keys.filter((key) => key.name.equals(name));
      if (name !== null && possible.length === 0) {
        throw new SealingError(
          `the sealed value of ${context} is sealed under master key ${name.toString('hex')}, which is not given ` +
            `(SHOUDAN_MASTER_KEY is ${own.name.toString('hex')}): name it in SHOUDAN_FURTHER_MASTER_KEYS`,
        );
      }
      let cause: unknown;
      for (const key of possible) {
        try {
          return opened(bytes, headLength, key.bytes, context);
        } catch (error) {
          cause = error;
        }
      }
      throw new SealingError(
        `the sealed value of ${context} cannot be opened: is SHOUDAN_MASTER_KEY the right one?`,
        { cause },
      );
    },
  };
}

function opened(bytes: Buffer, headLength: number, key: Buffer, context: string): Buffer {
  const nonce = bytes.subarray(headLength, headLength + nonceLength);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
  decipher.setAAD(authenticated(bytes.subarray(0, headLength), context));
  decipher.setAuthTag(bytes.subarray(bytes.length - tagLength));
  return Buffer.concat([
    decipher.update(bytes.subarray(headLength + nonceLength, bytes.length - tagLength)),
    decipher.final(),
  ]);
}

/** The name of a key is authenticated with the context; the first form has none. */
function authenticated(head: Buffer, context: string): Buffer {
  return head.length === 1 ? Buffer.from(context) : Buffer.concat([head, Buffer.from(context)]);
}
