import { expect, it } from 'vitest';
import type { Outage } from '../../ports/wallet-directory.ts';
import { createTestGateway, paymentBody, recordedRows } from './gateway.fixture.ts';

// proves ACQ-06
it('money case 14: a payment through an account that does not answer is 503, with when to come back', async () => {
  const sound = await createTestGateway();
  let outage: Outage | null = { refusesForS: 5 };
  const { engine } = sound;
  const gateway = await createTestGateway({
    engine: { ...engine, wallets: { ...engine.wallets, outage: () => outage } },
  });
  const answer = await gateway.ask('POST', '/v1/payments', paymentBody());
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('5');
  expect(answer.json()).toMatchObject({ code: 'wallet_unavailable', transient: true, field: 'wallet' });
  expect(recordedRows(sound)).toMatchObject({ payments: 0, orders: 0, keys: 0, calls: 0 });
  outage = null;
  expect((await gateway.ask('POST', '/v1/payments', paymentBody())).statusCode).toBe(201);
  expect(recordedRows(sound)).toMatchObject({ payments: 1 });
});
