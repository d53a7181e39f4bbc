import { createVerify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AlipaySdk } from 'alipay-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKey,
  publicKeyPem,
} from '../../../../test/vectors/alipay-open/vectors.ts';
import { money } from '../../../domain/money.ts';
import type { PayRequest, RefundRequest } from '../../../ports/wallet.ts';
import { printAnswer } from '../../../protocols/alipay-open/response.ts';
import { withBareAnswers } from '../bare-answers.fixture.ts';
import type { AlipayOpenAccount } from './account.ts';
import { type AlipayOpenGateway, type AlipayOpenGatewayOptions, createAlipayOpenGateway } from './gateway.ts';

const servers: Server[] = [];
const gateways: AlipayOpenGateway[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
});

interface Received {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: URLSearchParams;
  readonly bizContent: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
}

/** A platform that hands each request to the test. */
async function platform(onRequest: (request: Received, response: ServerResponse) => void) {
  const received: Received[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const query = new URL(incoming.url ?? '', 'http://x').searchParams;
      const body = new URLSearchParams(Buffer.concat(chunks).toString());
      const bizContent = JSON.parse(body.get('biz_content') ?? 'null');
      const request = {
        method: query.get('method') ?? '',
        query,
        body,
        bizContent,
        headers: incoming.headers,
      };
      received.push(request);
      onRequest(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/gateway.do` };
}

function signed(method: string, node: Record<string, unknown>): Uint8Array {
  return (
    printAnswer(method, node, { key: privateKey, signType: 'RSA2', charset: 'utf-8' }) ?? new Uint8Array()
  );
}

function gatewayTo(
  gatewayUrl: string,
  account: Partial<AlipayOpenAccount> = {},
  options: Partial<AlipayOpenGatewayOptions> = {},
): AlipayOpenGateway {
  const gateway = createAlipayOpenGateway({
    account: (name) => {
      if (name !== 'sandbox') throw new Error(`no account ${name}`);
      return {
        name,
        appId: '2021000000000001',
        gatewayUrl,
        privateKey: privateKeyPem,
        walletPublicKey: publicKeyPem,
        ...account,
      };
    },
    wallClock: () => new Date('2026-01-15T02:20:30Z'),
    monotonicMs: () => performance.now(),
    ...options,
  });
  gateways.push(gateway);
  return withBareAnswers(gateway);
}

const pay: PayRequest = {
  account: 'sandbox',
  requestId: 'P0001',
  amount: money('CNY', 8888n),
  start: { product: 'payment_code', paymentCode: '28763443825664394' },
  subject: '测试商品A&B=C/D +1',
  merchantOrderNo: 'ORDER-1',
  merchant: { name: '商户', mcc: null },
  store: { id: 'SHKFC001', name: '门店', mcc: null },
  terminalId: 'POS00001',
  subMerchantId: '2088000000000002',
  requestedAt: new Date('2026-01-15T02:20:30Z'),
  expiresAt: new Date('2026-01-15T02:24:31Z'),
};

const entryCode = {
  product: 'entry_code',
  userAgent: 'AlipayClient',
  returnUrl: 'http://127.0.0.1/',
} as const;

const refund: RefundRequest = {
  account: 'sandbox',
  requestId: 'P0001',
  amount: money('CNY', 8888n),
  walletTransactionId: null,
  refundRequestId: 'R0001',
  refundAmount: money('CNY', 100n),
  reason: '退货',
};

function within(ms: number) {
  const now = performance.now();
  return { sendBeforeMs: now + ms, answerBeforeMs: now + ms };
}

const paidNode = {
  code: '10000',
  msg: 'Success',
  out_trade_no: 'P0001',
  trade_no: 'W1',
  total_amount: '88.88',
};

describe('a call', () => {
  it('is laid out as the official library lays it out, and signed so that others verify it', async () => {
    const { url, received } = await platform(({ method }, response) =>
      response.end(signed(method, paidNode)),
    );
    const account = { appAuthToken: '202601BBthrowaway0001', notifyUrl: 'http://127.0.0.1:8080/notify?x=1' };
    expect(await gatewayTo(url, account).pay(pay, within(20_000))).toEqual({
      kind: 'paid',
      walletTransactionId: 'W1',
      amount: money('CNY', 8888n),
      paidAt: null,
    });
    const [request] = received;
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded;charset=utf-8');
    expect([...(request?.body.keys() ?? [])]).toEqual(['biz_content']);
    expect(Object.fromEntries(request?.query ?? [])).toEqual({
      app_id: '2021000000000001',
      method: 'alipay.trade.pay',
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: '2026-01-15 10:20:30',
      version: '1.0',
      notify_url: 'http://127.0.0.1:8080/notify?x=1',
      app_auth_token: '202601BBthrowaway0001',
      sign: request?.query.get('sign'),
    });
    expect(request?.bizContent).toEqual({
      out_trade_no: 'P0001',
      scene: 'bar_code',
      auth_code: '28763443825664394',
      product_code: 'FACE_TO_FACE_PAYMENT',
      subject: '测试商品A B C D +1',
      total_amount: '88.88',
      store_id: 'SHKFC001',
      terminal_id: 'POS00001',
      sub_merchant: { merchant_id: '2088000000000002' },
      merchant_order_no: 'ORDER-1',
      timeout_express: '5m',
      time_expire: '2026-01-15 10:24:31',
    });

    const fields = [...(request?.query ?? []), ...(request?.body ?? [])].filter(([name]) => name !== 'sign');
    const content = fields
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    const sign = request?.query.get('sign') ?? '';
    expect(createVerify('RSA-SHA256').update(content).verify(publicKeyPem, sign, 'base64')).toBe(true);
    const official = new AlipaySdk({
      appId: '1',
      privateKey: privateKeyPem,
      keyType: 'PKCS8',
      alipayPublicKey: publicKeyPem,
    });
    expect(official.rsaCheck(content, sign)).toBe(true);
  });

  // Money case 12: an order that outlives what its expiry says could be paid after its horizon.
  it.each(['2026-01-15T01:20:30Z', '2026-01-15T04:20:30Z'])(
    'gives an order the life that it has on the database’s clock, on a host whose clock says %s',
    async (hostTime) => {
      const { url, received } = await platform(({ method }, response) =>
        response.end(signed(method, paidNode)),
      );
      await gatewayTo(url, {}, { wallClock: () => new Date(hostTime) }).pay(pay, within(20_000));
      expect(received[0]?.bizContent).toMatchObject({
        timeout_express: '5m',
        time_expire: '2026-01-15 10:24:31',
      });
    },
  );

  it('is made under the method of its kind, and answered by it', async () => {
    const answers: Record<string, Record<string, unknown>> = {
      'alipay.trade.query': { ...paidNode, trade_status: 'TRADE_SUCCESS' },
      'alipay.trade.cancel': { code: '10000', out_trade_no: 'P0001', retry_flag: 'N', action: 'refund' },
      'alipay.trade.refund': { code: '10000', out_trade_no: 'P0001', fund_change: 'Y', refund_fee: '1.00' },
      'alipay.trade.fastpay.refund.query': {
        code: '10000',
        out_trade_no: 'P0001',
        out_request_no: 'R0001',
        refund_amount: '1.00',
        refund_status: 'REFUND_SUCCESS',
      },
    };
    const { url, received } = await platform(({ method }, response) =>
      response.end(signed(method, answers[method] ?? {})),
    );
    const gateway = gatewayTo(url, { notifyUrl: 'http://127.0.0.1/n' });
    expect(await gateway.inquire(pay, within(20_000))).toMatchObject({ kind: 'paid' });
    expect(await gateway.cancel(pay, within(20_000))).toEqual({ kind: 'effected', action: 'refunded' });
    expect(await gateway.refund(refund, within(20_000))).toEqual({ kind: 'refunded' });
    expect(await gateway.inquireRefund(refund, within(20_000))).toEqual({
      kind: 'refunded',
      amount: money('CNY', 100n),
    });
    expect(received.map(({ method, bizContent }) => [method, bizContent])).toEqual([
      ['alipay.trade.query', { out_trade_no: 'P0001' }],
      ['alipay.trade.cancel', { out_trade_no: 'P0001' }],
      [
        'alipay.trade.refund',
        { out_trade_no: 'P0001', refund_amount: '1.00', out_request_no: 'R0001', refund_reason: '退货' },
      ],
      ['alipay.trade.fastpay.refund.query', { out_trade_no: 'P0001', out_request_no: 'R0001' }],
    ]);
    expect(received.some(({ query }) => query.has('notify_url'))).toBe(false);
  });

  it('for an order code makes a QR order, which is notified too', async () => {
    const node = { code: '10000', out_trade_no: 'P0001', qr_code: 'https://qr.alipay.com/bax0TEST' };
    const { url, received } = await platform(({ method }, response) => response.end(signed(method, node)));
    const gateway = gatewayTo(url, { notifyUrl: 'http://127.0.0.1/n' });
    expect(await gateway.pay({ ...pay, start: { product: 'order_code' } }, within(20_000))).toEqual({
      kind: 'issued',
      action: { kind: 'show_code', value: node.qr_code, expiresAt: pay.expiresAt },
      walletTransactionId: null,
      known: false,
    });
    const [request] = received;
    expect(request?.query.get('method')).toBe('alipay.trade.precreate');
    expect(request?.query.get('notify_url')).toBe('http://127.0.0.1/n');
    expect(request?.bizContent).toMatchObject({
      out_trade_no: 'P0001',
      store_id: 'SHKFC001',
      time_expire: '2026-01-15 10:24:31',
      qr_code_timeout_express: '5m',
    });
    expect(request?.bizContent).not.toHaveProperty('auth_code');
  });

  it('for the legacy sign type is signed and verified with it', async () => {
    const node = { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' };
    const { url, received } = await platform(({ method }, response) =>
      response.end(printAnswer(method, node, { key: privateKey, signType: 'RSA', charset: 'utf-8' })),
    );
    expect(await gatewayTo(url, { signType: 'RSA' }).inquire(pay, within(20_000))).toEqual({
      kind: 'not_found',
    });
    expect(received[0]?.query.get('sign_type')).toBe('RSA');
    expect(await gatewayTo(url).inquire(pay, within(20_000))).toMatchObject({ reason: 'untrusted' });
  });
});

// proves RES-14
describe('what is no answer of the platform', () => {
  const method = 'alipay.trade.pay';
  const whole = Buffer.from(signed(method, paidNode)).toString();
  const unsigned = '{"alipay_trade_pay_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}';

  it.each([
    ['a page', 200, '<html>busy</html>', 'malformed', 'not a JSON object'],
    ['an error page', 502, '<html>Bad Gateway</html>', 'malformed', 'HTTP status 502'],
    ['a signed answer under another status', 500, whole, 'malformed', 'HTTP status 500'],
    ['a redirect', 302, '', 'malformed', 'HTTP status 302'],
    ['nothing', 200, '', 'malformed', 'not a JSON object'],
    ['a body that is cut off', 200, whole.slice(0, 60), 'malformed', 'the JSON is cut off'],
    [
      'the answer to another method',
      200,
      whole.replace('trade_pay', 'trade_query'),
      'malformed',
      'no alipay_trade_pay_response',
    ],
    ['an unsigned error', 200, unsigned, 'untrusted', 'not signed; it claims 40002 isv.invalid-app-id'],
    [
      'an unsigned gateway error',
      200,
      '{"error_response":{"code":"20000"}}',
      'untrusted',
      'not signed; it claims 20000',
    ],
    [
      'a changed answer',
      200,
      whole.replace('88.88', '88.80'),
      'untrusted',
      'signature does not fit; it claims 10000',
    ],
    [
      'an answer signed by another key',
      200,
      whole.replace(/"sign":"...../, '"sign":"AAAAA'),
      'untrusted',
      'signature does not fit; it claims 10000',
    ],
    [
      'a signed answer without a code',
      200,
      Buffer.from(signed(method, {})).toString(),
      'malformed',
      'a signed answer without a code',
    ],
    [
      'a signed answer about another payment',
      200,
      Buffer.from(signed(method, { ...paidNode, out_trade_no: 'P2' })).toString(),
      'untrusted',
      'it names another payment',
    ],
    [
      'a signed answer with another amount',
      200,
      Buffer.from(signed(method, { ...paidNode, total_amount: '0.01' })).toString(),
      'untrusted',
      'it states 1 fen instead of 8888 CNY',
    ],
  ])('%s says nothing', async (_, status, body, reason, detail) => {
    const { url } = await platform((_request, response) => {
      response.statusCode = status;
      response.end(body);
    });
    const answer = await gatewayTo(url).pay(pay, within(20_000));
    expect(answer).toMatchObject({ kind: 'no_answer', reason, detail });
    expect(answer.kind === 'no_answer' && Buffer.from(answer.raw ?? []).toString()).toBe(body);
  });

  it('an answer that never comes times out, and one that breaks off is lost', async () => {
    const { url, received } = await platform(({ method }, response) => {
      if (method === 'alipay.trade.pay') return;
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"alipay_', () => response.socket?.resetAndDestroy());
    });
    const gateway = gatewayTo(url);
    expect(await gateway.pay(pay, within(1000))).toMatchObject({ reason: 'timeout' });
    expect(await gateway.inquire(pay, within(20_000))).toMatchObject({ reason: 'connection_lost' });
    expect(received.map(({ method }) => method)).toEqual(['alipay.trade.pay', 'alipay.trade.query']);
  });

  it('an answer that comes too late is discarded', async () => {
    const late: (() => void)[] = [];
    const { url } = await platform(({ method, bizContent }, response) => {
      const answer = () =>
        response.end(signed(method, { ...paidNode, out_trade_no: bizContent['out_trade_no'] }));
      if (bizContent['out_trade_no'] === 'P0001') late.push(answer);
      else answer();
    });
    const gateway = gatewayTo(url);
    expect(await gateway.pay(pay, within(1000))).toMatchObject({ reason: 'timeout' });
    for (const answer of late) answer();
    expect(await gateway.pay({ ...pay, requestId: 'P0002' }, within(20_000))).toMatchObject({ kind: 'paid' });
  });
});

describe('a call that cannot leave in time', () => {
  it('is not sent when its limit passes while it is being signed or connected', async () => {
    let now = 0;
    const { url, received } = await platform(({ method }, response) =>
      response.end(signed(method, paidNode)),
    );
    const gateway = gatewayTo(url, {}, { monotonicMs: () => now });
    const stalled = gateway.pay(pay, { sendBeforeMs: 1000, answerBeforeMs: 15_000 });
    now = 1000;
    expect(await stalled).toMatchObject({ kind: 'no_answer', reason: 'not_sent' });
    expect(received).toEqual([]);
  });

  it('is not sent while every place is taken, and inquiries find a place nevertheless', async () => {
    const unknown = { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' };
    const held: (() => void)[] = [];
    const { url, received } = await platform(({ method }, response) => {
      const answer = () => response.end(signed(method, unknown));
      if (method === 'alipay.trade.pay') held.push(answer);
      else answer();
    });
    const gateway = gatewayTo(url, {}, { concurrencyPerAccount: 4 });
    const hanging = ['P1', 'P2', 'P3'].map((requestId) => gateway.pay({ ...pay, requestId }, within(30_000)));
    expect(await gateway.pay({ ...pay, requestId: 'P4' }, within(50))).toMatchObject({
      reason: 'not_sent',
      detail: 'every place for calls to sandbox is taken',
    });
    expect(await gateway.inquire({ ...pay, requestId: 'P1' }, within(30_000))).toEqual({ kind: 'not_found' });
    while (held.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const answer of held) answer();
    await Promise.all(hanging);
    expect(received.map(({ bizContent }) => bizContent['out_trade_no'])).not.toContain('P4');
  });

  it('waits for its turn among merchants, where one has sent many', async () => {
    const { url, received } = await platform((_, response) => response.end('busy'));
    const gateway = gatewayTo(url, {}, { concurrencyPerAccount: 1 });
    const ids = ['1A', '1B', '1C', '2A'].map((name) => `P${`000000${name}`.padEnd(31, '0')}`);
    await Promise.all(ids.map((requestId) => gateway.inquire({ ...pay, requestId }, within(20_000))));
    expect(received.map(({ bizContent }) => bizContent['out_trade_no'])).toEqual([
      ids[0],
      ids[1],
      ids[3],
      ids[2],
    ]);
  });

  it('is not sent when nobody listens', async () => {
    const { url } = await platform(() => {});
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    expect(await gatewayTo(url).pay(pay, within(20_000))).toMatchObject({ reason: 'not_sent' });
  });
});

describe('our own mistakes throw', () => {
  it.each([
    ['an account that nobody configured', {}, { account: 'other' }, /no account other/],
    [
      'a key that is none',
      { privateKey: 'nonsense' },
      {},
      /^wallet account sandbox: the private key is not an RSA/,
    ],
    ['a public key that is none', { walletPublicKey: '' }, {}, /^wallet account sandbox: the public key/],
    ['an address that is none', { gatewayUrl: 'ftp://x' }, {}, /gatewayUrl/],
    ['a missing app id', { appId: '' }, {}, /appId is missing/],
    ['another currency', {}, { amount: money('USD', 1n) }, /CNY, not USD/],
    ['a missing store', {}, { store: { ...pay.store, id: '' } }, /store_id is missing/],
    ['an entry code', {}, { start: entryCode }, /an entry code is not paid over the Open Platform/],
  ])('such as %s', async (_, account, change, message) => {
    const { url, received } = await platform(() => {});
    const gateway = gatewayTo(url, account);
    await expect(gateway.pay({ ...pay, ...change }, within(20_000))).rejects.toThrow(message);
    expect(received).toEqual([]);
  });

  it('and leave no place taken', async () => {
    const { url } = await platform(({ method }, response) => response.end(signed(method, paidNode)));
    const gateway = gatewayTo(url, {}, { concurrencyPerAccount: 1 });
    for (let i = 0; i < 3; i++) {
      await expect(gateway.pay({ ...pay, store: { ...pay.store, id: '' } }, within(20_000))).rejects.toThrow(
        RangeError,
      );
    }
    expect(await gateway.pay(pay, within(20_000))).toMatchObject({ kind: 'paid' });
  });
});

it('keys are parsed again only when the account changes', async () => {
  const { url } = await platform(({ method }, response) => response.end(signed(method, paidNode)));
  const account = { name: 'sandbox', appId: '1', gatewayUrl: url, privateKey, walletPublicKey: publicKey };
  let current: AlipayOpenAccount = account;
  const gateway = createAlipayOpenGateway({
    account: () => ({ ...current }),
    wallClock: () => new Date(),
    monotonicMs: () => performance.now(),
  });
  gateways.push(gateway);
  expect(await gateway.pay(pay, within(20_000))).toMatchObject({ kind: 'paid' });
  current = { ...account, walletPublicKey: 'nonsense' };
  await expect(gateway.pay(pay, within(20_000))).rejects.toThrow(/public key/);
  current = account;
  expect(await gateway.pay(pay, within(20_000))).toMatchObject({ kind: 'paid' });
});
