import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlipaySdk } from 'alipay-sdk';
import { privateKey, privateKeyPem, publicKeyPem } from '../test/vectors/alipay-open/vectors.ts';
import { printChinaTime } from './open-platform/china-time.ts';
import { parseForm } from './open-platform/form.ts';
import { signBytes, signingBytes } from './open-platform/signing.ts';
import { runSimulator } from './simulator.ts';

/* A running simulator with one registered app, and callers of it: the official SDK, and plain HTTP for what it cannot do. */

export const appId = '2021000000000001';
export const pid = '2088000000000001';
export const smid = '2088000000000002';

/** Members of an answer; the tests read texts from it. */
export type Answer = { readonly [name: string]: unknown };

export interface LedgerLine {
  readonly wallet: string;
  readonly payment_request_id: string;
  readonly currency: string;
  readonly amount: number;
  readonly charged: number;
  readonly refunded: number;
  readonly cancelled: boolean;
}

export interface Caller {
  readonly base: string;
  /** `/control`: the answer, whatever its status. */
  control(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: never }>;
  /** A call by the official SDK, which throws unless the answer's signature holds. */
  call(method: string, bizContent: Answer): Promise<Answer>;
  sdk: AlipaySdk;
  ledger(outTradeNo: string): Promise<LedgerLine | undefined>;
}

export interface Clock {
  nowMs: number;
}

export interface TestWallet extends Caller {
  readonly clock: Clock;
  readonly dataDir: string;
  /** A code whose payer's funds never end. */
  readonly code: string;
  /** A code whose payer has 50.00 yuan. */
  readonly poorCode: string;
  close(): Promise<void>;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'shoudan-simulator-'));
}

export function callerOf(port: number, walletPublicKey: string): Caller {
  const base = `http://127.0.0.1:${port}`;
  const sdk = new AlipaySdk({
    appId,
    privateKey: privateKeyPem,
    keyType: 'PKCS8',
    alipayPublicKey: walletPublicKey,
    gateway: `${base}/gateway.do`,
    camelcase: false,
    timeout: 5000,
  });
  const control: Caller['control'] = async (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${base}/control/${path}`, { method, ...sent });
    return { status: response.status, body: (await response.json()) as never };
  };
  return {
    base,
    sdk,
    control,
    call: async (method, bizContent) =>
      (await sdk.exec(method, { bizContent }, { validateSign: true })) as never,
    ledger: async (outTradeNo) => {
      const { body } = await control('GET', `ledger?payment_request_id=${outTradeNo}`);
      return (body as LedgerLine[])[0];
    },
  };
}

/** Registers the app of the vectors and answers the wallet's public key for it. */
export async function registerApp(port: number, extras: Answer = {}): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/control/apps/${appId}`, {
    method: 'PUT',
    body: JSON.stringify({
      public_key: publicKeyPem,
      wallet_private_key: privateKeyPem,
      pid,
      smids: [smid],
      ...extras,
    }),
  });
  return ((await response.json()) as { wallet_public_key: string }).wallet_public_key;
}

/** Codes of the two payers that a first start makes: the rich one's and the poor one's. */
export async function sandboxCodes(
  caller: Caller,
): Promise<{ readonly code: string; readonly poorCode: string }> {
  const codes = (await caller.control('GET', 'payment-codes')).body as {
    code: string;
    balance: number | null;
  }[];
  const codeWith = (balance: number | null): string =>
    codes.find((one) => one.balance === balance)?.code ?? '';
  return { code: codeWith(null), poorCode: codeWith(5000) };
}

/** A simulator of its own on a temporary folder, under a clock that stands still until the test moves it. */
export async function startTestWallet(): Promise<TestWallet> {
  const dataDir = temporaryFolder();
  const clock: Clock = { nowMs: Date.parse('2026-01-15T02:20:30Z') };
  const simulator = await runSimulator({ port: 0, dataDir, now: () => clock.nowMs });
  const caller = callerOf(simulator.port, await registerApp(simulator.port));
  return {
    ...caller,
    ...(await sandboxCodes(caller)),
    clock,
    dataDir,
    close: async () => {
      await simulator.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

let orders = 0;

export function newOrderNo(): string {
  orders += 1;
  return `T${process.pid}_${orders}`;
}

/** A payment-code order that is in order; `changes` replace members. */
export function payOrder(authCode: string, changes: Answer = {}): Answer & { readonly out_trade_no: string } {
  return {
    out_trade_no: newOrderNo(),
    scene: 'bar_code',
    auth_code: authCode,
    subject: '测试商品A&B',
    total_amount: '10.00',
    store_id: 'SHKFC001',
    terminal_id: 'POS00001',
    sub_merchant: { merchant_id: smid },
    ...changes,
  };
}

/** The urlencoded parameters of a call, signed with the key of the vectors; `changes` apply before signing. */
export async function signedForm(
  method: string,
  biz: Answer,
  changes: Record<string, string> = {},
): Promise<string> {
  const parameters: Record<string, string> = {
    app_id: appId,
    method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: printChinaTime(Date.parse('2026-01-15T02:20:30Z')),
    version: '1.0',
    biz_content: JSON.stringify(biz),
    ...changes,
  };
  const unsigned = new URLSearchParams(parameters).toString();
  const signType = parameters['sign_type'] === 'RSA' ? 'RSA' : 'RSA2';
  const sign = await signBytes(signingBytes(parseForm(unsigned)), privateKey, signType);
  return `${unsigned}&${new URLSearchParams({ sign })}`;
}

/** Posts a form and lets the caller watch what becomes of the connection. */
export function postForm(
  base: string,
  form: string,
): {
  readonly request: ClientRequest;
  /** `status body`, or the code of the connection's error. */
  readonly outcome: Promise<string>;
} {
  const sent = request(`${base}/gateway.do`, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(form),
    },
  });
  const outcome = new Promise<string>((resolve) => {
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(`${response.statusCode} ${Buffer.concat(chunks).toString()}`));
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  });
  sent.end(form);
  return { request: sent, outcome };
}

/** Asks again until `probe` has an answer; the test's own time limit ends a wait that never will. */
export async function eventually<T>(probe: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
