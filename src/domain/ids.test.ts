import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AttemptSeed,
  attemptCore,
  entryCodeText,
  idCore,
  idRandomBytes,
  merchantShortNoOf,
  merchantShortNoOfEntryCode,
  paymentIdOfRequest,
  paymentRequestId,
  refundRequestId,
  reversalRefundIdCount,
  reversalRefundRequestId,
  shortNoMax,
} from './ids.ts';
import { noon, secondsAfter } from './payments.fixture.ts';

const core = /^[0-9A-HJKMNP-TV-Z]{31}$/;

function seed(fields: Partial<AttemptSeed> = {}): AttemptSeed {
  return {
    merchantShortNo: 42,
    at: noon,
    terminalId: 'T0001',
    amount: { currency: 'CNY', minor: 8_888n },
    merchantOrderNo: 'ORDER-20260302-0001',
    random: randomBytes(idRandomBytes),
    ...fields,
  };
}

// proves PAY-06
describe('the id of an attempt', () => {
  test('has 31 characters of digits and letters, 32 with its kind, whatever it is made from', () => {
    fc.assert(
      fc.property(
        fc.record({
          merchantShortNo: fc.integer({ min: 0, max: 2 ** 35 - 1 }),
          at: fc.date({ min: new Date('1971-01-01'), max: new Date('3000-01-01'), noInvalidDate: true }),
          terminalId: fc.string(),
          amount: fc.record({
            currency: fc.constantFrom('CNY', 'JPY', 'BHD'),
            minor: fc.bigInt({ min: 1n }),
          }),
          merchantOrderNo: fc.string(),
          random: fc.uint8Array({ minLength: idRandomBytes, maxLength: idRandomBytes }),
        }),
        (attempt) => {
          const made = attemptCore(attempt);
          expect(made).toMatch(core);
          const upstream = paymentRequestId(`pay_${made}`);
          expect(upstream).toMatch(/^[0-9A-Za-z]{32}$/);
          expect(merchantShortNoOf(upstream)).toBe(attempt.merchantShortNo);
        },
      ),
    );
  });

  test('never shows the order number', () => {
    expect(attemptCore(seed({ merchantOrderNo: 'TEA0001' }))).not.toContain('TEA0001');
    const one = attemptCore(seed({ random: new Uint8Array(15) }));
    const other = attemptCore(seed({ random: new Uint8Array(15), merchantOrderNo: 'ORDER-20260302-0002' }));
    expect(one.slice(0, 14)).toBe(other.slice(0, 14));
    expect(one.slice(14, 19)).not.toBe(other.slice(14, 19));
  });

  test('differs for each of 200 000 attempts of one merchant in one second', () => {
    const made = new Set<string>();
    for (let n = 0; n < 200_000; n += 1) made.add(attemptCore(seed()));
    expect(made.size).toBe(200_000);
  });

  test('is not sequential: within a second the later one sorts first as often as not', () => {
    let ascending = 0;
    let differing = 0;
    const pairs = 2_000;
    let before = attemptCore(seed());
    for (let n = 0; n < pairs; n += 1) {
      const made = attemptCore(seed());
      if (made > before) ascending += 1;
      for (let at = 19; at < 31; at += 1) if (made[at] !== before[at]) differing += 1;
      before = made;
    }
    expect(ascending).toBeGreaterThan(pairs * 0.4);
    expect(ascending).toBeLessThan(pairs * 0.6);
    expect(differing / pairs).toBeGreaterThan(11);
  });

  test('changes with the second, the merchant, the terminal, the amount and the order', () => {
    const random = new Uint8Array(15).fill(9);
    const cores = [
      seed({ random }),
      seed({ random, at: secondsAfter(1) }),
      seed({ random, merchantShortNo: 43 }),
      seed({ random, terminalId: 'T0002' }),
      seed({ random, amount: { currency: 'CNY', minor: 8_889n } }),
      seed({ random, amount: { currency: 'USD', minor: 8_888n } }),
      seed({ random, merchantOrderNo: 'ORDER-20260302-0002' }),
    ].map(attemptCore);
    expect(new Set(cores).size).toBe(cores.length);
  });

  test('cannot be made from too little randomness or for a short number that does not fit', () => {
    expect(() => attemptCore(seed({ random: new Uint8Array(7) }))).toThrow(/too few/);
    for (const merchantShortNo of [-1, 1.5, shortNoMax + 1, Number.NaN]) {
      expect(() => attemptCore(seed({ merchantShortNo }))).toThrow(/does not fit/);
    }
    expect(merchantShortNoOf(`P${attemptCore(seed({ merchantShortNo: shortNoMax }))}`)).toBe(shortNoMax);
  });
});

test('any other id is as long and carries the merchant too', () => {
  const made = idCore(42, noon, randomBytes(idRandomBytes));
  expect(made).toMatch(core);
  expect(merchantShortNoOf(`re_${made}`)).toBe(42);
  expect(() => idCore(42, noon, new Uint8Array(10))).toThrow(/too few/);
});

describe('upstream ids', () => {
  const made = attemptCore(seed());

  test('are functions of the public ones', () => {
    expect(paymentRequestId(`pay_${made}`)).toBe(`P${made}`);
    expect(paymentIdOfRequest(`P${made}`)).toBe(`pay_${made}`);
    expect(refundRequestId(`re_${made}`)).toBe(`R${made}`);
    expect(reversalRefundRequestId(`pay_${made}`)).toBe(`V${made}`);
  });

  test('of a payment, its refunds and its reversal never meet', () => {
    const ids = [
      paymentRequestId(`pay_${made}`),
      refundRequestId(`re_${made}`),
      ...Array.from({ length: reversalRefundIdCount }, (_, spent) =>
        reversalRefundRequestId(`pay_${made}`, spent),
      ),
    ];
    expect(new Set(ids).size).toBe(2 + reversalRefundIdCount);
    // The orders of entry codes and the ids of cancels begin otherwise too.
    for (const id of ids) expect(id).not.toMatch(/^[EC]/);
    for (const id of ids) expect(merchantShortNoOf(id)).toBe(merchantShortNoOf(`pay_${made}`));
  });

  // money case 6
  test('of a reversal that has used up its refund ids stays the last one: none that failed comes again', () => {
    const last = reversalRefundRequestId(`pay_${made}`, reversalRefundIdCount - 1);
    for (const spent of [reversalRefundIdCount, reversalRefundIdCount + 1, 1_000]) {
      expect(reversalRefundRequestId(`pay_${made}`, spent)).toBe(last);
    }
  });

  test.each([
    '',
    'P',
    made,
    `p${made}`,
    `P${made}0`,
    `P${made.slice(1)}`,
    `P${made}\n`,
    ` P${made}`,
    `P${made.toLowerCase()}`,
    `P${'I'.repeat(31)}`,
    `P${'U'.repeat(31)}`,
    `C${made}`,
    `E${made}`,
    `v${made}`,
    '20260302123456789012345678901234',
    `pay_${made}; drop table`,
  ])('are not found in foreign text: %j', (text) => {
    expect(paymentIdOfRequest(text)).toBeNull();
    expect(merchantShortNoOf(text)).toBeNull();
  });

  test('of a refund or a reversal are not those of a payment', () => {
    for (const kind of ['R', 'V', 're_', 'pay_']) expect(paymentIdOfRequest(`${kind}${made}`)).toBeNull();
  });

  test('are made of the right kind of public id only', () => {
    expect(() => paymentRequestId(`re_${made}`)).toThrow(/pay_/);
    expect(() => refundRequestId(`pay_${made}`)).toThrow(/re_/);
    expect(() => reversalRefundRequestId(`P${made}`)).toThrow(/pay_/);
    expect(() => paymentRequestId('pay_short')).toThrow(RangeError);
  });
});

describe('an entry code', () => {
  const code = entryCodeText(42, randomBytes(16));

  test('carries its merchant’s short number', () => {
    expect(merchantShortNoOfEntryCode(code)).toBe(42);
  });

  test.each([
    '',
    code.slice(1),
    `${code}0`,
    code.toLowerCase(),
    ` ${code}`,
    `${code}\n`,
    `${code.slice(1)}U`,
  ])('is not found in foreign text: %j', (text) => expect(merchantShortNoOfEntryCode(text)).toBeNull());
});
