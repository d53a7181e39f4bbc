import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** A key made for these vectors alone. Never used anywhere else. */
export const privateKeyPem = read('throwaway-private-key.pem');
export const publicKeyPem = read('throwaway-public-key.pem');
export const privateKey = createPrivateKey(privateKeyPem);
export const publicKey = createPublicKey(publicKeyPem);

interface SignedText {
  readonly sha256: string;
  readonly byteLength: number;
  readonly sign: string;
}

export const signatures = JSON.parse(read('signatures.json')) as {
  readonly request: SignedText & { readonly content: string };
  readonly response: SignedText & { readonly method: string; readonly node: string };
  readonly notification: SignedText & { readonly content: string; readonly body: string };
  readonly encryption: { readonly key: string; readonly plaintext: string; readonly ciphertext: string };
};

/** Result codes as the platform documents them, with the action for each, per call. */
export const resultCodes = JSON.parse(read('result-codes.json')) as {
  readonly publicCodes: {
    readonly [code: string]: {
      readonly subCodes: readonly string[];
      readonly actions: { readonly [call: string]: readonly string[] };
    };
  };
  readonly businessCodes: {
    readonly [call: string]: { readonly [subCode: string]: readonly string[] };
  };
};
