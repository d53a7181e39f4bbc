import { afterEach, describe, expect, it, vi } from 'vitest';
import { effectedRefunded, noAnswer, nothingNamed, paid } from '../domain/inputs.fixture.ts';
import { newReversal, type PaymentAction } from '../domain/payment.ts';
import { examplePolicy } from '../domain/payments.fixture.ts';
import { type DueLoop, startDueLoop } from '../jobs/due-loop.ts';
import { createTrial, type Trial, trialMerchant, trialRequest } from '../jobs/trial-engine.fixture.ts';
import { beginCancelPayment } from './cancel.ts';
import { leaseMs } from './engine.ts';
import { beginPay, pay } from './pay.ts';
import { performPaymentStep } from './perform.ts';
import { beginRefund } from './refund.ts';

/*
 * What is left when a call throws: a wallet adapter's throw is our own mistake, a journal's a database that is away.
 * Either way the row keeps its step, and whoever comes next resolves it.
 */

const loops: { readonly loop: DueLoop; readonly trial: Trial }[] = [];
afterEach(async () => {
  for (const { loop, trial } of loops.splice(0)) {
    const stopped = loop.stop();
    await trial.clock.advance(60_000);
    await stopped;
  }
});

function startLoop(trial: Trial): Error[] {
  const errors: Error[] = [];
  const onError = (error: unknown): void => {
    errors.push(error instanceof Error ? error : new Error(String(error)));
  };
  const loop = startDueLoop(trial.engine, { concurrency: 4, pollMs: 500, onError });
  loops.push({ loop, trial });
  return errors;
}

const mistake = new Error('the private key of sandbox cannot be read');

async function claimed(trial: Trial, paymentId: string) {
  const payment = await trial.engine.due.claimPayment('M0001', paymentId, leaseMs);
  if (payment === null) throw new Error(`payment ${paymentId} is not to be had`);
  return payment;
}

async function begunPayment(trial: Trial) {
  const begun = await beginPay(trial.engine, trialMerchant, trialRequest(), null);
  if (begun.kind === 'refused') throw new Error(begun.refusal.detail);
  return begun;
}

async function paidPayment(trial: Trial) {
  trial.wallet.pay.mockResolvedValueOnce(paid);
  const result = await pay(trial.engine, trialMerchant, trialRequest(), null);
  if (result.kind === 'refused') throw new Error(result.refusal.detail);
  return result.payment;
}

// proves RES-13
describe('a wallet adapter that throws', () => {
  const steps: readonly { readonly action: PaymentAction; readonly call: keyof Trial['wallet'] }[] = [
    { action: 'inquire', call: 'inquire' },
    { action: 'cancel', call: 'cancel' },
    { action: 'refund', call: 'refund' },
    { action: 'inquire_refund', call: 'inquireRefund' },
  ];

  it.each(steps)(
    'while a payment’s step is $action: nothing is recorded and the step stays due',
    async ({ action, call }) => {
      const trial = createTrial();
      const reversal = action === 'inquire' ? null : newReversal('gateway');
      const { id } = await trial.openPayment(0);
      const opened = await trial.payment(id);
      await trial.memory.journal.recordPayment({
        before: opened,
        after: {
          ...opened,
          state: reversal === null ? 'unknown' : 'reversing',
          reversal,
          nextStep: { action, dueAt: trial.clock.now() },
        },
        events: [],
        announcements: [],
      });
      const before = await trial.payment(id);
      trial.wallet[call].mockRejectedValueOnce(mistake);
      await expect(performPaymentStep(trial.engine, await claimed(trial, id))).rejects.toBe(mistake);
      expect(await trial.payment(id)).toEqual(before);
      // Under its lease nobody else tries the same mistake again; after it somebody does.
      expect(await trial.engine.due.claimDue(10, leaseMs)).toEqual([]);
      await trial.clock.advance(leaseMs);
      expect(await claimed(trial, id)).toEqual(before);
    },
  );

  it('at the call that pays: the caller is told, and the payment is inquired when its answer would have been due', async () => {
    const trial = createTrial();
    const errors = startLoop(trial);
    trial.wallet.pay.mockRejectedValueOnce(mistake);
    trial.wallet.inquire.mockResolvedValueOnce({ kind: 'not_found' });
    const begun = await begunPayment(trial);
    await expect(begun.answered).rejects.toBe(mistake);
    const dueAt = begun.payment.nextStep?.dueAt ?? trial.clock.now();
    const untilDueMs = dueAt.getTime() - trial.clock.now().getTime();
    expect(untilDueMs).toBeGreaterThanOrEqual(examplePolicy.payAnswerMs);
    await trial.clock.advance(untilDueMs - 1);
    expect(trial.wallet.inquire).not.toHaveBeenCalled();
    await trial.clock.advance(1);
    expect(trial.wallet.inquire).toHaveBeenCalledTimes(1);
    expect(trial.wallet.pay).toHaveBeenCalledTimes(1);
    await trial.clock.advance(examplePolicy.inquiryIntervalMs);
    expect((await trial.payment(begun.payment.id)).state).toBe('succeeded');
    expect(errors).toEqual([]);
  });

  it('at every call, for ten minutes: the payment stays open, is told of at each try, and resolves when it is mended', async () => {
    const trial = createTrial();
    const errors = startLoop(trial);
    trial.wallet.pay.mockRejectedValueOnce(mistake);
    trial.wallet.inquire.mockRejectedValue(mistake);
    const begun = await begunPayment(trial);
    await begun.answered.catch(() => {});
    await trial.clock.advance(600_000);
    expect(await trial.payment(begun.payment.id)).toMatchObject({
      state: 'submitted',
      tries: 0,
      attention: { reason: 'step_failing' },
    });
    // After the third time twice a minute.
    expect(errors.length).toBeGreaterThanOrEqual(3 + 16);
    expect(errors.length).toBeLessThanOrEqual(3 + 20);
    trial.wallet.inquire.mockResolvedValue(paid);
    await trial.clock.advance(2 * leaseMs);
    expect(await trial.payment(begun.payment.id)).toMatchObject({ state: 'succeeded', attention: null });
  });

  it('at a cancel: the cancel stands recorded, and the next try does it', async () => {
    const trial = createTrial();
    startLoop(trial);
    const payment = await paidPayment(trial);
    trial.wallet.cancel.mockRejectedValueOnce(mistake);
    const begun = await beginCancelPayment(trial.engine, 'M0001', payment.id);
    if (begun.kind !== 'payment') throw new Error(`the cancel is ${begun.kind}`);
    expect(begun.payment.nextStep?.action).toBe('cancel');
    await expect(begun.answered).rejects.toBe(mistake);
    trial.wallet.cancel.mockResolvedValueOnce(effectedRefunded);
    await trial.clock.advance(leaseMs);
    expect(await trial.payment(payment.id)).toMatchObject({ state: 'cancelled', nextStep: null });
  });

  it('at a refund: the refund stays accepted and reserved, and the next try gives it back once', async () => {
    const trial = createTrial();
    startLoop(trial);
    const payment = await paidPayment(trial);
    trial.wallet.refund.mockRejectedValueOnce(mistake);
    const begun = await beginRefund(
      trial.engine,
      trialMerchant,
      {
        paymentId: payment.id,
        amount: { currency: 'CNY', minor: 4_000n },
        reason: null,
        merchantRefundNo: null,
      },
      null,
    );
    if (begun.kind === 'refused') throw new Error(begun.refusal.detail);
    await expect(begun.answered).rejects.toBe(mistake);
    expect(await trial.payment(payment.id)).toMatchObject({
      refundReserved: 4_000n,
      refunded: 0n,
      openRefunds: 1,
    });
    trial.wallet.refund.mockResolvedValueOnce({ kind: 'refunded' });
    await trial.clock.advance(leaseMs);
    expect(await trial.payment(payment.id)).toMatchObject({
      refundReserved: 4_000n,
      refunded: 4_000n,
      openRefunds: 0,
    });
    const ids = trial.wallet.refund.mock.calls.map(([request]) => request.refundRequestId);
    expect(new Set(ids).size).toBe(1);
  });
});

describe('a journal that is away', () => {
  it('when the wallet’s answer shall be recorded: the caller is told, and an inquiry finds it again', async () => {
    const trial = createTrial();
    startLoop(trial);
    const away = new Error('connection terminated');
    vi.spyOn(trial.engine.journal, 'recordPayment').mockRejectedValueOnce(away);
    trial.wallet.pay.mockResolvedValueOnce(paid);
    const begun = await begunPayment(trial);
    await expect(begun.answered).rejects.toBe(away);
    expect((await trial.payment(begun.payment.id)).state).toBe('submitted');
    await trial.clock.advance(2 * examplePolicy.payAnswerMs);
    expect((await trial.payment(begun.payment.id)).state).toBe('succeeded');
    expect(trial.wallet.pay).toHaveBeenCalledTimes(1);
  });

  it('when a payment shall be opened: nobody is called', async () => {
    const trial = createTrial();
    const away = new Error('connection terminated');
    vi.spyOn(trial.engine.journal, 'openPayment').mockRejectedValueOnce(away);
    await expect(beginPay(trial.engine, trialMerchant, trialRequest(), null)).rejects.toBe(away);
    expect(trial.wallet.pay).not.toHaveBeenCalled();
  });

  it('when a cancel shall be recorded: nobody is called', async () => {
    const trial = createTrial();
    const payment = await paidPayment(trial);
    const away = new Error('connection terminated');
    vi.spyOn(trial.engine.journal, 'recordPayment').mockRejectedValueOnce(away);
    await expect(beginCancelPayment(trial.engine, 'M0001', payment.id)).rejects.toBe(away);
    expect(trial.wallet.cancel).not.toHaveBeenCalled();
  });
});

// proves RES-10
describe('an answer that arrives after somebody else has gone on', () => {
  it('is evidence all the same: a success that comes during a cancel is recorded', async () => {
    const trial = createTrial();
    const answer = Promise.withResolvers<typeof paid>();
    trial.wallet.pay.mockReturnValueOnce(answer.promise);
    trial.wallet.cancel.mockResolvedValue(nothingNamed);
    const begun = await begunPayment(trial);
    const cancel = await beginCancelPayment(trial.engine, 'M0001', begun.payment.id);
    if (cancel.kind !== 'payment') throw new Error(`the cancel is ${cancel.kind}`);
    await cancel.answered;
    expect((await trial.payment(begun.payment.id)).paidEvidence).toBe(false);
    answer.resolve(paid);
    expect(await begun.answered).toMatchObject({ paidEvidence: true });
    expect((await trial.payment(begun.payment.id)).state).not.toBe('succeeded');
  });
});

// proves RES-14
it('an answer that cannot be trusted is reported with the call it came to, and changes no state', async () => {
  const trial = createTrial();
  const untrustedAnswer = vi.spyOn(trial.engine.report, 'untrustedAnswer');
  const raw = Buffer.from('{"sign":"forged"}');
  trial.wallet.pay.mockResolvedValueOnce({ ...noAnswer('untrusted'), raw });
  const begun = await begunPayment(trial);
  expect((await begun.answered).state).toBe('unknown');
  expect(untrustedAnswer.mock.calls).toEqual([
    [{ merchantId: 'M0001', paymentId: begun.payment.id, call: 'pay', detail: 'untrusted in a test', raw }],
  ]);
});
