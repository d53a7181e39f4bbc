import { describe, expect, test, vi } from 'vitest';
import { paid } from '../domain/inputs.fixture.ts';
import { examplePolicy } from '../domain/payments.fixture.ts';
import { createTrial, trialMerchant, trialRequest } from '../jobs/trial-engine.fixture.ts';
import type { Merchant } from '../ports/merchant-directory.ts';
import { cancelOrder } from './cancel.ts';
import { pay } from './pay.ts';

// proves RES-02, money case 2
test('the time of a call runs from before its payment is recorded, however long that takes', async () => {
  const trial = createTrial();
  const { journal } = trial.engine;
  const open = journal.openPayment.bind(journal);
  vi.spyOn(journal, 'openPayment').mockImplementationOnce(async (...args) => {
    const opened = await open(...args);
    await trial.clock.advance(700);
    return opened;
  });
  await trial.clock.advance(1_234);
  const begunAt = trial.clock.now();
  await pay(trial.engine, trialMerchant, trialRequest(), null);
  const [request, limits] = trial.wallet.pay.mock.lastCall ?? [];
  expect(limits).toEqual({
    sendBeforeMs: 1_234 + examplePolicy.payAnswerMs / 3,
    answerBeforeMs: 1_234 + examplePolicy.payAnswerMs,
  });
  expect(request?.requestedAt).toEqual(begunAt);
});

// proves PAY-09
describe('the category that the wallet is told of a store', () => {
  test.each([
    ['is its own', '5812', '5812'],
    ['is its merchant’s where it has none', null, trialMerchant.mcc],
  ])('%s', async (_, mcc, told) => {
    const trial = createTrial();
    const merchant: Merchant = { ...trialMerchant, stores: [{ id: 'S0001', name: 'Tea House', mcc }] };
    await pay(trial.engine, merchant, trialRequest(), null);
    expect(trial.wallet.pay.mock.lastCall?.[0].store.mcc).toBe(told);
  });
});

// proves CAN-02, RES-11
test('a payment whose order was cancelled before is announced as cancelled, and never sent', async () => {
  const trial = createTrial();
  trial.wallet.pay.mockResolvedValue(paid);
  await cancelOrder(trial.engine, trialMerchant.id, 'ORDER-1');
  const result = await pay(trial.engine, trialMerchant, trialRequest(), null);
  expect(result).toMatchObject({ payment: { state: 'cancelled', cancelledBy: 'cancel' } });
  expect(trial.wallet.pay).not.toHaveBeenCalled();
  const due = await trial.memory.due.claimDue(10, 1_000);
  expect(due.map(({ kind }) => kind)).toContain('delivery');
});

// proves PAY-13
describe('a repeat of a payment that could not be accepted any more', () => {
  const key = { key: 'order-1-attempt-1', fingerprint: new Uint8Array(32) };
  const closedShop: Merchant = { ...trialMerchant, bindings: [] };

  test('is answered with what was accepted', async () => {
    const trial = createTrial();
    const first = await pay(trial.engine, trialMerchant, trialRequest(), key);
    const id = first.kind === 'payment' ? first.payment.id : '';
    const repeat = await pay(trial.engine, closedShop, trialRequest(), key);
    expect(repeat).toMatchObject({ kind: 'payment', payment: { id }, replayed: true });
    expect(trial.wallet.pay).toHaveBeenCalledTimes(1);
  });

  test('is told so when its key came with another request, and of its own fault when the key is new', async () => {
    const trial = createTrial();
    await pay(trial.engine, trialMerchant, trialRequest(), key);
    const another = { ...key, fingerprint: new Uint8Array(32).fill(1) };
    expect(await pay(trial.engine, closedShop, trialRequest(), another)).toMatchObject({
      refusal: { code: 'idempotency_key_reused' },
    });
    expect(await pay(trial.engine, closedShop, trialRequest(), { ...key, key: 'new' })).toMatchObject({
      refusal: { code: 'wallet_not_available' },
    });
  });
});
