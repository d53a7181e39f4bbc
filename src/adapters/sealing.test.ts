import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createSealing, masterKeyName, SealingError } from './sealing.ts';

const masterKey = Buffer.alloc(32, 7);
const sealing = createSealing(masterKey);
const context = 'wallet_accounts.private_key alipay_open/sandbox';
const secret = Buffer.from('-----BEGIN PRIVATE KEY-----\nvery secret\n');

/** Bytes before the ciphertext (version, nonce) and behind it (tag). */
const headLength = 13;
const tagLength = 16;

function errorOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

describe('sealing', () => {
  it.each([0, 1, 15, 16, 17, 4_096])('%i bytes come back as they were sealed', (length) => {
    const plain = randomBytes(length);
    const sealed = sealing.seal(plain, context);
    expect(sealed).toHaveLength(headLength + length + tagLength);
    expect(sealing.open(sealed, context)).toEqual(plain);
  });

  it('a process that starts later with the same master key opens what was sealed before', () => {
    const later = createSealing(new Uint8Array(masterKey));
    expect(later.open(new Uint8Array(sealing.seal(secret, context)), context)).toEqual(secret);
  });

  it('sealing the same secret twice shows nobody that it is the same', () => {
    const first = sealing.seal(secret, context);
    const second = sealing.seal(secret, context);
    expect(first.subarray(1, headLength)).not.toEqual(second.subarray(1, headLength));
    expect(first.subarray(headLength)).not.toEqual(second.subarray(headLength));
    expect(first.includes('very secret')).toBe(false);
  });

  it('one changed bit anywhere is noticed: version, nonce, ciphertext and tag', () => {
    const sealed = sealing.seal(secret, context);
    for (let index = 0; index < sealed.length; index += 1) {
      const tampered = Buffer.from(sealed);
      tampered[index] = (tampered[index] ?? 0) ^ 1;
      expect(() => sealing.open(tampered, context), `byte ${index}`).toThrow(SealingError);
    }
    expect(sealing.open(sealed, context)).toEqual(secret);
  });

  it('a value that was cut short or made longer is not opened', () => {
    const sealed = sealing.seal(secret, context);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealing.open(sealed.subarray(0, length), context), `${length} bytes`).toThrow(
        SealingError,
      );
    }
    expect(() => sealing.open(Buffer.concat([sealed, Buffer.of(0)]), context)).toThrow(SealingError);
  });

  it('a value that was moved to another row is not opened', () => {
    const sealed = sealing.seal(secret, context);
    const error = errorOf(() => sealing.open(sealed, 'wallet_accounts.private_key alipay_open/other'));
    expect(error).toBeInstanceOf(SealingError);
    expect(error.message).toContain('wallet_accounts.private_key alipay_open/other');
  });

  it('under another master key the error is one line that names the setting', () => {
    const sealed = sealing.seal(secret, context);
    const error = errorOf(() => createSealing(Buffer.alloc(32, 8)).open(sealed, context));
    expect(error).toBeInstanceOf(SealingError);
    expect(error.message).toContain(context);
    expect(error.message).toContain('SHOUDAN_MASTER_KEY');
    expect(error.message).not.toContain('\n');
  });

  it('a version that a newer release wrote is refused by name, not mistaken for a wrong key', () => {
    const sealed = sealing.seal(secret, context);
    sealed[0] = 3;
    const error = errorOf(() => sealing.open(sealed, context));
    expect(error).toBeInstanceOf(SealingError);
    expect(error.message).toContain('is not of a form that this version writes');
    expect(error.message).not.toContain('SHOUDAN_MASTER_KEY');
  });

  it('neither an error nor the sealing itself shows a key or a secret when it is logged', () => {
    const wrong = createSealing(Buffer.alloc(32, 8));
    const sealed = sealing.seal(secret, context);
    const shown = [
      inspect(
        errorOf(() => wrong.open(sealed, context)),
        { depth: 9, showHidden: true },
      ),
      inspect(
        errorOf(() => createSealing(Buffer.from('too short a key'))),
        { depth: 9 },
      ),
      inspect(sealing, { depth: 9, showHidden: true }),
      JSON.stringify(sealing),
    ].join('\n');
    for (const hidden of [secret, masterKey, Buffer.from('too short a key')]) {
      for (const encoding of ['utf8', 'hex', 'base64'] as const) {
        expect(shown).not.toContain(hidden.toString(encoding));
      }
    }
  });

  it.each([0, 16, 31, 33, 64])('a master key of %i bytes is refused', (length) => {
    expect(() => createSealing(Buffer.alloc(length))).toThrow(`the master key has ${length} bytes`);
  });

  it('the caller’s buffer may be overwritten once the sealing is made', () => {
    const own = Buffer.from(masterKey);
    const made = createSealing(own);
    own.fill(0);
    expect(made.open(sealing.seal(secret, context), context)).toEqual(secret);
  });
});

describe('while one master key is changed for another', () => {
  const next = Buffer.alloc(32, 9);
  const before = createSealing(masterKey, [next]);
  const after = createSealing(next, [masterKey]);

  it('each side opens what the other seals, and what was sealed when there was one key', () => {
    expect(after.open(before.seal(secret, context), context)).toEqual(secret);
    expect(before.open(after.seal(secret, context), context)).toEqual(secret);
    expect(after.open(sealing.seal(secret, context), context)).toEqual(secret);
  });

  it('a value names the key that it is sealed under; nothing of the key is in the name', () => {
    const sealed = after.seal(secret, context);
    expect(sealed.subarray(0, 5)).toEqual(after.namedHead);
    expect(after.namedHead.subarray(1).toString('hex')).toBe(masterKeyName(next));
    expect(before.seal(secret, context).subarray(0, 5)).not.toEqual(after.namedHead);
    expect(next.includes(after.namedHead.subarray(1))).toBe(false);
  });

  it('afterwards the new key alone opens it, and the old one says which key is missing', () => {
    const sealed = after.seal(secret, context);
    expect(createSealing(next).open(sealed, context)).toEqual(secret);
    const error = errorOf(() => sealing.open(sealed, context));
    expect(error).toBeInstanceOf(SealingError);
    expect(error.message).toContain(masterKeyName(next));
    expect(error.message).toContain(masterKeyName(masterKey));
    expect(error.message).toContain('SHOUDAN_FURTHER_MASTER_KEYS');
  });

  it('with one key alone the first form is written, which an older version opens', () => {
    expect(createSealing(next).seal(secret, context)[0]).toBe(1);
  });

  it('one changed bit anywhere is noticed: the name too', () => {
    const sealed = after.seal(secret, context);
    for (let index = 0; index < sealed.length; index += 1) {
      const tampered = Buffer.from(sealed);
      tampered[index] = (tampered[index] ?? 0) ^ 1;
      expect(() => after.open(tampered, context), `byte ${index}`).toThrow(SealingError);
    }
    // Another key's name on it: the name is authenticated, and the other key opens nothing.
    const renamed = Buffer.concat([before.namedHead, sealed.subarray(5)]);
    expect(() => after.open(renamed, context)).toThrow(SealingError);
  });
});
