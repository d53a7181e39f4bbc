import { describe, expect, it, vi } from 'vitest';
import type { Payment } from '../domain/payment.ts';
import { examplePolicy } from '../domain/payments.fixture.ts';
import type { Refund } from '../domain/refund.ts';
import { createTrial, type Trial, trialMerchant } from '../jobs/trial-engine.fixture.ts';
import type { Changes } from '../ports/changes.ts';
import type { IdempotencyKey } from '../ports/journal.ts';
import { cancelPayment } from './cancel.ts';
import { recordRefundInput } from './record.ts';
import { refund } from './refund.ts';

async function paidPayment(trial: Trial, fields: Partial<Payment> = {}): Promise<Payment> {
  return trial.openPayment(0, {
    state: 'succeeded',
    nextStep: null,
    knownToWallet: true,
    paidEvidence: true,
    walletTransactionId: 'W1',
    amount: { currency: 'CNY', minor: 1_000n },
    ...fields,
  });
}

/** The refund, or the code of its refusal. */
async function asked(
  trial: Trial,
  { id }: Payment,
  minor: bigint,
  merchantRefundNo: string | null = null,
  { key = null, currency = 'CNY' }: { readonly key?: IdempotencyKey | null; readonly currency?: string } = {},
): Promise<Refund | string> {
  const command = { paymentId: id, amount: { currency, minor }, reason: null, merchantRefundNo };
  const result = await refund(trial.engine, trialMerchant, command, key);
  return result.kind === 'refused' ? result.refusal.code : result.refund;
}

// proves RES-12, money case 6
describe('what remains of a payment', () => {
  it('can be given back to the last fen and not one fen more, whatever is still under way', async () => {
    const trial = createTrial();
    const payment = await paidPayment(trial);
    expect(await asked(trial, payment, 1_001n)).toBe('refund_exceeds_remaining');
    expect(await asked(trial, payment, 400n)).toMatchObject({ state: 'unknown' });
    expect(await asked(trial, payment, 601n)).toBe('refund_exceeds_remaining');
    expect(await asked(trial, payment, 600n)).toMatchObject({ amount: { minor: 600n } });
    expect(await asked(trial, payment, 1n)).toBe('refund_exceeds_remaining');
    expect(await trial.payment(payment.id)).toMatchObject({
      refundReserved: 1_000n,
      refunded: 0n,
      openRefunds: 2,
    });
  });

  it('is more again once a refund has failed, and no less when its money comes after all', async () => {
    const trial = createTrial();
    const payment = await paidPayment(trial);
    trial.wallet.refund.mockResolvedValueOnce({ kind: 'spent', code: 'NO_MONEY', message: 'too little' });
    const begun = await asked(trial, payment, 700n);
    if (typeof begun === 'string') throw new Error(begun);
    const confirmed = { kind: 'refund_inquired', answer: { kind: 'not_found' } } as const;
    const failed = await recordRefundInput(trial.engine, begun, confirmed, examplePolicy);
    expect(failed.state).toBe('failed');
    const free = { refundReserved: 0n, refunded: 0n, openRefunds: 0 };
    expect(await trial.payment(payment.id)).toMatchObject(free);
    const late = { kind: 'refund_answered', answer: { kind: 'refunded' } } as const;
    for (let time = 0; time < 2; time += 1) {
      const told = await recordRefundInput(trial.engine, failed, late, examplePolicy);
      expect(told).toMatchObject({ state: 'failed', attention: { reason: 'refunded_after_failure' } });
      expect(await trial.payment(payment.id)).toMatchObject(free);
    }
  });
});

// proves RES-12, PAY-07
it('an amount that no money of the currency makes is refused before it is reserved: the wallet never takes it', async () => {
  const trial = createTrial();
  const payment = await paidPayment(trial, {
    wallet: 'alipay_plus',
    amount: { currency: 'IDR', minor: 1_000n },
  });
  expect(await asked(trial, payment, 150n, null, { currency: 'IDR' })).toBe('amount_not_payable');
  expect(await trial.payment(payment.id)).toMatchObject({ refundReserved: 0n, openRefunds: 0 });
  expect(await asked(trial, payment, 200n, null, { currency: 'IDR' })).toMatchObject({ state: 'unknown' });
});

// proves RES-07, money case 7
it('the end of the last refund wakes the cancel that has waited for it', async () => {
  const trial = createTrial();
  const payment = await paidPayment(trial);
  const begun = await asked(trial, payment, 300n);
  if (typeof begun === 'string') throw new Error(begun);
  const { payment: settling } = await cancelled(trial, payment);
  expect(settling).toMatchObject({ reversal: { state: 'settling' } });
  const publish = vi.fn<Changes['publish']>();
  const engine = { ...trial.engine, changes: { ...trial.engine.changes, publish } };
  await recordRefundInput(
    engine,
    begun,
    { kind: 'refund_answered', answer: { kind: 'refunded' } },
    examplePolicy,
  );
  const woken = await trial.payment(payment.id);
  expect(woken).toMatchObject({ reversal: { state: 'refunding' }, nextStep: { action: 'refund' } });
  expect(publish).toHaveBeenCalledWith(payment.id, woken.nextStep?.dueAt);
});

async function cancelled(trial: Trial, { id }: Payment) {
  const result = await cancelPayment(trial.engine, trialMerchant.id, id);
  if (result.kind !== 'payment') throw new Error(result.kind);
  return result;
}

// proves RES-12
describe('a repeat of a refund, when nothing remains', () => {
  it('is answered with that refund, by its number and by its key', async () => {
    const trial = createTrial();
    trial.wallet.refund.mockResolvedValue({ kind: 'refunded' });
    const payment = await paidPayment(trial);
    const key = { key: 'K-1', fingerprint: new Uint8Array(32) };
    const first = await asked(trial, payment, 1_000n, 'R-1', { key });
    if (typeof first === 'string') throw new Error(first);
    expect(await asked(trial, payment, 1_000n, 'R-1')).toMatchObject({ id: first.id, state: 'succeeded' });
    expect(await asked(trial, payment, 1_000n, 'R-1', { key })).toMatchObject({ id: first.id });
    expect(trial.wallet.refund).toHaveBeenCalledTimes(1);
  });

  it('is refused when it is another one under the same number or key', async () => {
    const trial = createTrial();
    trial.wallet.refund.mockResolvedValue({ kind: 'refunded' });
    const payment = await paidPayment(trial);
    const key = { key: 'K-1', fingerprint: new Uint8Array(32) };
    await asked(trial, payment, 1_000n, 'R-1', { key });
    expect(await asked(trial, payment, 999n, 'R-1')).toBe('refund_no_reused');
    expect(await asked(trial, payment, 1_000n, 'R-1', { currency: 'USD' })).toBe('refund_no_reused');
    const other = { ...key, fingerprint: new Uint8Array(32).fill(1) };
    expect(await asked(trial, payment, 999n, 'R-2', { key: other })).toBe('idempotency_key_reused');
    expect(await asked(trial, payment, 1n)).toBe('refund_exceeds_remaining');
    expect(trial.wallet.refund).toHaveBeenCalledTimes(1);
  });
});
