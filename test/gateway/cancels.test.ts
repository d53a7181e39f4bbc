import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import { productNames, type WalletName, walletNames } from '../../src/domain/wallets.ts';
import { cancelOrder, cancelPayment } from '../../src/operations/cancel.ts';
import { pay } from '../../src/operations/pay.ts';
import { referenceOf } from '../../src/operations/perform.ts';
import { refund } from '../../src/operations/refund.ts';
import { eventually, isFinalStatus, openRealGateway, paymentOf, type RealGateway } from './real-gateway.ts';

/*
 * A cancel in each of its answers, at both wallets, on the real parts: whatever becomes of its calls, the payer has the
 * money, the wallet's ledger and the payment agree, and nothing stays ahead.
 */

/** A call as the simulator has logged it. */
interface LoggedCall {
  readonly method: string;
  readonly out_trade_no: string | null;
}

const ended = (payment: Payment): boolean => isFinalStatus(payment) && payment.nextStep === null;

async function remaining(real: RealGateway, fault: string): Promise<number | undefined> {
  const rules = (await real.control('GET', '/control/faults')) as { fault: string; remaining: number }[];
  return rules.find((rule) => rule.fault === fault)?.remaining;
}

async function faulty(real: RealGateway, api: string, fault: string, more: object = {}): Promise<void> {
  await real.control('POST', '/control/faults', { api, fault, count: 1, ...more });
}

/** A payment that its wallet knows and whose payer still types. */
async function waitingPayment(real: RealGateway, wallet: WalletName): Promise<Payment> {
  await faulty(real, 'pay', 'paying');
  const begun = await real.payBy(wallet, 'payment_code');
  return real.until(begun.id, ({ knownToWallet }) => knownToWallet);
}

async function cancelled(real: RealGateway, payment: Payment): Promise<Payment> {
  const result = await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
  expect(result.kind).toBe('payment');
  return real.until(payment.id, ended);
}

async function partOf(real: RealGateway, payment: Payment, minor: bigint) {
  return refund(
    real.gateway.engine,
    real.merchant,
    {
      paymentId: payment.id,
      amount: { currency: payment.amount.currency, minor },
      reason: null,
      merchantRefundNo: null,
    },
    null,
  );
}

describe.each(walletNames)('a cancel at %s', (wallet) => {
  let real: RealGateway;
  let walletAheadMs = 0;
  beforeAll(async () => {
    real = await openRealGateway({
      policy: {
        callLimitMs: 400,
        expiryMinMs: 0,
        idleInquiryIntervalMs: 200,
        expiryGraceMs: 500,
        codeLifeMs: 0,
        finalLookMs: 200,
      },
      walletClock: () => Date.now() + walletAheadMs,
    });
  });
  afterAll(() => real.close());

  // proves RES-06, RES-14, CAN-03, ACQ-06
  describe.each([
    ['no_answer', {}],
    ['not_processed', {}],
    ['arrives_late', { delay_ms: 400 }],
    ['reset', {}],
    ['delay', { delay_ms: 600 }],
    ['system_error', {}],
    ['bad_signature', {}],
    ['truncated', {}],
    ['http_500', {}],
  ] as const)('with the fault %s twice', (fault, more) => {
    it.each(['paid', 'waiting for its payer'] as const)('undoes what is %s, once', async (state) => {
      const payment =
        state === 'paid' ? await real.payBy(wallet, 'payment_code') : await waitingPayment(real, wallet);
      await faulty(real, 'cancel', fault, { ...more, count: 2 });
      const after = await cancelled(real, payment);
      expect(await remaining(real, fault)).toBe(0);
      expect(after).toMatchObject({ state: 'cancelled', cancelledBy: 'cancel', attention: null });
      const charged = state === 'paid' ? 1234 : 0;
      expect(await real.ledgerLine(after)).toMatchObject({ charged, refunded: charged, cancelled: true });
      await real.control('DELETE', '/control/faults');
    });
  });

  // proves RES-07, RES-12
  it('past the window gives everything back by refund, once, although the refund’s answers are lost', async () => {
    const payment = await real.payBy(wallet, 'payment_code');
    await real.control('POST', '/control/settings', { cancel_window_ms: 0, plus_cancel_window_ms: 0 });
    await faulty(real, 'refund', 'no_answer', { count: 2 });
    const after = await cancelled(real, payment);
    expect(after).toMatchObject({ state: 'cancelled', cancelledBy: 'refund', refunded: 1234n });
    expect(await real.ledgerLine(after)).toMatchObject({ charged: 1234, refunded: 1234, cancelled: false });
    await real.control('POST', '/control/settings', {
      cancel_window_ms: 86_400_000,
      plus_cancel_window_ms: null,
    });
  });

  // proves RES-07
  it.each(['answered', 'unanswered'] as const)(
    'after a partial refund, %s, gives back the remainder by refund',
    async (how) => {
      const payment = await real.payBy(wallet, 'payment_code');
      if (how === 'unanswered') await faulty(real, 'refund', 'no_answer', { count: 2 });
      expect((await partOf(real, payment, 234n)).kind).toBe('refund');
      const after = await cancelled(real, payment);
      expect(after).toMatchObject({ state: 'cancelled', cancelledBy: 'refund', refunded: 1234n });
      expect(await real.ledgerLine(after)).toMatchObject({ charged: 1234, refunded: 1234 });
    },
  );

  it('of what was given back wholly calls nobody', async () => {
    const payment = await real.payBy(wallet, 'payment_code');
    await partOf(real, payment, 1234n);
    await real.until(payment.id, ({ refunded }) => refunded === 1234n);
    await faulty(real, '*', 'http_500');
    const after = await cancelled(real, payment);
    expect(after).toMatchObject({ state: 'cancelled', cancelledBy: 'refund' });
    expect(await remaining(real, 'http_500')).toBe(1);
    await real.control('DELETE', '/control/faults');
  });

  // proves RES-06, RES-13, ACQ-06
  it('that the merchant’s position does not cover stands before people, and is done once it does', async () => {
    const payment = await real.payBy(wallet, 'payment_code');
    await real.control('POST', '/control/settings', {
      position: 'on',
      cancel_window_ms: 31_000_000_000,
      plus_cancel_window_ms: 31_000_000_000,
    });
    // The next day nothing has been taken yet.
    walletAheadMs = 86_400_000;
    await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
    const short = await real.until(payment.id, ({ attention }) => attention !== null);
    expect(short).toMatchObject({
      state: 'reversing',
      attention: { reason: 'cancel_unresolved' },
      nextStep: { action: 'cancel' },
    });
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 0 });
    const events = await real.gateway.engine.journal.timeline(real.merchant.id, payment.id);
    const raised = events.find(({ type }) => type === 'AttentionRaised');
    expect(raised?.data['wallet_code']).toMatch(/BALANCE_NOT_ENOUGH$/);
    await real.control('POST', '/control/settings', { position: 'off' });
    const after = await real.until(payment.id, ended);
    expect(after).toMatchObject({ state: 'cancelled', cancelledBy: 'cancel', attention: null });
    expect(await real.ledgerLine(after)).toMatchObject({ charged: 1234, refunded: 1234 });
    walletAheadMs = 0;
    await real.control('POST', '/control/settings', {
      cancel_window_ms: 86_400_000,
      plus_cancel_window_ms: null,
    });
  });

  // proves RES-10, CAN-01
  it.each(['paid', 'waiting for its payer'] as const)(
    'that two processes ask for at once, of what is %s, undoes it once',
    async (state) => {
      const other = await real.openAnother();
      const payment =
        state === 'paid' ? await real.payBy(wallet, 'payment_code') : await waitingPayment(real, wallet);
      const results = await Promise.all(
        [real.gateway, other, real.gateway, other].map(({ engine }) =>
          cancelPayment(engine, real.merchant.id, payment.id),
        ),
      );
      expect(results.map(({ kind }) => kind)).toEqual(Array(4).fill('payment'));
      const after = await real.until(payment.id, ended);
      expect(after).toMatchObject({ state: 'cancelled', cancelledBy: 'cancel' });
      const charged = state === 'paid' ? 1234 : 0;
      expect(await real.ledgerLine(after)).toMatchObject({ charged, refunded: charged, cancelled: true });
      const events = await real.gateway.engine.journal.timeline(real.merchant.id, payment.id);
      expect(events.filter(({ type }) => type === 'ReversalDecided')).toHaveLength(1);
    },
  );

  // proves CAN-02, RES-10
  it('while the pay is being sent ends it, whichever answer comes first', async () => {
    await faulty(real, 'pay', 'delay', { delay_ms: 600 });
    const request = real.request(
      wallet === 'alipay_open'
        ? {}
        : {
            amount: { currency: 'USD', minor: 1234n },
            wallet,
            start: { product: 'payment_code', paymentCode: real.plusPaymentCode },
          },
    );
    const paying = real.pay(request);
    const open = await eventually(
      () => real.gateway.engine.journal.findPaymentsOfOrder(real.merchant.id, request.merchantOrderNo),
      (payments) => payments.length > 0,
    );
    const result = await cancelOrder(real.gateway.engine, real.merchant.id, request.merchantOrderNo);
    expect(result).toMatchObject({ kind: 'payment', payment: { id: open[0]?.id } });
    await paying;
    const after = await real.until(open[0]?.id ?? '', ended);
    expect(publicStatus(after)).toBe('cancelled');
    const line = await real.ledgerLine(after);
    expect(line).toMatchObject({ charged: 1234, refunded: 1234 });
  });

  // proves CAN-02, CAN-05
  it('before its payment is held for whichever process gets that, also one that starts later', async () => {
    const request = real.request();
    const held = await cancelOrder(real.gateway.engine, real.merchant.id, request.merchantOrderNo);
    expect(held).toMatchObject({ kind: 'held', latest: null });
    const after = await real.openAnother();
    const payment = paymentOf(await pay(after.engine, real.merchant, request, null));
    expect(payment).toMatchObject({ state: 'cancelled', nextStep: null });
    expect(await real.ledgerLine(payment)).toBeUndefined();
  });

  // proves RES-04
  it('that somebody else has made at the wallet is found by the inquiry, and ends the payment unpaid', async () => {
    await faulty(real, 'pay', 'paying');
    const begun = await real.payBy(wallet, 'payment_code');
    const answer = await real.gateway.engine.wallets.gateway(wallet).cancel(referenceOf(begun), {
      sendBeforeMs: Number.MAX_VALUE,
      answerBeforeMs: performance.now() + 5_000,
    });
    expect(answer.kind).toBe('effected');
    const after = await real.until(begun.id, ended);
    expect(['failed', 'cancelled']).toContain(publicStatus(after));
    expect(after.reversal).toBeNull();
    expect(await real.ledgerLine(after)).toMatchObject({ charged: 0, cancelled: true });
  });

  // proves RES-04, RES-17
  it('is not needed where the payer refuses: the inquiry says so, and the till may try again', async () => {
    const waiting = await waitingPayment(real, wallet);
    await real.control('POST', `/control/payments/${referenceOf(waiting).requestId}/refuse`);
    const after = await real.until(waiting.id, ended);
    expect(after).toMatchObject({ state: 'failed', paidEvidence: false });
    expect(await real.ledgerLine(after)).toMatchObject({ charged: 0 });
    // Alipay+ takes one cancel after the word that it failed; the Open Platform has closed the trade.
    const calls = (await real.control('GET', '/control/requests?limit=1000')) as LoggedCall[];
    const { requestId } = referenceOf(after);
    const cancels = calls.filter((call) => call.out_trade_no === requestId && /cancel/.test(call.method));
    expect(cancels).toHaveLength(wallet === 'alipay_plus' ? 1 : 0);
  });
});

const issued = walletNames.flatMap((wallet) =>
  productNames
    .filter((product) => product === 'order_code' || (product === 'entry_code' && wallet === 'alipay_plus'))
    .map((product) => [wallet, product] as const),
);

describe.each(issued)('of what was issued by %s as %s', (wallet, product) => {
  const lifeMs = 1_500;
  let real: RealGateway;
  beforeAll(async () => {
    real = await openRealGateway({
      policy: {
        expiryMinMs: 0,
        expiryDefaultMs: lifeMs,
        idleInquiryIntervalMs: 200,
        expiryGraceMs: 500,
        codeLifeMs: 0,
        finalLookMs: 200,
        payerActiveMs: 600,
      },
    });
  });
  afterAll(() => real.close());
  const issue = (life = lifeMs): Promise<Payment> =>
    real.payBy(wallet, product, { expiresAt: new Date(Date.now() + life) });

  // proves RES-16, PAY-08
  it('what nobody pays is undone at its close time, and never before', async () => {
    const payment = await issue();
    expect(payment.state).toBe('issued');
    if (wallet === 'alipay_open') {
      await real.control('POST', `/control/payments/${referenceOf(payment).requestId}/scan`, {});
    }
    const after = await real.until(payment.id, isFinalStatus);
    // The wallet, which is told whole seconds, may have closed it by itself a moment before.
    const closing = ['not_paid_in_time', 'payment_closed', 'payment_declined'];
    expect(closing).toContain(after.failure?.code);
    expect(after.updatedAt.getTime()).toBeGreaterThan(payment.expiresAt.getTime() - 1_000);
    const rest = await real.until(payment.id, ended);
    expect(['failed', 'cancelled']).toContain(publicStatus(rest));
    expect((await real.ledgerLine(rest))?.charged ?? 0).toBe(0);
  });

  // proves RES-20, CAN-01
  it('what the merchant cancels before anybody came is at rest once nobody can pay it any more', async () => {
    const payment = await issue();
    await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
    const shown = await real.until(payment.id, isFinalStatus);
    expect(publicStatus(shown)).toBe('cancelled');
    const rest = await real.until(payment.id, ended);
    expect(rest).toMatchObject({ state: 'cancelled', attention: null });
    if (wallet === 'alipay_open') {
      expect(rest.reversal?.state).toBe('baseless');
      const looks = await real.gateway.engine.journal.timeline(real.merchant.id, payment.id);
      const over = looks.find(({ type }) => type === 'NothingEverFound');
      expect(over?.at.getTime()).toBeGreaterThanOrEqual(payment.expiresAt.getTime() + 500);
    }
    expect((await real.ledgerLine(rest))?.charged ?? 0).toBe(0);
  });

  // proves RES-10, RES-20
  it('what its payer pays in the instant of the cancel is not kept', async () => {
    const payment = await issue(8_000);
    await Promise.allSettled([
      real.payerPays(payment),
      cancelPayment(real.gateway.engine, real.merchant.id, payment.id),
    ]);
    const after = await real.until(
      payment.id,
      (one) => publicStatus(one) === 'cancelled' && one.nextStep === null,
    );
    expect(publicStatus(after)).toBe('cancelled');
    const line = await real.ledgerLine(after);
    expect((line?.charged ?? 0) - (line?.refunded ?? 0)).toBe(0);
  });

  // proves ACQ-06
  it('what was paid and is cancelled then is given back', async () => {
    const payment = await issue(8_000);
    await real.payerPays(payment);
    await real.until(payment.id, (one) => publicStatus(one) === 'succeeded');
    await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
    const after = await real.until(payment.id, ended);
    expect(after).toMatchObject({ state: 'cancelled', cancelledBy: 'cancel' });
    expect(await real.ledgerLine(after)).toMatchObject({ charged: 1234, refunded: 1234, cancelled: true });
  });
});
