import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKey,
  publicKeyPem,
  signatures,
} from '../../../test/vectors/alipay-open/vectors.ts';
import { readPrivateKey, readPublicKey, signContent, signingContent, verifyContent } from './signature.ts';

describe('the recorded signatures', () => {
  it.each([
    ['request', signatures.request.content, signatures.request],
    ['response', signatures.response.node, signatures.response],
    ['notification', signatures.notification.content, signatures.notification],
  ])('of a %s is reproduced and verified byte for byte', (_, text, vector) => {
    const content = Buffer.from(text);
    expect(content.length).toBe(vector.byteLength);
    expect(createHash('sha256').update(content).digest('hex')).toBe(vector.sha256);
    expect(signContent(content, privateKey, 'RSA2')).toBe(vector.sign);
    expect(verifyContent(content, vector.sign, publicKey, 'RSA2')).toBe(true);
  });

  it('does not verify for changed content, another key or another digest', () => {
    const content = Buffer.from(signatures.request.content);
    const { sign } = signatures.request;
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    expect(verifyContent(Buffer.from(`${signatures.request.content} `), sign, publicKey, 'RSA2')).toBe(false);
    expect(verifyContent(content, sign, other, 'RSA2')).toBe(false);
    expect(verifyContent(content, sign, publicKey, 'RSA')).toBe(false);
  });

  it('does not verify in any other spelling of the same base64', () => {
    const content = Buffer.from(signatures.request.content);
    const { sign } = signatures.request;
    for (const spelling of [
      `${sign}\n`,
      ` ${sign}`,
      sign.replace(/=+$/, ''),
      sign.replaceAll('/', '_'),
      '',
      '=',
    ]) {
      expect(verifyContent(content, spelling, publicKey, 'RSA2')).toBe(false);
    }
  });
});

it('legacy RSA signs and verifies with SHA-1', () => {
  const content = Buffer.from('app_id=1');
  const sign = signContent(content, privateKey, 'RSA');
  expect(verifyContent(content, sign, publicKey, 'RSA')).toBe(true);
  expect(verifyContent(content, sign, publicKey, 'RSA2')).toBe(false);
});

describe('the canonical string', () => {
  const canonical = (fields: Record<string, string>, leftOut: string[] = ['sign'], keepEmpty = false) =>
    Buffer.from(
      signingContent(
        Object.entries(fields).map(([name, value]) => [name, Buffer.from(value)] as const),
        leftOut,
        keepEmpty,
      ),
    ).toString();

  it('sorts by byte, so that app_auth_token comes before app_id', () => {
    expect(canonical({ b: '2', app_id: '1', app_auth_token: 't', B: '3' })).toBe(
      'B=3&app_auth_token=t&app_id=1&b=2',
    );
  });

  it('leaves out what is not signed and what is empty', () => {
    expect(canonical({ a: '', b: 'x=y&z', sign: 's', sign_type: 'RSA2' })).toBe('b=x=y&z&sign_type=RSA2');
    expect(canonical({ a: '', b: '1', sign: 's', sign_type: 'RSA2' }, ['sign', 'sign_type'], true)).toBe(
      'a=&b=1',
    );
  });

  it('does not depend on the order in which the fields arrived', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (fields) => {
        const entries = Object.entries(fields);
        expect(canonical(Object.fromEntries(entries.toReversed()))).toBe(canonical(fields));
      }),
    );
  });
});

describe('keys', () => {
  it('are read from PEM and from the bare base64 of the key tool', () => {
    const bare = (pem: string) => pem.replace(/-----[^-]+-----/g, '').replace(/\n/g, '');
    expect(readPrivateKey(privateKeyPem).equals(privateKey)).toBe(true);
    expect(readPrivateKey(bare(privateKeyPem)).equals(privateKey)).toBe(true);
    expect(
      readPrivateKey(privateKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')).equals(
        privateKey,
      ),
    ).toBe(true);
    expect(readPublicKey(publicKeyPem).equals(publicKey)).toBe(true);
    expect(readPublicKey(bare(publicKeyPem)).equals(publicKey)).toBe(true);
    expect(readPublicKey(publicKey)).toBe(publicKey);
  });

  it('that are no RSA keys are named, without any of their text', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => readPrivateKey('c2VjcmV0')).toThrow(/^the private key is not an RSA private key/);
    expect(() => readPrivateKey(ec.privateKey)).toThrow(RangeError);
    expect(() => readPublicKey(ec.publicKey)).toThrow(RangeError);
    expect(() => readPublicKey('')).toThrow(RangeError);
    expect(() => readPrivateKey(publicKey)).toThrow(RangeError);
  });
});
