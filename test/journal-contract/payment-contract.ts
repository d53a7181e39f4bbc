import { expect } from 'vitest';
import type { Announcement } from '../../src/domain/announcement.ts';
import type { Payment } from '../../src/domain/payment.ts';
import {
  acceptedRefund,
  changeOf,
  claimedIds,
  type JournalUnderTest,
  longLeaseMs,
  madeKey,
  madePayment,
  opened,
  openedAndPaid,
  recorded,
  submitted,
} from './journal-under-test.ts';

type Case = (under: JournalUnderTest) => Promise<void>;

/** What every journal of payments and cancels promises. */
export const paymentContract: { readonly [name: string]: Case } = {
  'an opened payment is found as it was opened, by its own merchant only': async (under) => {
    const payment = madePayment(await under.now());
    const result = await under.journal.openPayment(payment, [submitted], null, []);
    expect(result).toEqual({ kind: 'opened', payment });
    expect(await under.journal.findPayment('M0001', payment.id)).toEqual(payment);
    expect(await under.journal.findPayment('M0002', payment.id)).toBeNull();
    expect(await under.journal.timeline('M0001', payment.id)).toEqual([
      { ...submitted, at: payment.createdAt, version: 1 },
    ]);
  },

  // proves PAY-13
  'an order with an attempt that is open or paid takes no other': async (under) => {
    for (const state of [
      'submitted',
      'unknown',
      'reversing',
      'cancelled_provisionally',
      'succeeded',
    ] as const) {
      const first = await recorded(under, await opened(under), { state });
      const second = madePayment(await under.now(), { merchantOrderNo: first.merchantOrderNo });
      const result = await under.journal.openPayment(second, [submitted], madeKey(`key-${state}`), []);
      expect(result).toEqual({ kind: 'order_held', by: first });
      expect(await under.journal.findPayment('M0001', second.id)).toBeNull();
      expect(await under.journal.findPaymentOfKey('M0001', madeKey(`key-${state}`))).toEqual({
        kind: 'none',
      });
    }
  },

  'an order whose attempts have all ended unpaid takes a new one, and lists them newest first': async (
    under,
  ) => {
    const first = await recorded(under, await opened(under), { state: 'failed', nextStep: null });
    await under.pass(2);
    const { merchantOrderNo } = first;
    const second = await recorded(under, await opened(under, { merchantOrderNo }), {
      state: 'cancelled',
      nextStep: null,
    });
    await under.pass(2);
    const third = await opened(under, { merchantOrderNo });
    expect(await under.journal.findPaymentsOfOrder('M0001', merchantOrderNo)).toEqual([third, second, first]);
    expect(await under.journal.findPaymentsOfOrder('M0002', merchantOrderNo)).toEqual([]);
  },

  // proves PAY-13
  'without a key an order whose attempts have ended is a repeat, and nothing of it is recorded': async (
    under,
  ) => {
    const first = await recorded(under, await opened(under), { state: 'failed', nextStep: null });
    const repeat = madePayment(await under.now(), { merchantOrderNo: first.merchantOrderNo });
    const result = await under.journal.openPayment(repeat, [submitted], null, []);
    expect(result).toEqual({ kind: 'order_repeated', latest: first });
    expect(await under.journal.findPayment('M0001', repeat.id)).toBeNull();
    const another = await opened(under, { merchantOrderNo: first.merchantOrderNo });
    expect(await under.journal.openPayment(repeat, [submitted], null, [])).toEqual({
      kind: 'order_held',
      by: another,
    });
  },

  'order numbers of two merchants do not meet': async (under) => {
    const first = await opened(under);
    const other = await opened(under, { merchantId: 'M0002', merchantOrderNo: first.merchantOrderNo });
    expect(other.merchantOrderNo).toBe(first.merchantOrderNo);
  },

  'a repeated key answers with what has become of its payment': async (under) => {
    const now = await under.now();
    const payment = madePayment(now);
    await under.journal.openPayment(payment, [submitted], madeKey('key-1'), []);
    const paid = await recorded(under, payment, { state: 'succeeded', nextStep: null });
    const repeat = madePayment(now, { merchantOrderNo: payment.merchantOrderNo });
    const replayed = { kind: 'replayed', payment: paid };
    expect(await under.journal.openPayment(repeat, [submitted], madeKey('key-1'), [])).toEqual(replayed);
    expect(await under.journal.findPaymentOfKey('M0001', madeKey('key-1'))).toEqual(replayed);
    expect(await under.journal.findPayment('M0001', repeat.id)).toBeNull();
  },

  'a key with another request is told apart, and so is a key of a refund': async (under) => {
    const now = await under.now();
    await under.journal.openPayment(madePayment(now), [submitted], madeKey('key-1'), []);
    const other = madePayment(now);
    const reused = { kind: 'key_reused' };
    expect(await under.journal.openPayment(other, [submitted], madeKey('key-1', 'other'), [])).toEqual(
      reused,
    );
    expect(await under.journal.findPaymentOfKey('M0001', madeKey('key-1', 'other'))).toEqual(reused);
    expect(await under.journal.findRefundOfKey('M0001', madeKey('key-1'))).toEqual(reused);
    expect(await under.journal.findPaymentOfKey('M0002', madeKey('key-1'))).toEqual({ kind: 'none' });
  },

  'two payments of one order at the same instant: one is opened': async (under) => {
    const now = await under.now();
    const merchantOrderNo = 'order-raced';
    const results = await Promise.all(
      [1, 2, 3].map(() =>
        under.journal.openPayment(madePayment(now, { merchantOrderNo }), [submitted], null, []),
      ),
    );
    expect(results.map((result) => result.kind).sort()).toEqual(['opened', 'order_held', 'order_held']);
  },

  'two requests under one key at the same instant: one is opened, the other replays it': async (under) => {
    const now = await under.now();
    const merchantOrderNo = 'order-raced';
    const results = await Promise.all(
      [1, 2].map(() =>
        under.journal.openPayment(madePayment(now, { merchantOrderNo }), [submitted], madeKey('key-1'), []),
      ),
    );
    expect(results.map((result) => result.kind).sort()).toEqual(['opened', 'replayed']);
    expect(await under.journal.findPaymentsOfOrder('M0001', merchantOrderNo)).toHaveLength(1);
  },

  // proves CAN-02
  'a cancel of an order without an open or paid attempt closes it': async (under) => {
    const failed = await recorded(under, await opened(under), { state: 'failed', nextStep: null });
    const { merchantOrderNo } = failed;
    const held = { kind: 'held', latest: failed };
    expect(await under.journal.cancelOrder('M0001', merchantOrderNo)).toEqual(held);
    expect(await under.journal.cancelOrder('M0001', merchantOrderNo)).toEqual(held);
    expect(await under.journal.cancelOrder('M0001', 'order-unseen')).toEqual({ kind: 'held', latest: null });
    const now = await under.now();
    for (const orderNo of [merchantOrderNo, 'order-unseen']) {
      const late = madePayment(now, { merchantOrderNo: orderNo });
      expect(await under.journal.openPayment(late, [submitted], null, [])).toEqual({ kind: 'order_closed' });
      expect(await under.journal.findPayment('M0001', late.id)).toBeNull();
    }
    const elsewhere = madePayment(now, { merchantId: 'M0002', merchantOrderNo: 'order-unseen' });
    expect((await under.journal.openPayment(elsewhere, [submitted], null, [])).kind).toBe('opened');
  },

  'a payment that was never sent is recorded under a closed order, once per key': async (under) => {
    await under.journal.cancelOrder('M0001', 'order-unseen');
    const now = await under.now();
    const fields = {
      merchantOrderNo: 'order-unseen',
      state: 'cancelled',
      cancelledBy: 'cancel',
      nextStep: null,
    } as const;
    const closed = madePayment(now, fields);
    const announced = [announcement('payment.cancelled', closed)];
    const result = await under.journal.openPayment(closed, [submitted], madeKey('key-1'), announced);
    expect(result).toEqual({ kind: 'opened', payment: closed });
    expect(
      await under.journal.openPayment(madePayment(now, fields), [submitted], madeKey('key-1'), announced),
    ).toEqual({ kind: 'replayed', payment: closed });
    expect(await claimedIds(under)).toHaveLength(1);
  },

  'a cancel finds the attempt that is open, paid or provisionally cancelled': async (under) => {
    for (const state of ['submitted', 'succeeded', 'cancelled_provisionally'] as const) {
      const payment = await recorded(under, await opened(under), { state });
      expect(await under.journal.cancelOrder('M0001', payment.merchantOrderNo)).toEqual({
        kind: 'found',
        payment,
      });
      await recorded(under, payment, { state: 'cancelled', nextStep: null });
      await opened(under, { merchantOrderNo: payment.merchantOrderNo });
    }
  },

  // proves CAN-02
  'a payment and a cancel of one unseen order at the same instant see each other': async (under) => {
    const now = await under.now();
    for (let round = 0; round < 12; round += 1) {
      const merchantOrderNo = `order-raced-${round}`;
      const payment = madePayment(now, { merchantOrderNo });
      const pay = () => under.journal.openPayment(payment, [submitted], null, []);
      const cancel = () => under.journal.cancelOrder('M0001', merchantOrderNo);
      const [first, second] = round % 2 === 0 ? [pay, cancel] : [cancel, pay];
      const kinds = (await Promise.all([first(), second()])).map((result) => result.kind).sort();
      expect([
        ['found', 'opened'],
        ['held', 'order_closed'],
      ]).toContainEqual(kinds);
    }
  },

  'a recorded change is found whole, one version on': async (under) => {
    const payment = await opened(under);
    await under.pass(2);
    const now = await under.now();
    const fields: Partial<Payment> = {
      state: 'reversing',
      reversal: {
        state: 'refunding',
        by: 'merchant',
        refundInstead: true,
        refundIdsSpent: 2,
        refundIdDoubted: true,
      },
      knownToWallet: true,
      paidEvidence: true,
      walletTransactionId: '2026011522001400000000000001',
      payerAction: { kind: 'show_code', value: 'https://qr.example/28100', expiresAt: now },
      payerActiveUntil: new Date(now.getTime() + 30_000),
      paidAt: new Date(now.getTime() - 1_000),
      failure: { code: 'not_confirmed_in_time', walletCode: 'X', message: 'late', advice: 'again' },
      cancelledBy: 'refund',
      refundReserved: 700n,
      refunded: 300n,
      openRefunds: 2,
      nextStep: { action: 'inquire_refund', dueAt: new Date(now.getTime() + 5_000) },
      tries: 4,
      attention: { reason: 'refund_unresolved', since: now },
    };
    const event = {
      type: 'ReversalDecided',
      data: { by: 'merchant', count: 1, sure: true, why: null },
    } as const;
    const after = await recorded(under, payment, fields, { events: [event] });
    expect(after).toEqual({ ...payment, ...fields, version: 2, updatedAt: after.updatedAt });
    expect(after.updatedAt.getTime()).toBeGreaterThan(payment.createdAt.getTime());
    expect(await under.journal.findPayment('M0001', payment.id)).toEqual(after);
    expect(await under.journal.timeline('M0001', payment.id)).toEqual([
      { ...submitted, at: payment.createdAt, version: 1 },
      { ...event, at: after.updatedAt, version: 2 },
    ]);
  },

  // proves RES-10
  'a change that starts from a version that has moved on writes nothing': async (under) => {
    const payment = await opened(under);
    const first = await recorded(under, payment, { tries: 1 });
    const late = changeOf(
      payment,
      { state: 'succeeded', nextStep: null },
      {
        events: [{ type: 'PaymentSucceeded', data: {} }],
        announcements: [announcement('payment.succeeded', payment)],
      },
    );
    expect(await under.journal.recordPayment(late)).toBeNull();
    expect(await under.journal.findPayment('M0001', payment.id)).toEqual(first);
    expect(await under.journal.timeline('M0001', payment.id)).toHaveLength(1);
    expect(await claimedIds(under)).toEqual([payment.id]);
  },

  // proves RES-10
  'of several changes that start from one version at the same instant one is recorded': async (under) => {
    const payment = await opened(under);
    const results = await Promise.all(
      [1, 2, 3].map((tries) => under.journal.recordPayment(changeOf(payment, { tries }))),
    );
    expect(results.filter((result) => result !== null)).toHaveLength(1);
    expect((await under.journal.findPayment('M0001', payment.id))?.version).toBe(2);
  },

  'a recorded change ends the lease on its row': async (under) => {
    const payment = await opened(under);
    expect(await claimedIds(under)).toEqual([payment.id]);
    expect(await under.due.claimPayment('M0001', payment.id, longLeaseMs)).toBeNull();
    const after = await recorded(under, payment, { tries: 1 });
    expect(await under.due.claimPayment('M0001', payment.id, longLeaseMs)).toEqual(after);
  },

  // proves NOT-03
  'an announcement is due at once and withdraws what its payment still had to tell': async (under) => {
    const other = await recordedAndTold(under, await opened(under), 'payment.failed', { state: 'failed' });
    const paid = await recordedAndTold(under, await opened(under), 'payment.succeeded', {
      state: 'succeeded',
    });
    const { refund, payment } = await acceptedRefund(under, paid);
    await under.journal.recordRefund({
      before: refund,
      after: { ...refund, state: 'succeeded', nextStep: null },
      payment: null,
      events: [],
      announcements: [
        { ...announcement('refund.succeeded', payment), subject: 'refund', subjectId: refund.id },
      ],
    });
    await recordedAndTold(under, payment, 'payment.cancelled', { state: 'cancelled' });
    const told = (await under.due.claimDue(100, longLeaseMs)).flatMap((row) =>
      row.kind === 'delivery' ? [[row.delivery.paymentId, row.delivery.type]] : [],
    );
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        [other.id, 'payment.failed'],
        [paid.id, 'refund.succeeded'],
        [paid.id, 'payment.cancelled'],
      ]),
    );
  },

  'announcements of a paid payment do not wait for anything else': async (under) => {
    const paid = await openedAndPaid(under);
    expect(await claimedIds(under)).toEqual([]);
    expect((await under.journal.findPayment('M0001', paid.id))?.nextStep).toBeNull();
  },
};

function announcement(type: Announcement['type'], payment: Payment): Announcement {
  return { type, subject: 'payment', subjectId: payment.id, url: 'https://merchant.example/notify' };
}

function recordedAndTold(
  under: JournalUnderTest,
  payment: Payment,
  type: Announcement['type'],
  fields: Partial<Payment>,
): Promise<Payment> {
  return recorded(
    under,
    payment,
    { nextStep: null, ...fields },
    { announcements: [announcement(type, payment)] },
  );
}
