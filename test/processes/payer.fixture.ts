import { expect } from 'vitest';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import type { Merchant } from './merchant.fixture.ts';

/** Where a browser was led to. */
export interface Led {
  readonly status: number;
  readonly location: URL;
}

/** A payer in the wallet's browser, at the page of the sandbox store's code as one gateway serves it. */
export interface EntryPayer {
  /** Loads the page. Its token is one attempt. */
  open(): Promise<string>;
  /** Sends the form of a page that was loaded, here or at another gateway. */
  confirm(token: string, amount: string): Promise<Led>;
  /** Where the attempt's result is shown. */
  resultPath(token: string): string;
  /** What the result page shows at this gateway. */
  status(token: string): Promise<{ readonly status: PaymentSnapshot['status'] }>;
}

export function entryPayer({ sandbox }: Merchant, gatewayUrl: string): EntryPayer {
  const path = new URL(sandbox.entry_code_url).pathname;
  const headers = { 'user-agent': 'Mozilla/5.0 (Linux; Android 14) AlipayClient/10.5.0' };
  return {
    async open() {
      const page = await (await fetch(gatewayUrl + path, { headers })).text();
      const token = /name="token" value="([\w-]+)"/.exec(page)?.[1];
      if (token === undefined) throw new Error(`a page without a token: ${page}`);
      return token;
    },
    confirm: async (token, amount) =>
      led(`${gatewayUrl}${path}/pay`, new URLSearchParams({ token, amount }), headers),
    resultPath: (token) => `${path}/result/${token}`,
    async status(token) {
      const answer = await fetch(`${gatewayUrl}${path}/status/${token}`, { headers });
      return (await answer.json()) as { readonly status: PaymentSnapshot['status'] };
    },
  };
}

/** The payer agrees on the wallet's own page, which leads back to where the merchant wants the payer. */
export function agreeAt(walletPage: URL): Promise<Led> {
  return led(`${walletPage.href}/confirm`, new URLSearchParams({ payer_id: 'sandbox-payer-plus' }), {});
}

/** The payer scans an order code, or is at an entry code's page of the wallet already, and pays. */
export async function payInWallet(merchant: Merchant, payment: PaymentSnapshot): Promise<void> {
  for (const action of ['scan', 'confirm']) {
    await merchant.control('POST', `payments/${payment.payment_request_id}/${action}`);
  }
}

/** An order code in the currency of each wallet in turn, shown for ten minutes. */
export async function orderCode(
  merchant: Merchant,
  currency: 'CNY' | 'USD',
  notifyUrl: string,
): Promise<PaymentSnapshot> {
  const { status, body } = await merchant.pay({
    product: 'order_code',
    payment_code: undefined,
    amount: { currency, value: 1234 },
    expires_at: new Date(Date.now() + 600_000).toISOString(),
    notify_url: notifyUrl,
  });
  expect([status, body.status, body.order_code === null]).toEqual([202, 'processing', false]);
  return body;
}

async function led(
  url: string,
  form: URLSearchParams,
  headers: Readonly<Record<string, string>>,
): Promise<Led> {
  const answer = await fetch(url, { method: 'POST', headers, body: form, redirect: 'manual' });
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`${answer.status} leads nowhere: ${await answer.text()}`);
  await answer.arrayBuffer();
  return { status: answer.status, location: new URL(location, url) };
}
