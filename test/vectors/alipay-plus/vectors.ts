import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** A key made for these vectors alone, which plays both parties. Never used anywhere else. */
export const privateKeyPem = read('throwaway-private-key.pem');
export const publicKeyPem = read('throwaway-public-key.pem');
export const privateKey = createPrivateKey(privateKeyPem);
export const publicKey = createPublicKey(publicKeyPem);

interface SignedVector {
  readonly path: string;
  readonly clientId: string;
  readonly time: string;
  readonly body: string;
  /** What was signed, by OpenSSL. */
  readonly content: string;
  readonly byteLength: number;
  readonly sha256: string;
  readonly base64: string;
  /** The signature header: `request` in upper-case escapes, the others as other libraries write it. */
  readonly header: string;
}

export const signatures = JSON.parse(read('signatures.json')) as {
  readonly request: SignedVector;
  readonly response: SignedVector;
  readonly notification: SignedVector;
};

/** Result codes as AMS documents them, with status and action, per call; `configuration` belongs to every call. */
export const resultCodes = JSON.parse(read('result-codes.json')) as {
  readonly [table: string]: {
    readonly [code: string]: { readonly status: string; readonly actions: readonly string[] };
  };
};
