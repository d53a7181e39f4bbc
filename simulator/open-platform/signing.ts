import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { Form } from './form.ts';

/** `RSA2` is SHA256withRSA, `RSA` the legacy SHA1withRSA; both PKCS#1 v1.5. */
export type SignType = 'RSA2' | 'RSA';

const digests = { RSA2: 'sha256', RSA: 'sha1' } as const satisfies Record<SignType, string>;

const wholeBase64 = /^[0-9A-Za-z+/]+={0,2}$/;

/**
 * The bytes a request's signature covers: every parameter but `sign`, empty ones left out, in byte order of the names,
 * `name=value` joined with `&`. `sign_type` takes part.
 */
export function signingBytes(form: Form): Buffer {
  const parts: string[] = [];
  for (const name of [...form.keys()].sort()) {
    const value = form.get(name);
    if (name === '' || name === 'sign' || value === undefined || value === '') continue;
    parts.push(`${name}=${value}`);
  }
  return Buffer.from(parts.join('&'), 'latin1');
}

export function isSignedBy(bytes: Buffer, signature: string, key: KeyObject, signType: SignType): boolean {
  // Node skips what is no base64, such as the blank that an unescaped plus has become.
  if (!wholeBase64.test(signature)) return false;
  return verify(digests[signType], bytes, key, Buffer.from(signature, 'base64'));
}

/** Base64 signature, computed on the thread pool: signing costs about fifteen times what verifying costs. */
export function signBytes(bytes: Buffer, key: KeyObject, signType: SignType): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(digests[signType], bytes, key, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(error);
    });
  });
}

function pemOf(text: string, label: string): string {
  const trimmed = text.trim();
  if (trimmed.startsWith('-----BEGIN')) return trimmed;
  const lines = trimmed.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----`;
}

function rsaOf(read: () => KeyObject): KeyObject | null {
  try {
    const key = read();
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return key.asymmetricKeyType === 'rsa' && bits >= 2048 ? key : null;
  } catch {
    return null;
  }
}

/** An RSA public key of at least 2048 bits from PEM or bare base64, or `null`. */
export function readPublicKey(text: string): KeyObject | null {
  return rsaOf(() => createPublicKey(pemOf(text, 'PUBLIC KEY')));
}

/** An RSA private key of at least 2048 bits from PEM or bare base64 (PKCS#8), or `null`. */
export function readPrivateKey(text: string): KeyObject | null {
  return rsaOf(() => createPrivateKey(pemOf(text, 'PRIVATE KEY')));
}

export function printPrivateKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function printPublicKey(key: KeyObject): string {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

const generate = promisify(generateKeyPair);

export async function newPrivateKey(): Promise<KeyObject> {
  return (await generate('rsa', { modulusLength: 2048 })).privateKey;
}
