import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKey,
  publicKeyPem,
  signatures,
} from '../../test/vectors/alipay-open/vectors.ts';
import { printNode } from './answers.ts';
import { parseForm } from './form.ts';
import { isSignedBy, readPrivateKey, readPublicKey, signBytes, signingBytes } from './signing.ts';

const { request, response } = signatures;
/** The request as the wire carries it: every value of the recorded content escaped. */
const wireForm = request.content
  .split(/&(?=\w+=)(?!B")/)
  .map((pair) => {
    const equals = pair.indexOf('=');
    return `${pair.slice(0, equals)}=${encodeURIComponent(pair.slice(equals + 1))}`;
  })
  .reverse()
  .join('&');

describe('the recorded signatures', () => {
  it('a request is signed over its decoded parameters in byte order of their names', () => {
    const bytes = signingBytes(parseForm(`sign=abc&${wireForm}`));
    expect(bytes.toString()).toBe(request.content);
    expect(bytes.length).toBe(request.byteLength);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(request.sha256);
    expect(isSignedBy(bytes, request.sign, publicKey, 'RSA2')).toBe(true);
  });

  it('a request signature is reproduced exactly', async () => {
    expect(await signBytes(Buffer.from(request.content), privateKey, 'RSA2')).toBe(request.sign);
  });

  it('an answer is signed over the raw bytes of its node, slashes escaped', async () => {
    const raw = printNode(JSON.parse(response.node), false);
    expect(raw).toBe(response.node);
    expect(Buffer.byteLength(raw)).toBe(response.byteLength);
    expect(await signBytes(Buffer.from(raw), privateKey, 'RSA2')).toBe(response.sign);
  });

  it('one changed byte or another signature type does not verify', () => {
    const bytes = Buffer.from(request.content);
    expect(isSignedBy(bytes, request.sign, publicKey, 'RSA')).toBe(false);
    bytes[0] = 0x62;
    expect(isSignedBy(bytes, request.sign, publicKey, 'RSA2')).toBe(false);
  });
});

describe('parameters', () => {
  it('empty ones are left out of the signed bytes, sign_type is not', () => {
    expect(signingBytes(parseForm('b=&sign_type=RSA2&a=1&sign=x')).toString()).toBe('a=1&sign_type=RSA2');
  });

  it('those of the body win over those of the query, and plus is a space', () => {
    expect([...parseForm('a=1&b=x+y', 'a=2%2B')]).toEqual([
      ['a', '2+'],
      ['b', 'x y'],
    ]);
  });
});

describe('keys', () => {
  const bare = (pem: string): string => pem.replace(/-----[^-]+-----/g, '').trim();

  it('are read from PEM and from bare base64', () => {
    for (const text of [publicKeyPem, bare(publicKeyPem)])
      expect(readPublicKey(text)?.equals(publicKey)).toBe(true);
    for (const text of [privateKeyPem, bare(privateKeyPem)]) {
      expect(readPrivateKey(text)?.equals(privateKey)).toBe(true);
    }
  });

  it('that are no RSA keys are not read', () => {
    expect(readPublicKey('not a key')).toBeNull();
    expect(readPrivateKey(bare(publicKeyPem))).toBeNull();
  });
});
