import fc from 'fast-check';
import { expect, it } from 'vitest';
import { signatures } from '../../../test/vectors/alipay-open/vectors.ts';
import { decryptContent, encryptContent, readAesKey } from './encryption.ts';

const { key: base64, plaintext, ciphertext } = signatures.encryption;
const key = readAesKey(base64);

it('the recorded ciphertext is reproduced and decrypted', () => {
  expect(encryptContent(plaintext, key)).toBe(ciphertext);
  expect(decryptContent(ciphertext, key)).toEqual({ kind: 'decrypted', plaintext });
});

it('a wrong key or a damaged text is a value', () => {
  const other = readAesKey(Buffer.alloc(16, 7).toString('base64'));
  expect(decryptContent(ciphertext, other).kind).toBe('unreadable');
  expect(decryptContent('', key).kind).toBe('unreadable');
  expect(decryptContent(ciphertext.slice(0, 20), key).kind).toBe('unreadable');
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), (text) => decryptContent(text, key).kind === 'unreadable'),
  );
});

it('what is encrypted is decrypted unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const decrypted = decryptContent(encryptContent(text, key), key);
      expect(decrypted).toEqual({ kind: 'decrypted', plaintext: text });
    }),
  );
});

it('a key of another length is refused at start', () => {
  expect(() => readAesKey('c2hvcnQ=')).toThrow('an AES key has 16 bytes, this one has 5');
});
