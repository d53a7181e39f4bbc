import { createPrivateKey, createPublicKey, KeyObject, sign, verify } from 'node:crypto';

/** `RSA2`: SHA256withRSA, keys of 2048 bits or more. `RSA`: SHA1withRSA, for applications that never moved. */
export type SignType = 'RSA2' | 'RSA';

/** The sign type that a message names; `null` for any other name. */
export function readSignType(name: string): SignType | null {
  return name === 'RSA2' || name === 'RSA' ? name : null;
}

/** The digest of a sign type, as `node:crypto` calls it. */
export function digestName(signType: SignType): 'sha256' | 'sha1' {
  return signType === 'RSA2' ? 'sha256' : 'sha1';
}

/**
 * The canonical string, in bytes: fields with a name and a value, sorted by name in byte order, `name=value`
 * joined with `&`, values raw. Empty values are left out unless `keepEmpty`: the official libraries disagree
 * about them, so nobody should send one.
 */
export function signingContent(
  fields: Iterable<readonly [string, Uint8Array]>,
  leftOut: readonly string[],
  keepEmpty = false,
): Uint8Array {
  const kept = [...fields].filter(
    ([name, value]) => name !== '' && (keepEmpty || value.length > 0) && !leftOut.includes(name),
  );
  kept.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Buffer.concat(
    kept.flatMap(([name, value], index) => [
      Buffer.from(`${index === 0 ? '' : '&'}${name}=`, 'latin1'),
      value,
    ]),
  );
}

/** Signature in base64 without line breaks. Deterministic: PKCS #1 v1.5 has no randomness. */
export function signContent(content: Uint8Array, key: KeyObject, signType: SignType): string {
  return sign(digestName(signType), content, key).toString('base64');
}

/**
 * Whether a base64 signature belongs to this content. Base64 that is not in its one canonical form is no
 * signature, so that no two texts pass for the same one.
 */
export function verifyContent(
  content: Uint8Array,
  signature: string,
  key: KeyObject,
  signType: SignType,
): boolean {
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== signature) return false;
  return verify(digestName(signType), content, key, bytes);
}

/**
 * An RSA private key from PEM (PKCS #8 or PKCS #1) or from the bare base64 that the platform's key tool prints.
 * @throws RangeError when it is neither, or not an RSA key; the text never holds any of the key.
 */
export function readPrivateKey(text: string | KeyObject): KeyObject {
  if (text instanceof KeyObject) return rsaKey(text, 'private');
  if (text.includes('-----BEGIN'))
    return rsaKey(
      attempt(() => createPrivateKey(text)),
      'private',
    );
  const der = Buffer.from(text.replace(/\s+/g, ''), 'base64');
  const key =
    attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })) ??
    attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }));
  return rsaKey(key, 'private');
}

/**
 * An RSA public key from PEM (a certificate too) or from bare base64.
 * @throws RangeError when it is neither, or not an RSA key.
 */
export function readPublicKey(text: string | KeyObject): KeyObject {
  if (text instanceof KeyObject) return rsaKey(text, 'public');
  if (text.includes('-----BEGIN'))
    return rsaKey(
      attempt(() => createPublicKey(text)),
      'public',
    );
  const der = Buffer.from(text.replace(/\s+/g, ''), 'base64');
  const key =
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' })) ??
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'pkcs1' }));
  return rsaKey(key, 'public');
}

function attempt(parse: () => KeyObject): KeyObject | null {
  try {
    return parse();
  } catch {
    return null;
  }
}

function rsaKey(key: KeyObject | null, type: 'private' | 'public'): KeyObject {
  if (key === null || key.type !== type || key.asymmetricKeyType !== 'rsa') {
    throw new RangeError(`the ${type} key is not an RSA ${type} key in PEM or base64 DER`);
  }
  return key;
}
