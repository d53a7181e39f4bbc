import { describe, expect, it } from 'vitest';
import { cancelWindowEnd } from '../domain/cancel-window.ts';
import { noAnswer } from '../domain/inputs.fixture.ts';
import { newReversal, type Payment } from '../domain/payment.ts';
import { examplePolicy } from '../domain/payments.fixture.ts';
import { createTrial, type Trial, trialMerchant, trialRequest } from '../jobs/trial-engine.fixture.ts';
import type { Outage } from '../ports/wallet-directory.ts';
import { type Engine, leaseMs } from './engine.ts';
import { beginPay, pay } from './pay.ts';
import { performPaymentStep, performRefundStep } from './perform.ts';
import { beginRefund } from './refund.ts';

const { firstMs } = examplePolicy.cancelRetry;

function duringOutage(trial: Trial, outage: Outage | null): Engine {
  return { ...trial.engine, wallets: { ...trial.engine.wallets, outage: () => outage } };
}

async function cancelling(trial: Trial, fields: Partial<Payment> = {}): Promise<Payment> {
  return trial.openPayment(0, {
    state: 'reversing',
    reversal: newReversal('merchant'),
    nextStep: { action: 'cancel', dueAt: trial.clock.now() },
    ...fields,
  });
}

/** Performs the payment's due step with the lease in hand. */
async function performed(trial: Trial, { id }: Payment, engine: Engine = trial.engine): Promise<Payment> {
  const claimed = await trial.engine.due.claimPayment('M0001', id, leaseMs);
  if (claimed === null) throw new Error(`the step of ${id} is not due`);
  await performPaymentStep(engine, claimed);
  return trial.payment(id);
}

function dueInMs(trial: Trial, { nextStep }: Pick<Payment, 'nextStep'>): number | null {
  return nextStep === null ? null : nextStep.dueAt.getTime() - trial.clock.now().getTime();
}

// proves CAN-01, CAN-03
describe('a cancel that cannot be sent', () => {
  it('uses up no try and stays at its pace however often that happens, and is tried again soon', async () => {
    const trial = createTrial();
    trial.wallet.cancel.mockResolvedValue(noAnswer('not_sent'));
    const payment = await cancelling(trial, { tries: 2 });
    for (let time = 0; time < 50; time += 1) {
      const held = await performed(trial, payment);
      expect(held).toMatchObject({ tries: 2, state: 'reversing' });
      expect(dueInMs(trial, held)).toBe(firstMs);
      await trial.clock.advance(firstMs);
    }
    trial.wallet.cancel.mockResolvedValueOnce(noAnswer('timeout'));
    const tried = await performed(trial, payment);
    expect(tried.tries).toBe(3);
    expect(dueInMs(trial, tried)).toBe(examplePolicy.cancelRetry.nextMs);
  });

  // proves RES-13
  it('comes before people when its fast tries would have been over, and leaves them when it is done', async () => {
    const trial = createTrial();
    trial.wallet.cancel.mockResolvedValue(noAnswer('not_sent'));
    const payment = await cancelling(trial);
    for (const seconds of [0, 49]) {
      await trial.clock.advance(seconds * 1_000);
      expect((await performed(trial, payment)).attention, `${seconds} s`).toBeNull();
      await trial.clock.advance(firstMs);
    }
    const told = await performed(trial, payment);
    expect(told.attention?.reason).toBe('cancel_unresolved');
    expect(told.tries).toBe(0);
    await trial.clock.advance(firstMs);
    trial.wallet.cancel.mockResolvedValueOnce({ kind: 'effected', action: 'closed' });
    expect(await performed(trial, payment)).toMatchObject({ state: 'cancelled', attention: null });
  });

  it('waits for its account, the oldest window end first, and is brought forward when that answers', async () => {
    const trial = createTrial();
    const silent = duringOutage(trial, { refusesForS: 5 });
    trial.wallet.cancel.mockResolvedValue(noAnswer('not_sent'));
    const hourAgo = new Date(trial.clock.now().getTime() - 3_600_000);
    const young = await cancelling(trial);
    const old = await cancelling(trial, { createdAt: hourAgo });
    for (const payment of [young, old]) {
      expect(dueInMs(trial, await performed(trial, payment, silent))).toBe(6 * firstMs);
    }
    expect(await trial.engine.due.releaseHeld('alipay_open', 'sandbox', 1)).toBe(1);
    expect(dueInMs(trial, await trial.payment(old.id))).toBe(0);
    expect(dueInMs(trial, await trial.payment(young.id))).toBe(6 * firstMs);
    expect(
      cancelWindowEnd('alipay_open', old.createdAt) < cancelWindowEnd('alipay_open', young.createdAt),
    ).toBe(true);
  });

  it('is tried the less often the longer its account is silent, and never less often than any slow step', async () => {
    const trial = createTrial();
    const silent = duringOutage(trial, { refusesForS: 5 });
    trial.wallet.cancel.mockResolvedValue(noAnswer('not_sent'));
    const attention = { reason: 'cancel_unresolved', since: trial.clock.now() } as const;
    const payment = await cancelling(trial, { attention });
    const minutes = async (): Promise<number | null> => {
      const dueMs = dueInMs(trial, await performed(trial, payment, silent));
      await trial.engine.due.bringForward('payment', 'M0001', payment.id);
      return dueMs === null ? null : dueMs / 60_000;
    };
    expect(await minutes()).toBe(0.5);
    for (const [afterMinutes, waits] of [
      [5, 0.5],
      [30, 3.5],
      [60, 9.5],
      [600, 10],
    ] as const) {
      await trial.clock.advance(afterMinutes * 60_000);
      expect(await minutes(), `${afterMinutes} minutes more`).toBe(waits);
    }
    // The account answers somebody: what is not released yet is tried soon.
    expect(dueInMs(trial, await performed(trial, payment))).toBe(firstMs);
  });

  it('is kept although it is only the one that follows a failure, and needs nobody once it was sent', async () => {
    const trial = createTrial();
    trial.wallet.cancel.mockResolvedValue(noAnswer('not_sent'));
    const failed = await cancelling(trial, { state: 'failed', reversal: null });
    for (let time = 0; time < 14; time += 1) {
      expect(await performed(trial, failed)).toMatchObject({
        state: 'failed',
        nextStep: { action: 'cancel' },
      });
      await trial.clock.advance(firstMs);
    }
    expect((await trial.payment(failed.id)).attention?.reason).toBe('cancel_unresolved');
    trial.wallet.cancel.mockResolvedValueOnce(noAnswer('timeout'));
    expect(await performed(trial, failed)).toMatchObject({
      state: 'failed',
      nextStep: null,
      attention: null,
    });
  });

  it('is not put off when somebody has recorded more of the payment meanwhile', async () => {
    const trial = createTrial();
    const payment = await cancelling(trial);
    trial.wallet.cancel.mockImplementationOnce(async () => {
      const before = await trial.payment(payment.id);
      const after: Payment = { ...before, state: 'cancelled', cancelledBy: 'cancel', nextStep: null };
      await trial.engine.journal.recordPayment({ before, after, events: [], announcements: [] });
      return noAnswer('not_sent');
    });
    expect(await performed(trial, payment)).toMatchObject({ state: 'cancelled', nextStep: null });
  });
});

// proves RES-09
it('a step that others have recorded meanwhile keeps its own time, although the old one was held for long', async () => {
  const trial = createTrial();
  const payment = await cancelling(trial);
  await trial.clock.advance(60_000);
  const soon = new Date(trial.clock.now().getTime() + 1_000);
  trial.wallet.cancel.mockImplementationOnce(async () => {
    const before = await trial.payment(payment.id);
    const after: Payment = { ...before, nextStep: { action: 'inquire', dueAt: soon } };
    await trial.engine.journal.recordPayment({ before, after, events: [], announcements: [] });
    return noAnswer('not_sent');
  });
  const moved = await performed(trial, payment, duringOutage(trial, { refusesForS: 5 }));
  expect(moved.nextStep).toEqual({ action: 'inquire', dueAt: soon });
  expect(await trial.engine.due.releaseHeld('alipay_open', 'sandbox', 10)).toBe(0);
});

describe('a step that is sent and not answered', () => {
  it('counts as a try; at its slow pace it waits for the account as well, while that is silent', async () => {
    for (const [tries, outage, released, silence] of [
      [9, { refusesForS: null }, 1, 'timeout'],
      [1, { refusesForS: null }, 0, 'timeout'],
      [9, null, 0, 'timeout'],
      // Whoever signs wrongly answers.
      [9, { refusesForS: null }, 0, 'untrusted'],
    ] as const) {
      const trial = createTrial();
      trial.wallet.cancel.mockResolvedValue(noAnswer(silence));
      const payment = await cancelling(trial, { tries });
      expect((await performed(trial, payment, duringOutage(trial, outage))).tries).toBe(tries + 1);
      expect(await trial.engine.due.releaseHeld('alipay_open', 'sandbox', 10)).toBe(released);
    }
  });
});

// proves RES-05
it('an open payment’s inquiries count whether they leave or not: its till waits for the cancel', async () => {
  const trial = createTrial();
  trial.wallet.inquire.mockResolvedValue(noAnswer('not_sent'));
  const payment = await trial.openPayment(0, { state: 'unknown' });
  for (let count = 1; count < examplePolicy.inquiryCount; count += 1) {
    expect((await performed(trial, payment)).tries).toBe(count);
    await trial.clock.advance(examplePolicy.inquiryIntervalMs);
  }
  expect(await performed(trial, payment)).toMatchObject({
    state: 'reversing',
    nextStep: { action: 'cancel' },
  });
});

// proves RES-12, CAN-01
it('a refund that cannot be sent is held like a cancel', async () => {
  const trial = createTrial();
  trial.wallet.pay.mockResolvedValueOnce({
    kind: 'paid',
    walletTransactionId: '2026',
    amount: { currency: 'CNY', minor: 10_000n },
  });
  const paid = await pay(trial.engine, trialMerchant, trialRequest(), null);
  if (paid.kind === 'refused') throw new Error(paid.refusal.detail);
  trial.wallet.refund.mockResolvedValue(noAnswer('not_sent'));
  const amount = { currency: 'CNY', minor: 100n };
  const command = { paymentId: paid.payment.id, amount, reason: null, merchantRefundNo: null };
  const begun = await beginRefund(trial.engine, trialMerchant, command, null);
  if (begun.kind === 'refused') throw new Error(begun.refusal.detail);
  expect((await begun.answered).tries).toBe(0);
  for (let time = 0; time < 14; time += 1) {
    await trial.clock.advance(firstMs);
    const claimed = await trial.engine.due.claimRefund('M0001', begun.refund.id, leaseMs);
    if (claimed === null) throw new Error('the refund is not due');
    await performRefundStep(trial.engine, claimed);
  }
  const held = await trial.engine.journal.findRefund('M0001', begun.refund.id);
  expect(held).toMatchObject({ state: 'accepted', tries: 0, attention: { reason: 'refund_unresolved' } });
  expect(await trial.engine.due.releaseHeld('alipay_open', 'sandbox', 10)).toBe(1);
});

describe('money case 14: a new payment through an account that does not answer', () => {
  const key = { key: 'k1', fingerprint: new Uint8Array(32) };

  it('is refused before anything is recorded, and a repeat of an earlier one is answered with that', async () => {
    const trial = createTrial();
    const begun = await beginPay(trial.engine, trialMerchant, trialRequest(), key);
    if (begun.kind === 'refused') throw new Error(begun.refusal.detail);
    await begun.answered;
    const silent = duringOutage(trial, { refusesForS: 5 });
    const other = trialRequest({ merchantOrderNo: 'ORDER-2' });
    expect(await beginPay(silent, trialMerchant, other, null)).toMatchObject({
      kind: 'refused',
      refusal: { code: 'wallet_unavailable', retryAfterS: 5 },
    });
    expect(await trial.engine.journal.findPaymentsOfOrder('M0001', 'ORDER-2')).toEqual([]);
    expect(trial.wallet.pay).toHaveBeenCalledTimes(1);
    const repeat = await beginPay(silent, trialMerchant, trialRequest(), key);
    expect(repeat).toMatchObject({ kind: 'payment', payment: { id: begun.payment.id }, replayed: true });
  });

  it('is taken when it may probe the account', async () => {
    const trial = createTrial();
    const probing = duringOutage(trial, { refusesForS: null });
    expect(await beginPay(probing, trialMerchant, trialRequest(), null)).toMatchObject({ kind: 'payment' });
  });
});
