import { setImmediate as turnOf } from 'node:timers/promises';
import { vi } from 'vitest';
import { madePayment } from '../../test/journal-contract/journal-under-test.ts';
import { createChanges, type LocalChanges } from '../adapters/changes.ts';
import { createEntropy } from '../adapters/entropy.ts';
import { createMemoryJournal, type MemoryJournal } from '../adapters/memory/journal.ts';
import { createMerchantDirectory } from '../adapters/memory/merchant-directory.ts';
import type { PaymentRequest } from '../domain/accept-payment.ts';
import { announcementsOfPayment } from '../domain/announcement.ts';
import { endpointPolicy } from '../domain/endpoint.ts';
import { noAnswer, nothingNamed, paid } from '../domain/inputs.fixture.ts';
import type { Payment } from '../domain/payment.ts';
import type { Clock } from '../ports/clock.ts';
import type { Merchant } from '../ports/merchant-directory.ts';
import type { MerchantMessage, MerchantReply } from '../ports/merchant-endpoint.ts';
import type { WalletGateway } from '../ports/wallet.ts';
import type { DeliverEngine } from './deliver.ts';

/** A clock that goes on only when a test says so. Both of its scales begin together. */
export interface TrialClock extends Clock {
  /** Lets this much time pass, waking sleepers at their times, each with all that follows from it. */
  advance(ms: number): Promise<void>;
}

/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await turnOf();
}

export function createTrialClock(): TrialClock {
  const startMs = Date.parse('2026-07-01T00:00:00Z');
  let passedMs = 0;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    now: () => new Date(startMs + passedMs),
    monotonicMs: () => passedMs,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper = {
          atMs: passedMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      });
    },
    async advance(ms) {
      const untilMs = passedMs + ms;
      for (;;) {
        await settled();
        let next: { readonly atMs: number; readonly wake: () => void } | null = null;
        for (const sleeper of sleepers) {
          if (sleeper.atMs <= untilMs && (next === null || sleeper.atMs < next.atMs)) next = sleeper;
        }
        if (next === null) break;
        passedMs = Math.max(passedMs, next.atMs);
        next.wake();
      }
      passedMs = untilMs;
    },
  };
}

export const trialMerchant: Merchant = {
  id: 'M0001',
  shortNo: 1,
  name: 'Tea House',
  channels: [],
  mcc: '5499',
  stores: [{ id: 'S0001', name: 'Tea House', mcc: null }],
  bindings: [
    { wallet: 'alipay_open', account: 'sandbox', subMerchantId: '2088000000000002', currency: 'CNY' },
  ],
  orderCodes: null,
  policyOverrides: {},
  notifyUrl: 'https://merchant.example/notify',
};

/** A request to pay 100.00 yuan, as the wallet of a trial answers it. */
export function trialRequest(changes: Partial<PaymentRequest> = {}): PaymentRequest {
  return {
    merchantOrderNo: 'ORDER-1',
    amount: { currency: 'CNY', minor: 10_000n },
    start: { product: 'payment_code', paymentCode: '281234567890123456' },
    storeId: 'S0001',
    terminalId: 'T0001',
    subject: 'tea',
    wallet: null,
    expiresAt: null,
    notifyUrl: null,
    metadata: {},
    ...changes,
  };
}

export interface Trial {
  readonly engine: DeliverEngine;
  readonly clock: TrialClock;
  readonly changes: LocalChanges;
  readonly memory: MemoryJournal;
  /** Every method can be told what to do; until then inquiries find the payment paid, and nothing else answers. */
  readonly wallet: {
    readonly [method in keyof WalletGateway]: ReturnType<typeof vi.fn<WalletGateway[method]>>;
  };
  /** Accepts everything until it is told otherwise. */
  readonly send: ReturnType<typeof vi.fn<(message: MerchantMessage) => Promise<MerchantReply>>>;
  /** A payment whose inquiry is due after `ms`. */
  openPayment(ms: number, fields?: Partial<Payment>): Promise<Payment>;
  /** A payment that has succeeded, with its announcement due now. */
  announceSuccess(fields?: Partial<Payment>): Promise<Payment>;
  payment(id: string): Promise<Payment>;
}

/** The real operations and jobs on the journal in memory, a wallet and a merchant that do as they are told. */
export function createTrial(): Trial {
  const clock = createTrialClock();
  const memory = createMemoryJournal(() => clock.now());
  const changes = createChanges();
  const wallet: Trial['wallet'] = {
    pay: vi.fn<WalletGateway['pay']>(async () => noAnswer()),
    inquire: vi.fn<WalletGateway['inquire']>(async () => paid),
    cancel: vi.fn<WalletGateway['cancel']>(async () => nothingNamed),
    refund: vi.fn<WalletGateway['refund']>(async () => noAnswer()),
    inquireRefund: vi.fn<WalletGateway['inquireRefund']>(async () => noAnswer()),
  };
  const send: Trial['send'] = vi.fn(async () => ({ kind: 'accepted' }));
  const engine: DeliverEngine = {
    journal: memory.journal,
    due: memory.due,
    deliveries: memory.deliveries,
    merchants: createMerchantDirectory([{ merchant: trialMerchant, deliverySecret: 'whsec_c2VjcmV0' }]),
    wallets: { gateway: () => wallet },
    endpoint: { send },
    endpointPolicy,
    clock,
    entropy: createEntropy(),
    changes,
    policySpeed: 1,
    report: { untrustedAnswer: () => {}, troubledAnswer: () => {} },
  };
  const trial: Trial = {
    engine,
    clock,
    changes,
    memory,
    wallet,
    send,
    async openPayment(ms, fields = {}) {
      const dueAt = new Date(clock.now().getTime() + ms);
      const made = madePayment(clock.now(), { nextStep: { action: 'inquire', dueAt }, ...fields });
      const opened = await memory.journal.openPayment(made, [], null, []);
      if (opened.kind !== 'opened') throw new Error(`the payment was not opened: ${opened.kind}`);
      return opened.payment;
    },
    async announceSuccess(fields = {}) {
      const before = await trial.openPayment(0, fields);
      const after: Payment = { ...before, state: 'succeeded', nextStep: null };
      const announcements = announcementsOfPayment(before, after);
      const recorded = await memory.journal.recordPayment({ before, after, events: [], announcements });
      if (recorded === null) throw new Error('the payment had moved on');
      return recorded;
    },
    async payment(id) {
      const found = await memory.journal.findPayment('M0001', id);
      if (found === null) throw new Error(`no payment ${id}`);
      return found;
    },
  };
  return trial;
}
