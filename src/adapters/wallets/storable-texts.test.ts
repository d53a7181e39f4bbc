import { expect, it } from 'vitest';
import type { InquiryAnswer, NotifiedOutcome } from '../../domain/wallet-answer.ts';
import type { PaymentReference, WalletGateway } from '../../ports/wallet.ts';
import { readingStorableTexts, withStorableTexts } from './storable-texts.ts';

const reference: PaymentReference = { account: 'a', requestId: 'P1', amount: { currency: 'USD', minor: 1n } };
const limit = { sendBeforeMs: 0, answerBeforeMs: 0 };
const raw = new Uint8Array([0, 255]);

function answering(answer: InquiryAnswer): WalletGateway {
  const unused = async (): Promise<never> => {
    throw new Error('not asked');
  };
  return withStorableTexts({
    pay: unused,
    inquire: async () => answer,
    cancel: unused,
    refund: unused,
    inquireRefund: unused,
  });
}

// proves RES-13
it.each<readonly [InquiryAnswer, InquiryAnswer]>([
  [
    { kind: 'failed', code: 'A\u0000B', message: 'cut in \ud83d' },
    { kind: 'failed', code: 'A B', message: 'cut in \ufffd' },
  ],
  [
    { kind: 'refused', code: 'X', message: '余额不足\r\n', remedy: 'payer' },
    { kind: 'refused', code: 'X', message: '余额不足  ', remedy: 'payer' },
  ],
  [
    { kind: 'awaiting_payer', walletTransactionId: '1\u0000' },
    { kind: 'awaiting_payer', walletTransactionId: '1 ' },
  ],
  [{ kind: 'not_found' }, { kind: 'not_found' }],
])('an answer’s texts can be kept, whatever the wallet wrote', async (answer, kept) => {
  expect(await answering(answer).inquire(reference, limit)).toEqual(kept);
});

it('bytes, amounts, times and what is missing stay what they are', async () => {
  const paidAt = new Date('2026-03-02T04:00:00Z');
  const paid = {
    kind: 'paid',
    walletTransactionId: '1',
    amount: { currency: 'USD', minor: 1n },
    paidAt,
  } as const;
  expect(await answering(paid).inquire(reference, limit)).toEqual(paid);
  const silence = { kind: 'no_answer', reason: 'untrusted', detail: 'x\u0000', raw } as const;
  const kept = await answering(silence).inquire(reference, limit);
  expect(kept).toEqual({ ...silence, detail: 'x ' });
  expect('raw' in kept && kept.raw).toBe(raw);
});

it('a notification’s texts can be kept as well', () => {
  const outcome: NotifiedOutcome = { kind: 'not_paid', code: 'N\ud83d', message: '\u0000' };
  const reader = readingStorableTexts({
    read: () => ({ kind: 'verified', notification: { requestId: 'P1', outcome } }),
    reply: async () => ({ status: 200, headers: {}, body: '' }),
  });
  expect(reader.read('a', { target: '/', headers: {}, body: raw })).toEqual({
    kind: 'verified',
    notification: { requestId: 'P1', outcome: { kind: 'not_paid', code: 'N\ufffd', message: ' ' } },
  });
});
