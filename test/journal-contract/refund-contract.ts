import { expect } from 'vitest';
import type { TimelineEvent } from '../../src/domain/payment.ts';
import {
  acceptedRefund,
  changeOf,
  claimedIds,
  type JournalUnderTest,
  longLeaseMs,
  madeKey,
  madeRefund,
  openedAndPaid,
  recorded,
  reserving,
} from './journal-under-test.ts';

type Case = (under: JournalUnderTest) => Promise<void>;

/** What every journal of refunds promises. */
export const refundContract: { readonly [name: string]: Case } = {
  'an accepted refund is found, and its amount is reserved in the same transaction': async (under) => {
    const paid = await openedAndPaid(under);
    const { refund, payment } = await acceptedRefund(under, paid, {
      merchantRefundNo: 'R-1',
      reason: 'cold tea',
    });
    expect(payment).toEqual({
      ...paid,
      refundReserved: 1_000n,
      openRefunds: 1,
      version: paid.version + 1,
      updatedAt: payment.updatedAt,
    });
    expect(await under.journal.findRefund('M0001', refund.id)).toEqual(refund);
    expect(await under.journal.findRefund('M0002', refund.id)).toBeNull();
    expect(await under.journal.findPayment('M0001', paid.id)).toEqual(payment);
    await under.pass(2);
    const second = await acceptedRefund(under, payment);
    expect(await under.journal.findRefundsOfPayment('M0001', paid.id)).toEqual([second.refund, refund]);
  },

  'a refund that starts from a version that has moved on is not accepted and leaves no trace': async (
    under,
  ) => {
    const paid = await openedAndPaid(under);
    const moved = await recorded(under, paid, { tries: 1 });
    const refund = madeRefund(await under.now(), paid);
    const result = await under.journal.acceptRefund(refund, reserving(paid, refund), madeKey('key-1'));
    expect(result).toEqual({ kind: 'conflict' });
    expect(await under.journal.findRefund('M0001', refund.id)).toBeNull();
    expect(await under.journal.findPayment('M0001', paid.id)).toEqual(moved);
    expect(await under.journal.findRefundOfKey('M0001', madeKey('key-1'))).toEqual({ kind: 'none' });
  },

  'of two refunds accepted from one version at the same instant one is recorded': async (under) => {
    const paid = await openedAndPaid(under);
    const now = await under.now();
    const results = await Promise.all(
      [1, 2].map(() => {
        const refund = madeRefund(now, paid);
        return under.journal.acceptRefund(refund, reserving(paid, refund), null);
      }),
    );
    expect(results.map((result) => result.kind).sort()).toEqual(['accepted', 'conflict']);
    expect((await under.journal.findPayment('M0001', paid.id))?.refundReserved).toBe(1_000n);
  },

  'a repeated key or refund number answers with the refund that it stands for': async (under) => {
    const paid = await openedAndPaid(under);
    const now = await under.now();
    const refund = madeRefund(now, paid, { merchantRefundNo: 'R-1' });
    await under.journal.acceptRefund(refund, reserving(paid, refund), madeKey('key-1'));
    const current = await under.journal.findPayment('M0001', paid.id);
    if (current === null) throw new Error('the payment has vanished');
    const other = madeRefund(now, paid, { merchantRefundNo: 'R-1' });
    const again = reserving(current, other);
    const replayed = { kind: 'replayed', refund };
    expect(await under.journal.acceptRefund(other, again, madeKey('key-1'))).toEqual(replayed);
    expect(await under.journal.findRefundOfKey('M0001', madeKey('key-1'))).toEqual(replayed);
    expect(await under.journal.acceptRefund(other, again, madeKey('key-1', 'other'))).toEqual({
      kind: 'key_reused',
    });
    expect(await under.journal.findPaymentOfKey('M0001', madeKey('key-1'))).toEqual({ kind: 'key_reused' });
    expect(await under.journal.acceptRefund(other, again, madeKey('key-2'))).toEqual({
      kind: 'refund_no_taken',
      by: refund,
    });
    expect(await under.journal.findRefundOfKey('M0001', madeKey('key-2'))).toEqual({ kind: 'none' });
    expect(await under.journal.findPayment('M0001', paid.id)).toEqual(current);
  },

  'a refund number belongs to one payment': async (under) => {
    await acceptedRefund(under, await openedAndPaid(under), { merchantRefundNo: 'R-1' });
    await acceptedRefund(under, await openedAndPaid(under), { merchantRefundNo: 'R-1' });
  },

  'a refund and its effect on the payment are recorded together': async (under) => {
    const { refund, payment } = await acceptedRefund(under, await openedAndPaid(under));
    await under.pass(2);
    const now = await under.now();
    const attention = { reason: 'refund_unresolved', since: now } as const;
    const failure = { code: 'refund_refused', walletCode: 'X', message: 'no', advice: 'ask' };
    const fields = { state: 'failed', failure, nextStep: null, tries: 3, attention } as const;
    const after = await under.journal.recordRefund({
      before: refund,
      after: { ...refund, ...fields },
      payment: changeOf(payment, { refundReserved: 0n, openRefunds: 0 }),
      events: [],
      announcements: [],
    });
    expect(after).toEqual({ ...refund, ...fields, version: 2, updatedAt: after?.updatedAt });
    expect(await under.journal.findRefund('M0001', refund.id)).toEqual(after);
    const settled = await under.journal.findPayment('M0001', payment.id);
    expect(settled).toMatchObject({ refundReserved: 0n, openRefunds: 0, version: payment.version + 1 });
  },

  'a refund is not recorded when its own version or its payment’s has moved on': async (under) => {
    const { refund, payment } = await acceptedRefund(under, await openedAndPaid(under));
    const moved = await recorded(under, payment, { tries: 1 });
    const change = {
      before: refund,
      after: { ...refund, state: 'succeeded', nextStep: null },
      payment: changeOf(payment, { refunded: 1_000n, openRefunds: 0 }),
      events: [{ type: 'RefundSucceeded', data: {} }],
      announcements: [],
    } as const;
    expect(await under.journal.recordRefund(change)).toBeNull();
    expect(await under.journal.findRefund('M0001', refund.id)).toEqual(refund);
    expect(await under.journal.findPayment('M0001', payment.id)).toEqual(moved);
    expect(await under.journal.timeline('M0001', payment.id)).toHaveLength(2);

    const unknown = { ...refund, state: 'unknown', tries: 1 } as const;
    const rest = { payment: null, events: [], announcements: [] };
    await under.journal.recordRefund({ before: refund, after: unknown, ...rest });
    expect(await under.journal.recordRefund({ before: refund, after: unknown, ...rest })).toBeNull();
    expect((await under.journal.findRefund('M0001', refund.id))?.version).toBe(2);
  },

  'a recorded refund ends the lease on its row': async (under) => {
    const { refund } = await acceptedRefund(under, await openedAndPaid(under));
    expect(await under.due.claimRefund('M0001', refund.id, longLeaseMs)).toEqual(refund);
    expect(await under.due.claimRefund('M0001', refund.id, longLeaseMs)).toBeNull();
    const rest = { payment: null, events: [], announcements: [] };
    await under.journal.recordRefund({ before: refund, after: { ...refund, tries: 1 }, ...rest });
    expect(await under.due.claimRefund('M0001', refund.id, longLeaseMs)).not.toBeNull();
  },

  'a refund’s events stand on its payment’s timeline in the order of recording': async (under) => {
    const { refund, payment } = await acceptedRefund(under, await openedAndPaid(under));
    const steps: TimelineEvent[][] = [
      [
        { type: 'UntrustedAnswer', data: { call: 'refund' } },
        { type: 'RefundAnswerMissing', data: { refund_id: refund.id } },
      ],
      [{ type: 'RefundRefusalRepeated', data: { refund_id: refund.id } }],
      [{ type: 'RefundFoundAfterRefusal', data: { refund_id: refund.id } }],
    ];
    let before = refund;
    for (const events of steps) {
      await under.pass(2);
      const last = events === steps.at(-1);
      const after = await under.journal.recordRefund({
        before,
        after: { ...before, tries: before.tries + 1 },
        payment: last ? changeOf(payment, { openRefunds: 0, refunded: 1_000n }) : null,
        events,
        announcements: [],
      });
      if (after === null) throw new Error('the refund had moved on');
      before = after;
    }
    const types = (await under.journal.timeline('M0001', payment.id)).map((event) => event.type);
    expect(types).toEqual([
      'PaymentSubmitted',
      'RefundAccepted',
      'UntrustedAnswer',
      'RefundAnswerMissing',
      'RefundRefusalRepeated',
      'RefundFoundAfterRefusal',
    ]);
  },

  'a refund’s end is told in a delivery of its own': async (under) => {
    const { refund, payment } = await acceptedRefund(under, await openedAndPaid(under));
    const url = 'https://merchant.example/notify';
    await under.journal.recordRefund({
      before: refund,
      after: { ...refund, state: 'succeeded', nextStep: null },
      payment: null,
      events: [],
      announcements: [{ type: 'refund.succeeded', subject: 'refund', subjectId: refund.id, url }],
    });
    const rows = await under.due.claimDue(10, longLeaseMs);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      kind: 'delivery',
      delivery: {
        merchantId: 'M0001',
        type: 'refund.succeeded',
        subject: 'refund',
        subjectId: refund.id,
        paymentId: payment.id,
        url,
        tries: 0,
      },
    });
  },

  'a refund turn is taken once and is free again after the spacing': async (under) => {
    const paid = await openedAndPaid(under);
    const before = (await under.now()).getTime();
    const turns = await Promise.all([1, 2, 3].map(() => under.journal.takeRefundTurn('M0001', paid.id, 150)));
    const refused = turns.filter((turn) => turn !== null);
    expect(refused).toHaveLength(2);
    for (const freeAt of refused) {
      expect(freeAt.getTime()).toBeGreaterThanOrEqual(before + 150);
      expect(freeAt.getTime()).toBeLessThan(before + 5_000);
    }
    const other = await openedAndPaid(under);
    expect(await under.journal.takeRefundTurn('M0001', other.id, 150)).toBeNull();
    await under.pass(200);
    expect(await under.journal.takeRefundTurn('M0001', paid.id, 150)).toBeNull();
  },

  'a refund turn is no change of its payment': async (under) => {
    const paid = await openedAndPaid(under);
    await under.journal.takeRefundTurn('M0001', paid.id, 3_000);
    expect(await under.journal.findPayment('M0001', paid.id)).toEqual(paid);
    expect(await claimedIds(under)).toEqual([]);
  },
};
