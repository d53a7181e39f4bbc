import { expect, it } from 'vitest';
import { newReversal, type Payment } from '../domain/payment.ts';
import { examplePolicy } from '../domain/payments.fixture.ts';
import { createTrial, settled, type Trial, trialMerchant } from '../jobs/trial-engine.fixture.ts';
import { leaseMs } from './engine.ts';
import { performPaymentStep, performRefundStep } from './perform.ts';
import { refund } from './refund.ts';

/*
 * The Open Platform takes no two refunds of one payment within three seconds, whoever asks for them: each call waits for
 * the payment's turn.
 */

const { refundSpacingMs } = examplePolicy;

async function refundedPartly(trial: Trial): Promise<Payment> {
  const { id } = await trial.openPayment(0, { notifyUrl: null });
  const before = await trial.payment(id);
  await trial.memory.journal.recordPayment({
    before,
    after: {
      ...before,
      state: 'succeeded',
      knownToWallet: true,
      paidEvidence: true,
      walletTransactionId: 'W1',
      nextStep: null,
    },
    events: [],
    announcements: [],
  });
  await refund(
    trial.engine,
    trialMerchant,
    { paymentId: id, amount: { currency: 'CNY', minor: 100n }, reason: null, merchantRefundNo: null },
    null,
  );
  return trial.payment(id);
}

// proves RES-12
it('a second refund of a payment is called three seconds after the first, and counts no try until then', async () => {
  const trial = createTrial();
  trial.wallet.refund.mockResolvedValue({ kind: 'refunded' });
  const payment = await refundedPartly(trial);
  const second = await refund(
    trial.engine,
    trialMerchant,
    { paymentId: payment.id, amount: { currency: 'CNY', minor: 50n }, reason: null, merchantRefundNo: null },
    null,
  );
  if (second.kind === 'refused') throw new Error(second.refusal.code);
  expect(trial.wallet.refund).toHaveBeenCalledTimes(1);
  expect(second.refund).toMatchObject({ state: 'accepted', tries: 0 });
  await trial.clock.advance(refundSpacingMs - 1);
  expect(await trial.engine.due.claimRefund('M0001', second.refund.id, leaseMs)).toBeNull();
  await trial.clock.advance(1);
  const claimed = await trial.engine.due.claimRefund('M0001', second.refund.id, leaseMs);
  if (claimed === null) throw new Error('the refund is not due');
  expect(await performRefundStep(trial.engine, claimed)).toMatchObject({ state: 'succeeded' });
  expect(trial.wallet.refund).toHaveBeenCalledTimes(2);
});

// proves RES-07, RES-12
it('the remainder of a payment that is undone is refunded three seconds after the refund before it', async () => {
  const trial = createTrial();
  trial.wallet.refund.mockResolvedValue({ kind: 'refunded' });
  const before = await refundedPartly(trial);
  await trial.memory.journal.recordPayment({
    before,
    after: {
      ...before,
      state: 'reversing',
      reversal: { ...newReversal('merchant'), state: 'refunding' },
      nextStep: { action: 'refund', dueAt: trial.clock.now() },
    },
    events: [],
    announcements: [],
  });
  const performed = async (): Promise<Payment> => {
    const claimed = await trial.engine.due.claimPayment('M0001', before.id, leaseMs);
    if (claimed === null) throw new Error('the refund is not due');
    await performPaymentStep(trial.engine, claimed);
    await settled();
    return trial.payment(before.id);
  };
  const waiting = await performed();
  expect(trial.wallet.refund).toHaveBeenCalledTimes(1);
  expect(waiting).toMatchObject({ state: 'reversing', tries: before.tries });
  await trial.clock.advance(refundSpacingMs);
  expect(await performed()).toMatchObject({ state: 'cancelled', cancelledBy: 'refund' });
  const [request] = trial.wallet.refund.mock.lastCall ?? [];
  expect(request?.refundAmount.minor).toBe(before.amount.minor - 100n);
});
