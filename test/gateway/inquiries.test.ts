import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publicStatus } from '../../src/domain/payment.ts';
import { walletNames } from '../../src/domain/wallets.ts';
import { isFinalStatus, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * Inquiries that go wrong themselves, after a pay whose answer was lost and without a notification: what they do not say
 * is asked again, and decides nothing.
 */

const faults = [
  ['no_answer', {}],
  ['not_processed', {}],
  ['arrives_late', { delay_ms: 300 }],
  ['reset', {}],
  ['delay', { delay_ms: 600 }],
  ['system_error', {}],
  ['bad_signature', {}],
  ['truncated', {}],
  ['http_500', {}],
] as const;

describe.each(walletNames)('inquiries of %s', (wallet) => {
  let real: RealGateway;
  beforeAll(async () => {
    real = await openRealGateway({
      policy: { payAnswerMs: 600, callLimitMs: 400, inquiryCount: 10 },
    });
  });
  // Silence after silence would look like an outage, in which inquiries do not leave.
  afterEach(async () => {
    await real.control('DELETE', '/control/faults');
    for (let sale = 0; sale < 4; sale += 1) await real.payBy(wallet, 'payment_code');
  });
  afterAll(() => real.close());

  const set = (api: string, fault: string, more: object): Promise<unknown> =>
    real.control('POST', '/control/faults', { api, fault, ...more });

  // proves RES-04, RES-14
  it.each(faults)('with the fault %s three times find what was paid', async (fault, more) => {
    await set('notification', 'lost_notification', { probability: 1 });
    await set('pay', 'reset', { count: 1 });
    await set('inquiry', fault, { count: 3, ...more });
    const begun = await real.payBy(wallet, 'payment_code');
    const payment = await real.until(begun.id, isFinalStatus);
    expect(publicStatus(payment)).toBe('succeeded');
    expect(await real.ledgerLine(payment)).toMatchObject({ charged: 1234, refunded: 0, cancelled: false });
  });

  // proves RES-05, RES-13, ACQ-06
  it.each(['http_500', 'bad_signature', 'system_error'] as const)(
    'that are used up with %s each time end in the cancel, and nothing is kept',
    async (fault) => {
      await set('notification', 'lost_notification', { probability: 1 });
      await set('pay', 'reset', { count: 1 });
      await set('inquiry', fault, { probability: 1 });
      const begun = await real.payBy(wallet, 'payment_code');
      const payment = await real.until(begun.id, isFinalStatus);
      expect(payment).toMatchObject({ state: 'cancelled', failure: { code: 'not_confirmed_in_time' } });
      expect(await real.ledgerLine(payment)).toMatchObject({
        charged: 1234,
        refunded: 1234,
        cancelled: true,
      });
    },
  );
});
