import { createVerify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKey,
  publicKeyPem,
} from '../../../../test/vectors/alipay-plus/vectors.ts';
import { money } from '../../../domain/money.ts';
import type { PayRequest, RefundRequest } from '../../../ports/wallet.ts';
import { printHead } from '../../../protocols/alipay-plus/headers.ts';
import { signMessage } from '../../../protocols/alipay-plus/signature.ts';
import { withBareAnswers } from '../bare-answers.fixture.ts';
import type { AlipayPlusAccount } from './account.ts';
import { type AlipayPlusGateway, type AlipayPlusGatewayOptions, createAlipayPlusGateway } from './gateway.ts';

const servers: Server[] = [];
const gateways: AlipayPlusGateway[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
});

const clientId = 'SANDBOX_5YTEST0000000001';
const responseTime = '2023-06-01T14:12:14+08:00';

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly body: { readonly [name: string]: unknown };
}

/** An AMS that hands each request to the test. */
async function platform(onRequest: (request: Received, response: ServerResponse) => void) {
  const received: Received[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const { url = '', headers } = incoming;
      const request = { path: url, headers, text, body: JSON.parse(text) };
      received.push(request);
      onRequest(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Answers as AMS does: signed under the path of the request. */
function answerTo(path: string, response: ServerResponse, body: object | string, change: object = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const message = { path, clientId, time: responseTime, body: Buffer.from(text) };
  const head = { clientId, time: responseTime, signature: signMessage(message, privateKey) };
  for (const [name, value] of Object.entries({ ...printHead(head, 'response-time'), ...change })) {
    if (value !== undefined) response.setHeader(name, String(value));
  }
  response.end(text);
}

function gatewayTo(
  gatewayUrl: string,
  account: Partial<AlipayPlusAccount> = {},
  options: Partial<AlipayPlusGatewayOptions> = {},
): AlipayPlusGateway {
  const gateway = createAlipayPlusGateway({
    account: (name) => {
      if (name !== 'sandbox') throw new Error(`no account ${name}`);
      return {
        name,
        clientId,
        gatewayUrl,
        privateKey: privateKeyPem,
        walletPublicKey: publicKeyPem,
        notifyUrl: 'https://gateway.example/notify/alipay_plus/sandbox',
        ...account,
      };
    },
    wallClock: () => new Date(1685599933871),
    monotonicMs: () => performance.now(),
    ...options,
  });
  gateways.push(gateway);
  return withBareAnswers(gateway);
}

const pay: PayRequest = {
  account: 'sandbox',
  requestId: 'P0001',
  amount: money('USD', 599n),
  start: { product: 'payment_code', paymentCode: '281012345678901234' },
  subject: '拿铁 2 杯 A&B=C',
  merchantOrderNo: 'ORDER-1',
  merchant: { name: '咖啡', mcc: '5814' },
  store: { id: 'S0000000001', name: 'UGG-2', mcc: '1405' },
  terminalId: 'POS00001',
  subMerchantId: 'M0000001',
  requestedAt: new Date('2023-06-01T06:12:13Z'),
  expiresAt: new Date('2023-06-01T06:15:14Z'),
};

const refund: RefundRequest = {
  account: 'sandbox',
  requestId: 'P0001',
  amount: money('USD', 599n),
  walletTransactionId: 'W1',
  refundRequestId: 'R0001',
  refundAmount: money('USD', 100n),
  reason: '退货',
};

function within(ms: number) {
  const now = performance.now();
  return { sendBeforeMs: now + ms, answerBeforeMs: now + ms };
}

const done = { result: { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success.' } };
const paid = {
  ...done,
  paymentRequestId: 'P0001',
  paymentId: 'W1',
  paymentAmount: { currency: 'USD', value: '599' },
};

const payBody = {
  productCode: 'IN_STORE_PAYMENT',
  paymentRequestId: 'P0001',
  paymentAmount: { currency: 'USD', value: '599' },
  paymentMethod: { paymentMethodType: 'CONNECT_WALLET', paymentMethodId: '281012345678901234' },
  paymentFactor: { inStorePaymentScenario: 'PaymentCode' },
  paymentNotifyUrl: 'https://gateway.example/notify/alipay_plus/sandbox',
  paymentExpiryTime: '2023-06-01T14:15:14+08:00',
  order: {
    orderAmount: { currency: 'USD', value: '599' },
    orderDescription: '拿铁 2 杯 A&B=C',
    referenceOrderId: 'ORDER-1',
    merchant: {
      referenceMerchantId: 'M0000001',
      merchantName: '咖啡',
      merchantMCC: '5814',
      store: { referenceStoreId: 'S0000000001', storeName: 'UGG-2', storeMCC: '1405' },
    },
    env: { storeTerminalId: 'POS00001', storeTerminalRequestTime: '2023-06-01T14:12:13+08:00' },
  },
};

// proves PAY-09, PAY-20
describe('a call', () => {
  it('is laid out as the vendor’s pages have it, and signed so that others verify it', async () => {
    const { url, received } = await platform(({ path }, response) => answerTo(path, response, paid));
    expect(await gatewayTo(url).pay(pay, within(20_000))).toEqual({
      kind: 'paid',
      walletTransactionId: 'W1',
      amount: money('USD', 599n),
      paidAt: null,
    });
    const [request] = received;
    expect(request?.path).toBe('/ams/api/v1/payments/pay');
    expect(request?.body).toEqual(payBody);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json; charset=UTF-8',
      'client-id': clientId,
      'request-time': '1685599933871',
    });
    expect(request?.headers).not.toHaveProperty('agent-token');
    const match = /^algorithm=RSA256,keyVersion=1,signature=([A-Za-z0-9%]+)$/.exec(
      String(request?.headers['signature']),
    );
    const content = `POST /ams/api/v1/payments/pay\n${clientId}.1685599933871.${request?.text}`;
    const signature = decodeURIComponent(match?.[1] ?? '');
    expect(createVerify('RSA-SHA256').update(content).verify(publicKeyPem, signature, 'base64')).toBe(true);
  });

  it('is the same body again when it is made again', async () => {
    const { url, received } = await platform(({ path }, response) => answerTo(path, response, paid));
    for (const now of [1685599933871, 1685599993871]) {
      await gatewayTo(url, {}, { wallClock: () => new Date(now) }).pay(pay, within(20_000));
    }
    expect(received[0]?.text).toBe(received[1]?.text);
    expect(received[0]?.headers['request-time']).not.toBe(received[1]?.headers['request-time']);
  });

  // proves RES-01
  it('for an entry code brings the payer’s browser and a way back, and is answered by a URL', async () => {
    const redirectUrl = 'https://wallet.example/cashier?token=abc';
    const body = { ...paid, redirectActionForm: { method: 'GET', redirectUrl } };
    const { url, received } = await platform(({ path }, response) => answerTo(path, response, body));
    const start = {
      product: 'entry_code',
      userAgent: 'Mozilla/5.0 AlipayClient/10.1.32.600 Language/zh-Hans',
      returnUrl: 'https://gateway.example/c/abc/result',
    } as const;
    expect(await gatewayTo(url).pay({ ...pay, start }, within(20_000))).toEqual({
      kind: 'issued',
      action: { kind: 'redirect', url: redirectUrl },
      walletTransactionId: 'W1',
      known: true,
    });
    expect(received[0]?.body).toEqual({
      ...payBody,
      paymentMethod: { paymentMethodType: 'CONNECT_WALLET' },
      paymentFactor: { inStorePaymentScenario: 'EntryCode' },
      paymentRedirectUrl: start.returnUrl,
      order: { ...payBody.order, env: { userAgent: start.userAgent, ...payBody.order.env } },
    });
  });

  it('for an order code is answered by a code', async () => {
    const orderCodeForm = {
      expireTime: '2023-06-01T14:15:00+08:00',
      codeDetails: [{ codeValueType: 'QRCODE', displayType: 'TEXT', codeValue: 'https://qr.example/1' }],
    };
    const { url, received } = await platform(({ path }, response) =>
      answerTo(path, response, { ...paid, orderCodeForm }),
    );
    expect(
      await gatewayTo(url).pay({ ...pay, start: { product: 'order_code' } }, within(20_000)),
    ).toMatchObject({
      kind: 'issued',
      action: {
        kind: 'show_code',
        value: 'https://qr.example/1',
        expiresAt: new Date('2023-06-01T06:15:00Z'),
      },
    });
    expect(received[0]?.body).toEqual({
      ...payBody,
      paymentMethod: { paymentMethodType: 'CONNECT_WALLET' },
      paymentFactor: { inStorePaymentScenario: 'OrderCode' },
    });
  });

  it('is made under the path of its kind, and answered by it', async () => {
    const answers: Record<string, object> = {
      inquiryPayment: { ...paid, paymentStatus: 'SUCCESS' },
      cancel: { ...done, paymentRequestId: 'P0001', cancelTime: responseTime },
      refund: {
        ...done,
        refundRequestId: 'R0001',
        paymentId: 'W1',
        refundAmount: { currency: 'USD', value: '100' },
      },
      inquiryRefund: {
        ...done,
        refundRequestId: 'R0001',
        refundStatus: 'SUCCESS',
        refundAmount: { currency: 'USD', value: '100' },
      },
    };
    const { url, received } = await platform(({ path }, response) =>
      answerTo(path, response, answers[path.split('/').at(-1) ?? ''] ?? {}),
    );
    const gateway = gatewayTo(`${url}/ams/sandbox/`);
    expect(await gateway.inquire(pay, within(20_000))).toMatchObject({ kind: 'paid' });
    expect(await gateway.cancel(pay, within(20_000))).toEqual({ kind: 'effected', action: 'cancelled' });
    expect(await gateway.refund(refund, within(20_000))).toEqual({ kind: 'refunded' });
    expect(await gateway.inquireRefund(refund, within(20_000))).toEqual({
      kind: 'refunded',
      amount: money('USD', 100n),
    });
    expect(received.map(({ path, body }) => [path, body])).toEqual([
      ['/ams/sandbox/api/v1/payments/inquiryPayment', { paymentRequestId: 'P0001' }],
      ['/ams/sandbox/api/v1/payments/cancel', { paymentRequestId: 'P0001' }],
      [
        '/ams/sandbox/api/v1/payments/refund',
        {
          refundRequestId: 'R0001',
          paymentId: 'W1',
          refundAmount: { currency: 'USD', value: '100' },
          refundReason: '退货',
        },
      ],
      ['/ams/sandbox/api/v1/payments/inquiryRefund', { refundRequestId: 'R0001' }],
    ]);
  });

  it('carries what the account has of its own', async () => {
    const { url, received } = await platform(({ path }, response) => answerTo(path, response, paid));
    const account = { keyVersion: 3, settlementCurrency: 'EUR', merchantRegion: 'JP' };
    await gatewayTo(url, account).pay(pay, within(20_000));
    const [request] = received;
    expect(request?.headers['signature']).toMatch(/^algorithm=RSA256,keyVersion=3,signature=/);
    expect(request?.body).toMatchObject({
      settlementStrategy: { settlementCurrency: 'EUR' },
      merchantRegion: 'JP',
    });
  });

  it('takes the one category code that is known for merchant and store', async () => {
    const { url, received } = await platform(({ path }, response) => answerTo(path, response, paid));
    const gateway = gatewayTo(url);
    await gateway.pay({ ...pay, merchant: { ...pay.merchant, mcc: null } }, within(20_000));
    await gateway.pay({ ...pay, store: { ...pay.store, mcc: null } }, within(20_000));
    expect(received.map(({ body }) => body['order'])).toMatchObject([
      { merchant: { merchantMCC: '1405', store: { storeMCC: '1405' } } },
      { merchant: { merchantMCC: '5814', store: { storeMCC: '5814' } } },
    ]);
  });
});

// proves RES-14
describe('what is no answer of AMS', () => {
  const whole = JSON.stringify(paid);
  it.each([
    ['a page', 200, '<html>busy</html>', {}, 'malformed', 'the body is not a JSON object in UTF-8'],
    ['an error page', 502, '<html>Bad Gateway</html>', {}, 'malformed', 'HTTP status 502'],
    ['a signed answer under another status', 500, whole, {}, 'malformed', 'HTTP status 500'],
    ['a redirect', 302, '', {}, 'malformed', 'HTTP status 302'],
    ['nothing', 200, '', {}, 'malformed', 'the body is not a JSON object in UTF-8'],
    ['a body cut off', 200, whole.slice(0, 60), {}, 'malformed', 'the body is not a JSON object in UTF-8'],
    [
      'an unsigned answer',
      200,
      whole,
      { signature: undefined },
      'untrusted',
      'not signed; it claims S SUCCESS',
    ],
    [
      'an unsigned refusal',
      200,
      '{"result":{"resultCode":"INVALID_SIGNATURE","resultStatus":"F"}}',
      { signature: undefined },
      'untrusted',
      'not signed; it claims F INVALID_SIGNATURE',
    ],
    [
      'an answer without its time',
      200,
      whole,
      { 'response-time': undefined },
      'untrusted',
      'no response-time; it claims S SUCCESS',
    ],
    [
      'an answer at another time',
      200,
      whole,
      { 'response-time': '2023-06-01T06:12:14Z' },
      'untrusted',
      'signature does not fit; it claims S SUCCESS',
    ],
    [
      'an answer for another client',
      200,
      whole,
      { 'client-id': 'SANDBOX_5YTEST0000000002' },
      'untrusted',
      'made for another client; it claims S SUCCESS',
    ],
    [
      'a signature that is none',
      200,
      whole,
      { signature: 'testing_signature' },
      'untrusted',
      'signature does not fit; it claims S SUCCESS',
    ],
    ['a signed answer without a result', 200, '{}', {}, 'malformed', 'a signed answer without a result'],
    [
      'a signed answer about another payment',
      200,
      JSON.stringify({ ...paid, paymentRequestId: 'P2' }),
      {},
      'untrusted',
      'it names another payment',
    ],
    [
      'a signed answer with another amount',
      200,
      JSON.stringify({ ...paid, paymentAmount: { currency: 'USD', value: '1' } }),
      {},
      'untrusted',
      'it states 1 USD instead of 599 USD',
    ],
  ])('%s says nothing', async (_, status, body, headers, reason, detail) => {
    const { url } = await platform(({ path }, response) => {
      response.statusCode = status;
      answerTo(path, response, body, headers);
    });
    const answer = await gatewayTo(url).pay(pay, within(20_000));
    expect(answer).toMatchObject({ kind: 'no_answer', reason, detail });
    expect(answer.kind === 'no_answer' && Buffer.from(answer.raw ?? []).toString()).toBe(body);
  });

  it('a changed answer says nothing, nor does one to another call', async () => {
    const { url } = await platform(({ path }, response) => {
      const signedPath = path.replace('cancel', 'refund');
      const message = { path: signedPath, clientId, time: responseTime, body: Buffer.from(whole) };
      const head = { clientId, time: responseTime, signature: signMessage(message, privateKey) };
      for (const [name, value] of Object.entries(printHead(head, 'response-time'))) {
        response.setHeader(name, value);
      }
      response.end(path.endsWith('pay') ? whole.replace('P0001', 'P0002') : whole);
    });
    const detail = 'signature does not fit; it claims S SUCCESS';
    expect(await gatewayTo(url).pay(pay, within(20_000))).toMatchObject({ reason: 'untrusted', detail });
    expect(await gatewayTo(url).cancel(pay, within(20_000))).toMatchObject({ reason: 'untrusted', detail });
  });

  it('an answer that repeats no client is verified with ours', async () => {
    const { url } = await platform(({ path }, response) =>
      answerTo(path, response, paid, { 'client-id': undefined }),
    );
    expect(await gatewayTo(url).pay(pay, within(20_000))).toMatchObject({ kind: 'paid' });
  });

  it('an answer that never comes times out, and one that breaks off is lost', async () => {
    const { url, received } = await platform(({ path }, response) => {
      if (path.endsWith('/pay')) return;
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"result', () => response.socket?.resetAndDestroy());
    });
    const gateway = gatewayTo(url);
    expect(await gateway.pay(pay, within(800))).toMatchObject({ reason: 'timeout' });
    expect(await gateway.inquire(pay, within(20_000))).toMatchObject({ reason: 'connection_lost' });
    expect(received.map(({ path }) => path.split('/').at(-1))).toEqual(['pay', 'inquiryPayment']);
  });
});

describe('a call that cannot leave in time', () => {
  it('is not sent when its limit passes while it is being signed or connected', async () => {
    let now = 0;
    const { url, received } = await platform(({ path }, response) => answerTo(path, response, paid));
    const gateway = gatewayTo(url, {}, { monotonicMs: () => now });
    const stalled = gateway.pay(pay, { sendBeforeMs: 1000, answerBeforeMs: 15_000 });
    now = 1000;
    expect(await stalled).toMatchObject({ kind: 'no_answer', reason: 'not_sent' });
    expect(received).toEqual([]);
  });

  it('is not sent while every place is taken, and inquiries find a place nevertheless', async () => {
    const unknown = { result: { resultCode: 'ORDER_NOT_EXIST', resultStatus: 'F' } };
    const held: (() => void)[] = [];
    const { url, received } = await platform(({ path }, response) => {
      const answer = () => answerTo(path, response, unknown);
      if (path.endsWith('/pay')) held.push(answer);
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
    expect(received.map(({ body }) => body['paymentRequestId'])).not.toContain('P4');
  });

  it('waits for its turn among merchants, where one has sent many', async () => {
    const { url, received } = await platform((_, response) => response.end('busy'));
    const gateway = gatewayTo(url, {}, { concurrencyPerAccount: 1 });
    const ids = ['1A', '1B', '1C', '2A'].map((name) => `P${`000000${name}`.padEnd(31, '0')}`);
    await Promise.all(ids.map((requestId) => gateway.inquire({ ...pay, requestId }, within(20_000))));
    expect(received.map(({ body }) => body['paymentRequestId'])).toEqual([ids[0], ids[1], ids[3], ids[2]]);
  });

  it('is not sent when nobody listens', async () => {
    const { url } = await platform(() => {});
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    expect(await gatewayTo(url).pay(pay, within(20_000))).toMatchObject({ reason: 'not_sent' });
  });
});

describe('our own mistakes throw', () => {
  const noMcc = { merchant: { ...pay.merchant, mcc: null }, store: { ...pay.store, mcc: null } };
  it.each([
    ['an account that nobody configured', {}, { account: 'other' }, /no account other/],
    ['a key that is none', { privateKey: 'x' }, {}, /^wallet account sandbox: the private key is not an RSA/],
    ['a public key that is none', { walletPublicKey: '' }, {}, /^wallet account sandbox: the public key/],
    ['an address that is none', { gatewayUrl: 'ftp://x' }, {}, /gatewayUrl/],
    ['an address with a query', { gatewayUrl: 'http://127.0.0.1/?a=1' }, {}, /gatewayUrl/],
    ['a notify URL with a query', { notifyUrl: 'https://x.example/n?a=1' }, {}, /notifyUrl/],
    ['a missing client', { clientId: '' }, {}, /clientId is missing/],
    ['a merchant without a category', {}, noMcc, /order.merchant.merchantMCC is missing/],
    ['a missing merchant', {}, { subMerchantId: '' }, /order.merchant.referenceMerchantId is missing/],
    ['a missing store', {}, { store: { ...pay.store, id: '' } }, /store.referenceStoreId is missing/],
    ['an amount of nothing', {}, { amount: money('USD', 0n) }, /0 minor units/],
  ])('such as %s', async (_, account, change, message) => {
    const { url, received } = await platform(() => {});
    const gateway = gatewayTo(url, account);
    await expect(gateway.pay({ ...pay, ...change }, within(20_000))).rejects.toThrow(message);
    expect(received).toEqual([]);
  });

  it('such as a refund of a payment whose id at the wallet is unknown', async () => {
    const { url, received } = await platform(() => {});
    const unknown = { ...refund, walletTransactionId: null };
    await expect(gatewayTo(url).refund(unknown, within(20_000))).rejects.toThrow(RangeError);
    expect(received).toEqual([]);
  });

  it('and leave no place taken', async () => {
    const { url } = await platform(({ path }, response) => answerTo(path, response, paid));
    const gateway = gatewayTo(url, {}, { concurrencyPerAccount: 1 });
    for (let i = 0; i < 3; i++) {
      await expect(gateway.pay({ ...pay, subMerchantId: '' }, within(20_000))).rejects.toThrow(RangeError);
    }
    expect(await gateway.pay(pay, within(20_000))).toMatchObject({ kind: 'paid' });
  });
});

it('keys are parsed again only when the account changes', async () => {
  const { url } = await platform(({ path }, response) => answerTo(path, response, paid));
  const notifyUrl = 'http://127.0.0.1/notify';
  const account = {
    name: 'sandbox',
    clientId,
    gatewayUrl: url,
    privateKey,
    walletPublicKey: publicKey,
    notifyUrl,
  };
  let current: AlipayPlusAccount = account;
  const gateway = gatewayTo(url, {}, { account: () => ({ ...current }) });
  expect(await gateway.pay(pay, within(20_000))).toMatchObject({ kind: 'paid' });
  current = { ...account, walletPublicKey: 'nonsense' };
  await expect(gateway.pay(pay, within(20_000))).rejects.toThrow(/public key/);
  current = account;
  expect(await gateway.pay(pay, within(20_000))).toMatchObject({ kind: 'paid' });
});
