import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { PaymentSnapshot, RefundSnapshot } from '../operations/snapshots.ts';
import { runCommandLine } from './command-line.ts';
import type { Environment } from './settings.ts';

/** A request as the gateway saw it. */
export interface Seen {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly prefer: string | undefined;
  readonly body: unknown;
}

export type Answer =
  | { readonly status: number; readonly body: unknown; readonly type?: string }
  /** Hangs up without a word. */
  | 'hang_up';

/** A gateway of a few lines, for the commands that speak REST: it answers what the test has laid ready. */
export interface ScriptedGateway {
  readonly url: string;
  readonly dataDir: string;
  readonly seen: readonly Seen[];
  /** By method and path; of a list each answer is given once, the last one for ever. */
  readonly answers: Map<string, Answer | readonly Answer[]>;
  /** Settings that name it as a gateway that runs elsewhere. */
  named(): Environment;
  /** Settings that find it as the sandbox that `shoudan start` has left. */
  sandbox(): Environment;
}

/** One for each test of the file. */
export function useScriptedGateway(): ScriptedGateway {
  const answers = new Map<string, Answer | readonly Answer[]>();
  const given = new Map<string, number>();
  let seen: Seen[] = [];
  let dataDir = '';
  let url = '';
  let server: Server;

  beforeEach(async () => {
    seen = [];
    answers.clear();
    given.clear();
    dataDir = mkdtempSync(join(tmpdir(), 'shoudan-cli-'));
    server = createServer((request, response) => {
      void bodyOf(request).then((text) => {
        const line = `${request.method} ${request.url}`;
        const { authorization, prefer } = request.headers;
        seen.push({
          line,
          authorization,
          prefer: prefer?.toString(),
          body: text === '' ? null : JSON.parse(text),
        });
        const script = [answers.get(line) ?? []].flat();
        const times = given.get(line) ?? 0;
        given.set(line, times + 1);
        const answer = script[Math.min(times, script.length - 1)] ?? {
          status: 404,
          body: problem('route_not_found', `no ${line}`, 404),
        };
        if (answer === 'hang_up') {
          request.socket.destroy();
          return;
        }
        const type = answer.type ?? (answer.status < 400 ? 'application/json' : 'application/problem+json');
        response.writeHead(answer.status, { 'content-type': type });
        response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(dataDir, { recursive: true, force: true });
  });

  return {
    get url() {
      return url;
    },
    get dataDir() {
      return dataDir;
    },
    get seen() {
      return seen;
    },
    answers,
    named: () => ({ SHOUDAN_URL: url, SHOUDAN_API_KEY: 'sk_test', SHOUDAN_DATA_DIR: dataDir }),
    sandbox() {
      const document = {
        gateway_url: url,
        api_key: 'sk_sandbox',
        store_id: 'S00000001',
        terminal_id: 'T0000001',
        payment_codes: { alipay_open: '2800000000000000', alipay_plus: '2810000000000000000' },
      };
      writeFileSync(join(dataDir, 'sandbox.json'), JSON.stringify(document));
      return { SHOUDAN_DATA_DIR: dataDir };
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

export interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process; `words` is split at blanks unless it is a list. */
export async function shoudan(words: string | readonly string[], env: Environment): Promise<Ended> {
  let out = '';
  let err = '';
  const exitCode = await runCommandLine(typeof words === 'string' ? words.split(' ') : words, {
    env,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { exitCode, out, err };
}

export function problem(code: string, detail: string, status = 422) {
  return { type: `urn:shoudan:problem:${code}`, title: 'No', status, code, detail, field: null, value: null };
}

export const payId = 'pay_00000010000000000000000000000000';

export function payment(changes: Partial<PaymentSnapshot> = {}): PaymentSnapshot {
  return {
    object: 'payment',
    id: payId,
    payment_request_id: 'P00000010000000000000000000000000',
    merchant_id: 'M1',
    merchant_order_no: 'A1',
    product: 'payment_code',
    status: 'succeeded',
    amount: { currency: 'CNY', value: 1234 },
    wallet: 'alipay_open',
    wallet_transaction_id: '2026112222001',
    order_code: null,
    store_id: 'S1',
    terminal_id: 'T1',
    subject: 'Coffee',
    failure: null,
    refunded: { currency: 'CNY', value: 0 },
    cancelled_by: null,
    needs_attention: null,
    next_step: null,
    awaiting_payer: false,
    metadata: {},
    paid_at: '2026-11-22T03:55:01.000Z',
    expires_at: '2026-11-22T04:00:00.000Z',
    version: 2,
    created_at: '2026-11-22T03:55:00.000Z',
    updated_at: '2026-11-22T03:55:01.000Z',
    ...changes,
  };
}

export function refund(changes: Partial<RefundSnapshot> = {}): RefundSnapshot {
  return {
    object: 'refund',
    id: 're_1',
    refund_request_id: 'R1',
    payment_id: payId,
    merchant_id: 'M1',
    merchant_refund_no: null,
    status: 'succeeded',
    amount: { currency: 'CNY', value: 100 },
    reason: null,
    failure: null,
    needs_attention: null,
    next_step: null,
    version: 2,
    created_at: '2026-11-22T03:56:00.000Z',
    updated_at: '2026-11-22T03:56:00.000Z',
    ...changes,
  };
}

export const failure = {
  code: 'declined',
  wallet_code: 'ACQ.X',
  message: 'No funds',
  advice: 'Another wallet',
};
