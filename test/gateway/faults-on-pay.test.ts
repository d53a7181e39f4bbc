import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicStatus } from '../../src/domain/payment.ts';
import { walletNames } from '../../src/domain/wallets.ts';
import { eventually, isFinalStatus, openRealGateway, type RealGateway } from './real-gateway.ts';

/** What a fault on `pay` alone must end as; the payer's money must agree with it to the cent. */
const outcomes: readonly {
  readonly fault: string;
  readonly delay_ms?: number;
  readonly ends: 'succeeded' | 'cancelled';
}[] = [
  { fault: 'no_answer', ends: 'succeeded' },
  { fault: 'arrives_late', delay_ms: 300, ends: 'succeeded' },
  { fault: 'system_error', ends: 'succeeded' },
  { fault: 'reset', ends: 'succeeded' },
  { fault: 'delay', delay_ms: 2_500, ends: 'succeeded' },
  { fault: 'bad_signature', ends: 'succeeded' },
  { fault: 'truncated', ends: 'succeeded' },
  { fault: 'http_500', ends: 'succeeded' },
  { fault: 'not_found_first', ends: 'succeeded' },
  { fault: 'not_processed', ends: 'cancelled' },
  { fault: 'paying', ends: 'cancelled' },
];

const rows = walletNames.flatMap((wallet) => outcomes.map((outcome) => ({ wallet, ...outcome })));

describe('one fault on pay, and no notification: inquiries and the cancel decide alone', () => {
  // proves RES-01, RES-02, RES-03, RES-05, RES-08, RES-14, RES-15, PAY-19
  it.concurrent.each(rows)('$fault at $wallet ends $ends for everybody', async (row) => {
    const { wallet, fault, delay_ms, ends } = row;
    const real = await openRealGateway();
    try {
      await real.control('POST', '/control/faults', {
        api: 'notification',
        fault: 'lost_notification',
        probability: 1,
      });
      await real.control('POST', '/control/faults', {
        api: 'pay',
        fault,
        count: 1,
        ...(delay_ms === undefined ? {} : { delay_ms }),
      });
      const begun = await real.payBy(wallet, 'payment_code');
      const payment = await real.until(begun.id, isFinalStatus);
      expect(publicStatus(payment)).toBe(ends);
      const line = await real.ledgerLine(payment);
      const kept = (line?.charged ?? 0) - (line?.refunded ?? 0);
      expect(kept).toBe(ends === 'succeeded' ? 1234 : 0);
      const told = await eventually(
        async () => real.received.map((message) => JSON.parse(message.body).type),
        (types) => types.length > 0,
      );
      expect(told).toEqual([`payment.${ends}`]);
    } finally {
      await real.close();
    }
  });
});

describe('without a fault', () => {
  let real: RealGateway;
  beforeAll(async () => {
    real = await openRealGateway();
  });
  afterAll(() => real.close());

  // proves PAY-02, RES-01, RES-11
  it('a payment code is paid, the ledger agrees, and the delivery verifies with the public package', async () => {
    const payment = await real.pay();
    expect(publicStatus(payment)).toBe('succeeded');
    expect(await real.ledgerLine(payment)).toMatchObject({
      wallet: 'alipay_open',
      currency: 'CNY',
      amount: 1234,
      charged: 1234,
      refunded: 0,
      cancelled: false,
    });
    const messages = await eventually(
      async () => real.received,
      (received) => received.length > 0,
    );
    expect(messages).toHaveLength(1);
    const [message] = messages;
    const event = new Webhook(real.deliverySecret).verify(
      message?.body ?? '',
      message?.headers as Record<string, string>,
    ) as { type: string; version: number; data: { payment: { id: string; status: string } } };
    expect(event.type).toBe('payment.succeeded');
    expect(event.version).toBe(payment.version);
    expect(event.data.payment).toMatchObject({ id: payment.id, status: 'succeeded' });
  });

  // proves RES-18
  it('a definite refusal goes to the till at once and nothing is charged', async () => {
    const payment = await real.pay(
      real.request({ start: { product: 'payment_code', paymentCode: '281234567890123456' } }),
    );
    expect(payment.state).toBe('failed');
    expect(payment.failure).toMatchObject({
      code: 'payment_declined',
      walletCode: 'ACQ.PAYMENT_AUTH_CODE_INVALID',
    });
    expect((await real.ledgerLine(payment))?.charged ?? 0).toBe(0);
  });
});
