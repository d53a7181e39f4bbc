import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';

/**
 * An RSA private key from PEM (PKCS #8 or PKCS #1) or from the bare base64 that the vendor's console and libraries
 * use.
 * @throws RangeError when it is neither, or not an RSA key; the text never holds any of the key.
 */
export function readPrivateKey(text: string | KeyObject): KeyObject {
  if (text instanceof KeyObject) return rsaKey(text, 'private');
  if (text.includes('-----BEGIN')) {
    return rsaKey(
      attempt(() => createPrivateKey(text)),
      'private',
    );
  }
  const der = Buffer.from(text.replace(/\s+/g, ''), 'base64');
  const key =
    attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })) ??
    attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }));
  return rsaKey(key, 'private');
}

/**
 * An RSA public key from PEM or from bare base64.
 * @throws RangeError when it is neither, or not an RSA key.
 */
export function readPublicKey(text: string | KeyObject): KeyObject {
  if (text instanceof KeyObject) return rsaKey(text, 'public');
  if (text.includes('-----BEGIN')) {
    return rsaKey(
      attempt(() => createPublicKey(text)),
      'public',
    );
  }
  const der = Buffer.from(text.replace(/\s+/g, ''), 'base64');
  return rsaKey(
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' })),
    'public',
  );
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
