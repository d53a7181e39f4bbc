import { randomBytes } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import type { TroubledAnswer } from '../../ports/report.ts';
import { createSealing } from '../sealing.ts';
import {
  type AnswersOf,
  answersKept,
  keepTroubledAnswer,
  lastKeptAnswers,
  listKeptAnswers,
} from './kept-answers.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import { keepUntrustedAnswer } from './untrusted-answers.ts';

const sealing = createSealing(randomBytes(32));
const { database } = await openedTestDatabase();
beforeEach(() => database.query('truncate kept_answers, untrusted_answers'));

const unclear: TroubledAnswer = {
  merchantId: 'M1',
  paymentId: 'pay_1',
  refundId: null,
  call: 'cancel',
  answer: 'unclear',
  walletCode: 'ACQ.SYSTEM_ERROR',
  raw: Buffer.from('{"buyer_user_id":"2088102146225135"}'),
};
const ofPayment: AnswersOf = { merchantId: 'M1', paymentId: 'pay_1', refundId: null };

function keep(answer: Partial<TroubledAnswer>): Promise<void> {
  return keepTroubledAnswer(database, sealing, { ...unclear, ...answer });
}

async function kept(of: Partial<AnswersOf> = {}): Promise<string[]> {
  const answers = await listKeptAnswers(database, sealing, { ...ofPayment, ...of }, 100);
  return answers.map(({ raw, refundId }) => `${refundId ?? 'payment'} ${raw?.toString('utf8')}`);
}

// proves RES-19
it('an answer of what is in trouble is kept byte by byte, and nobody reads it without the master key', async () => {
  const raw = Buffer.concat([unclear.raw, Buffer.of(0xff, 0xfe, 0)]);
  await keep({ raw });
  const { rows } = await database.query<{ readonly sealed_bytes: Buffer }>(
    'select sealed_bytes from kept_answers',
  );
  expect(rows[0]?.sealed_bytes.includes('2088102146225135')).toBe(false);
  const [answer] = await listKeptAnswers(database, sealing, ofPayment, 1);
  const { merchantId: _, paymentId: __, raw: ___, ...told } = unclear;
  expect(answer).toEqual({ ...told, at: expect.any(Date), detail: null, raw });
  const [unreadable] = await listKeptAnswers(database, createSealing(randomBytes(32)), ofPayment, 1);
  expect(unreadable).toMatchObject({ walletCode: 'ACQ.SYSTEM_ERROR', raw: null });
});

// proves RES-19
it('the last few of a payment and of each of its refunds are kept, and no more', async () => {
  for (let number = 1; number <= answersKept + 3; number += 1) {
    await keep({ raw: Buffer.from(`${number}`) });
    await keep({ raw: Buffer.from(`${number}`), refundId: 're_1' });
  }
  await keep({ raw: Buffer.from('1'), refundId: 're_2' });
  await keep({ raw: Buffer.from('1'), paymentId: 'pay_2' });
  const last = ['8', '7', '6', '5', '4'];
  expect(await kept({ refundId: 're_1' })).toEqual(last.map((number) => `re_1 ${number}`));
  const all = await kept();
  expect(all).toHaveLength(2 * answersKept + 1);
  expect(all.filter((line) => line.startsWith('payment'))).toEqual(last.map((number) => `payment ${number}`));
});

it('many at once leave few, and lose nothing of others', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, number) => keep({ raw: Buffer.from(`${number}`) })));
  for (let number = 0; number < answersKept; number += 1) await keep({ raw: Buffer.from('later') });
  expect(await kept()).toEqual(Array.from({ length: answersKept }, () => 'payment later'));
});

it('of an answer without end only its first 8 KiB are kept', async () => {
  const raw = randomBytes(100_000);
  await keep({ raw });
  const [answer] = await listKeptAnswers(database, sealing, ofPayment, 1);
  expect(answer?.raw?.equals(raw.subarray(0, 8 * 1024))).toBe(true);
});

// proves RES-14
it('answers that cannot be trusted stand among them, with what is wrong', async () => {
  const untrusted = {
    merchantId: 'M1',
    paymentId: 'pay_1',
    detail: 'not signed',
    raw: Buffer.from('forged'),
  };
  await keepUntrustedAnswer(database, sealing, { ...untrusted, call: 'refund' });
  await keep({ raw: Buffer.from('later') });
  expect(await kept()).toEqual(['payment later', 'payment forged']);
  expect(await kept({ refundId: 're_1' })).toEqual(['payment forged']);
  const [, answer] = await listKeptAnswers(database, sealing, ofPayment, 2);
  expect(answer).toMatchObject({
    call: 'refund',
    answer: 'untrusted',
    detail: 'not signed',
    walletCode: null,
  });
});

it('the last of each is found for many at once, in their order', async () => {
  await keep({ raw: Buffer.from('first') });
  await keep({ raw: Buffer.from('second') });
  await keep({ raw: Buffer.from('of the refund'), refundId: 're_1' });
  const answers = await lastKeptAnswers(database, sealing, [
    { ...ofPayment, paymentId: 'pay_9' },
    { ...ofPayment, refundId: 're_1' },
    { ...ofPayment, merchantId: 'M2' },
    ofPayment,
  ]);
  expect(answers.map((answer) => answer?.raw?.toString('utf8') ?? null)).toEqual([
    null,
    'of the refund',
    null,
    'of the refund',
  ]);
});
