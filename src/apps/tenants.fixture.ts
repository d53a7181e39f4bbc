import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { createMerchantDirectory } from '../adapters/memory/merchant-directory.ts';
import type { MemoryRecords } from '../adapters/memory/records.ts';
import { pageTokenKey } from '../inbound/cashier/page-token.ts';
import { createTestGateway, never, paymentBody, teaHouse } from '../inbound/rest/gateway.fixture.ts';
import type { Engine } from '../operations/engine.ts';
import type { KeyScope, Merchant } from '../ports/merchant-directory.ts';
import type { NotificationReader } from '../ports/wallet-notifications.ts';
import { createGatewayApp } from './gateway-app.ts';

/*
 * Merchants all over a tree of channels, each with a paid payment, one that is open, and a refund; and a key of every
 * holder, who asks the gateway's every route for what is a stranger's.
 */

/** By merchant, the channels above it, the nearest first. */
const merchants: { readonly [merchantId: string]: readonly string[] } = {
  M0001: [],
  M0002: [],
  M0003: ['north'],
  M0004: ['northeast', 'north'],
  M0005: ['coast', 'northeast', 'north'],
  M0006: ['northwest', 'north'],
  M0007: ['south'],
};

export interface Holder {
  readonly key: string;
  readonly scope: KeyScope;
  readonly speaksFor: readonly string[];
}

const channels = [...new Set(Object.values(merchants).flat())];
const channelOf = ([merchantId, above]: readonly [string, readonly string[]], channelId: string): string[] =>
  above.includes(channelId) ? [merchantId] : [];

export const holders: readonly Holder[] = [
  ...Object.keys(merchants).map((merchantId) => ({
    key: `key-of-${merchantId}`,
    scope: { kind: 'merchant' as const, merchantId },
    speaksFor: [merchantId],
  })),
  ...channels.map((channelId) => ({
    key: `key-of-${channelId}`,
    scope: { kind: 'channel' as const, channelId },
    speaksFor: Object.entries(merchants).flatMap((entry) => channelOf(entry, channelId)),
  })),
  { key: 'key-of-the-acquirer', scope: { kind: 'acquirer' }, speaksFor: Object.keys(merchants) },
];

/** An own merchant of the acquirer, one of a channel, and every channel: that there are more merchants' keys shows nothing else. */
const askers = holders.filter(
  ({ scope }) => scope.kind !== 'merchant' || scope.merchantId === 'M0001' || scope.merchantId === 'M0004',
);

/** These holders with every merchant that their keys do not speak for. */
export const strangers = askers.flatMap((holder) =>
  Object.keys(merchants)
    .filter((merchantId) => !holder.speaksFor.includes(merchantId))
    .map((merchantId) => ({ holder, merchantId })),
);

/** What a request may name of a merchant. */
export interface Named {
  readonly merchantId: string;
  readonly orderNo: string;
  readonly openOrderNo: string;
  readonly paymentId: string;
  readonly openPaymentId: string;
  readonly requestId: string;
  readonly openRequestId: string;
  readonly refundId: string;
  readonly idempotencyKey: string;
}

/** The same of nobody: ids that carry a short number that no merchant has, or that of this one's but name nothing. */
export function nobodys(named: Named): readonly Named[] {
  const withCore = (core: (id: string) => string): Named => ({
    merchantId: 'M0404',
    orderNo: 'ORDER-M0404',
    openOrderNo: 'OPEN-M0404',
    paymentId: core(named.paymentId),
    openPaymentId: core(named.openPaymentId),
    requestId: core(named.requestId),
    openRequestId: core(named.openRequestId),
    refundId: core(named.refundId),
    idempotencyKey: 'IDEMPOTENT-M0404',
  });
  return [
    withCore((id) => id.replace(/0000\w{3}(\w{24})$/, '0000Z99$1')),
    withCore((id) => id.replace(/\w{15}$/, 'ZZZZZZZZZZZZZZZ')),
  ];
}

export interface Ask {
  readonly method: string;
  readonly url: string;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  readonly idempotencyKey?: string;
  /** Seconds to wait for the end; none unless given. */
  readonly waitS?: number;
}

export interface TenantsGateway {
  readonly app: FastifyInstance;
  readonly records: MemoryRecords;
  readonly walletCalls: readonly string[];
  /** What journal and directory have been asked since it was last emptied. */
  readonly lookUps: string[];
  readonly namedOf: (merchantId: string) => Named;
  ask(key: string | null, ask: Ask): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

export async function createTenantsGateway(): Promise<TenantsGateway> {
  const { engine, memory, wallet, clock } = await createTestGateway();
  const lookUps: string[] = [];
  const known = Object.entries(merchants).map(([id, above], index) => ({
    merchant: { ...teaHouse, id, shortNo: index + 1, name: `Shop ${id}`, channels: above } satisfies Merchant,
    deliverySecret: `whsec_${id}`,
  }));
  const scopes = new Map(holders.map(({ key, scope }) => [key, scope]));
  const own: Engine = {
    ...engine,
    journal: told(engine.journal, lookUps),
    merchants: told(createMerchantDirectory(known, scopes), lookUps),
  };
  const reader: NotificationReader = {
    read: () => ({ kind: 'unknown_account' }),
    reply: async () => ({ status: 404, headers: {}, body: '' }),
  };
  const app = await createGatewayApp({
    rest: {
      engine: own,
      readiness: async () => ({ ready: true, checks: {} }),
      metricsText: async () => ({ contentType: 'text/plain', body: '' }),
    },
    notifications: {
      engine: { ...own, strays: { keep: async () => {} } },
      readers: { alipay_open: reader, alipay_plus: reader },
      untrusted: async () => {},
    },
    cashier: {
      engine: own,
      tokenKey: pageTokenKey(new Uint8Array(32).fill(9)),
      publicUrl: 'https://pay.example',
      supportName: 'Example Bank',
      sandbox: false,
    },
  });
  const ask: TenantsGateway['ask'] = (key, { method, url, body, idempotencyKey, waitS = 0 }) =>
    app.inject({
      method: method as 'GET',
      url,
      headers: {
        prefer: `wait=${waitS}`,
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });

  const named = new Map<string, Named>();
  for (const merchantId of Object.keys(merchants)) {
    const post = async (url: string, more: Omit<Ask, 'method' | 'url'>) => {
      const response = await ask(`key-of-${merchantId}`, { method: 'POST', url, ...more });
      if (response.statusCode >= 300) throw new Error(`${merchantId} was answered ${response.body}`);
      return response.json();
    };
    const idempotencyKey = `IDEMPOTENT-${merchantId}`;
    const fields = { merchant_order_no: `ORDER-${merchantId}`, subject: `goods of ${merchantId}` };
    const paid = await post('/v1/payments', { body: paymentBody(fields), idempotencyKey, waitS: 30 });
    const refund = await post(`/v1/payments/${paid.id}/refunds`, {
      body: { amount: { currency: 'CNY', value: 34 } },
      waitS: 30,
    });
    const { pay } = wallet;
    wallet.pay = never;
    const open = await post('/v1/payments', {
      body: paymentBody({ ...fields, merchant_order_no: `OPEN-${merchantId}` }),
    });
    wallet.pay = pay;
    const statuses = `${paid.status} ${refund.status} ${open.status}`;
    if (statuses !== 'succeeded succeeded processing') throw new Error(`${merchantId} has ${statuses}`);
    named.set(merchantId, {
      merchantId,
      orderNo: `ORDER-${merchantId}`,
      openOrderNo: `OPEN-${merchantId}`,
      paymentId: paid.id,
      openPaymentId: open.id,
      requestId: paid.payment_request_id,
      openRequestId: open.payment_request_id,
      refundId: refund.id,
      idempotencyKey,
    });
  }
  return {
    app,
    records: memory.records,
    walletCalls: wallet.calls,
    lookUps,
    namedOf(merchantId) {
      const found = named.get(merchantId);
      if (found === undefined) throw new Error(`there is no merchant ${merchantId}`);
      return found;
    },
    ask,
    async close() {
      const closed = app.close();
      await clock.advance(10_000);
      await closed;
    },
  };
}

/** The same port, which tells what it is asked. */
function told<Port extends object>(port: Port, lookUps: string[]): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        lookUps.push(String(name));
        return member.apply(target, args);
      };
    },
  });
}

/** Every row there is, or all but one merchant's, as one text. */
export function rowsText({ records }: Pick<TenantsGateway, 'records'>, exceptOf: string | null): string {
  const { now: _, ...tables } = records;
  const others = (rowKey: string): boolean => exceptOf === null || !rowKey.startsWith(`${exceptOf} `);
  const rowsOf = (rows: (typeof tables)[keyof typeof tables]): unknown[] =>
    rows instanceof Set ? [...rows].filter(others) : [...rows].filter(([rowKey]) => others(rowKey));
  const written = (_name: string, value: unknown): unknown =>
    typeof value === 'bigint' ? `${value}n` : value;
  return JSON.stringify(Object.values(tables).map(rowsOf), written, 1);
}
