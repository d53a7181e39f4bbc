import { expect } from 'vitest';
import type { Announcement } from '../../src/domain/announcement.ts';
import type { Delivery } from '../../src/domain/delivery.ts';
import type { Payment } from '../../src/domain/payment.ts';
import { type JournalUnderTest, longLeaseMs, opened, recorded, shortLeaseMs } from './journal-under-test.ts';

type Case = (under: JournalUnderTest) => Promise<void>;

const url = 'https://merchant.example/notify';

/** What is promised of merchants' endpoints, and of deliveries that are held and replayed. */
export const deliveryContract: { readonly [name: string]: Case } = {
  // proves NOT-03
  'what fails counts against its endpoint, and one success makes that forgotten': async (under) => {
    const delivery = await announced(under);
    expect(delivery.endpoint).toBeNull();
    const first = await under.deliveries.recordTryFailed(delivery, 'HTTP 500', await under.now());
    expect(first).toEqual({
      merchantId: 'M0001',
      url,
      failingSince: first.failingSince,
      failures: 1,
      lastFailure: 'HTTP 500',
      disabledAt: null,
    });
    const [again] = await claimed(under);
    expect(again?.endpoint).toEqual(first);
    const other = await announced(under);
    const second = await under.deliveries.recordExhausted(other, 'no answer');
    expect(second).toEqual({ ...first, failures: 2, lastFailure: 'no answer' });
    const elsewhere = await announced(under, { to: 'https://merchant.example/other' });
    expect(elsewhere.endpoint).toBeNull();
    await under.deliveries.recordDelivered(elsewhere);
    expect((await announced(under)).endpoint).toEqual(second);
    if (again === undefined) throw new Error('the delivery is not due again');
    await under.deliveries.recordDelivered(again);
    expect((await announced(under)).endpoint).toBeNull();
  },

  // proves NOT-03
  'a delivery that was put off is due again then, with no try counted': async (under) => {
    const delivery = await announced(under);
    const dueAt = new Date((await under.now()).getTime() + 80);
    await under.deliveries.recordPutOff(delivery, dueAt);
    expect(await claimed(under)).toEqual([]);
    expect(await under.due.nextDueAt()).toEqual(dueAt);
    await under.pass(120);
    expect(await claimed(under)).toEqual([delivery]);
  },

  // proves NOT-03
  'what else is due to an endpoint is put off, but for what somebody has a lease on': async (under) => {
    const first = await announced(under);
    const [leased] = await under.due.claimDue(100, shortLeaseMs);
    expect(leased).toMatchObject({ delivery: { id: first.id } });
    await under.deliveries.putOffOthers(first, 60_000);
    await under.pass(shortLeaseMs + 30);
    expect((await claimed(under)).map(({ id }) => id)).toEqual([first.id]);
    const waiting = await succeeded(under, {});
    const elsewhere = await succeeded(under, { to: `${url}/else` });
    await under.deliveries.putOffOthers(first, 60_000);
    expect((await claimed(under)).map(({ paymentId }) => paymentId)).toEqual([elsewhere.id]);
    const dueMs = (await under.due.nextDueAt())?.getTime() ?? 0;
    const now = (await under.now()).getTime();
    expect(dueMs).toBeGreaterThan(now + 500);
    expect(dueMs).toBeLessThanOrEqual(now + 1_000);
    await under.deliveries.recordPutOff(first, new Date(now + 60_000));
    await under.pass(1_050);
    const [after] = await claimed(under);
    expect(after).toMatchObject({ paymentId: waiting.id, tries: 0 });
  },

  // proves NOT-03
  'what is for a disabled endpoint is held, and enabling that sends it, the oldest first and at a pace':
    async (under) => {
      const delivered = await announced(under);
      const oldest = await disabled(under);
      await under.pass(2);
      const newest = await announced(under);
      expect(newest.endpoint?.disabledAt).not.toBeNull();
      expect(await under.deliveries.recordHeld(newest)).toBe(true);
      expect(await under.deliveries.recordHeld(oldest)).toBe(true);
      // A try that was under way all the time succeeds: nobody has enabled anything.
      await under.deliveries.recordDelivered(delivered);
      expect(await claimed(under)).toEqual([]);
      expect(await under.due.nextDueAt()).toBeNull();
      const late = await announced(under);
      expect(late.endpoint?.disabledAt).toEqual(newest.endpoint?.disabledAt);
      await under.deliveries.recordWithdrawn(late);

      expect(await under.deliveries.enableEndpoint('M0001', `${url}/else`, 90)).toBeNull();
      expect(await under.deliveries.enableEndpoint('M0002', url, 90)).toBeNull();
      expect(await under.deliveries.enableEndpoint('M0001', url, 90)).toBe(2);
      expect(await claimed(under)).toEqual([{ ...oldest, tries: 0, endpoint: null }]);
      await under.pass(120);
      expect(await claimed(under)).toEqual([{ ...newest, endpoint: null }]);
      expect(await under.deliveries.enableEndpoint('M0001', url, 90)).toBeNull();
      const timeline = await under.journal.timeline('M0001', oldest.paymentId);
      expect(timeline.at(-1)).toMatchObject({
        type: 'DeliveryReplayed',
        data: { delivery_id: oldest.id, event: 'payment.succeeded' },
      });
    },

  'nothing is held for an endpoint that somebody has enabled meanwhile': async (under) => {
    const delivery = await announced(under);
    expect(await under.deliveries.recordHeld(delivery)).toBe(false);
    await disabled(under);
    expect(await under.deliveries.enableEndpoint('M0001', url, 0)).toBe(0);
    expect(await under.deliveries.recordHeld(delivery)).toBe(false);
    expect(await under.deliveries.enableEndpoint('M0001', url, 0)).toBeNull();
  },

  // proves NOT-03
  'an endpoint is disabled once, and not when a try has succeeded since': async (under) => {
    const first = await announced(under);
    const failed = await under.deliveries.recordTryFailed(first, 'HTTP 500', await under.now());
    await under.deliveries.recordDelivered(await announced(under));
    expect(await under.deliveries.disableEndpoint(failed)).toBe(false);
    await under.pass(3);
    const anew = await under.deliveries.recordTryFailed(first, 'HTTP 500', await under.now());
    expect(anew.failures).toBe(1);
    expect(await under.deliveries.disableEndpoint(failed)).toBe(false);
    expect(await under.deliveries.disableEndpoint(anew)).toBe(true);
    expect(await under.deliveries.disableEndpoint(anew)).toBe(false);
  },

  // proves NOT-03
  'a replay sends under the same id, on a schedule that begins anew': async (under) => {
    const given = await announced(under);
    await under.deliveries.recordTryFailed(given, 'HTTP 500', await under.now());
    await under.deliveries.recordExhausted(given, 'HTTP 500');
    await under.pass(2);
    const made = await announced(under);
    await under.deliveries.recordDelivered(made);
    expect(await claimed(under)).toEqual([]);
    expect(await under.deliveries.replay('M0002', [given.id], 0)).toEqual([]);
    expect(await under.deliveries.hasExhausted('M0001', given.paymentId)).toBe(true);
    expect(await under.deliveries.hasExhausted('M0002', given.paymentId)).toBe(false);
    expect(await under.deliveries.replay('M0001', [made.id, given.id, 'evt_nobody'], 0)).toEqual([
      given.id,
      made.id,
    ]);
    expect(await under.deliveries.hasExhausted('M0001', given.paymentId)).toBe(false);
    const again = await claimed(under);
    const endpoint = again[0]?.endpoint ?? null;
    expect(again.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())).toEqual([
      { ...given, tries: 0, endpoint },
      { ...made, tries: 0, endpoint },
    ]);
    // What is just being tried is left alone: nobody shall send it twice at once.
    expect(await under.deliveries.replay('M0001', [given.id], 0)).toEqual([]);
  },

  // proves NOT-03
  'what was withdrawn is not replayed, and what is held is withdrawn with it': async (under) => {
    const held = await disabled(under);
    expect(await under.deliveries.recordHeld(held)).toBe(true);
    const payment = await under.journal.findPayment('M0001', held.paymentId);
    if (payment === null) throw new Error('the payment has vanished');
    await cancelled(under, payment);
    expect((await claimed(under)).map(({ type }) => type)).toEqual(['payment.cancelled']);
    expect(await under.deliveries.replay('M0001', [held.id], 0)).toEqual([]);
    expect(await under.deliveries.enableEndpoint('M0001', url, 0)).toBe(0);
    expect(await claimed(under)).toEqual([]);
  },

  // proves NOT-03
  'an announcement waits for the end of the try that it supersedes, whatever that comes to': async (
    under,
  ) => {
    const ends = [
      (delivery: Delivery) => under.deliveries.recordDelivered(delivery),
      async (delivery: Delivery) =>
        under.deliveries.recordTryFailed(delivery, 'no answer', await under.now()),
      (delivery: Delivery) => under.deliveries.recordExhausted(delivery, 'no answer'),
      (delivery: Delivery) => under.deliveries.recordWithdrawn(delivery),
      async (delivery: Delivery) => under.deliveries.recordPutOff(delivery, await under.now()),
      async (delivery: Delivery) => {
        const other = { ...delivery, id: 'evt_other', paymentId: 'pay_other', subjectId: 'pay_other' };
        const failing = await under.deliveries.recordTryFailed(other, 'HTTP 500', await under.now());
        expect(await under.deliveries.disableEndpoint(failing)).toBe(true);
        expect(await under.deliveries.recordHeld(delivery)).toBe(true);
      },
    ];
    for (const end of ends) {
      const payment = await succeeded(under, {});
      const [trying] = await claimed(under);
      if (trying === undefined) throw new Error('nothing is to be delivered');
      await cancelled(under, payment);
      expect(await claimed(under)).toEqual([]);
      const dueMs = (await under.due.nextDueAt())?.getTime() ?? 0;
      expect(dueMs).toBeGreaterThan((await under.now()).getTime() + longLeaseMs / 2);
      await end(trying);
      const [left, ...more] = await claimed(under);
      expect(more).toEqual([]);
      expect(left).toMatchObject({ type: 'payment.cancelled', paymentId: payment.id });
      if (left !== undefined) await under.deliveries.recordDelivered(left);
    }
  },

  // proves NOT-03
  'neither a replay nor one more announcement overtakes the try that is superseded': async (under) => {
    const payment = await succeeded(under, {});
    const [trying] = await claimed(under);
    if (trying === undefined) throw new Error('nothing is to be delivered');
    const undone = await cancelled(under, payment);
    const waiting = `evt_${payment.id.slice(4)}_${undone.version}`;
    expect(await under.deliveries.replay('M0001', [waiting], 0)).toEqual([waiting]);
    expect(await claimed(under)).toEqual([]);
    await recorded(
      under,
      undone,
      { state: 'cancelled' },
      { announcements: [announcementOf('payment.failed', payment.id, url)] },
    );
    expect(await claimed(under)).toEqual([]);
    await under.deliveries.recordDelivered(trying);
    const [last] = await claimed(under);
    expect(last?.type).toBe('payment.failed');
    // The try has ended, and nothing waits for it any more.
    if (last !== undefined) await under.deliveries.recordDelivered(last);
    expect(await under.deliveries.replay('M0001', [last?.id ?? ''], 0)).toEqual([last?.id]);
    expect(await claimed(under)).toEqual([{ ...last, tries: 0, endpoint: null }]);
  },

  // proves NOT-03
  'a change that was decided on an older version withdraws nothing': async (under) => {
    const payment = await succeeded(under, {});
    const after: Payment = { ...payment, state: 'cancelled' };
    const lost = await under.journal.recordPayment({
      before: { ...payment, version: payment.version - 1 },
      after,
      events: [],
      announcements: [announcementOf('payment.cancelled', payment.id, url)],
    });
    expect(lost).toBeNull();
    expect((await claimed(under)).map(({ type }) => type)).toEqual(['payment.succeeded']);
  },

  // proves NOT-03
  'what had been given up is withdrawn by the next announcement': async (under) => {
    const given = await announced(under);
    await under.deliveries.recordExhausted(given, 'HTTP 500');
    const payment = await under.journal.findPayment('M0001', given.paymentId);
    if (payment === null) throw new Error('the payment has vanished');
    await cancelled(under, payment);
    expect(await under.deliveries.hasExhausted('M0001', given.paymentId)).toBe(false);
    expect(await under.deliveries.replay('M0001', [given.id], 0)).toEqual([]);
    expect((await claimed(under)).map(({ type }) => type)).toEqual(['payment.cancelled']);
  },

  // proves NOT-03
  'an announcement waits no longer than the lease of a process that has died': async (under) => {
    const payment = await succeeded(under, {});
    expect(await under.due.claimDue(100, shortLeaseMs)).toHaveLength(1);
    await cancelled(under, payment);
    await under.pass(shortLeaseMs + 30);
    expect((await claimed(under)).map(({ type }) => type)).toEqual(['payment.cancelled']);
  },
};

function announcementOf(type: Announcement['type'], subjectId: string, to: string): Announcement {
  return { type, subject: 'payment', subjectId, url: to };
}

async function succeeded(under: JournalUnderTest, { to = url }: { readonly to?: string }): Promise<Payment> {
  const payment = await opened(under);
  return recorded(
    under,
    payment,
    { state: 'succeeded', nextStep: null },
    { announcements: [announcementOf('payment.succeeded', payment.id, to)] },
  );
}

async function cancelled(under: JournalUnderTest, payment: Payment): Promise<Payment> {
  return recorded(
    under,
    payment,
    { state: 'cancelled' },
    { announcements: [announcementOf('payment.cancelled', payment.id, url)] },
  );
}

async function claimed(under: JournalUnderTest): Promise<Delivery[]> {
  const rows = await under.due.claimDue(100, longLeaseMs);
  return rows.flatMap((row) => (row.kind === 'delivery' ? [row.delivery] : []));
}

/** A delivery whose lease has just run out. */
async function announced(under: JournalUnderTest, options: { readonly to?: string } = {}): Promise<Delivery> {
  const payment = await succeeded(under, options);
  const rows = await under.due.claimDue(100, shortLeaseMs);
  await under.pass(shortLeaseMs + 30);
  for (const row of rows) {
    if (row.kind === 'delivery' && row.delivery.paymentId === payment.id) return row.delivery;
  }
  throw new Error('nothing is to be delivered');
}

/** A delivery to an endpoint that its failure has disabled. */
async function disabled(under: JournalUnderTest): Promise<Delivery> {
  const delivery = await announced(under);
  const endpoint = await under.deliveries.recordTryFailed(delivery, 'HTTP 500', await under.now());
  expect(await under.deliveries.disableEndpoint(endpoint)).toBe(true);
  const again = (await claimed(under)).find(({ id }) => id === delivery.id);
  if (again === undefined) throw new Error('the delivery is not due again');
  return again;
}
