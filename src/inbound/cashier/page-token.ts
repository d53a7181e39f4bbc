import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { entryOrderNo } from '../../domain/ids.ts';
import type { IdempotencyKey } from '../../ports/journal.ts';

/**
 * The token of one page load, which is one attempt to pay: a double tap, a resent form and a step back all carry the same
 * one. Nothing is stored for it. It holds when and where the page was made and randomness, under a key of the
 * gateway's; the attempt's order number and idempotency key follow from it, so that the database's own constraints see to
 * it that it pays once. Money case 11.
 *
 * It is also what its holder may see the result with, so it stays out of logs and referrers.
 */
const timeBytes = 6;
export const tokenRandomBytes = 16;
const seedBytes = timeBytes + tokenRandomBytes;
/** A multiple of three bytes, so that a token can be written in one way only. */
const tokenForm = /^[0-9A-Za-z_-]{72}$/;

const payingMs = 30 * 60_000;
const lookingMs = 30 * 24 * 60 * 60_000;

export interface PageToken {
  /** Only characters that need no escaping in an address. */
  readonly text: string;
  /** Whether a form with this token may still start a payment; its result may be looked at for longer. */
  readonly mayPay: boolean;
}

/** The key of the tokens, from the master key. */
export function pageTokenKey(masterKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', masterKey, '', 'shoudan cashier page token', 32));
}

export function newPageToken(key: Uint8Array, code: string, now: Date, random: Uint8Array): PageToken {
  if (random.length !== tokenRandomBytes) {
    throw new RangeError(`a page token takes ${tokenRandomBytes} random bytes, not ${random.length}`);
  }
  const seed = Buffer.alloc(seedBytes);
  seed.writeUIntBE(now.getTime(), 0, timeBytes);
  seed.set(random, timeBytes);
  const text = Buffer.concat([seed, macOf(key, code, seed)]).toString('base64url');
  return { text, mayPay: true };
}

/**
 * The token as it holds now; `null` for one that no gateway with one of these keys has issued for this code, or that is too
 * old.
 */
export function readPageToken(
  keys: readonly Uint8Array[],
  code: string,
  text: string,
  now: Date,
): PageToken | null {
  if (!tokenForm.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  const seed = bytes.subarray(0, seedBytes);
  const isOurs = keys.some((key) => timingSafeEqual(macOf(key, code, seed), bytes.subarray(seedBytes)));
  if (!isOurs) return null;
  const ageMs = now.getTime() - seed.readUIntBE(0, timeBytes);
  return ageMs > lookingMs ? null : { text, mayPay: ageMs <= payingMs };
}

function macOf(key: Uint8Array, code: string, seed: Uint8Array): Buffer {
  return createHmac('sha256', key).update(seed).update(code).digest();
}

/** The merchant order number of the token's attempt. */
export function orderNoOf(token: PageToken): string {
  return entryOrderNo(hashOf('order', token));
}

/** The same token is the same request; one that comes with another amount is told apart. */
export function idempotencyKeyOf(token: PageToken, wish: string): IdempotencyKey {
  return {
    key: `entry-${hashOf('key', token).toString('hex')}`,
    fingerprint: createHash('sha256').update(`entry\n${wish}`).digest(),
  };
}

function hashOf(use: string, token: PageToken): Buffer {
  return createHash('sha256').update(`${use}\n${token.text}`).digest();
}
