import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { privateKey, publicKey, signatures } from '../../../test/vectors/alipay-plus/vectors.ts';
import {
  printSignature,
  readSignature,
  type SignedMessage,
  signingContent,
  signMessage,
  verifyMessage,
} from './signature.ts';

const vectors = Object.entries(signatures);
const { request, response, notification } = signatures;

function messageOf(vector: typeof request, change: Partial<typeof request> = {}): SignedMessage {
  const { path, clientId, time, body } = { ...vector, ...change };
  return { path, clientId, time, body: Buffer.from(body) };
}

const upperCase = (base64: string) =>
  `algorithm=RSA256,keyVersion=1,signature=${encodeURIComponent(base64).replace(/%../g, (hex) => hex.toUpperCase())}`;

describe.each(vectors)('the recorded %s', (_, vector) => {
  const message = messageOf(vector);

  it('is signed over these very bytes', () => {
    const content = signingContent(message);
    expect(Buffer.from(content).toString()).toBe(vector.content);
    expect(content).toHaveLength(vector.byteLength);
    expect(createHash('sha256').update(content).digest('hex')).toBe(vector.sha256);
  });

  it('is signed as others sign it, and printed in the one layout that all libraries read', () => {
    expect(signMessage(message, privateKey)).toBe(upperCase(vector.base64));
  });

  it.each([
    ['as recorded', vector.header],
    ['in upper-case escapes', upperCase(vector.base64)],
    ['in lower-case escapes', upperCase(vector.base64).replace(/%../g, (hex) => hex.toLowerCase())],
    ['without escapes', `algorithm=RSA256,keyVersion=1,signature=${vector.base64}`],
    ['with spaces', upperCase(vector.base64).replaceAll(',', ', ')],
    ['with spaces around', ` ${upperCase(vector.base64)} `],
    ['without a key version', upperCase(vector.base64).replace('keyVersion=1,', '')],
    ['with another key version', upperCase(vector.base64).replace('keyVersion=1,', 'keyVersion=12,')],
  ])('verifies with its header %s', (_name, header) => {
    expect(verifyMessage(message, header, publicKey)).toBe(true);
  });
});

it('the layouts of the official libraries are the recorded headers', () => {
  expect(signMessage(messageOf(request), privateKey)).toBe(request.header);
  expect(signMessage(messageOf(request), privateKey, 7)).toBe(
    request.header.replace('keyVersion=1', 'keyVersion=7'),
  );
});

// proves RES-14, NOT-01
describe('a recorded message does not verify', () => {
  const escaped = notification.body.replace(/余额不足/, '\\u4f59\\u989d\\u4e0d\\u8db3');
  it.each([
    ['under another path', messageOf(request, { path: '/ams/sandbox/api/v1/payments/pay' }), request],
    ['at another time', messageOf(request, { time: '1685599933872' }), request],
    ['with a line end of its own', messageOf(request, { path: `${request.path}\r` }), request],
    ['with a line end after it', messageOf(request, { body: `${request.body}\n` }), request],
    [
      'with its body printed again',
      messageOf(request, { body: JSON.stringify(JSON.parse(request.body), null, 2) }),
      request,
    ],
    ['with its time written otherwise', messageOf(response, { time: '2023-06-01T06:12:14Z' }), response],
    ['with its characters escaped', messageOf(notification, { body: escaped }), notification],
    ['from another client', messageOf(request, { clientId: 'SANDBOX_5YTEST0000000002' }), request],
    ['with the signature of another', messageOf(request), response],
  ])('%s', (_, message, { header }) => {
    expect(verifyMessage(message, header, publicKey)).toBe(false);
  });

  it('and its escapes were really changed', () => {
    expect(JSON.parse(escaped)).toEqual(JSON.parse(notification.body));
    expect(escaped).not.toBe(notification.body);
  });

  it('by another key, of any length', () => {
    for (const modulusLength of [2048, 3072]) {
      const other = generateKeyPairSync('rsa', { modulusLength });
      expect(verifyMessage(messageOf(request), request.header, other.publicKey)).toBe(false);
      const header = signMessage(messageOf(request), other.privateKey);
      expect(verifyMessage(messageOf(request), header, publicKey)).toBe(false);
      expect(verifyMessage(messageOf(request), header, other.publicKey)).toBe(true);
    }
  });
});

describe('a signature header', () => {
  const { header, base64 } = request;
  it.each([
    ['nothing', ''],
    ['the word alone', 'testing_signature'],
    ['another order', `keyVersion=1,algorithm=RSA256,signature=${base64}`],
    ['another algorithm', header.replace('RSA256', 'ECC224')],
    ['a weaker algorithm', header.replace('RSA256', 'RSA1')],
    ['a key version that is no number', header.replace('keyVersion=1', 'keyVersion=one')],
    ['two signatures', `${header},signature=${base64}`],
    ['two headers joined', `${header}, ${header}`],
    ['an escape that is none', header.replace('%2F', '%2')],
    ['an escape at its end that is cut off', header.slice(0, -1)],
    ['escapes of escapes', header.replaceAll('%', '%25')],
    ['a space for a plus', header.replace('%2B', ' ')],
    ['an escaped space', header.replace('%2B', '%20')],
    ['base64 of an address', header.replace('%2B', '-')],
    ['base64 without its end', header.replace('%3D%3D', '')],
    ['base64 that says the same otherwise', header.replace('aw%3D%3D', 'ax%3D%3D')],
    ['characters of another alphabet', header.replace('nsJM', 'nsJ中')],
  ])('with %s is not read', (_, text) => {
    expect(readSignature(text).kind).toBe('unreadable');
    expect(verifyMessage(messageOf(request), text, publicKey)).toBe(false);
  });

  it('that is short is read and does not verify', () => {
    const short = printSignature(Buffer.from(base64, 'base64').subarray(1));
    expect(readSignature(short).kind).toBe('signature');
    expect(verifyMessage(messageOf(request), short, publicKey)).toBe(false);
  });

  it('that is printed is read back', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 512 }),
        fc.nat({ max: 999_999 }),
        (bytes, version) => {
          const printed = printSignature(bytes, version);
          expect(printed).toMatch(/^algorithm=RSA256,keyVersion=\d+,signature=[A-Za-z0-9%]+$/);
          expect(readSignature(printed)).toEqual({
            kind: 'signature',
            keyVersion: version,
            bytes: Buffer.from(bytes),
          });
        },
      ),
    );
  });

  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readSignature(text)));
  });
});

it('whatever is signed verifies, and not over anything else', () => {
  fc.assert(
    fc.property(
      fc.record({
        path: fc.webPath({ size: 'small' }).map((path) => `/${path}`),
        clientId: fc.stringMatching(/^[A-Z0-9_]{1,32}$/),
        time: fc.stringMatching(/^[0-9T:+.-]{1,32}$/),
        body: fc.uint8Array({ maxLength: 400 }),
      }),
      fc.constantFrom('path', 'clientId', 'time', 'body'),
      (message, part) => {
        const header = signMessage(message, privateKey);
        expect(verifyMessage(message, header, publicKey)).toBe(true);
        const changed = {
          ...message,
          [part]: part === 'body' ? Buffer.from([...message.body, 0x20]) : `${message[part]}1`,
        };
        expect(verifyMessage(changed, header, publicKey)).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});
