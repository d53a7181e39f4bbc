import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  idempotencyKeyOf,
  newPageToken,
  orderNoOf,
  pageTokenKey,
  readPageToken,
  tokenRandomBytes,
} from './page-token.ts';

const key = pageTokenKey(new Uint8Array(32).fill(1));
const now = new Date('2026-03-02T04:00:00.000Z');
const later = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);
const random = new Uint8Array(tokenRandomBytes).fill(5);
const token = newPageToken(key, 'CODE', now, random);
const day = 24 * 60;

describe('a page token', () => {
  test('is accepted on the code that it was issued for, and stands in an address as it is', () => {
    expect(readPageToken([key], 'CODE', token.text, now)).toEqual(token);
    expect(encodeURIComponent(token.text)).toBe(token.text);
  });

  test('pays for half an hour and shows its result for thirty days', () => {
    expect(readPageToken([key], 'CODE', token.text, later(30))?.mayPay).toBe(true);
    expect(readPageToken([key], 'CODE', token.text, later(31))?.mayPay).toBe(false);
    expect(readPageToken([key], 'CODE', token.text, later(30 * day))?.mayPay).toBe(false);
    expect(readPageToken([key], 'CODE', token.text, later(30 * day + 1))).toBeNull();
  });

  test('is worth nothing on another code or under another master key', () => {
    expect(readPageToken([key], 'CODF', token.text, now)).toBeNull();
    expect(readPageToken([pageTokenKey(new Uint8Array(32).fill(2))], 'CODE', token.text, now)).toBeNull();
  });

  test('while the master key is changed, pages that were made under either are good', () => {
    const next = pageTokenKey(new Uint8Array(32).fill(2));
    expect(readPageToken([next, key], 'CODE', token.text, now)).toEqual(token);
    expect(readPageToken([next], 'CODE', token.text, now)).toBeNull();
  });

  // Were there two ways to write one, each would be an attempt of its own.
  test('can be written in one way only', () => {
    fc.assert(
      fc.property(fc.nat(token.text.length - 1), fc.constantFrom(...'AZaz09-_+/=. '), (index, character) => {
        const changed = token.text.slice(0, index) + character + token.text.slice(index + 1);
        fc.pre(changed !== token.text);
        expect(readPageToken([key], 'CODE', changed, now)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test('is not made up by anybody', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String({ minLength: 72, maxLength: 72 })), (text) => {
        expect(readPageToken([key], 'CODE', text, now)).toBeNull();
      }),
    );
    for (const text of [`${token.text}A`, token.text.slice(1), `${token.text}\n`, '']) {
      expect(readPageToken([key], 'CODE', text, now)).toBeNull();
    }
  });
});

// proves PAY-06
describe('the attempt of a token', () => {
  const other = newPageToken(key, 'CODE', now, new Uint8Array(tokenRandomBytes).fill(6));

  test('has an order number of its own, always the same, that says nothing of the token', () => {
    expect(orderNoOf(token)).toMatch(/^E[0-9A-HJKMNP-TV-Z]{31}$/);
    expect(orderNoOf({ ...token, mayPay: false })).toBe(orderNoOf(token));
    expect(orderNoOf(other)).not.toBe(orderNoOf(token));
  });

  test('has one key, under which another amount is another request', () => {
    const five = idempotencyKeyOf(token, 'USD\n500');
    expect(idempotencyKeyOf(token, 'USD\n500')).toEqual(five);
    expect(idempotencyKeyOf(token, 'USD\n501').key).toBe(five.key);
    expect(idempotencyKeyOf(token, 'USD\n501').fingerprint).not.toEqual(five.fingerprint);
    expect(idempotencyKeyOf(other, 'USD\n500').key).not.toBe(five.key);
    expect(five.key).toMatch(/^entry-[0-9a-f]{64}$/);
    expect(five.key).not.toContain(token.text);
  });
});
