import { expect, test } from 'vitest';
import { createMemoryJournal } from '../adapters/memory/journal.ts';
import { createMerchantDirectory } from '../adapters/memory/merchant-directory.ts';
import type { Announcement } from '../domain/announcement.ts';
import { deliveryScheduleMs } from '../domain/delivery.ts';
import { endpointPolicy } from '../domain/endpoint.ts';
import type { Payment } from '../domain/payment.ts';
import { paidPayment } from '../domain/payments.fixture.ts';
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
    report: { untrustedAnswer: () => {} },
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
