import { describe, expect, it } from 'vitest';
import { newReversal, type Payment } from '../domain/payment.ts';
import { examplePolicy } from '../domain/payments.fixture.ts';
import type { Refund } from '../domain/refund.ts';
import { createTrial, type Trial, trialMerchant, trialRequest } from '../jobs/trial-engine.fixture.ts';
import { resolvePayment, resolveRefund } from './by-hand.ts';
import { pay } from './pay.ts';
import { recordRefundInput } from './record.ts';
import { beginRefund } from './refund.ts';

const written = { by: 'Li Wei', evidence: 'mail of the wallet, case 4711' } as const;

async function unconfirmed(
  trial: Trial,
  reason: 'cancel_unresolved' | 'delivery_exhausted',
): Promise<Payment> {
  return trial.openPayment(600_000, {
    state: 'reversing',
    reversal: newReversal('merchant'),
    nextStep: { action: 'cancel', dueAt: new Date(trial.clock.now().getTime() + 600_000) },
    attention: { reason, since: trial.clock.now() },
  });
}

async function handWritten(trial: Trial, id: string): Promise<number> {
  const timeline = await trial.engine.journal.timeline('M0001', id);
  return timeline.filter(({ type }) => type === 'ResolvedByHand').length;
}

// proves RES-13, RES-19
describe('a payment that a person gives back', () => {
  it('is done although its merchant could not be told: that stays before people by itself', async () => {
    const trial = createTrial();
    const payment = await unconfirmed(trial, 'delivery_exhausted');
    const given = await resolvePayment(trial.engine, 'M0001', payment.id, 'given_back', written);
    expect(given).toMatchObject({
      kind: 'done',
      row: { state: 'cancelled', nextStep: null, attention: { reason: 'delivery_exhausted' } },
    });
    const noted = await resolvePayment(trial.engine, 'M0001', payment.id, 'noted', written);
    expect(noted).toMatchObject({ kind: 'done', row: { attention: null } });
    expect(await handWritten(trial, payment.id)).toBe(2);
  });

  it('is looked at again when the worker was faster, and is settled once', async () => {
    const trial = createTrial();
    const payment = await unconfirmed(trial, 'cancel_unresolved');
    const { journal } = trial.engine;
    let faster = true;
    const engine: typeof trial.engine = {
      ...trial.engine,
      journal: {
        ...journal,
        async recordPayment(record) {
          if (faster) {
            faster = false;
            await journal.recordPayment({ ...record, after: { ...record.before, tries: 7 }, events: [] });
          }
          return journal.recordPayment(record);
        },
      },
    };
    const given = await resolvePayment(engine, 'M0001', payment.id, 'given_back', written);
    expect(given).toMatchObject({ kind: 'done', row: { state: 'cancelled', attention: null } });
    expect(await handWritten(trial, payment.id)).toBe(1);
  });

  it('is refused when the wallet has confirmed it meanwhile', async () => {
    const trial = createTrial();
    const payment = await unconfirmed(trial, 'cancel_unresolved');
    const settled: Payment = {
      ...payment,
      state: 'cancelled',
      cancelledBy: 'cancel',
      reversal: { ...newReversal('merchant'), state: 'effected' },
      nextStep: null,
      attention: null,
    };
    await trial.engine.journal.recordPayment({
      before: payment,
      after: settled,
      events: [],
      announcements: [],
    });
    const given = await resolvePayment(trial.engine, 'M0001', payment.id, 'given_back', written);
    expect(given).toMatchObject({ kind: 'refused', obstacle: expect.stringContaining('needs no attention') });
    expect(await handWritten(trial, payment.id)).toBe(0);
  });
});

/** A refund of one yuan that the wallet does not confirm, on a payment of a hundred. */
async function unconfirmedRefund(trial: Trial): Promise<Refund> {
  trial.wallet.pay.mockResolvedValueOnce({
    kind: 'paid',
    walletTransactionId: '2026',
    amount: { currency: 'CNY', minor: 10_000n },
  });
  const paid = await pay(trial.engine, trialMerchant, trialRequest(), null);
  if (paid.kind === 'refused') throw new Error(paid.refusal.detail);
  const amount = { currency: 'CNY', minor: 100n };
  const command = { paymentId: paid.payment.id, amount, reason: null, merchantRefundNo: null };
  const begun = await beginRefund(trial.engine, trialMerchant, command, null);
  if (begun.kind === 'refused') throw new Error(begun.refusal.detail);
  const before = await begun.answered;
  const after: Refund = { ...before, attention: { reason: 'refund_unresolved', since: trial.clock.now() } };
  const record = { before, after, payment: null, events: [], announcements: [] };
  const recorded = await trial.engine.journal.recordRefund(record);
  if (recorded === null) throw new Error('the refund had moved on');
  return recorded;
}

// proves RES-13, RES-19
it('money case 6: a refund that has failed gives its reserve back once, whatever is told of it later', async () => {
  const trial = createTrial();
  const refund = await unconfirmedRefund(trial);
  const onPayment = async () => {
    const { refundReserved, refunded, openRefunds } = await trial.payment(refund.paymentId);
    return { refundReserved, refunded, openRefunds };
  };
  expect(await onPayment()).toEqual({ refundReserved: 100n, refunded: 0n, openRefunds: 1 });
  const failed = await resolveRefund(trial.engine, 'M0001', refund.id, 'failed', written);
  if (failed.kind !== 'done') throw new Error(failed.kind);
  const nothing = { refundReserved: 0n, refunded: 0n, openRefunds: 0 };
  expect(await onPayment()).toEqual(nothing);
  const late = { kind: 'refund_inquired', answer: { kind: 'refunded', amount: refund.amount } } as const;
  const shown = await recordRefundInput(trial.engine, failed.row, late, examplePolicy);
  expect(shown.attention?.reason).toBe('refunded_after_failure');
  expect(await onPayment()).toEqual(nothing);
  const noted = await resolveRefund(trial.engine, 'M0001', refund.id, 'noted', written);
  expect(noted).toMatchObject({ kind: 'done', row: { state: 'failed', attention: null } });
  expect(await onPayment()).toEqual(nothing);
});
