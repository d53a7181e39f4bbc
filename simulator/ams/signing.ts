import { type KeyObject, sign, verify } from 'node:crypto';

/** AMS signs with SHA256withRSA (PKCS#1 v1.5), which its header calls `RSA256`. */
const digest = 'sha256';

/** A signature by a key of 2048 bits. */
const signatureBytes = 256;

const headerForm = /^\s*algorithm=([^,\s]*)\s*,\s*keyVersion=(\d*)\s*,\s*signature=(.*?)\s*$/;
const wholeBase64 = /^[0-9A-Za-z+/]+={0,2}$/;

/**
 * The bytes that a signature covers, of requests, answers and notifications alike: the method is always POST, `time` is the
 * header's text as it stands, `body` exactly what goes over the wire. An answer is signed over the path of its request.
 */
export function signingContent(path: string, clientId: string, time: string, body: Buffer | string): Buffer {
  return Buffer.concat([Buffer.from(`POST ${path}\n${clientId}.${time}.`), Buffer.from(body)]);
}

/** Base64 signature, computed on the thread pool. */
export function signContent(content: Buffer, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(digest, content, key, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(error);
    });
  });
}

/** No blanks and upper-case escapes of `+`, `/` and `=`, which every known reader takes. */
export function printSignatureHeader(base64: string): string {
  return `algorithm=RSA256,keyVersion=1,signature=${encodeURIComponent(base64)}`;
}

/**
 * The signature of a header, or `null` when it is not in form. Escapes may be of either case or missing; a plus stays a plus,
 * blanks may follow the commas.
 */
export function readSignatureHeader(header: string): Buffer | null {
  const [, algorithm, , value = ''] = headerForm.exec(header) ?? [];
  if (algorithm !== 'RSA256') return null;
  const base64 = value.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  if (!wholeBase64.test(base64)) return null;
  const signature = Buffer.from(base64, 'base64');
  return signature.length === signatureBytes ? signature : null;
}

/** Which of the caller's keys the header names; `null`: none, which means the newest. */
export function keyVersionOf(header: string): number | null {
  const version = headerForm.exec(header)?.[2] ?? '';
  return version === '' ? null : Number(version);
}

export function isSignatureOf(content: Buffer, signature: Buffer, key: KeyObject): boolean {
  return verify(digest, content, key, signature);
}
