import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { createChanges } from '../../adapters/changes.ts';
import { createMemoryJournal, type MemoryJournal } from '../../adapters/memory/journal.ts';
import { createMerchantDirectory } from '../../adapters/memory/merchant-directory.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
} from '../../domain/wallet-answer.ts';
import type { Engine } from '../../operations/engine.ts';
import type { Changes } from '../../ports/changes.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyScope, Merchant } from '../../ports/merchant-directory.ts';
import type { WalletGateway } from '../../ports/wallet.ts';
import { requireDescribed } from './described-answers.fixture.ts';
import { createRestGateway, type RestGatewayOptions } from './rest-gateway.ts';

/*
 * A gateway for tests: the real operations on the in-memory journal, a wallet that answers what it is told, and a
 * clock that stands still until it is moved.
 */

/** A clock that only `advance` moves. */
export interface HandClock extends Clock {
  advance(ms: number): Promise<void>;
  /** How many sleep on it. */
  sleeping(): number;
}

export function createHandClock(start = new Date('2026-03-02T04:00:00.000Z')): HandClock {
  let elapsedMs = 0;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          atMs: elapsedMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        if (signal?.aborted) resolve();
        else sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    sleeping: () => sleepers.size,
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      for (;;) {
        await settled();
        const next = [...sleepers].sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined || next.atMs > untilMs) break;
        elapsedMs = Math.max(elapsedMs, next.atMs);
        next.wake();
      }
      elapsedMs = untilMs;
      await settled();
    },
  };
}

/** Lets everything that can go on without time passing go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

/** Changes whose waits run on the hand clock. */
function changesOn(clock: Clock): Changes {
  const changes = createChanges();
  return {
    publish: changes.publish,
    next: (id, ms) => {
      const patience = new AbortController();
      const change = changes.next(id, 2 ** 30).then((changed) => {
        patience.abort();
        return changed;
      });
      const timeout = clock.sleep(ms, patience.signal).then(() => {
        changes.publish(id, null);
        return false;
      });
      return Promise.race([change, timeout]);
    },
  };
}

/** What the wallet answers; replaced by tests. */
export interface WalletScript {
  pay: () => Promise<PayAnswer>;
  inquire: () => Promise<InquiryAnswer>;
  cancel: () => Promise<CancelAnswer>;
  refund: () => Promise<RefundAnswer>;
  inquireRefund: () => Promise<RefundInquiryAnswer>;
  /** Names of the calls that were made. */
  readonly calls: string[];
}

export const never = <Answer>(): Promise<Answer> => new Promise(() => {});

function walletScript(): WalletScript {
  return {
    pay: async () => ({
      kind: 'paid',
      walletTransactionId: '2026030222001409001400000001',
      amount: { currency: 'CNY', minor: 1234n },
    }),
    inquire: async () => ({ kind: 'not_found' }),
    cancel: async () => ({ kind: 'effected', action: 'refunded' }),
    refund: async () => ({ kind: 'refunded' }),
    inquireRefund: async () => ({ kind: 'not_found' }),
    calls: [],
  };
}

function walletOf(script: WalletScript): WalletGateway {
  const called = <Answer>(name: string, answer: () => Promise<Answer>) => {
    script.calls.push(name);
    return answer();
  };
  return {
    pay: () => called('pay', script.pay),
    inquire: () => called('inquire', script.inquire),
    cancel: () => called('cancel', script.cancel),
    refund: () => called('refund', script.refund),
    inquireRefund: () => called('inquireRefund', script.inquireRefund),
  };
}

export const teaHouse: Merchant = {
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
  notifyUrl: null,
};

export const bookShop: Merchant = { ...teaHouse, id: 'M0002', shortNo: 2, name: 'Book Shop' };

export const keys = {
  teaHouse: 'key-of-the-tea-house',
  bookShop: 'key-of-the-book-shop',
  acquirer: 'key-of-the-acquirer',
  closedMerchant: 'key-of-a-closed-merchant',
} as const;

const scopes = new Map<string, KeyScope>([
  [keys.teaHouse, { kind: 'merchant', merchantId: teaHouse.id }],
  [keys.bookShop, { kind: 'merchant', merchantId: bookShop.id }],
  [keys.acquirer, { kind: 'acquirer' }],
  [keys.closedMerchant, { kind: 'merchant', merchantId: 'M0009' }],
]);

export const samplePaymentCode = '281234567890123456';

/** A payment that the tea house may ask for. */
export function paymentBody(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    merchant_order_no: 'ORDER-1',
    amount: { currency: 'CNY', value: 1234 },
    product: 'payment_code',
    payment_code: samplePaymentCode,
    store_id: 'S0001',
    terminal_id: 'T0001',
    subject: 'one pot of tea',
    ...fields,
  };
}

export interface TestGateway {
  readonly app: FastifyInstance;
  readonly engine: Engine;
  readonly clock: HandClock;
  readonly memory: MemoryJournal;
  readonly wallet: WalletScript;
  /** A request with the tea house's key, unless `headers` say otherwise. Its answer must be one that is described. */
  ask(
    method: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'QUERY',
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
}

export async function createTestGateway(
  options: Partial<RestGatewayOptions> & { readonly merchant?: Merchant } = {},
): Promise<TestGateway> {
  const clock = createHandClock();
  const memory = createMemoryJournal(clock.now);
  const wallet = walletScript();
  const gateway = walletOf(wallet);
  const engine: Engine = {
    journal: memory.journal,
    due: memory.due,
    merchants: createMerchantDirectory(
      [options.merchant ?? teaHouse, bookShop].map((merchant) => ({ merchant, deliverySecret: 'whsec_x' })),
      scopes,
    ),
    wallets: { gateway: () => gateway },
    clock,
    entropy: { bytes: (length) => randomBytes(length) },
    changes: changesOn(clock),
    policySpeed: 1,
    report: { untrustedAnswer: () => {}, troubledAnswer: () => {} },
    ...options.engine,
  };
  const app = await createRestGateway({
    readiness: async () => ({ ready: true, checks: { database: 'ok' } }),
    ...options,
    engine,
  });
  return {
    app,
    engine,
    clock,
    memory,
    wallet,
    ask: async (method, url, body, headers) => {
      const payload: InjectOptions['payload'] =
        body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
      const response = await app.inject({
        method,
        url,
        headers: {
          authorization: `Bearer ${keys.teaHouse}`,
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(payload === undefined ? {} : { payload }),
      });
      requireDescribed(app, method, url, response);
      return response;
    },
  };
}

/** Nothing that could later move money: no row of any kind, and nobody was called. */
export function recordedRows({ memory, wallet }: Pick<TestGateway, 'memory' | 'wallet'>) {
  const { records } = memory;
  return {
    payments: records.payments.size,
    refunds: records.refunds.size,
    orders: records.orders.size,
    keys: records.keys.size,
    waiting: records.waiting.size,
    heldCancels: records.heldCancels.size,
    deliveries: records.deliveries.size,
    calls: wallet.calls.length,
  };
}
