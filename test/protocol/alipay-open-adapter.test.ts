import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, startTestWallet, type TestWallet } from '../../simulator/test-wallet.ts';
import {
  type AlipayOpenGateway,
  createAlipayOpenGateway,
} from '../../src/adapters/wallets/alipay-open/gateway.ts';
import { withBareAnswers } from '../../src/adapters/wallets/bare-answers.fixture.ts';
import { money } from '../../src/domain/money.ts';
import type { CallLimit, PayRequest, RefundRequest } from '../../src/ports/wallet.ts';
import { privateKeyPem } from '../vectors/alipay-open/vectors.ts';

/*
 * Our adapter and the simulated wallet, which share no encoder and no signer, over HTTP. What the adapter says
 * about each fault is compared with the wallet's ledger: whatever it says may be less than the truth, never against it.
 */

let wallet: TestWallet;
let gateway: AlipayOpenGateway;
let payments = 0;

beforeAll(async () => {
  wallet = await startTestWallet();
  const { body } = await wallet.control('GET', 'apps');
  const [app] = body as { app_id: string; wallet_public_key: string }[];
  const whole = createAlipayOpenGateway({
    account: (name) => ({
      name,
      appId: app?.app_id ?? '',
      gatewayUrl: `${wallet.base}/gateway.do`,
      privateKey: privateKeyPem,
      walletPublicKey: app?.wallet_public_key ?? '',
    }),
    wallClock: () => new Date(wallet.clock.nowMs),
    monotonicMs: () => performance.now(),
  });
  gateway = withBareAnswers(whole);
});

afterAll(async () => {
  await gateway.close();
  await wallet.close();
});

beforeEach(async () => {
  await wallet.control('DELETE', 'faults');
});

function payment(changes: Partial<PayRequest> = {}): PayRequest {
  payments += 1;
  return {
    account: 'sandbox',
    requestId: `P${process.pid}x${payments}`,
    amount: money('CNY', 1000n),
    start: { product: 'payment_code', paymentCode: wallet.code },
    subject: '测试商品 A&B=1/2 "+100%',
    merchantOrderNo: `ORDER-${payments}`,
    merchant: { name: '商户', mcc: null },
    store: { id: 'SHKFC001', name: '门店', mcc: null },
    terminalId: 'POS00001',
    subMerchantId: '2088000000000002',
    requestedAt: new Date(wallet.clock.nowMs),
    expiresAt: new Date(wallet.clock.nowMs + 300_000),
    ...changes,
  };
}

function refundOf(paid: PayRequest, minor: bigint, name = 'R1'): RefundRequest {
  return {
    ...paid,
    walletTransactionId: null,
    refundRequestId: `${paid.requestId}${name}`,
    refundAmount: money('CNY', minor),
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

describe('a payment without faults', () => {
  it('is paid, found, given back in part and then wholly', async () => {
    const request = payment();
    const paid = await gateway.pay(request, patient());
    expect(paid).toMatchObject({ kind: 'paid', amount: request.amount });
    expect(await gateway.inquire(request, patient())).toEqual(paid);

    const part = refundOf(request, 300n);
    expect(await gateway.inquireRefund(part, patient())).toEqual({ kind: 'not_found' });
    expect(await gateway.refund(part, patient())).toEqual({ kind: 'refunded' });
    expect(await gateway.refund(part, patient())).toEqual({ kind: 'repeated' });
    expect(await gateway.inquireRefund(part, patient())).toEqual({
      kind: 'refunded',
      amount: money('CNY', 300n),
    });
    expect(await gateway.cancel(request, patient())).toMatchObject({ kind: 'refund_instead' });

    wallet.clock.nowMs += 10_000;
    expect(await gateway.refund(refundOf(request, 700n, 'R2'), patient())).toEqual({ kind: 'refunded' });
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'closed' });
    expect(await wallet.ledger(request.requestId)).toMatchObject({ charged: 1000, refunded: 1000 });
  });

  it('is cancelled after it was paid: the money goes back', async () => {
    const request = payment();
    expect(await gateway.pay(request, patient())).toMatchObject({ kind: 'paid' });
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'effected', action: 'refunded' });
    expect(await wallet.ledger(request.requestId)).toMatchObject({
      charged: 1000,
      refunded: 1000,
      cancelled: true,
    });
  });

  it('that the payer cannot afford is refused, and nothing is taken', async () => {
    const request = payment({
      start: { product: 'payment_code', paymentCode: wallet.poorCode },
      amount: money('CNY', 99_900n),
    });
    expect(await gateway.pay(request, patient())).toMatchObject({ kind: 'refused', remedy: 'payer' });
    expect((await wallet.ledger(request.requestId))?.charged ?? 0).toBe(0);
  });

  it('that nobody knows is not found, and its cancel names nothing', async () => {
    const request = payment();
    expect(await gateway.inquire(request, patient())).toEqual({ kind: 'not_found' });
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'nothing_named' });
  });
});

// proves RES-08, RES-14
describe('a fault on pay', () => {
  it.each([
    ['no_answer', short, { kind: 'no_answer', reason: 'timeout' }],
    ['delay', short, { kind: 'no_answer', reason: 'timeout' }],
    ['reset', patient, { kind: 'no_answer', reason: 'connection_lost' }],
    ['system_error', patient, { kind: 'unclear', code: 'isp.unknow-error' }],
    ['bad_signature', patient, { kind: 'no_answer', reason: 'untrusted' }],
    ['truncated', patient, { kind: 'no_answer', reason: 'malformed' }],
    ['http_500', patient, { kind: 'no_answer', reason: 'malformed', detail: 'HTTP status 500' }],
  ])('%s leaves the outcome open, and an inquiry finds it paid', async (fault, limit, expected) => {
    await wallet.control('POST', 'faults', { api: 'pay', fault, count: 1, delay_ms: 3_000 });
    const request = payment();
    expect(await gateway.pay(request, limit())).toMatchObject(expected);
    expect(await eventually(() => foundPaid(request))).toMatchObject({
      kind: 'paid',
      amount: request.amount,
    });
    expect(await wallet.ledger(request.requestId)).toMatchObject({ charged: 1000, refunded: 0 });
  });

  it('not_processed leaves it open; nothing is found and nothing was taken', async () => {
    await wallet.control('POST', 'faults', { api: 'pay', fault: 'not_processed', count: 1 });
    const request = payment();
    expect(await gateway.pay(request, short())).toMatchObject({ kind: 'no_answer', reason: 'timeout' });
    expect(await gateway.inquire(request, patient())).toEqual({ kind: 'not_found' });
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'nothing_named' });
    expect((await wallet.ledger(request.requestId))?.charged ?? 0).toBe(0);
  });

  it('arrives_late leaves it open, though for a while nothing is found', async () => {
    await wallet.control('POST', 'faults', { api: 'pay', fault: 'arrives_late', count: 1, delay_ms: 500 });
    const request = payment();
    expect(await gateway.pay(request, patient())).toMatchObject({
      kind: 'no_answer',
      reason: 'connection_lost',
    });
    expect(await eventually(() => foundPaid(request))).toMatchObject({ kind: 'paid' });
    expect(await wallet.ledger(request.requestId)).toMatchObject({ charged: 1000, refunded: 0 });
  });

  it('not_found_first leaves it open, and the third inquiry finds it', async () => {
    await wallet.control('POST', 'faults', { api: 'pay', fault: 'not_found_first', count: 1 });
    const request = payment();
    expect(await gateway.pay(request, short())).toMatchObject({ kind: 'no_answer', reason: 'timeout' });
    expect(await gateway.inquire(request, patient())).toEqual({ kind: 'not_found' });
    expect(await gateway.inquire(request, patient())).toEqual({ kind: 'not_found' });
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'paid' });
  });

  it('paying waits for the payer, and a cancel closes the payment', async () => {
    await wallet.control('POST', 'faults', { api: 'pay', fault: 'paying', count: 1 });
    const request = payment();
    expect(await gateway.pay(request, patient())).toMatchObject({ kind: 'awaiting_payer' });
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'awaiting_payer' });
    expect(await gateway.cancel(request, patient())).toEqual({ kind: 'effected', action: 'closed' });
    expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'closed' });
    expect(await wallet.ledger(request.requestId)).toMatchObject({ charged: 0, cancelled: true });
  });
});

describe('a fault on another call', () => {
  it.each([
    ['no_answer', short, 'timeout'],
    ['reset', patient, 'connection_lost'],
    ['bad_signature', patient, 'untrusted'],
    ['truncated', patient, 'malformed'],
    ['http_500', patient, 'malformed'],
  ])(
    '%s is no answer to an inquiry, a cancel or a refund, and the next one tells',
    async (fault, limit, reason) => {
      const request = payment();
      const part = refundOf(request, 300n);
      await gateway.pay(request, patient());
      const lost = { kind: 'no_answer', reason };

      await wallet.control('POST', 'faults', { api: '*', fault, count: 1 });
      expect(await gateway.inquire(request, limit())).toMatchObject(lost);
      expect(await gateway.inquire(request, patient())).toMatchObject({ kind: 'paid' });

      await wallet.control('POST', 'faults', { api: '*', fault, count: 1 });
      expect(await gateway.refund(part, limit())).toMatchObject(lost);
      expect(await gateway.refund(part, patient())).toEqual({ kind: 'repeated' });
      expect(await gateway.inquireRefund(part, patient())).toMatchObject({ kind: 'refunded' });

      const other = payment();
      await gateway.pay(other, patient());
      await wallet.control('POST', 'faults', { api: '*', fault, count: 1 });
      expect(await gateway.cancel(other, limit())).toMatchObject(lost);
      expect(await gateway.inquire(other, patient())).toMatchObject({ kind: 'closed' });
      expect(await wallet.ledger(other.requestId)).toMatchObject({ charged: 1000, refunded: 1000 });
    },
  );
});

async function foundPaid(request: PayRequest) {
  const answer = await gateway.inquire(request, patient());
  return answer.kind === 'paid' && answer;
}
