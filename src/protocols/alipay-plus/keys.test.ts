import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKey,
  publicKeyPem,
} from '../../../test/vectors/alipay-plus/vectors.ts';
import { readPrivateKey, readPublicKey } from './keys.ts';

it('a private key is read in every encoding that the vendor’s libraries want', () => {
  const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const bare = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
  for (const text of [privateKey, privateKeyPem, pkcs1, bare(privateKeyPem), bare(pkcs1)]) {
    expect(readPrivateKey(text).equals(createPrivateKey(privateKeyPem))).toBe(true);
  }
  for (const text of [publicKey, publicKeyPem, bare(publicKeyPem)]) {
    expect(readPublicKey(text).equals(createPublicKey(publicKeyPem))).toBe(true);
  }
});

it('what is no RSA key is refused, without any of its text', () => {
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const text of ['', 'c2VjcmV0', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----']) {
    expect(() => readPrivateKey(text)).toThrow(/^the private key is not an RSA private key/);
    expect(() => readPublicKey(text)).toThrow(/^the public key is not an RSA public key/);
  }
  expect(() => readPrivateKey(elliptic.privateKey)).toThrow(RangeError);
  expect(() => readPrivateKey(publicKey)).toThrow(RangeError);
  expect(() => readPublicKey(privateKey)).toThrow(RangeError);
});
