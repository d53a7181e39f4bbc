import { expect } from 'vitest';
import type { Delivery } from '../../src/domain/delivery.ts';
import type { Payment } from '../../src/domain/payment.ts';
import type { Refund } from '../../src/domain/refund.ts';
import type { HeldStep } from '../../src/ports/due-rows.ts';
import {
  acceptedRefund,
  claimedIds,
  idOfDueRow,
  type JournalUnderTest,
  longLeaseMs,
  opened,
  openedAndPaid,
  recorded,
  shortLeaseMs,
} from './journal-under-test.ts';

type Case = (under: JournalUnderTest) => Promise<void>;

/** What due rows and deliveries promise, whoever keeps them. */
export const dueRowsContract: { readonly [name: string]: Case } = {
  'rows are claimed when they are due, the longest due first, as many as were asked for': async (under) => {
    const now = (await under.now()).getTime();
    const due = async (agoMs: number): Promise<Payment> =>
      opened(under, { nextStep: { action: 'inquire', dueAt: new Date(now - agoMs) } });
    const third = await due(1_000);
    const first = await due(3_000);
    await due(-60_000);
    const second = await due(2_000);
    const claimed = await under.due.claimDue(2, longLeaseMs);
    expect(claimed.map(idOfDueRow).sort()).toEqual([first.id, second.id].sort());
    expect(await claimedIds(under)).toEqual([third.id]);
    expect(await claimedIds(under)).toEqual([]);
  },

  'payments, refunds and deliveries fall due alike': async (under) => {
    const open = await opened(under);
    const { refund } = await acceptedRefund(under, await openedAndPaid(under));
    const delivery = await announced(under);
    const rows = await under.due.claimDue(10, longLeaseMs);
    expect(new Map(rows.map((row) => [row.kind, idOfDueRow(row)]))).toEqual(
      new Map([
        ['payment', open.id],
        ['refund', refund.id],
        ['delivery', delivery.id],
      ]),
    );
    expect(rows.find((row) => row.kind === 'payment')).toMatchObject({ kind: 'payment', payment: open });
    expect(rows.find((row) => row.kind === 'refund')).toMatchObject({ kind: 'refund', refund });
  },

  'of the rows claimed at most as many as wanted are deliveries, however long those are due': async (
    under,
  ) => {
    await told(under);
    await told(under);
    const payment = await opened(under);
    const { refund } = await acceptedRefund(under, await openedAndPaid(under));
    const withoutDeliveries = await under.due.claimDue(2, longLeaseMs, { deliveryLimit: 0 });
    expect(withoutDeliveries.map(idOfDueRow).sort()).toEqual([payment.id, refund.id].sort());
    expect(await under.due.claimDue(5, longLeaseMs, { deliveryLimit: 0 })).toEqual([]);
    const first = await under.due.claimDue(5, longLeaseMs, { deliveryLimit: 1 });
    expect(first.map(({ kind }) => kind)).toEqual(['delivery']);
    const second = await under.due.claimDue(5, longLeaseMs, { deliveryLimit: 5 });
    expect(second.map(({ kind }) => kind)).toEqual(['delivery']);
    expect(second.map(idOfDueRow)).not.toEqual(first.map(idOfDueRow));
  },

  // proves RES-13
  'a row whose lease has run out is claimed again': async (under) => {
    const payment = await opened(under);
    expect(await under.due.claimDue(10, shortLeaseMs)).toHaveLength(1);
    await under.pass(shortLeaseMs + 30);
    expect(await claimedIds(under)).toEqual([payment.id]);
  },

  'claimants at the same instant share the rows and no row goes to two of them': async (under) => {
    for (let count = 0; count < 8; count += 1) await opened(under);
    const claims = await Promise.all([1, 2, 3, 4].map(() => under.due.claimDue(8, longLeaseMs)));
    const ids = claims.flat().map(idOfDueRow);
    expect(new Set(ids).size).toBe(ids.length);
    const rest = await claimedIds(under);
    expect(ids.length + rest.length).toBe(8);
  },

  'one payment is claimed by its id only while it is due and nobody else has it': async (under) => {
    const due = await opened(under);
    const later = await opened(under, {
      nextStep: { action: 'inquire', dueAt: new Date((await under.now()).getTime() + 60_000) },
    });
    const ended = await openedAndPaid(under);
    expect(await under.due.claimPayment('M0001', later.id, longLeaseMs)).toBeNull();
    expect(await under.due.claimPayment('M0001', ended.id, longLeaseMs)).toBeNull();
    expect(await under.due.claimPayment('M0002', due.id, longLeaseMs)).toBeNull();
    const claims = await Promise.all([1, 2].map(() => under.due.claimPayment('M0001', due.id, longLeaseMs)));
    expect(claims.filter((claim) => claim !== null)).toEqual([due]);
    expect(await claimedIds(under)).toEqual([]);
  },

  'a lease neither changes a row nor stops anybody from recording': async (under) => {
    const payment = await opened(under);
    const claimed = await under.due.claimPayment('M0001', payment.id, longLeaseMs);
    expect(claimed).toEqual(payment);
    expect(await recorded(under, payment, { tries: 1 })).toMatchObject({ tries: 1 });
  },

  'the next due time is the earliest, and a row under a lease counts from its lease’s end': async (under) => {
    expect(await under.due.nextDueAt()).toBeNull();
    const dueAt = new Date((await under.now()).getTime() + 30_000);
    await opened(under, { nextStep: { action: 'inquire', dueAt } });
    expect(await under.due.nextDueAt()).toEqual(dueAt);
    const now = await opened(under);
    expect((await under.due.nextDueAt())?.getTime()).toBeLessThanOrEqual((await under.now()).getTime());
    await under.due.claimPayment('M0001', now.id, 10_000);
    const leased = (await under.due.nextDueAt())?.getTime() ?? 0;
    expect(leased).toBeGreaterThan((await under.now()).getTime() + 5_000);
    expect(leased).toBeLessThan(dueAt.getTime());
    await recorded(under, now, { state: 'succeeded', nextStep: null });
    expect(await under.due.nextDueAt()).toEqual(dueAt);
  },

  'a postponed step is due later, without a lease, and is no new version': async (under) => {
    const payment = await opened(under);
    const { refund } = await acceptedRefund(under, await openedAndPaid(under));
    expect(await claimedIds(under)).toHaveLength(2);
    const soon = new Date((await under.now()).getTime() + 80);
    await under.due.postponePayment(payment, soon);
    await under.due.postponeRefund(refund, soon);
    expect(await claimedIds(under)).toEqual([]);
    expect(await under.journal.findPayment('M0001', payment.id)).toEqual({
      ...payment,
      nextStep: { action: 'inquire', dueAt: soon },
    });
    await under.pass(120);
    expect((await claimedIds(under)).sort()).toEqual([payment.id, refund.id].sort());
    expect((await under.journal.findRefund('M0001', refund.id))?.version).toBe(1);
  },

  'postponing a row that has moved on changes nothing': async (under) => {
    const payment = await opened(under);
    const { refund } = await acceptedRefund(under, await openedAndPaid(under));
    const moved = await recorded(under, payment, { tries: 1 });
    const rest = { payment: null, events: [], announcements: [] };
    await under.journal.recordRefund({ before: refund, after: { ...refund, tries: 1 }, ...rest });
    const ended = await openedAndPaid(under);
    const later = new Date((await under.now()).getTime() + 60_000);
    await under.due.postponePayment(payment, later);
    await under.due.postponeRefund(refund, later);
    await under.due.postponePayment(ended, later);
    expect(await under.journal.findPayment('M0001', payment.id)).toEqual(moved);
    expect((await claimedIds(under)).sort()).toEqual([payment.id, refund.id].sort());
  },

  // proves RES-13
  'rows share lanes with others of their merchant and account, and a full lane is passed over': async (
    under,
  ) => {
    const crowd: Payment[] = [];
    for (let count = 0; count < 6; count += 1) {
      const dueAt = new Date((await under.now()).getTime() - 10_000);
      crowd.push(await opened(under, { account: 'silent', nextStep: { action: 'inquire', dueAt } }));
    }
    const { refund } = await acceptedRefund(under, await openedAndPaid(under, { account: 'silent' }));
    const other = await opened(under, { merchantId: 'M0002' });
    await told(under);
    const underWay = new Map([['account alipay_open/silent', 16]]);
    const claimed = await under.due.claimDue(4, longLeaseMs, { underWay });
    expect(claimed.map(idOfDueRow)).toContain(other.id);
    expect(claimed.map(({ kind }) => kind).sort()).toEqual(['delivery', 'payment']);
    expect(claimed.find(({ kind }) => kind === 'payment')?.lanes).toEqual([
      'merchant M0002 at alipay_open/sandbox',
      'account alipay_open/sandbox',
    ]);
    expect(claimed.find(({ kind }) => kind === 'delivery')?.lanes).toEqual(['deliveries M0001']);
    expect((await claimedIds(under)).sort()).toEqual([...crowd.map(({ id }) => id), refund.id].sort());
  },

  // proves RES-13
  'behind three crowds that have their share, a row of somebody else is found': async (under) => {
    const now = (await under.now()).getTime();
    const underWay = new Map<string, number>();
    for (const [crowd, merchantId] of ['M0002', 'M0003', 'M0004'].entries()) {
      underWay.set(`merchant ${merchantId} at alipay_open/sandbox`, 8);
      for (let count = 0; count < 6; count += 1) {
        const dueAt = new Date(now - 60_000 + crowd * 10_000 + count);
        await opened(under, { merchantId, nextStep: { action: 'inquire', dueAt } });
      }
    }
    const alone = await opened(under);
    const claimed = await under.due.claimDue(4, longLeaseMs, { underWay });
    expect(claimed.map(idOfDueRow)).toEqual([alone.id]);
  },

  // proves CAN-01
  'a step that waits for its account is put off, and brought forward when the account answers': async (
    under,
  ) => {
    const now = await under.now();
    const held = await opened(under);
    const { refund } = await acceptedRefund(under, await openedAndPaid(under));
    await claimedIds(under);
    const later = new Date(now.getTime() + 60_000);
    await under.due.hold(heldStep('payment', held, later, 2));
    await under.due.hold(heldStep('refund', refund, later, 1));
    expect(await claimedIds(under)).toEqual([]);
    expect(await under.journal.findPayment('M0001', held.id)).toEqual({
      ...held,
      nextStep: { action: 'inquire', dueAt: later },
    });
    expect(await under.due.releaseHeld('alipay_open', 'other', 10)).toBe(0);
    expect(await under.due.releaseHeld('alipay_plus', 'sandbox', 10)).toBe(0);
    // The oldest window end goes first, payment or refund.
    expect(await under.due.releaseHeld('alipay_open', 'sandbox', 1)).toBe(1);
    await under.pass(5);
    expect(await claimedIds(under)).toEqual([refund.id]);
    expect(await under.due.releaseHeld('alipay_open', 'sandbox', 10)).toBe(1);
    expect(await under.due.releaseHeld('alipay_open', 'sandbox', 10)).toBe(0);
    await under.pass(5);
    expect(await claimedIds(under)).toEqual([held.id]);
  },

  // proves CAN-01
  'what is due already takes no place of those that are released, and waits for no account once it is put off':
    async (under) => {
      const now = (await under.now()).getTime();
      const later = new Date(now + 60_000);
      const [young, middle, old] = [await opened(under), await opened(under), await opened(under)];
      await claimedIds(under);
      for (const [order, payment] of [young, middle, old].entries()) {
        await under.due.hold(heldStep('payment', payment, later, -order));
      }
      // The one whose window ends first has fallen due by itself.
      await under.due.hold(heldStep('payment', old, new Date(now - 1), -2));
      expect(await under.due.releaseHeld('alipay_open', 'sandbox', 1)).toBe(1);
      await under.pass(5);
      expect((await claimedIds(under)).sort()).toEqual([middle.id, old.id].sort());
      await under.due.postponePayment(old, later);
      await under.due.postponePayment(middle, later);
      expect(await under.due.releaseHeld('alipay_open', 'sandbox', 10)).toBe(1);
      await under.pass(5);
      expect(await claimedIds(under)).toEqual([young.id]);
    },

  // proves CAN-01
  'several processes release each step once': async (under) => {
    const later = new Date((await under.now()).getTime() + 60_000);
    for (let count = 0; count < 8; count += 1) {
      const payment = await opened(under);
      await under.due.claimPayment('M0001', payment.id, longLeaseMs);
      await under.due.hold(heldStep('payment', payment, later, count));
    }
    const counts = await Promise.all([1, 2, 3].map(() => under.due.releaseHeld('alipay_open', 'sandbox', 8)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(8);
    await under.pass(5);
    expect(await claimedIds(under)).toHaveLength(8);
  },

  'a step that was recorded anew waits for no account, and one that has moved on is not held': async (
    under,
  ) => {
    const later = new Date((await under.now()).getTime() + 60_000);
    const payment = await opened(under);
    await under.due.hold(heldStep('payment', payment, later, 1));
    const moved = await recorded(under, payment, { tries: 1, nextStep: { action: 'cancel', dueAt: later } });
    expect(await under.due.releaseHeld('alipay_open', 'sandbox', 10)).toBe(0);
    await under.due.hold(heldStep('payment', payment, later, 1));
    expect(await under.due.releaseHeld('alipay_open', 'sandbox', 10)).toBe(0);
    expect(await under.journal.findPayment('M0001', moved.id)).toEqual(moved);
    const ended = await openedAndPaid(under);
    await under.due.hold(heldStep('payment', ended, later, 1));
    expect(await under.journal.findPayment('M0001', ended.id)).toEqual(ended);
  },

  'a step that somebody asks for is due now, if there is one': async (under) => {
    const later = new Date((await under.now()).getTime() + 60_000);
    const payment = await opened(under, { nextStep: { action: 'inquire', dueAt: later } });
    const ended = await openedAndPaid(under);
    expect(await under.due.bringForward('payment', 'M0001', ended.id)).toBe(false);
    expect(await under.due.bringForward('payment', 'M0002', payment.id)).toBe(false);
    expect(await under.due.bringForward('refund', 'M0001', payment.id)).toBe(false);
    expect(await under.due.bringForward('payment', 'M0001', payment.id)).toBe(true);
    expect(await claimedIds(under)).toEqual([payment.id]);
    // What is overdue keeps its place before what fell due later.
    const overdue = await opened(under);
    await under.pass(20);
    await under.due.bringForward('payment', 'M0001', overdue.id);
    expect((await under.journal.findPayment('M0001', overdue.id))?.nextStep).toEqual(overdue.nextStep);
    await claimedIds(under);
    // Whoever has the lease goes on with it.
    expect(await under.due.bringForward('payment', 'M0001', payment.id)).toBe(true);
    expect(await claimedIds(under)).toEqual([]);
    const ahead = await opened(under, { nextStep: { action: 'inquire', dueAt: await under.now() } });
    await under.due.claimPayment('M0001', ahead.id, longLeaseMs);
    await under.due.hold(heldStep('payment', ahead, later, 1));
    expect(await under.due.bringForward('payment', 'M0001', ahead.id)).toBe(true);
    await under.pass(5);
    expect(await claimedIds(under)).toEqual([ahead.id]);
  },

  // proves NOT-03
  'a delivery whose try failed falls due again with one more try': async (under) => {
    const delivery = await announced(under);
    expect(delivery.tries).toBe(0);
    const retryAt = new Date((await under.now()).getTime() + 80);
    const endpoint = await under.deliveries.recordTryFailed(delivery, 'HTTP 500', retryAt);
    expect(await claimedDeliveries(under)).toEqual([]);
    expect(await under.due.nextDueAt()).toEqual(retryAt);
    await under.pass(120);
    expect(await claimedDeliveries(under)).toEqual([{ ...delivery, tries: 1, endpoint }]);
  },

  'a delivery that has ended stays as it ended': async (under) => {
    const { deliveries } = under;
    const ends = [
      (delivery: Delivery) => deliveries.recordDelivered(delivery),
      (delivery: Delivery) => deliveries.recordWithdrawn(delivery),
      (delivery: Delivery) => deliveries.recordExhausted(delivery, 'HTTP 500'),
    ];
    for (const end of ends) {
      const delivery = await announced(under);
      await end(delivery);
      await deliveries.recordTryFailed(delivery, 'HTTP 500', await under.now());
      expect(await claimedDeliveries(under)).toEqual([]);
    }
    expect(await under.due.nextDueAt()).toBeNull();
  },

  // proves NOT-03
  'a delivery that was withdrawn while it was being tried is not tried again': async (under) => {
    const told = await recorded(
      under,
      await opened(under),
      { state: 'succeeded', nextStep: null },
      { announcements: [announcementOf('payment.succeeded')] },
    );
    const [succeeded] = await claimedDeliveries(under);
    if (succeeded === undefined) throw new Error('nothing is to be delivered');
    await recorded(
      under,
      told,
      { state: 'cancelled' },
      { announcements: [announcementOf('payment.cancelled')] },
    );
    await under.deliveries.recordTryFailed(succeeded, 'timeout', await under.now());
    const left = await claimedDeliveries(under);
    expect(left.map((delivery) => delivery.type)).toEqual(['payment.cancelled']);
    expect(left[0]?.id).not.toBe(succeeded.id);
  },
};

function announcementOf(type: 'payment.succeeded' | 'payment.cancelled') {
  return { type, subject: 'payment', subjectId: 'pay_0', url: 'https://merchant.example/notify' } as const;
}

/** The row's step as held until `dueAt`; `order` says by which window end it is released. */
function heldStep(
  kind: HeldStep['kind'],
  { merchantId, id, version }: Payment | Refund,
  dueAt: Date,
  order: number,
): HeldStep {
  const windowEndsAt = new Date(dueAt.getTime() + order * 1_000);
  return {
    kind,
    merchantId,
    id,
    version,
    wallet: 'alipay_open',
    account: 'sandbox',
    dueAt,
    windowEndsAt,
  };
}

/** Records a payment's success together with its announcement. */
async function told(under: JournalUnderTest): Promise<void> {
  await recorded(
    under,
    await opened(under),
    { state: 'succeeded', nextStep: null },
    { announcements: [announcementOf('payment.succeeded')] },
  );
}

/** A delivery, claimed. */
async function announced(under: JournalUnderTest): Promise<Delivery> {
  await told(under);
  const rows = await under.due.claimDue(100, shortLeaseMs);
  const row = rows.find((candidate) => candidate.kind === 'delivery');
  if (row === undefined) throw new Error('nothing is to be delivered');
  await under.pass(shortLeaseMs + 30);
  return row.delivery;
}

async function claimedDeliveries(under: JournalUnderTest): Promise<Delivery[]> {
  const rows = await under.due.claimDue(100, longLeaseMs);
  return rows.flatMap((row) => (row.kind === 'delivery' ? [row.delivery] : []));
}
