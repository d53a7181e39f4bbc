import { expect, it } from 'vitest';
import { noAnswer, spent } from '../domain/inputs.fixture.ts';
import { newReversal, type Payment } from '../domain/payment.ts';
import { examplePolicy } from '../domain/payments.fixture.ts';
import type { Refund } from '../domain/refund.ts';
import { createTrial, trialMerchant } from '../jobs/trial-engine.fixture.ts';
import { leaseMs } from './engine.ts';
import { performPaymentStep, performRefundStep } from './perform.ts';
import { refund } from './refund.ts';

// proves RES-20
it('a look that the database calls due counts, although this process’s clock is a little behind', async () => {
  const trial = createTrial();
  const opened = await trial.openPayment(0);
  await trial.memory.journal.recordPayment({
    before: opened,
    after: {
      ...opened,
      state: 'cancelled',
      cancelledBy: 'cancel',
      reversal: { ...newReversal('gateway'), state: 'baseless' },
      nextStep: { action: 'inquire', dueAt: trial.clock.now() },
    },
    events: [],
    announcements: [],
  });
  const claimed = await trial.engine.due.claimPayment('M0001', opened.id, leaseMs);
  if (claimed === null) throw new Error('the look is not due');
  trial.wallet.inquire.mockResolvedValueOnce({ kind: 'not_found' });
  const behind = { ...trial.clock, now: () => new Date(trial.clock.now().getTime() - 7) };
  const looked = await performPaymentStep({ ...trial.engine, clock: behind }, claimed);
  expect(looked).toMatchObject({ state: 'cancelled', nextStep: null });
});

// proves CAN-05
it('a call that may last long leaves while the lease has half of its time left, or not at all', async () => {
  const trial = createTrial();
  const find = trial.engine.merchants.find;
  const patient = { alipay_open: { payment_code: { callLimitMs: 10_000 } } };
  const merchants = {
    ...trial.engine.merchants,
    find: async (id: string) => {
      const merchant = await find(id);
      return merchant === null ? null : { ...merchant, policyOverrides: patient };
    },
  };
  const { id } = await trial.openPayment(0);
  const claimed = await trial.engine.due.claimPayment('M0001', id, leaseMs);
  if (claimed === null) throw new Error('the inquiry is not due');
  await performPaymentStep({ ...trial.engine, merchants }, claimed);
  const startMs = trial.clock.monotonicMs();
  expect(trial.wallet.inquire).toHaveBeenCalledExactlyOnceWith(expect.anything(), {
    sendBeforeMs: startMs + leaseMs / 2,
    answerBeforeMs: startMs + 10_000,
  });
});

// proves RES-12, money case 6
it.each(['refund', 'inquire_refund'] as const)(
  'what %s is told of a refund id that is spent by now says nothing of the present one',
  async (action) => {
    const trial = createTrial();
    const opened = await trial.openPayment(0, {
      state: 'reversing',
      knownToWallet: true,
      paidEvidence: true,
      walletTransactionId: 'W1',
      reversal: { ...newReversal('merchant'), state: 'refunding' },
      nextStep: { action, dueAt: trial.clock.now() },
    });
    const meanwhile = async (): Promise<void> => {
      const before = await trial.payment(opened.id);
      const after: Payment = {
        ...before,
        reversal: { ...newReversal('merchant'), state: 'refunding', refundIdsSpent: 1 },
        nextStep: { action: 'refund', dueAt: new Date(trial.clock.now().getTime() + 5_000) },
      };
      await trial.engine.journal.recordPayment({ before, after, events: [], announcements: [] });
    };
    trial.wallet.refund.mockImplementationOnce(async () => {
      await meanwhile();
      return spent;
    });
    trial.wallet.inquireRefund.mockImplementationOnce(async () => {
      await meanwhile();
      return { kind: 'failed', code: 'FAIL', message: 'the refund has failed' };
    });
    const claimed = await trial.engine.due.claimPayment('M0001', opened.id, leaseMs);
    if (claimed === null) throw new Error('the step is not due');
    await performPaymentStep(trial.engine, claimed);
    expect(await trial.payment(opened.id)).toMatchObject({
      reversal: { state: 'refunding', refundIdsSpent: 1, refundIdDoubted: false },
      nextStep: { action: 'refund' },
    });
  },
);

// proves RES-12, money case 6
it('a refund inquiry that was begun before the grace had passed fails no refund, however late it is recorded', async () => {
  const trial = createTrial();
  const { id } = await trial.openPayment(0, { state: 'succeeded', nextStep: null, paidEvidence: true });
  trial.wallet.refund
    .mockResolvedValueOnce(noAnswer('timeout'))
    .mockResolvedValueOnce({ kind: 'refused', code: 'RISK_REJECT', message: 'no', remedy: 'operator' });
  const amount = { currency: 'CNY', minor: 100n };
  const command = { paymentId: id, amount, reason: null, merchantRefundNo: null };
  const begun = await refund(trial.engine, trialMerchant, command, null);
  if (begun.kind === 'refused') throw new Error(begun.refusal.code);
  const performed = async (afterMs: number): Promise<Refund> => {
    await trial.clock.advance(afterMs);
    const claimed = await trial.engine.due.claimRefund('M0001', begun.refund.id, leaseMs);
    if (claimed === null) throw new Error('the step is not due');
    return performRefundStep(trial.engine, claimed);
  };
  expect(await performed(5_000)).toMatchObject({ state: 'refused' });
  trial.wallet.inquireRefund.mockImplementationOnce(async () => {
    // The process stands still until the grace is over: the first call may have arrived meanwhile.
    await trial.clock.advance(examplePolicy.expiryGraceMs);
    return { kind: 'not_found' };
  });
  expect(await performed(10_000)).toMatchObject({ state: 'refused' });
  trial.wallet.inquireRefund.mockResolvedValueOnce({ kind: 'not_found' });
  expect(await performed(60_000)).toMatchObject({ state: 'failed' });
});
