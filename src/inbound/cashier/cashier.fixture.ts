import { randomBytes } from 'node:crypto';
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify';
import { createChanges } from '../../adapters/changes.ts';
import { createMemoryJournal } from '../../adapters/memory/journal.ts';
import { createMerchantDirectory } from '../../adapters/memory/merchant-directory.ts';
import { entryCodeText } from '../../domain/ids.ts';
import type { Payment } from '../../domain/payment.ts';
import type { CancelAnswer, InquiryAnswer, PayAnswer } from '../../domain/wallet-answer.ts';
import type { Engine } from '../../operations/engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EntryCode, Merchant } from '../../ports/merchant-directory.ts';
import type { PayRequest } from '../../ports/wallet.ts';
import { cashierRoutes } from './cashier-routes.ts';
import type { CashierOptions } from './context.ts';
import { pageTokenKey } from './page-token.ts';

/* The payer's pages on the real operations, an in-memory journal and a wallet that answers what it is told. */

export const walletUserAgent =
  'Mozilla/5.0 (Linux; Android 9; LYA-AL00 Build/HUAWEILYA-AL00L; wv) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Version/4.0 Chrome/70.0.3538.110 Mobile Safari/537.36 AliApp(APHK/2.6.0.160) AlipayClientHK/2.6.0.160';

export const plainUserAgent = 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36';

const shortNo = 7;
const codeOf = (seed: number): string => entryCodeText(shortNo, new Uint8Array(16).fill(seed));

/** Codes of one store, by what is particular about them. */
export const codes = {
  dollars: codeOf(1),
  yen: codeOf(2),
  rupiah: codeOf(3),
  disabled: codeOf(4),
  /** Its currency is one that the merchant takes with no wallet. */
  noWallet: codeOf(5),
  unknown: codeOf(6),
} as const;

export const teaHouse: Merchant = {
  id: 'M0007',
  shortNo,
  name: 'Jade Tea Trading Co., Ltd.',
  channels: [],
  mcc: '5812',
  stores: [{ id: 'S0001', name: 'Tea House Central', mcc: null }],
  bindings: ['USD', 'JPY', 'IDR'].map((currency) => ({
    wallet: 'alipay_plus',
    account: 'sandbox',
    subMerchantId: '2188000000000007',
    currency,
  })),
  orderCodes: null,
  policyOverrides: {},
  notifyUrl: null,
};

function entryCodes(): EntryCode[] {
  const code = { merchantId: teaHouse.id, storeId: 'S0001', disabledAt: null };
  return [
    { ...code, code: codes.dollars, currency: 'USD' },
    { ...code, code: codes.yen, currency: 'JPY' },
    { ...code, code: codes.rupiah, currency: 'IDR' },
    { ...code, code: codes.disabled, currency: 'USD', disabledAt: new Date('2026-03-01T00:00:00Z') },
    { ...code, code: codes.noWallet, currency: 'EUR' },
  ];
}

/** What the wallet answers; replaced by tests. */
export interface CashierWallet {
  pay: (request: PayRequest) => Promise<PayAnswer>;
  inquire: () => Promise<InquiryAnswer>;
  cancel: () => Promise<CancelAnswer>;
  /** Every payment that it was asked for. */
  readonly asked: PayRequest[];
  readonly calls: string[];
}

export const walletPage = 'https://wallet.example/cashier?token=abc';

export function issued(url: string = walletPage): PayAnswer {
  return { kind: 'issued', action: { kind: 'redirect', url }, walletTransactionId: null, known: true };
}

export interface TestCashier {
  readonly app: FastifyInstance;
  readonly engine: Engine;
  readonly wallet: CashierWallet;
  get(path: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  /** A form as a browser sends it. */
  post(
    path: string,
    form: Readonly<Record<string, string>>,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
  /** The token of a fresh page. */
  token(code?: string): Promise<string>;
  /** Attempts that the merchant has. */
  payments(): Payment[];
}

export interface TestCashierOptions extends Partial<Omit<CashierOptions, 'engine'>> {
  readonly clock: Clock;
  readonly merchant?: Merchant;
  /** Changes the engine before the pages get it. */
  readonly withEngine?: (engine: Engine) => Engine;
}

export async function createTestCashier(options: TestCashierOptions): Promise<TestCashier> {
  const { clock, merchant = teaHouse, withEngine = (same) => same, ...rest } = options;
  const memory = createMemoryJournal(clock.now);
  const wallet: CashierWallet = {
    pay: async () => issued(),
    inquire: async () => ({ kind: 'not_found' }),
    cancel: async () => ({ kind: 'effected', action: 'cancelled' }),
    asked: [],
    calls: [],
  };
  const engine = withEngine({
    journal: memory.journal,
    due: memory.due,
    merchants: createMerchantDirectory([{ merchant, deliverySecret: 'whsec_x' }], new Map(), entryCodes()),
    wallets: {
      gateway: () => ({
        pay(request) {
          wallet.asked.push(request);
          wallet.calls.push('pay');
          return wallet.pay(request);
        },
        inquire() {
          wallet.calls.push('inquire');
          return wallet.inquire();
        },
        cancel() {
          wallet.calls.push('cancel');
          return wallet.cancel();
        },
        refund: async () => ({ kind: 'refunded' }),
        inquireRefund: async () => ({ kind: 'not_found' }),
      }),
    },
    clock,
    entropy: { bytes: (length) => randomBytes(length) },
    changes: createChanges(),
    policySpeed: 1,
    report: { untrustedAnswer: () => {}, troubledAnswer: () => {} },
  });
  const app = Fastify({ routerOptions: { maxParamLength: 256 } });
  await cashierRoutes(app, {
    tokenKey: pageTokenKey(new Uint8Array(32).fill(9)),
    publicUrl: 'https://pay.example',
    supportName: 'Example Bank',
    sandbox: false,
    ...rest,
    engine,
  });
  const get: TestCashier['get'] = (url, headers = {}) =>
    app.inject({ method: 'GET', url, headers: { 'user-agent': walletUserAgent, ...headers } });
  return {
    app,
    engine,
    wallet,
    get,
    post: (url, form, headers = {}) =>
      app.inject({
        method: 'POST',
        url,
        headers: {
          'user-agent': walletUserAgent,
          'content-type': 'application/x-www-form-urlencoded',
          ...headers,
        },
        payload: new URLSearchParams(form).toString(),
      }),
    async token(code = codes.dollars) {
      return tokenOn((await get(`/c/${code}`)).body);
    },
    payments: () => [...memory.records.payments.values()],
  };
}

/** The token that a page's form carries. */
export function tokenOn(page: string): string {
  const token = /name="token" value="([^"]+)"/.exec(page)?.[1];
  if (token === undefined) throw new Error('the page has no token');
  return token;
}
