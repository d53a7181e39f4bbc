import { describe, expect, test } from 'vitest';
import { createMemoryJournal } from '../adapters/memory/journal.ts';
import { createMerchantDirectory } from '../adapters/memory/merchant-directory.ts';
import type { Announcement, AnnouncementType } from '../domain/announcement.ts';
import { deliveryScheduleMs } from '../domain/delivery.ts';
import { endpointPolicy } from '../domain/endpoint.ts';
import { type Payment, type PaymentState, paymentMoves } from '../domain/payment.ts';
import { examplePayment, exampleRefund, paidPayment } from '../domain/payments.fixture.ts';
import { type RefundState, refundMoves } from '../domain/refund.ts';
import type { DeliveryJournal } from '../ports/due-rows.ts';
import type { MerchantMessage } from '../ports/merchant-endpoint.ts';
import { type DeliverEngine, deliver } from './deliver.ts';

const now = new Date('2026-03-02T04:00:00.000Z');

/** An engine whose merchant never answers; `deliveries` may fail. */
function engineOf(deliveries: (journal: DeliveryJournal) => DeliveryJournal) {
  const memory = createMemoryJournal(() => now);
  const merchant = {
    id: 'M0001',
    shortNo: 1,
    name: 'Tea House',
    channels: [],
    mcc: null,
    stores: [],
    bindings: [],
    orderCodes: null,
    policyOverrides: {},
    notifyUrl: null,
  };
  const engine: DeliverEngine = {
    journal: memory.journal,
    due: memory.due,
    deliveries: deliveries(memory.deliveries),
    merchants: createMerchantDirectory([{ merchant, deliverySecret: 'whsec_c2VjcmV0' }]),
    wallets: {
      gateway() {
        throw new Error('no wallet is called for a delivery');
      },
    },
    endpoint: { send: async () => ({ kind: 'failed', reason: 'HTTP 500' }) },
    endpointPolicy,
    clock: { now: () => now, monotonicMs: () => 0, sleep: async () => {} },
    entropy: { bytes: (length) => new Uint8Array(length) },
    changes: { publish: () => {}, next: async () => false },
    policySpeed: 1,
    report: { untrustedAnswer: () => {}, troubledAnswer: () => {} },
  };
  return { memory, engine };
}

function succeeded(payment: Payment): Announcement {
  return {
    type: 'payment.succeeded',
    subject: 'payment',
    subjectId: payment.id,
    url: 'https://merchant.example/notify',
  };
}

// proves PAY-03
test('what a merchant is told of a paid order code names the code and when it was paid', async () => {
  const { memory, engine } = engineOf((journal) => journal);
  const messages: MerchantMessage[] = [];
  const endpoint = {
    send: async (message: MerchantMessage) => {
      messages.push(message);
      return { kind: 'accepted' } as const;
    },
  };
  const payment = paidPayment({
    version: 1,
    nextStep: null,
    product: 'order_code',
    payerAction: {
      kind: 'show_code',
      value: 'https://qr.example/bax03351',
      expiresAt: new Date('2026-03-02T03:57:00Z'),
    },
    paidAt: new Date('2026-03-02T03:56:40Z'),
  });
  await memory.journal.openPayment(payment, [], null, [succeeded(payment)]);
  const [row] = await memory.due.claimDue(1, 15_000);
  if (row?.kind !== 'delivery') throw new Error('nothing is to be delivered');
  await deliver({ ...engine, endpoint }, row.delivery);
  expect(messages.map(({ body }) => JSON.parse(body).data.payment)).toMatchObject([
    {
      status: 'succeeded',
      order_code: { value: 'https://qr.example/bax03351', expires_at: '2026-03-02T03:57:00.000Z' },
      paid_at: '2026-03-02T03:56:40.000Z',
    },
  ]);
});

// proves NOT-03, RES-13
test('a process that dies while it gives a delivery up has alerted somebody', async () => {
  const { memory, engine } = engineOf((journal) => ({
    ...journal,
    recordExhausted: async () => {
      throw new Error('the process died');
    },
  }));
  const payment = paidPayment({ version: 1, nextStep: null });
  await memory.journal.openPayment(payment, [], null, [succeeded(payment)]);
  const [row] = await memory.due.claimDue(1, 15_000);
  if (row?.kind !== 'delivery') throw new Error('nothing is to be delivered');
  const last = { ...row.delivery, tries: deliveryScheduleMs.length };
  await expect(deliver(engine, last)).rejects.toThrow('the process died');
  const seen = await memory.journal.findPayment(payment.merchantId, payment.id);
  expect(seen?.attention?.reason).toBe('delivery_exhausted');
});

// proves NOT-03
test('a last try that outlives its lease alerts nobody of what another try has delivered', async () => {
  const { memory, engine } = engineOf((journal) => journal);
  const payment = paidPayment({ version: 1, nextStep: null });
  await memory.journal.openPayment(payment, [], null, [succeeded(payment)]);
  const [row] = await memory.due.claimDue(1, 15_000);
  if (row?.kind !== 'delivery') throw new Error('nothing is to be delivered');
  const last = { ...row.delivery, tries: deliveryScheduleMs.length };
  const endpoint = {
    async send() {
      await memory.deliveries.recordDelivered(last);
      return { kind: 'failed', reason: 'no answer in time' } as const;
    },
  };
  await deliver({ ...engine, endpoint }, last);
  expect((await memory.journal.findPayment(payment.merchantId, payment.id))?.attention).toBeNull();
  const timeline = await memory.journal.timeline(payment.merchantId, payment.id);
  expect(timeline.map(({ type }) => type)).toEqual(['AttentionRaised', 'AttentionEnded']);
});

/** What is sent of the one delivery that is due, and what becomes of it. */
async function triedOnce(
  memory: ReturnType<typeof engineOf>['memory'],
  engine: DeliverEngine,
): Promise<{
  readonly sent: readonly { type: string; data: unknown }[];
  readonly state: string | undefined;
}> {
  const messages: MerchantMessage[] = [];
  const endpoint = {
    send: async (message: MerchantMessage) => {
      messages.push(message);
      return { kind: 'accepted' } as const;
    },
  };
  const row = (await memory.due.claimDue(10, 15_000)).find(({ kind }) => kind === 'delivery');
  if (row?.kind !== 'delivery') throw new Error('nothing is to be delivered');
  await deliver({ ...engine, endpoint }, row.delivery);
  const [left] = [...memory.records.deliveries.values()];
  return { sent: messages.map(({ body }) => JSON.parse(body)), state: left?.state };
}

// proves NOT-03, RES-11
describe('an event is sent while it is true, and withdrawn when it is not', () => {
  const truths: { readonly [type in AnnouncementType & `payment.${string}`]: readonly PaymentState[] } = {
    'payment.succeeded': ['succeeded'],
    'payment.failed': ['failed'],
    'payment.cancelled': ['cancelled', 'cancelled_provisionally'],
  };
  const paymentPairs = (Object.keys(truths) as (keyof typeof truths)[]).flatMap((type) =>
    (Object.keys(paymentMoves) as PaymentState[]).map((state) => [type, state] as const),
  );
  test.each(paymentPairs)('%s of a payment that is %s', async (type, state) => {
    const { memory, engine } = engineOf((journal) => journal);
    const payment = examplePayment({ state, nextStep: null, version: 1 });
    await memory.journal.openPayment(payment, [], null, [{ ...succeeded(payment), type }]);
    const isTrue = truths[type].includes(state);
    const outcome = await triedOnce(memory, engine);
    expect(outcome.sent.map((message) => message.type)).toEqual(isTrue ? [type] : []);
    expect(outcome.state).toBe(isTrue ? 'delivered' : 'withdrawn');
  });

  const refundPairs = (['refund.succeeded', 'refund.failed'] as const).flatMap((type) =>
    (Object.keys(refundMoves) as RefundState[]).flatMap((state) =>
      (['succeeded', 'reversing', 'cancelled'] as const).map((of) => [type, state, of] as const),
    ),
  );
  test.each(refundPairs)('%s of a refund that is %s, its payment %s', async (type, state, of) => {
    const { memory, engine } = engineOf((journal) => journal);
    const payment = examplePayment({ state: of, nextStep: null, version: 1 });
    await memory.journal.openPayment(payment, [], null, []);
    const refund = exampleRefund({ paymentId: payment.id, version: 1, nextStep: null });
    const record = { before: payment, after: payment, events: [], announcements: [] };
    expect(await memory.journal.acceptRefund(refund, record, null)).toMatchObject({ kind: 'accepted' });
    await memory.journal.recordRefund({
      before: refund,
      after: { ...refund, state },
      payment: null,
      events: [],
      announcements: [{ ...succeeded(payment), type, subject: 'refund', subjectId: refund.id }],
    });
    const isTrue = type === `refund.${state}`;
    const outcome = await triedOnce(memory, engine);
    expect(outcome.sent.map((message) => message.type)).toEqual(isTrue ? [type] : []);
    expect(outcome.state).toBe(isTrue ? 'delivered' : 'withdrawn');
    // What has become of the payment is told with it, and supersedes nothing.
    const status = of === 'reversing' ? 'processing' : of;
    if (isTrue) expect(outcome.sent[0]).toMatchObject({ data: { payment: { status } } });
  });
});

// proves NOT-03
test('a replay that arrives ends the alert, unless another delivery of the payment stands given up', async () => {
  const { memory, engine } = engineOf((journal) => journal);
  const payment = paidPayment({
    version: 1,
    nextStep: null,
    attention: { reason: 'delivery_exhausted', since: now },
  });
  const told = [succeeded(payment)];
  await memory.journal.openPayment(payment, [], null, told);
  const attention = async () =>
    (await memory.journal.findPayment(payment.merchantId, payment.id))?.attention?.reason ?? null;
  const id = [...memory.records.deliveries.values()][0]?.delivery.id ?? '';
  const [row] = await memory.due.claimDue(1, 15_000);
  if (row?.kind !== 'delivery') throw new Error('nothing is to be delivered');
  const other = { ...row.delivery, id: `${id}0` };
  memory.records.deliveries.set(`M0001 ${other.id}`, {
    delivery: other,
    state: 'exhausted',
    dueAt: null,
    lastFailure: 'HTTP 500',
  });
  const accepting: DeliverEngine = { ...engine, endpoint: { send: async () => ({ kind: 'accepted' }) } };
  await deliver(accepting, row.delivery);
  expect(await attention()).toBe('delivery_exhausted');
  expect(await memory.deliveries.replay('M0001', [other.id], 0)).toEqual([other.id]);
  const [replayed] = await memory.due.claimDue(1, 15_000);
  if (replayed?.kind !== 'delivery') throw new Error('nothing is replayed');
  await deliver(accepting, replayed.delivery);
  expect(await attention()).toBeNull();
});

// proves NOT-03
test('a message about a refund names its event, the time of that, the refund’s version, and shows both whole', async () => {
  const { memory, engine } = engineOf((journal) => journal);
  const bodies: unknown[] = [];
  const endpoint = {
    send: async ({ messageId, body }: MerchantMessage) => {
      bodies.push({ messageId, body: JSON.parse(body) });
      return { kind: 'accepted' } as const;
    },
  };
  const payment = paidPayment({ version: 1, nextStep: null });
  const refund = exampleRefund({ paymentId: payment.id, version: 7, state: 'succeeded', nextStep: null });
  await memory.journal.openPayment(payment, [], null, []);
  memory.records.refunds.set(`${refund.merchantId} ${refund.id}`, refund);
  const createdAt = new Date('2026-03-02T03:59:00.000Z');
  await deliver(
    { ...engine, endpoint },
    {
      merchantId: payment.merchantId,
      id: 'evt_9_7',
      type: 'refund.succeeded',
      subject: 'refund',
      subjectId: refund.id,
      paymentId: payment.id,
      url: 'https://merchant.example/notify',
      tries: 0,
      createdAt,
      endpoint: null,
    },
  );
  expect(bodies).toMatchObject([
    {
      messageId: 'evt_9_7',
      body: {
        id: 'evt_9_7',
        type: 'refund.succeeded',
        created_at: '2026-03-02T03:59:00.000Z',
        version: 7,
        data: {
          payment: { id: payment.id, status: 'succeeded', version: 1 },
          refund: { id: refund.id, status: 'succeeded', version: 7 },
        },
      },
    },
  ]);
});

// proves NOT-03
test('a replay of what the payment has left behind ends the alert: nobody needs to be told of it any more', async () => {
  const { memory, engine } = engineOf((journal) => journal);
  const payment = paidPayment({
    version: 1,
    state: 'reversing',
    attention: { reason: 'delivery_exhausted', since: now },
  });
  await memory.journal.openPayment(payment, [], null, [succeeded(payment)]);
  const rows = await memory.due.claimDue(2, 15_000);
  const row = rows.find(({ kind }) => kind === 'delivery');
  if (row?.kind !== 'delivery') throw new Error('nothing is to be delivered');
  await deliver(engine, row.delivery);
  expect([...memory.records.deliveries.values()].map(({ state }) => state)).toEqual(['withdrawn']);
  expect((await memory.journal.findPayment(payment.merchantId, payment.id))?.attention).toBeNull();
});

// proves NOT-03
test('the try that uses up a schedule can be the one that disables its endpoint', async () => {
  const { memory, engine } = engineOf((journal) => journal);
  const payment = paidPayment({ version: 1, nextStep: null });
  await memory.journal.openPayment(payment, [], null, [succeeded(payment)]);
  const [row] = await memory.due.claimDue(1, 15_000);
  if (row?.kind !== 'delivery') throw new Error('nothing is to be delivered');
  const { merchantId, url } = row.delivery;
  const failingSince = new Date(now.getTime() - endpointPolicy.disableAfterMs);
  memory.records.endpoints.set(`${merchantId} ${url}`, {
    merchantId,
    url,
    failingSince,
    failures: endpointPolicy.disableAfterFailures,
    lastFailure: 'HTTP 500',
    disabledAt: null,
  });
  await deliver(engine, { ...row.delivery, tries: deliveryScheduleMs.length });
  expect([...memory.records.endpoints.values()]).toMatchObject([{ disabledAt: now }]);
});
