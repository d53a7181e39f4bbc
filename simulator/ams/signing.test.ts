import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  isSignatureOf,
  printSignatureHeader,
  readSignatureHeader,
  signContent,
  signingContent,
} from './signing.ts';
import { privateKey, publicKey, type SignatureVector, signatureVectors } from './vectors.fixture.ts';

const contentOf = (vector: SignatureVector): Buffer =>
  signingContent(vector.path, vector.clientId, vector.time, vector.body);

describe('a signature by OpenSSL', () => {
  it.each(signatureVectors)('of $name is made byte for byte, and holds', async (vector) => {
    const content = contentOf(vector);
    expect(createHash('sha256').update(content).digest('hex')).toBe(vector.sha256);
    expect(await signContent(content, privateKey)).toBe(vector.base64);
    const read = readSignatureHeader(vector.header);
    expect(read?.toString('base64')).toBe(vector.base64);
    expect(isSignatureOf(content, read ?? Buffer.alloc(0), publicKey)).toBe(true);
  });

  const [request, answer, notification] = signatureVectors as [
    SignatureVector,
    SignatureVector,
    SignatureVector,
  ];
  it.each<[string, SignatureVector, Partial<SignatureVector>]>([
    ['the path of the sandbox', request, { path: '/ams/sandbox/api/v1/payments/pay' }],
    ['another time', request, { time: '1685599933872' }],
    ['a line feed at the end', request, { body: `${request.body}\n` }],
    ['a pretty body', request, { body: JSON.stringify(JSON.parse(request.body), null, 2) }],
    ['the same instant in UTC', answer, { time: '2023-06-01T06:12:14Z' }],
    [
      'escaped characters',
      notification,
      { body: notification.body.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`) },
    ],
    ['another client', answer, { clientId: 'SANDBOX_5YTEST0000000002' }],
  ])('does not hold for %s', (_, vector, change) => {
    const signature = Buffer.from(vector.base64, 'base64');
    expect(isSignatureOf(contentOf({ ...vector, ...change }), signature, publicKey)).toBe(false);
  });

  it('does not hold when the line ends in a carriage return', () => {
    const content = Buffer.from(contentOf(request).toString().replace('\n', '\r\n'));
    expect(isSignatureOf(content, Buffer.from(request.base64, 'base64'), publicKey)).toBe(false);
  });
});

describe('the header', () => {
  const [{ base64 }] = signatureVectors as [SignatureVector];

  it('is printed without blanks, in upper-case escapes', () => {
    const header = printSignatureHeader(base64);
    expect(header).toMatch(/^algorithm=RSA256,keyVersion=1,signature=[0-9A-Za-z%]+$/);
    expect(header).toContain('%2B');
    expect(header).not.toMatch(/%[0-9A-F]?[a-f]/);
  });

  it.each([
    ['blanks after the commas', (value: string) => `algorithm=RSA256, keyVersion=1, signature=${value}`],
    ['no key version', (value: string) => `algorithm=RSA256,keyVersion=,signature=${value}`],
  ])('is read with %s', (_, print) => {
    expect(readSignatureHeader(print(encodeURIComponent(base64)))?.toString('base64')).toBe(base64);
  });

  it('is read with a raw value, whose plus stays a plus', () => {
    expect(readSignatureHeader(`algorithm=RSA256,keyVersion=1,signature=${base64}`)?.toString('base64')).toBe(
      base64,
    );
  });

  it.each([
    ['nothing', ''],
    ['another algorithm', `algorithm=ECC224,keyVersion=1,signature=${encodeURIComponent(base64)}`],
    ['another order', `keyVersion=1,algorithm=RSA256,signature=${encodeURIComponent(base64)}`],
    ['a short signature', 'algorithm=RSA256,keyVersion=1,signature=YWJj'],
    ['what is no base64', `algorithm=RSA256,keyVersion=1,signature=${base64.replace('/', ' ')}`],
    ['the word of developers', 'algorithm=RSA256,keyVersion=1,signature=testing_signature'],
  ])('is not read from %s', (_, header) => {
    expect(readSignatureHeader(header)).toBeNull();
  });
});
