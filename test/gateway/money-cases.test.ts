import { afterEach, describe, expect, it } from 'vitest';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import { policyFor } from '../../src/domain/policy.ts';
import { cancelOrder, cancelPayment } from '../../src/operations/cancel.ts';
import { pay } from '../../src/operations/pay.ts';
import { recordPaymentInput } from '../../src/operations/record.ts';
import { refund } from '../../src/operations/refund.ts';
import { isFinalStatus, openRealGateway, paymentOf, type RealGateway } from './real-gateway.ts';

/*
 * The cases that lose money, each on the real parts: PostgreSQL, the adapter over HTTP, the wallet's durable ledger.
 */
const open: RealGateway[] = [];
async function openReal(...args: Parameters<typeof openRealGateway>): Promise<RealGateway> {
  const real = await openRealGateway(...args);
  open.push(real);
  return real;
}
afterEach(async () => {
  for (const real of open.splice(0)) await real.close();
});

/** Another attempt on an order is meant, and no copy of the first. */
const anotherKey = { key: 'another attempt', fingerprint: new Uint8Array(32) };

const rounds = Array.from({ length: 12 }, (_, index) => index);

/** What the payer has paid and not got back. */
async function kept(real: RealGateway, payment: Payment): Promise<number> {
  const line = await real.ledgerLine(payment);
  return (line?.charged ?? 0) - (line?.refunded ?? 0);
}

const settled = (payment: Payment): boolean => payment.nextStep === null;
const resolved = (payment: Payment): boolean =>
  payment.state === 'cancelled' && payment.reversal?.state === 'effected';

// proves RES-20, PAY-13
describe('money case 1: nothing to cancel is not cancelled', () => {
  it('a payment that reaches the wallet after the cancel is found and given back', async () => {
    const real = await openReal({ policy: { inquiryCount: 2 } });
    await real.control('POST', '/control/faults', {
      api: 'pay',
      fault: 'arrives_late',
      count: 1,
      delay_ms: 2_000,
    });
    const request = real.request();
    const begun = await real.pay(request);
    const provisional = await real.until(begun.id, isFinalStatus);
    expect(provisional.state).toBe('cancelled_provisionally');
    expect(publicStatus(provisional)).toBe('cancelled');
    expect(await real.ledgerLine(provisional)).toBeUndefined();

    const again = await pay(real.gateway.engine, real.merchant, request, null);
    if (again.kind !== 'refused') throw new Error('a second attempt was let in');
    expect(again.refusal.code).toBe('order_has_open_payment');
    expect(again.refusal.facts?.['retry_at']).toBe(
      new Date(provisional.expiresAt.getTime() + 300_000).toISOString(),
    );

    const late = await real.until(begun.id, resolved);
    expect(await real.ledgerLine(late)).toMatchObject({ charged: 1234, refunded: 1234, cancelled: true });
    const copied = await pay(real.gateway.engine, real.merchant, request, null);
    expect(copied).toMatchObject({ kind: 'refused', refusal: { code: 'order_repeated' } });
    const retried = paymentOf(await pay(real.gateway.engine, real.merchant, request, anotherKey));
    expect(publicStatus(retried)).toBe('succeeded');
  });
});

describe('money case 2: a stalled sender', () => {
  it('wakes after its limit and sends nothing, whatever others have decided meanwhile', async () => {
    const real = await openReal({ worker: false, policy: { payAnswerMs: 900 } });
    const other = await real.openAnother();
    const { engine } = real.gateway;
    const stalling = {
      ...engine,
      journal: {
        ...engine.journal,
        openPayment: async (...args: Parameters<typeof engine.journal.openPayment>) => {
          const opened = await engine.journal.openPayment(...args);
          // The whole process freezes right after the record, for longer than it may wait to send.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
          return opened;
        },
      },
    };
    const payment = paymentOf(await pay(stalling, real.merchant, real.request(), null));
    expect(payment).toMatchObject({ state: 'failed', failure: { code: 'wallet_unreachable' } });
    const cancelled = await cancelPayment(other.engine, real.merchant.id, payment.id);
    expect(cancelled).toMatchObject({ kind: 'payment', payment: { state: 'failed' } });
    expect(await real.ledgerLine(payment)).toBeUndefined();
  });
});

// proves CAN-02
describe('money case 3: a cancel and a payment of one unseen order at the same instant', () => {
  it.each(['cancel', 'payment'] as const)('with the %s first at the lock, nothing is kept', async (first) => {
    const real = await openReal();
    const other = await real.openAnother();
    const request = real.request();
    // A third party holds the order's row, so that both wait for it in the order in which they came.
    const holder = await real.database.connect();
    await holder.query('begin');
    await holder.query('insert into orders (merchant_id, merchant_order_no) values ($1, $2)', [
      real.merchant.id,
      request.merchantOrderNo,
    ]);
    const cancelling = () => cancelOrder(other.engine, real.merchant.id, request.merchantOrderNo);
    const paying = () => pay(real.gateway.engine, real.merchant, request, null);
    const starts = first === 'cancel' ? [cancelling, paying] : [paying, cancelling];
    const running: Promise<unknown>[] = [];
    for (const [index, begin] of starts.entries()) {
      running.push(begin());
      await waitingAtLock(real, index + 1);
    }
    await holder.query('rollback');
    holder.release();
    await Promise.all(running);
    const [payment] = await real.gateway.engine.journal.findPaymentsOfOrder(
      real.merchant.id,
      request.merchantOrderNo,
    );
    if (payment === undefined) throw new Error('the payment was not recorded');
    const ended = await real.until(payment.id, isFinalStatus);
    expect(publicStatus(ended)).toBe('cancelled');
    expect(await kept(real, ended)).toBe(0);
  });

  it('raced freely, every order ends cancelled and nothing is kept', async () => {
    const real = await openReal({ policy: { payAnswerMs: 6_000 } });
    const other = await real.openAnother();
    await Promise.all(
      rounds.map(async () => {
        const request = real.request();
        const [paid, cancelled] = await Promise.all([
          pay(real.gateway.engine, real.merchant, request, null),
          cancelOrder(other.engine, real.merchant.id, request.merchantOrderNo),
        ]);
        const ended = await real.until(paymentOf(paid).id, isFinalStatus);
        expect(cancelled.kind).not.toBe('refused');
        expect(publicStatus(ended)).toBe('cancelled');
        expect(await kept(real, ended)).toBe(0);
      }),
    );
  });
});

// proves PAY-13
describe('money case 4: a second attempt while the first is unknown', () => {
  it('is refused by the database, also to two processes at once', async () => {
    const real = await openReal();
    const other = await real.openAnother();
    await real.control('POST', '/control/faults', { api: 'pay', fault: 'no_answer', count: 1 });
    const request = real.request();
    const results = await Promise.all(
      [real.gateway, other, real.gateway, other].map((gateway) =>
        pay(gateway.engine, real.merchant, request, null),
      ),
    );
    const taken = results.filter((result) => result.kind === 'payment');
    const codes = results.flatMap((result) => (result.kind === 'refused' ? [result.refusal.code] : []));
    expect(taken).toHaveLength(1);
    expect(codes).toEqual(Array(3).fill('order_has_open_payment'));
    const [first] = taken;
    if (first === undefined) throw new Error('no attempt was let in');
    const payment = await real.until(paymentOf(first).id, isFinalStatus);
    expect(publicStatus(payment)).toBe('succeeded');
    const after = await pay(real.gateway.engine, real.merchant, request, null);
    expect(after).toMatchObject({ kind: 'refused', refusal: { code: 'order_already_paid' } });
    expect(await real.ledger()).toHaveLength(1);
  });

  it('a surplus success is given back by itself', async () => {
    const real = await openReal();
    const { engine } = real.gateway;
    // The wallet charges, but its answer is taken for a refusal: the attempt ends as failed.
    const misled = {
      ...engine,
      wallets: {
        gateway: (wallet: Payment['wallet']) => ({
          ...engine.wallets.gateway(wallet),
          pay: async (...args: Parameters<ReturnType<typeof engine.wallets.gateway>['pay']>) => {
            await engine.wallets.gateway(wallet).pay(...args);
            return {
              kind: 'refused',
              code: 'ACQ.PAYMENT_FAIL',
              message: '支付失败',
              remedy: 'payer',
            } as const;
          },
        }),
      },
    };
    const request = real.request();
    const failed = paymentOf(await pay(misled, real.merchant, request, null));
    expect(publicStatus(failed)).toBe('failed');
    const second = paymentOf(await pay(engine, real.merchant, request, anotherKey));
    expect(publicStatus(second)).toBe('succeeded');
    // The truth of the first attempt arrives late.
    await recordPaymentInput(
      engine,
      failed,
      {
        kind: 'pay_answered',
        answer: { kind: 'paid', walletTransactionId: '2026', amount: failed.amount },
      },
      policyFor('alipay_open', 'payment_code', real.merchant.policyOverrides),
    );
    engine.changes.publish(failed.id, engine.clock.now());
    const returned = await real.until(failed.id, (payment) => payment.reversal?.state === 'effected');
    expect(publicStatus(returned)).toBe('failed');
    expect(await kept(real, returned)).toBe(0);
    expect(await kept(real, second)).toBe(1234);
    const events = await engine.journal.timeline(real.merchant.id, failed.id);
    expect(events.map(({ type }) => type)).toContain('PaymentEvidenceAfterEnd');
  });
});

// proves RES-09, RES-10
describe('money case 5: evidence of payment during and after a cancel', () => {
  it('an approval that arrives after the cancel took effect changes nothing, and nothing is kept', async () => {
    const real = await openReal();
    await real.control('POST', '/control/faults', { api: 'pay', fault: 'delay', count: 1, delay_ms: 700 });
    const request = real.request();
    const paying = real.pay(request);
    const [begun] = await untilRecorded(real, request.merchantOrderNo);
    if (begun === undefined) throw new Error('the payment was not recorded');
    await untilLedgerKnows(real, begun);
    const cancelled = await cancelPayment(real.gateway.engine, real.merchant.id, begun.id);
    expect(cancelled).toMatchObject({ kind: 'payment' });
    await paying;
    const ended = await real.until(begun.id, (payment) => isFinalStatus(payment) && settled(payment));
    expect(publicStatus(ended)).toBe('cancelled');
    expect(await real.ledgerLine(ended)).toMatchObject({ charged: 1234, refunded: 1234, cancelled: true });
  });
});

// proves RES-12
describe('money case 6: refunds can never exceed what was received', () => {
  it('of twenty refunds raced by two processes only those that fit are accepted', async () => {
    const real = await openReal();
    const other = await real.openAnother();
    const payment = await real.pay();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        refund(
          (index % 2 === 0 ? real.gateway : other).engine,
          real.merchant,
          {
            paymentId: payment.id,
            amount: { currency: 'CNY', minor: 400n },
            reason: null,
            merchantRefundNo: null,
          },
          null,
        ),
      ),
    );
    expect(results.filter((result) => result.kind === 'refund')).toHaveLength(3);
    const refused = results.flatMap((result) => (result.kind === 'refused' ? [result.refusal.code] : []));
    expect(refused).toEqual(Array(17).fill('refund_exceeds_remaining'));
    const settledPayment = await real.until(payment.id, ({ openRefunds }) => openRefunds === 0);
    expect(settledPayment).toMatchObject({ refunded: 1200n, refundReserved: 1200n });
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 1200 });
  });

  it('one refund number raced by two processes is one refund, however the first one ends meanwhile', async () => {
    const real = await openReal({ policy: { payAnswerMs: 6_000 } });
    const other = await real.openAnother();
    // Many at once: the end of the first and the acceptance of the others must never wait for each other.
    await Promise.all(
      rounds.map(async () => {
        const payment = await real.pay();
        const command = {
          paymentId: payment.id,
          amount: { currency: 'CNY', minor: 100n },
          reason: 'returned',
          merchantRefundNo: 'R-1',
        };
        const results = await Promise.all(
          [real.gateway, other, real.gateway, other].map((gateway) =>
            refund(gateway.engine, real.merchant, command, null),
          ),
        );
        const ids = results.map((result) => (result.kind === 'refund' ? result.refund.id : 'refused'));
        expect(new Set(ids).size).toBe(1);
        await real.until(payment.id, ({ openRefunds }) => openRefunds === 0);
        expect(await real.ledgerLine(payment)).toMatchObject({ refunded: 100 });
      }),
    );
  });

  it('a refund whose answer is lost is repeated under its id and given back once', async () => {
    const real = await openReal();
    const payment = await real.pay();
    await real.control('POST', '/control/faults', { api: 'refund', fault: 'no_answer', count: 2 });
    const result = await refund(
      real.gateway.engine,
      real.merchant,
      {
        paymentId: payment.id,
        amount: { currency: 'CNY', minor: 500n },
        reason: null,
        merchantRefundNo: null,
      },
      null,
    );
    expect(result.kind).toBe('refund');
    await real.until(payment.id, ({ openRefunds }) => openRefunds === 0);
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 500 });
  });
});

// proves RES-07, RES-13
describe('money case 7: partial refund, then cancel', () => {
  it('the refunds settle, then the remainder goes back by refund', async () => {
    const real = await openReal();
    const payment = await real.pay();
    await real.control('POST', '/control/faults', { api: 'refund', fault: 'no_answer', count: 1 });
    await refund(
      real.gateway.engine,
      real.merchant,
      {
        paymentId: payment.id,
        amount: { currency: 'CNY', minor: 234n },
        reason: null,
        merchantRefundNo: null,
      },
      null,
    );
    await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
    const ended = await real.until(payment.id, isFinalStatus);
    expect(ended).toMatchObject({ state: 'cancelled', cancelledBy: 'refund', refunded: 1234n });
    expect(await real.ledgerLine(ended)).toMatchObject({ charged: 1234, refunded: 1234 });
  });

  it('past the wallet’s cancel window a paid payment is given back by refund', async () => {
    const real = await openReal();
    const payment = await real.pay();
    await real.control('POST', '/control/settings', { cancel_window_ms: 0 });
    await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
    const ended = await real.until(payment.id, isFinalStatus);
    expect(ended).toMatchObject({ state: 'cancelled', cancelledBy: 'refund' });
    expect(await kept(real, ended)).toBe(0);
  });
});

async function waitingAtLock(real: RealGateway, count: number): Promise<void> {
  for (;;) {
    const { rows } = await real.database.query<{ readonly waiting: bigint }>(
      `select count(*) as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (Number(rows[0]?.waiting) >= count) return;
  }
}

async function untilRecorded(real: RealGateway, merchantOrderNo: string): Promise<Payment[]> {
  for (;;) {
    const found = await real.gateway.engine.journal.findPaymentsOfOrder(real.merchant.id, merchantOrderNo);
    if (found.length > 0) return found;
  }
}

async function untilLedgerKnows(real: RealGateway, payment: Payment): Promise<void> {
  while ((await real.ledgerLine(payment)) === undefined);
}
