import { rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { expect } from 'vitest';
import { type Receiver, startReceiver } from '../notifications/receiver.fixture.ts';
import { runSimulator } from '../simulator.ts';
import { type Answer, type Clock, type LedgerLine, temporaryFolder } from '../test-wallet.ts';
import type { AmsApi } from './envelope.ts';
import {
  isSignatureOf,
  printSignatureHeader,
  readSignatureHeader,
  signContent,
  signingContent,
} from './signing.ts';
import { privateKey, privateKeyPem, publicKey, publicKeyPem } from './vectors.fixture.ts';

/* A running simulator with one registered client, and a caller of AMS that signs and verifies. */

export const clientId = 'SANDBOX_5YTEST0000000001';
export const merchantId = 'M0001';

/** An answer as it arrived; `outcome` says what became of the connection when there is none. */
export interface AmsAnswer {
  readonly outcome: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names as they were on the wire. */
  readonly headerNames: readonly string[];
  readonly text: string;
  readonly signature: 'holds' | 'broken' | 'absent';
  readonly json: Answer;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Replaces the body after it has been signed. */
  readonly sentBody?: string;
}

export interface AmsCaller {
  readonly base: string;
  readonly clock: Clock;
  readonly dataDir: string;
  /** A code whose payer's funds never end, and one whose payer has USD 5.00. */
  readonly code: string;
  readonly poorCode: string;
  /** Where notifications go; it acknowledges as AMS wants it. */
  readonly shop: Receiver;
  send(api: string, sent: Sent): Promise<AmsAnswer>;
  /** A call in order; throws unless the answer's signature holds. */
  call(api: AmsApi, body: Answer): Promise<Answer>;
  control(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: never }>;
  ledger(paymentRequestId: string): Promise<LedgerLine | undefined>;
  codeOf(payerId: string): Promise<string>;
  /** What has been told of that payment so far, once it is so many. */
  told(paymentRequestId: string, count: number): Promise<readonly Answer[]>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export const acknowledgement =
  '{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}';

function exchange(base: string, target: string, sent: Required<Pick<Sent, 'method' | 'headers' | 'body'>>) {
  return new Promise<Omit<AmsAnswer, 'signature' | 'json'>>((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      resolve({ outcome: error.code ?? error.message, status: 0, headers: {}, headerNames: [], text: '' });
    const { hostname, port } = new URL(base);
    const { method, headers, body } = sent;
    const call = request({ hostname, port, path: target, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () => {
        resolve({
          outcome: 'answered',
          status: response.statusCode ?? 0,
          headers: response.headers,
          headerNames: response.rawHeaders.filter((_, index) => index % 2 === 0),
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    call.on('error', failed);
    call.end(body);
  });
}

function signatureOf(
  path: string,
  answer: { headers: IncomingHttpHeaders; text: string },
): AmsAnswer['signature'] {
  const header = answer.headers['signature'];
  if (typeof header !== 'string') return 'absent';
  const signature = readSignatureHeader(header);
  const time = String(answer.headers['response-time']);
  const content = signingContent(path, String(answer.headers['client-id']), time, answer.text);
  return signature !== null && isSignatureOf(content, signature, publicKey) ? 'holds' : 'broken';
}

function parsed(text: string): Answer {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** A simulator of its own on a temporary folder, under a clock that stands still until the test moves it. */
export async function startAmsCaller(): Promise<AmsCaller> {
  const dataDir = temporaryFolder();
  const clock: Clock = { nowMs: Date.parse('2026-01-15T02:20:30Z') };
  const now = (): number => clock.nowMs;
  let simulator = await runSimulator({ port: 0, dataDir, now });
  const base = `http://127.0.0.1:${simulator.port}`;
  const shop = await startReceiver();
  shop.answer = (response) => response.end(acknowledgement);

  const control: AmsCaller['control'] = async (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${base}/control/${path}`, { method, ...sent });
    return { status: response.status, body: (await response.json()) as never };
  };
  await control('PUT', `clients/${clientId}`, {
    public_key: publicKeyPem,
    wallet_private_key: privateKeyPem,
    merchants: [merchantId],
  });
  const codeOf = async (payerId: string): Promise<string> => {
    const codes = (await control('GET', 'payment-codes')).body as { code: string; payer_id: string }[];
    return codes.find((one) => one.payer_id === payerId)?.code ?? '';
  };

  const send: AmsCaller['send'] = async (api, sent) => {
    const { method = 'POST', path = `/ams/api/v1/${api}`, body = '{}' } = sent;
    const signedPath = path.replace(/^http:\/\/[^/]+/, '');
    const time = '1685599933871';
    const signature = await signContent(signingContent(signedPath, clientId, time, body), privateKey);
    const headers = {
      'client-id': clientId,
      'request-time': time,
      signature: printSignatureHeader(signature),
      'content-type': 'application/json; charset=UTF-8',
      ...sent.headers,
    };
    const answer = await exchange(base, path, { method, headers, body: sent.sentBody ?? body });
    const [answeredPath = ''] = signedPath.split('?');
    return { ...answer, signature: signatureOf(answeredPath, answer), json: parsed(answer.text) };
  };
  const told: AmsCaller['told'] = async (paymentRequestId, count) => {
    for (;;) {
      const found = shop.received
        .map(({ body }) => parsed(body))
        .filter((one) => one['paymentRequestId'] === paymentRequestId);
      if (found.length >= count) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  return {
    base,
    clock,
    dataDir,
    code: await codeOf('sandbox-payer-plus'),
    poorCode: await codeOf('sandbox-payer-plus-5-dollars'),
    shop,
    send,
    call: async (api, body) => {
      const answer = await send(api, { body: JSON.stringify(body) });
      if (answer.signature !== 'holds')
        throw new Error(`${answer.outcome}: the signature is ${answer.signature}`);
      return answer.json;
    },
    control,
    ledger: async (paymentRequestId) => {
      const { body } = await control('GET', `ledger?payment_request_id=${paymentRequestId}`);
      return (body as LedgerLine[])[0];
    },
    codeOf,
    told,
    restart: async () => {
      const { port } = simulator;
      await simulator.close();
      simulator = await runSimulator({ port, dataDir, now });
    },
    close: async () => {
      await simulator.close();
      await shop.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

let requests = 0;

export function newRequestId(kind = 'P'): string {
  requests += 1;
  return `${kind}${process.pid}_${requests}`;
}

/** Changes in an object, by the way to the member: `{'order.merchant.merchantName': undefined}` takes it out. */
export function changed(body: Answer, changes: Answer): Answer {
  const copy = structuredClone(body) as Record<string, unknown>;
  for (const [way, value] of Object.entries(changes)) {
    const names = way.split('.');
    const last = names.pop() ?? '';
    let at = copy;
    for (const name of names) at = at[name] as Record<string, unknown>;
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return copy;
}

type PayBody = Answer & { readonly paymentRequestId: string };

/** A pay of USD 10.00 that is in order; `changes` as for `changed`. */
export function payBody(
  scenario: 'PaymentCode' | 'EntryCode' | 'OrderCode',
  notifyUrl: string,
  paymentCode: string | null,
  changes: Answer = {},
): PayBody {
  const amount = { currency: 'USD', value: '1000' };
  const body = {
    productCode: 'IN_STORE_PAYMENT',
    paymentRequestId: newRequestId(),
    paymentAmount: amount,
    paymentMethod: {
      paymentMethodType: 'CONNECT_WALLET',
      ...(paymentCode === null ? {} : { paymentMethodId: paymentCode }),
    },
    paymentFactor: { inStorePaymentScenario: scenario },
    paymentNotifyUrl: notifyUrl,
    order: {
      orderAmount: amount,
      orderDescription: '两个苹果 & a pear',
      merchant: {
        referenceMerchantId: merchantId,
        merchantName: 'Fruits <Inc>',
        merchantMCC: '5411',
        store: { referenceStoreId: 'S0001', storeName: 'Pier 1', storeMCC: '5411' },
      },
      env: { userAgent: 'Mozilla/5.0 (iPhone) AlipayClientHK/7.0 AliApp(APHK/1.0) AlipayClient/10.0' },
    },
  };
  return changed(body, changes) as PayBody;
}

export const usd = (minor: number): Answer => ({ currency: 'USD', value: String(minor) });

export const result = (code: string, status = 'F'): Answer => ({
  result: { resultCode: code, resultStatus: status, resultMessage: expect.any(String) },
});
