import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSealing, SealingError } from '../sealing.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import { keepUntrustedAnswer } from './untrusted-answers.ts';

const sealing = createSealing(randomBytes(32));
const { database } = await openedTestDatabase();

async function keptOf(paymentId: string) {
  const { rows } = await database.query<{
    readonly call: string;
    readonly detail: string;
    readonly sealed_bytes: Buffer | null;
  }>('select call, detail, sealed_bytes from untrusted_answers where payment_id = $1 order by received_at', [
    paymentId,
  ]);
  return rows;
}

// proves RES-14
it('an answer that cannot be trusted is kept byte by byte, and nobody reads it without the master key', async () => {
  // Not UTF-8: what was received may be anything.
  const raw = Buffer.concat([Buffer.from('{"buyer_user_id":"2088102146225135"}'), Buffer.of(0xff, 0xfe, 0)]);
  await keepUntrustedAnswer(database, sealing, {
    merchantId: 'M1',
    paymentId: 'pay_1',
    call: 'inquire',
    detail: 'the signature does not hold',
    raw,
  });
  const [kept] = await keptOf('pay_1');
  expect(kept).toMatchObject({ call: 'inquire', detail: 'the signature does not hold' });
  const sealed = kept?.sealed_bytes ?? Buffer.alloc(0);
  expect(sealed.includes('2088102146225135')).toBe(false);
  expect(sealing.open(sealed, 'untrusted_answers.sealed_bytes pay_1')).toEqual(raw);
  expect(() => sealing.open(sealed, 'untrusted_answers.sealed_bytes pay_2')).toThrow(SealingError);
});

it('of an answer without end only its first 8 KiB are kept', async () => {
  const raw = randomBytes(100_000);
  await keepUntrustedAnswer(database, sealing, {
    merchantId: 'M1',
    paymentId: 'pay_2',
    call: 'notification',
    detail: 'it states 1 USD instead of 1234 USD',
    raw,
  });
  const [kept] = await keptOf('pay_2');
  const opened = sealing.open(kept?.sealed_bytes ?? Buffer.of(), 'untrusted_answers.sealed_bytes pay_2');
  expect(opened.equals(raw.subarray(0, 8 * 1024))).toBe(true);
});

it('an answer without bytes is kept by what was seen, and several of one payment beside each other', async () => {
  for (let count = 0; count < 20; count += 1) {
    await keepUntrustedAnswer(database, sealing, {
      merchantId: 'M1',
      paymentId: 'pay_3',
      call: 'pay',
      detail: `amount ${count} instead of 1234`,
      raw: undefined,
    });
  }
  const kept = await keptOf('pay_3');
  expect(kept).toHaveLength(20);
  expect(kept[19]).toEqual({ call: 'pay', detail: 'amount 19 instead of 1234', sealed_bytes: null });
});
