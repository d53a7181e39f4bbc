import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type AmsCaller,
  clientId,
  merchantId,
  newRequestId,
  startAmsCaller,
} from '../../simulator/ams/ams-caller.fixture.ts';
import { eventually } from '../../simulator/test-wallet.ts';
import {
  type AlipayPlusGateway,
  createAlipayPlusGateway,
} from '../../src/adapters/wallets/alipay-plus/gateway.ts';
import { createAlipayPlusNotificationReader } from '../../src/adapters/wallets/alipay-plus/notifications.ts';
import { withBareAnswers } from '../../src/adapters/wallets/bare-answers.fixture.ts';
import { money } from '../../src/domain/money.ts';
import type { CallLimit, PaymentReference, PayRequest, RefundRequest } from '../../src/ports/wallet.ts';
import type { NotificationReader } from '../../src/ports/wallet-notifications.ts';
import { privateKeyPem, publicKeyPem } from '../vectors/alipay-plus/vectors.ts';

/*
 * Our adapter and the simulated wallet, which share no encoder and no signer, over HTTP. What the adapter says
 * about each fault is compared with the wallet's ledger: whatever it says may be less than the truth, never against it.
 */

let ams: AmsCaller;
let gateway: AlipayPlusGateway;
let sandboxGateway: AlipayPlusGateway;
let reader: NotificationReader;

beforeAll(async () => {
  ams = await startAmsCaller();
  const account = (gatewayUrl: string) => (name: string) => ({
    name,
    clientId,
    gatewayUrl,
    privateKey: privateKeyPem,
    walletPublicKey: publicKeyPem,
    notifyUrl: new URL('/notify/alipay_plus/sandbox', ams.shop.url).href,
  });
  const wallClock = () => new Date(ams.clock.nowMs);
  const monotonicMs = () => performance.now();
  gateway = withBareAnswers(createAlipayPlusGateway({ account: account(ams.base), wallClock, monotonicMs }));
  const sandbox = account(`${ams.base}/ams/sandbox`);
  sandboxGateway = withBareAnswers(createAlipayPlusGateway({ account: sandbox, wallClock, monotonicMs }));
  reader = createAlipayPlusNotificationReader({ account: account(ams.base), wallClock });
});

afterAll(async () => {
  await Promise.all([gateway.close(), sandboxGateway.close()]);
  await ams.close();
});

beforeEach(async () => {
  await ams.control('DELETE', 'faults');
});

const starts = {
  payment_code: () => ({ product: 'payment_code', paymentCode: ams.code }) as const,
  entry_code: () =>
    ({
      product: 'entry_code',
      userAgent: 'Mozilla/5.0 (iPhone) AlipayClientHK/7.0 AliApp(APHK/1.0) AlipayClient/10.0',
      returnUrl: 'http://127.0.0.1:8080/c/abc/result',
    }) as const,
  order_code: () => ({ product: 'order_code' }) as const,
};

function payment(
  product: keyof typeof starts = 'payment_code',
  changes: Partial<PayRequest> = {},
): PayRequest {
  const requestId = newRequestId().replace('_', 'x');
  return {
    account: 'sandbox',
    requestId,
    amount: money('USD', 1000n),
    start: starts[product](),
    subject: '两个苹果 & a pear, 1/2 "+100%',
    merchantOrderNo: `ORDER-${requestId}`,
    merchant: { name: 'Fruits <Inc>', mcc: '5411' },
    store: { id: 'S0001', name: 'Pier 1', mcc: null },
    terminalId: 'POS00001',
    subMerchantId: merchantId,
    requestedAt: new Date(ams.clock.nowMs),
    expiresAt: new Date(ams.clock.nowMs + 300_000),
    ...changes,
  };
}

async function refundOf(paid: PayRequest, minor: bigint, name = 'R1'): Promise<RefundRequest> {
  const found = await gateway.inquire(paid, patient());
  return {
    ...paid,
    walletTransactionId: found.kind === 'paid' ? found.walletTransactionId : '',
    refundRequestId: `${paid.requestId}${name}`,
    refundAmount: money('USD', minor),
    reason: '退货',
  };
}

/** Enough for any answer that comes. */
function patient(): CallLimit {
  const now = performance.now();
  return { sendBeforeMs: now + 20_000, answerBeforeMs: now + 20_000 };
}

/** For answers that never come. */
function short(): CallLimit {
  const now = performance.now();
  return { sendBeforeMs: now + 1200, answerBeforeMs: now + 1200 };
}

async function foundPaid(request: PaymentReference) {
  const answer = await gateway.inquire(request, patient());
  return answer.kind === 'paid' && answer;
}

// proves PAY-02
describe('a payment without faults', () => {
  it('is paid, found, given back in part and then wholly, and stays paid', async () => {
    const request = payment();
    const paid = await gateway.pay(request, patient());
    expect(paid).toMatchObject({
      kind: 'paid',
      amount: request.amount,
      paidAt: new Date(Math.floor(ams.clock.nowMs / 1000) * 1000),
    });
    expect(await gateway.inquire(request, patient())).toEqual(paid);

    const part = await refundOf(request, 300n);
    expect(await gateway.inquireRefund(part, patient())).toEqual({ kind: 'not_found' });
    expect(await gateway.refund(part, patient())).toEqual({ kind: 'refunded' });
    expect(await gateway.refund(part, patient())).toEqual({ kind: 'refunded' });
    expect(await gateway.refund({ ...part, refundAmount: money('USD', 301n) }, patient())).toEqual({
      kind: 'repeated',
    });
    expect(await gateway.inquireRefund(part, patient())).toEqual({
      kind: 'refunded',
      amount: money('USD', 300n),
    });
    expect(await gateway.cancel(request, patient())).toMatchObject({ kind: 'refund_instead' });
    const rest = await refundOf(request, 700n, 'R2');
    expect(await gateway.refund(rest, patient())).toEqual({ kind: 'refunded' });
    expect(await gateway.inquire(request, patient())).toEqual(paid);
    expect(await ams.ledger(request.requestId)).toMatchObject({ charged: 1000, refunded: 1000 });
    const more = await refundOf(request, 1n, 'R3');
    expect(await gateway.refund(more, patient())).toMatchObject({ kind: 'refused', remedy: 'merchant' });
  });

  it('is cancelled after it was paid: the money goes back', async () => {
    const request = payment();
    expect(await gateway.pay(request, patient())).toMatchObject({ kind: 'paid' });
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'effected', action: 'cancelled' });
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'cancelled' });
    expect(await gateway.pay(request, patient())).toMatchObject({ kind: 'unclear' });
    expect(await ams.ledger(request.requestId)).toMatchObject({
      charged: 1000,
      refunded: 1000,
      cancelled: true,
    });
  });

  it('that is repeated takes nothing again, and with another amount says nothing of the first', async () => {
    const request = payment();
    const paid = await gateway.pay(request, patient());
    expect(await gateway.pay(request, patient())).toEqual(paid);
    const other = { ...request, amount: money('USD', 1001n) };
    expect(await gateway.pay(other, patient())).toMatchObject({
      kind: 'unclear',
      code: 'REPEAT_REQ_INCONSISTENT',
    });
    expect(await ams.ledger(request.requestId)).toMatchObject({ charged: 1000 });
  });

  it('that the payer cannot afford is refused, and nothing is taken', async () => {
    const start = { product: 'payment_code', paymentCode: ams.poorCode } as const;
    const request = payment('payment_code', { start, amount: money('USD', 1_999n) });
    expect(await gateway.pay(request, patient())).toMatchObject({ kind: 'refused', remedy: 'payer' });
    expect(await gateway.inquire(request, patient())).toMatchObject({
      kind: 'failed',
      code: 'USER_BALANCE_NOT_ENOUGH',
    });
    expect((await ams.ledger(request.requestId))?.charged ?? 0).toBe(0);
  });

  it('of a merchant whom nobody registered is refused for an operator', async () => {
    const request = payment('payment_code', { subMerchantId: 'M9999' });
    expect(await gateway.pay(request, patient())).toMatchObject({
      kind: 'refused',
      code: 'MERCHANT_NOT_REGISTERED',
      remedy: 'operator',
    });
  });

  it('that nobody knows is not found, and its cancel names nothing', async () => {
    const request = payment();
    expect(await gateway.inquire(request, patient())).toEqual({ kind: 'not_found' });
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'nothing_named' });
  });

  it('is the same under the sandbox’s own path', async () => {
    const request = payment();
    expect(await sandboxGateway.pay(request, patient())).toMatchObject({ kind: 'paid' });
    expect(await sandboxGateway.inquire(request, patient())).toMatchObject({ kind: 'paid' });
  });

  it('in yen is of as many yen', async () => {
    const request = payment('payment_code', { amount: money('JPY', 599n) });
    expect(await gateway.pay(request, patient())).toMatchObject({ kind: 'paid', amount: money('JPY', 599n) });
  });
});

// proves RES-01
describe.each(['entry_code', 'order_code'] as const)('an %s', (product) => {
  it('is issued and not paid; it is paid when its payer confirms', async () => {
    const request = payment(product);
    const issued = await gateway.pay(request, patient());
    expect(issued).toMatchObject({ kind: 'issued', known: true });
    expect(await gateway.pay(request, patient())).toEqual(issued);
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'awaiting_payer' });
    expect(await ams.ledger(request.requestId)).toMatchObject({ charged: 0 });
    await ams.control('POST', `payments/${request.requestId}/confirm`);
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'paid', amount: request.amount });
    expect(await ams.ledger(request.requestId)).toMatchObject({ charged: 1000 });
  });

  it('that its payer refuses has failed', async () => {
    const request = payment(product);
    await gateway.pay(request, patient());
    await ams.control('POST', `payments/${request.requestId}/refuse`);
    expect(await gateway.inquire(request, patient())).toMatchObject({
      kind: 'failed',
      code: 'USER_PAYMENT_VERIFICATION_FAILED',
    });
  });

  it('that is cancelled cannot be paid any more', async () => {
    const request = payment(product);
    await gateway.pay(request, patient());
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'effected', action: 'cancelled' });
    const { status } = await ams.control('POST', `payments/${request.requestId}/confirm`);
    expect(status).toBe(409);
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'cancelled' });
  });
});

it('the URL and the code that are issued are the wallet’s own', async () => {
  const entry = await gateway.pay(payment('entry_code'), patient());
  expect(entry).toMatchObject({ action: { kind: 'redirect' } });
  expect(entry.kind === 'issued' && entry.action.kind === 'redirect' && entry.action.url).toContain(ams.base);
  const request = payment('order_code');
  expect(await gateway.pay(request, patient())).toMatchObject({
    action: { kind: 'show_code', expiresAt: request.expiresAt },
  });
});

// proves RES-14
describe('a fault on pay', () => {
  it.each([
    ['no_answer', short, { kind: 'no_answer', reason: 'timeout' }],
    ['reset', patient, { kind: 'no_answer', reason: 'connection_lost' }],
    ['system_error', patient, { kind: 'unclear', code: 'UNKNOWN_EXCEPTION' }],
    ['bad_signature', patient, { kind: 'no_answer', reason: 'untrusted' }],
    ['truncated', patient, { kind: 'no_answer', reason: 'malformed' }],
    ['http_500', patient, { kind: 'no_answer', reason: 'malformed', detail: 'HTTP status 500' }],
  ])('%s leaves the outcome open, and an inquiry finds it paid', async (fault, limit, expected) => {
    await ams.control('POST', 'faults', { api: 'pay', fault, count: 1 });
    const request = payment();
    expect(await gateway.pay(request, limit())).toMatchObject(expected);
    expect(await eventually(() => foundPaid(request))).toMatchObject({
      kind: 'paid',
      amount: request.amount,
    });
    expect(await ams.ledger(request.requestId)).toMatchObject({ charged: 1000, refunded: 0 });
  });

  it('not_processed leaves it open; nothing is found and nothing was taken', async () => {
    await ams.control('POST', 'faults', { api: 'pay', fault: 'not_processed', count: 1 });
    const request = payment();
    expect(await gateway.pay(request, short())).toMatchObject({ kind: 'no_answer', reason: 'timeout' });
    expect(await gateway.inquire(request, patient())).toEqual({ kind: 'not_found' });
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'nothing_named' });
    expect((await ams.ledger(request.requestId))?.charged ?? 0).toBe(0);
  });

  it('paying waits for the payer, and a cancel closes the payment', async () => {
    await ams.control('POST', 'faults', { api: 'pay', fault: 'paying', count: 1 });
    const request = payment();
    expect(await gateway.pay(request, patient())).toMatchObject({
      kind: 'unclear',
      code: 'PAYMENT_IN_PROCESS',
    });
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'awaiting_payer' });
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'effected', action: 'cancelled' });
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'cancelled' });
    expect(await ams.ledger(request.requestId)).toMatchObject({ charged: 0, cancelled: true });
  });
});

describe('a fault on another call', () => {
  it.each([
    ['reset', 'connection_lost'],
    ['bad_signature', 'untrusted'],
    ['truncated', 'malformed'],
    ['http_500', 'malformed'],
  ])('%s is no answer to an inquiry, a cancel or a refund, and the next one tells', async (fault, reason) => {
    const request = payment();
    await gateway.pay(request, patient());
    const part = await refundOf(request, 300n);
    const lost = { kind: 'no_answer', reason };

    await ams.control('POST', 'faults', { api: '*', fault, count: 1 });
    expect(await gateway.inquire(request, patient())).toMatchObject(lost);
    await ams.control('POST', 'faults', { api: '*', fault, count: 1 });
    expect(await gateway.refund(part, patient())).toMatchObject(lost);
    expect(await gateway.inquireRefund(part, patient())).toMatchObject({ kind: 'refunded' });

    const other = payment();
    await gateway.pay(other, patient());
    await ams.control('POST', 'faults', { api: '*', fault, count: 1 });
    expect(await gateway.cancel(other, patient())).toMatchObject(lost);
    expect(await gateway.inquire(other, patient())).toMatchObject({ kind: 'cancelled' });
    expect(await ams.ledger(other.requestId)).toMatchObject({ charged: 1000, refunded: 1000 });
  });
});

// proves NOT-01, NOT-02
describe('a notification', () => {
  function heardOf(request: PayRequest) {
    return eventually(
      async () => ams.shop.received.find(({ body }) => body.includes(request.requestId)) ?? false,
    );
  }

  it('of the wallet is verified and read, and its acknowledgement is taken', async () => {
    ams.shop.answer = (response, { path, headers, body }) => {
      const sent = { target: path, headers, body: Buffer.from(body) };
      const isVerified = reader.read('sandbox', sent).kind === 'verified';
      void reader.reply('sandbox', sent, isVerified).then((reply) => {
        response.writeHead(reply.status, { ...reply.headers });
        response.end(reply.body);
      });
    };
    const request = payment('order_code');
    await gateway.pay(request, patient());
    await ams.control('POST', `payments/${request.requestId}/confirm`);
    const paid = await foundPaid(request);
    const { path, headers, body } = await heardOf(request);
    expect(reader.read('sandbox', { target: path, headers, body: Buffer.from(body) })).toEqual({
      kind: 'verified',
      notification: { requestId: request.requestId, outcome: paid },
    });
    const listed = await eventually(async () => {
      const answer = await ams.control('GET', `notifications?payment_request_id=${request.requestId}`);
      const [first] = answer.body as { acknowledged_at: string | null }[];
      return first?.acknowledged_at != null && first;
    });
    expect(listed.acknowledged_at).not.toBeNull();
  });

  it('that is forged is not trusted, and one that is not acknowledged is still owed', async () => {
    await ams.control('POST', 'faults', { api: 'notification', fault: 'forged_notification', count: 1 });
    const request = payment('order_code');
    await gateway.pay(request, patient());
    await ams.control('POST', `payments/${request.requestId}/confirm`);
    const { path, headers, body } = await heardOf(request);
    const sent = { target: path, headers, body: Buffer.from(body) };
    expect(reader.read('sandbox', sent)).toMatchObject({ kind: 'untrusted' });
    expect(await reader.reply('sandbox', sent, false)).toMatchObject({ status: 500 });
  });
});
