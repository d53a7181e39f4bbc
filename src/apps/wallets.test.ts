import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { money } from '../domain/money.ts';
import type { PaymentStart } from '../domain/payment-start.ts';
import type { WalletName } from '../domain/wallets.ts';
import { printNotification } from '../protocols/alipay-open/notification.ts';
import { signMessage } from '../protocols/alipay-plus/signature.ts';
import { openWallets } from './wallets.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

/** A wallet that hears everything and says nothing of use, unless it is told what to say. */
let reply: ((url: string) => { readonly body: Buffer; readonly headers: Record<string, string> }) | null =
  null;
let heard: { readonly url: string; readonly signature: string; readonly body: string }[] = [];
let wallet: Server;
let walletUrl: string;

beforeAll(async () => {
  wallet = createServer((request, response) => {
    void textOf(request).then((body) => {
      heard.push({ url: request.url ?? '', signature: String(request.headers['signature']), body });
      const said = reply?.(request.url ?? '');
      if (said === undefined) response.writeHead(500).end();
      else response.writeHead(200, said.headers).end(said.body);
    });
  });
  await new Promise<void>((resolve) => wallet.listen(0, '127.0.0.1', resolve));
  walletUrl = `http://127.0.0.1:${(wallet.address() as AddressInfo).port}`;
});

afterAll(async () => {
  wallet.closeAllConnections();
  await new Promise((resolve) => wallet.close(resolve));
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const orderCode = { product: 'order_code' } as const;
const paymentCode = { product: 'payment_code', paymentCode: '281234567890123456' } as const;
const entryCode = {
  product: 'entry_code',
  userAgent: 'AlipayClient/10',
  returnUrl: 'https://pay.example.com/c/X',
} as const;

interface Asked {
  readonly signature: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a payment on the account of a wallet asks of that wallet. */
async function asked(
  name: WalletName,
  start: PaymentStart,
  currency: string,
  options: Partial<WalletAccount> = {},
): Promise<Asked> {
  heard = [];
  const account = (of: string, named: string): WalletAccount => ({
    wallet: of,
    name: named,
    appId: 'SANDBOX_1',
    gatewayUrl: walletUrl,
    privateKey,
    walletPublicKey: publicKey,
    ...options,
  });
  const wallets = openWallets({ account }, 'https://pay.example.com/gateway');
  const now = performance.now();
  try {
    await wallets.gateway(name).pay(
      {
        account: 'main',
        requestId: 'P0001',
        amount: money(currency, 599n),
        start,
        subject: 'Coffee',
        merchantOrderNo: 'ORDER-1',
        merchant: { name: 'Shop', mcc: '5814' },
        store: { id: 'S1', name: 'Gate', mcc: null },
        terminalId: 'T1',
        subMerchantId: '2088000000000002',
        requestedAt: new Date('2026-11-22T04:00:00Z'),
        expiresAt: new Date('2026-11-22T04:05:00Z'),
      },
      { sendBeforeMs: now + 5_000, answerBeforeMs: now + 5_000 },
    );
  } finally {
    await wallets.close();
  }
  const [{ url, signature, body } = { url: '', signature: '', body: '' }] = heard;
  const fields =
    name === 'alipay_plus' ? JSON.parse(body) : Object.fromEntries(new URL(url, walletUrl).searchParams);
  return { signature, fields };
}

// proves PAY-14
it.each<[WalletName, PaymentStart, string, string]>([
  ['alipay_open', paymentCode, 'CNY', 'notify_url'],
  ['alipay_open', orderCode, 'CNY', 'notify_url'],
  ['alipay_plus', paymentCode, 'USD', 'paymentNotifyUrl'],
  ['alipay_plus', entryCode, 'USD', 'paymentNotifyUrl'],
  ['alipay_plus', orderCode, 'USD', 'paymentNotifyUrl'],
])(
  "a payment at %s by %o names the account's own public notify URL",
  async (name, start, currency, field) => {
    const { fields } = await asked(name, start, currency);
    expect(fields[field]).toBe(`https://pay.example.com/gateway/notify/${name}/main`);
  },
);

it('a payment at Alipay+ says what the contract adds to its account, and nothing where it adds nothing', async () => {
  const contract = { settlementCurrency: 'EUR', merchantRegion: 'JP', keyVersion: 2 };
  const full = await asked('alipay_plus', paymentCode, 'USD', contract);
  expect(full.signature).toMatch(/^algorithm=RSA256,keyVersion=2,/);
  expect(full.fields).toMatchObject({
    settlementStrategy: { settlementCurrency: 'EUR' },
    merchantRegion: 'JP',
  });
  const none = { settlementCurrency: null, merchantRegion: null, keyVersion: null };
  const bare = await asked('alipay_plus', paymentCode, 'USD', none);
  expect(bare.signature).toMatch(/^algorithm=RSA256,keyVersion=1,/);
  expect(bare.fields).not.toHaveProperty('settlementStrategy');
  expect(bare.fields).not.toHaveProperty('merchantRegion');
});

// proves RES-13
it('what a wallet writes can be kept, in its answers and in its notifications', async () => {
  const account = (of: string, name: string): WalletAccount => {
    return {
      wallet: of,
      name,
      appId: 'SANDBOX_1',
      gatewayUrl: walletUrl,
      privateKey,
      walletPublicKey: publicKey,
    };
  };
  const key = createPrivateKey(privateKey);
  const wallets = openWallets({ account }, 'https://pay.example.com');
  const signed = (path: string, message: object) => {
    const body = Buffer.from(JSON.stringify(message));
    const time = '2026-11-22T12:00:00+08:00';
    const signature = signMessage({ path, clientId: 'SANDBOX_1', time, body }, key);
    return { body, headers: { 'client-id': 'SANDBOX_1', signature }, time };
  };
  const result = { resultCode: 'ODD\u0000CODE', resultStatus: 'F', resultMessage: 'odd' };
  try {
    const target = '/notify/alipay_plus/main';
    const told = signed(target, { notifyType: 'PAYMENT_RESULT', result, paymentRequestId: 'P1' });
    const headers = { ...told.headers, 'request-time': told.time };
    expect(wallets.readers.alipay_plus.read('main', { target, headers, body: told.body })).toMatchObject({
      notification: { outcome: { kind: 'not_paid', code: 'ODD CODE' } },
    });
    const form = printNotification(
      { app_id: 'SANDBOX_1', out_trade_no: 'P1', trade_status: 'ODD\u0000STATUS' },
      { key, signType: 'RSA2', charset: 'utf-8' },
    );
    const received = { target: '/', headers: {}, body: Buffer.from(form ?? '') };
    expect(wallets.readers.alipay_open.read('main', received)).toMatchObject({
      notification: { outcome: { kind: 'not_paid', code: 'ODD STATUS' } },
    });
    reply = (url) => {
      const answer = signed(url, { result });
      return { ...answer, headers: { ...answer.headers, 'response-time': answer.time } };
    };
    const limit = performance.now() + 5_000;
    const reference = { account: 'main', requestId: 'P1', amount: money('USD', 599n) };
    expect(
      await wallets.gateway('alipay_plus').cancel(reference, { sendBeforeMs: limit, answerBeforeMs: limit }),
    ).toMatchObject({ code: 'ODD CODE' });
  } finally {
    reply = null;
    await wallets.close();
  }
  expect(await openConnections()).toBe(0);
});

it('a wallet’s key that was configured anew verifies from then on, and the old one nothing more', async () => {
  const others = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  let walletPublicKey = publicKey;
  const account = (of: string, name: string): WalletAccount => {
    return { wallet: of, name, appId: 'SANDBOX_1', gatewayUrl: walletUrl, privateKey, walletPublicKey };
  };
  const wallets = openWallets({ account }, 'https://pay.example.com');
  const target = '/notify/alipay_plus/main';
  const result = { resultCode: 'FAIL', resultStatus: 'F', resultMessage: 'failed' };
  const read = (signer: string) => {
    const key = createPrivateKey(signer);
    const body = Buffer.from(
      JSON.stringify({ notifyType: 'PAYMENT_RESULT', result, paymentRequestId: 'P1' }),
    );
    const time = '2026-11-22T12:00:00+08:00';
    const signature = signMessage({ path: target, clientId: 'SANDBOX_1', time, body }, key);
    const headers = { 'client-id': 'SANDBOX_1', 'request-time': time, signature };
    const form = printNotification(
      { app_id: 'SANDBOX_1', out_trade_no: 'P1', trade_status: 'TRADE_CLOSED' },
      { key, signType: 'RSA2', charset: 'utf-8' },
    );
    return [
      wallets.readers.alipay_plus.read('main', { target, headers, body }).kind,
      wallets.readers.alipay_open.read('main', { target, headers: {}, body: Buffer.from(form ?? '') }).kind,
    ];
  };
  expect(read(privateKey)).toEqual(['verified', 'verified']);
  expect(read(others.privateKey)).toEqual(['untrusted', 'untrusted']);
  walletPublicKey = others.publicKey;
  expect(read(privateKey)).toEqual(['untrusted', 'untrusted']);
  expect(read(others.privateKey)).toEqual(['verified', 'verified']);
  await wallets.close();
});

/** Connections that a wallet still has, once those that are being closed are gone. */
async function openConnections(): Promise<number> {
  let open = 0;
  for (let looks = 0; looks < 40; looks += 1) {
    open = await new Promise<number>((resolve) => wallet.getConnections((_, count) => resolve(count)));
    if (open === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return open;
}
