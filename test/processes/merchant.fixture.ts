import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';
import { readSandbox, type Sandbox } from '../../src/apps/sandbox-file.ts';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import type { LedgerLine } from '../gateway/real-gateway.ts';
import { until } from './installation.fixture.ts';

export interface RestAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** A problem, as far as tests look at it. */
export interface ProblemJson {
  readonly code: string;
  readonly detail: string;
}

/** `sandbox.json`, which has to be there. */
export function sandboxIn(dataDir: string): Sandbox {
  const sandbox = readSandbox(dataDir);
  if (sandbox === null) throw new Error(`there is no whole sandbox.json in ${dataDir}`);
  return sandbox;
}

/** A merchant at a gateway, who knows what `sandbox.json` says and may look behind the wallet's counter. */
export interface Merchant {
  readonly sandbox: Sandbox;
  call<Body = PaymentSnapshot>(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<RestAnswer<Body>>;
  /** `POST /v1/payments` of 12.34 yuan, unless `changes` says otherwise. */
  pay(
    changes?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<RestAnswer<PaymentSnapshot>>;
  payment(id: string): Promise<PaymentSnapshot>;
  paymentsOf(orderNo: string): Promise<readonly PaymentSnapshot[]>;
  /** The payment as soon as it shows this status. */
  untilStatus(id: string, status: PaymentSnapshot['status']): Promise<PaymentSnapshot>;
  control<Answer>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Answer>;
  ledger(): Promise<readonly LedgerLine[]>;
  ledgerLine(payment: Pick<PaymentSnapshot, 'payment_request_id'>): Promise<LedgerLine | undefined>;
}

let orders = 0;

export function newOrderNo(): string {
  orders += 1;
  return `O-${process.pid}-${Date.now().toString(36)}-${orders}`;
}

export function merchantWith(sandbox: Sandbox, gatewayUrl: string = sandbox.gateway_url): Merchant {
  const call: Merchant['call'] = async (method, path, body, headers = {}) => {
    const answer = await fetch(gatewayUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${sandbox.api_key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
  };
  const self: Merchant = {
    sandbox,
    call,
    pay: (changes = {}, headers = {}) =>
      call(
        'POST',
        '/v1/payments',
        {
          merchant_order_no: newOrderNo(),
          amount: { currency: 'CNY', value: 1234 },
          product: 'payment_code',
          payment_code: sandbox.payment_codes['alipay_open'],
          store_id: sandbox.store_id,
          terminal_id: sandbox.terminal_id,
          subject: 'Coffee',
          ...changes,
        },
        headers,
      ),
    async payment(id) {
      const { status, body } = await call('GET', `/v1/payments/${id}`);
      if (status !== 200) throw new Error(`GET ${id}: ${status} ${JSON.stringify(body)}`);
      return body;
    },
    async paymentsOf(orderNo) {
      const path = `/v1/payments?merchant_order_no=${orderNo}`;
      const { status, body } = await call<{ readonly data: readonly PaymentSnapshot[] }>('GET', path);
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
      return body.data;
    },
    untilStatus: (id, wanted) =>
      until(
        `payment ${id} shows ${wanted}`,
        () => self.payment(id),
        ({ status }) => status === wanted,
      ),
    async control(method, path, body) {
      const answer = await fetch(`${sandbox.simulator_url}/control/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} /control/${path}: ${answer.status} ${text}`);
      return JSON.parse(text);
    },
    ledger: () => self.control('GET', 'ledger'),
    async ledgerLine({ payment_request_id }) {
      const [line] = await self.control<readonly LedgerLine[]>(
        'GET',
        `ledger?payment_request_id=${payment_request_id}`,
      );
      return line;
    },
  };
  return self;
}

/** Gateway and wallet agree on what this payment, which has ended, has cost its payer. */
export function expectAgreement(payment: PaymentSnapshot, line: LedgerLine | undefined): void {
  expect(disagreement(payment, line)).toBeNull();
}

/** What gateway and wallet do not agree on; `null` when they do. */
export function disagreement(payment: PaymentSnapshot, line: LedgerLine | undefined): string | null {
  const { status, amount, refunded } = payment;
  const { charged, refunded: givenBack } = line ?? { charged: 0, refunded: 0 };
  const due = status === 'succeeded' ? amount.value - refunded.value : 0;
  const once = charged === 0 || charged === amount.value;
  if (status !== 'processing' && charged - givenBack === due && once) return null;
  return `${payment.id} of ${amount.value} shows ${status} and ${refunded.value} refunded; its payer was charged ${charged} and got ${givenBack} back`;
}

export interface MerchantEndpoint {
  readonly url: string;
  /** How many messages have arrived, accepted or not. */
  arrived(): number;
  /** From now on messages are accepted. */
  accept(): void;
  /** The messages accepted so far, each verified with the merchant's secret by the public package. */
  verified(secret: string): readonly DeliveredMessage[];
  close(): Promise<void>;
}

export interface DeliveredMessage {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly payment: PaymentSnapshot };
}

/** Listens for deliveries, and leaves each without an answer until it is told to accept them. */
export async function merchantEndpoint(): Promise<MerchantEndpoint> {
  let accepting = false;
  let arrived = 0;
  const received: { readonly headers: Record<string, string>; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      arrived += 1;
      if (!accepting) return;
      received.push({
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks).toString('utf8'),
      });
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    arrived: () => arrived,
    accept() {
      accepting = true;
    },
    verified: (secret) =>
      received.map(({ headers, body }) => new Webhook(secret).verify(body, headers) as DeliveredMessage),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
