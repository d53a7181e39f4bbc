import { expect, it } from 'vitest';
import { spent } from '../domain/inputs.fixture.ts';
import { newReversal, type Payment } from '../domain/payment.ts';
import { createTrial } from '../jobs/trial-engine.fixture.ts';
import { leaseMs } from './engine.ts';
import { performPaymentStep } from './perform.ts';

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
