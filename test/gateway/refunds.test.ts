import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Payment } from '../../src/domain/payment.ts';
import { publicRefundStatus, type Refund } from '../../src/domain/refund.ts';
import { walletNames } from '../../src/domain/wallets.ts';
import { cancelPayment } from '../../src/operations/cancel.ts';
import { refund } from '../../src/operations/refund.ts';
import { eventually, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * Refunds at both wallets on the real parts: whatever becomes of their calls, what the wallet has given back is what the
 * refunds say, and never more than was received.
 */

const day = 86_400_000;

describe.each(walletNames)('a refund at %s', (wallet) => {
  let real: RealGateway;
  let walletAheadMs = 0;
  beforeAll(async () => {
    real = await openRealGateway({
      policy: { callLimitMs: 400, expiryGraceMs: 700 },
      walletClock: () => Date.now() + walletAheadMs,
    });
  });
  afterAll(() => real.close());

  const paidPayment = (): Promise<Payment> => real.payBy(wallet, 'payment_code');

  async function refunded(
    payment: Payment,
    minor: bigint,
    merchantRefundNo: string | null = null,
    gateway = real.gateway,
  ): Promise<Refund> {
    const result = await refund(
      gateway.engine,
      real.merchant,
      {
        paymentId: payment.id,
        amount: { currency: payment.amount.currency, minor },
        reason: 'returned',
        merchantRefundNo,
      },
      null,
    );
    if (result.kind === 'refused') throw new Error(result.refusal.code);
    return result.refund;
  }

  async function untilRefund(id: string, condition: (refund: Refund) => boolean): Promise<Refund> {
    const found = await eventually(
      () => real.gateway.engine.journal.findRefund(real.merchant.id, id),
      (one) => one !== null && condition(one),
    );
    if (found === null) throw new Error(`no refund ${id}`);
    return found;
  }

  const isFinal = (one: Refund): boolean => publicRefundStatus(one) !== 'processing';

  async function positionIs(position: 'on' | 'off'): Promise<void> {
    // The next day the merchant has taken nothing yet.
    walletAheadMs = position === 'on' ? day : 0;
    await real.control('POST', '/control/settings', { position });
  }

  // proves RES-12, RES-14, ACQ-06
  it.each([
    ['no_answer', {}],
    ['not_processed', {}],
    ['arrives_late', { delay_ms: 300 }],
    ['reset', {}],
    ['delay', { delay_ms: 600 }],
    ['system_error', {}],
    ['bad_signature', {}],
    ['truncated', {}],
    ['http_500', {}],
  ] as const)('with the fault %s twice is given back once', async (fault, more) => {
    const payment = await paidPayment();
    const rule = { api: 'refund', fault, count: 2, ...more };
    await real.control('POST', '/control/faults', rule);
    const begun = await refunded(payment, 500n);
    const ended = await untilRefund(begun.id, isFinal);
    expect(ended).toMatchObject({ state: 'succeeded', attention: null });
    const after = await real.payment(payment.id);
    expect(after).toMatchObject({ refunded: 500n, refundReserved: 500n, openRefunds: 0 });
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 500, cancelled: false });
    await real.control('DELETE', '/control/faults');
  });

  // proves RES-12
  it('whose answers and inquiries are lost is found given back', async () => {
    const payment = await paidPayment();
    await real.control('POST', '/control/faults', { api: 'refund', fault: 'no_answer', count: 2 });
    await real.control('POST', '/control/faults', { api: 'inquiry', fault: 'no_answer', count: 2 });
    const begun = await refunded(payment, 1234n);
    expect(await untilRefund(begun.id, isFinal)).toMatchObject({ state: 'succeeded' });
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 1234 });
    await real.control('DELETE', '/control/faults');
  });

  // proves RES-12, RES-10
  it('is one of many that two processes make at once, and none is accepted over what remains', async () => {
    const other = await real.openAnother();
    const payment = await paidPayment();
    const results = await Promise.allSettled(
      Array.from({ length: 14 }, (_, index) =>
        refunded(payment, 300n, null, index % 2 === 0 ? real.gateway : other),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    await real.until(payment.id, ({ openRefunds }) => openRefunds === 0);
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 1200 });
    await refunded(payment, 34n);
    await real.until(payment.id, (one) => one.refunded === 1234n);
    await expect(refunded(payment, 1n)).rejects.toThrow('refund_exceeds_remaining');
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 1234 });
  });

  // proves RES-12
  it('of one number is one refund, however often and wherever it is asked for', async () => {
    const other = await real.openAnother();
    const payment = await paidPayment();
    const all = await Promise.all(
      [real.gateway, other, real.gateway, other].map((gateway) => refunded(payment, 400n, 'R-1', gateway)),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect((await refunded(payment, 400n, 'R-1')).id).toBe(all[0]?.id);
    await expect(refunded(payment, 401n, 'R-1')).rejects.toThrow('refund_no_reused');
    await real.until(payment.id, ({ openRefunds }) => openRefunds === 0);
    expect(await real.ledgerLine(payment)).toMatchObject({ refunded: 400 });
  });

  // proves RES-12, RES-13
  it('that the merchant’s position does not cover gives nothing back until it does', async () => {
    const payment = await paidPayment();
    await positionIs('on');
    const begun = await refunded(payment, 700n);
    if (wallet === 'alipay_open') {
      const short = await untilRefund(begun.id, ({ attention }) => attention !== null);
      expect(short).toMatchObject({ state: 'unknown', attention: { reason: 'refund_unresolved' } });
      expect(await real.payment(payment.id)).toMatchObject({ refundReserved: 700n, refunded: 0n });
      expect(await real.ledgerLine(payment)).toMatchObject({ refunded: 0 });
      await positionIs('off');
      expect(await untilRefund(begun.id, isFinal)).toMatchObject({ state: 'succeeded', attention: null });
    } else {
      // Alipay+ lets the refund's id fail for good; the merchant makes a new refund once there is money.
      const failed = await untilRefund(begun.id, isFinal);
      expect(failed).toMatchObject({
        state: 'failed',
        failure: { walletCode: 'MERCHANT_BALANCE_NOT_ENOUGH' },
      });
      expect(await real.payment(payment.id)).toMatchObject({ refundReserved: 0n, refunded: 0n });
      await positionIs('off');
      const again = await refunded(payment, 700n);
      expect(await untilRefund(again.id, isFinal)).toMatchObject({ state: 'succeeded' });
    }
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 700 });
  });

  // proves RES-12
  it('past the wallet’s refund period fails with the wallet’s code, and reserves nothing', async () => {
    const payment = await paidPayment();
    await real.control('POST', '/control/settings', { refund_period_days: 0 });
    const failed = await untilRefund((await refunded(payment, 700n)).id, isFinal);
    expect(failed).toMatchObject({ state: 'failed', failure: { code: 'refund_refused' } });
    expect(failed.failure?.walletCode).toMatch(/TRADE_HAS_FINISHED|REFUND_WINDOW_EXCEED/);
    expect(await real.payment(payment.id)).toMatchObject({ state: 'succeeded', refundReserved: 0n });
    await real.control('POST', '/control/settings', { refund_period_days: 90 });
    await refunded(payment, 1234n);
    await real.until(payment.id, (one) => one.refunded === 1234n);
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 1234 });
  });

  // proves RES-07, RES-12
  it('that fails while a cancel waits for it leaves the cancel to give everything back', async () => {
    const payment = await paidPayment();
    await real.control('POST', '/control/settings', { refund_period_days: 0 });
    await real.control('POST', '/control/faults', { api: 'refund', fault: 'not_processed', count: 1 });
    const begun = await refunded(payment, 700n);
    expect(publicRefundStatus(begun)).toBe('processing');
    await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
    expect(await real.payment(payment.id)).toMatchObject({ state: 'reversing', openRefunds: 1 });
    expect(await untilRefund(begun.id, isFinal)).toMatchObject({ state: 'failed' });
    await real.control('POST', '/control/settings', { refund_period_days: 90 });
    const after = await real.until(payment.id, (one) => one.state === 'cancelled' && one.nextStep === null);
    expect(after.openRefunds).toBe(0);
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 1234 });
  });

  it('of what is cancelled, or being cancelled, is refused', async () => {
    const payment = await paidPayment();
    await real.control('POST', '/control/faults', { api: 'cancel', fault: 'not_processed', count: 1 });
    const cancelling = cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
    await real.until(payment.id, ({ reversal }) => reversal !== null);
    await expect(refunded(payment, 100n)).rejects.toThrow('payment_not_refundable');
    await cancelling;
    await real.until(payment.id, (one) => one.state === 'cancelled');
    await expect(refunded(payment, 100n)).rejects.toThrow('payment_not_refundable');
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 1234 });
  });
});
