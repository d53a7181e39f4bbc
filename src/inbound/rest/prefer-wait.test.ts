import { describe, expect, test } from 'vitest';
import { createTestGateway, never, paymentBody, settled } from './gateway.fixture.ts';

const prefer = (wait: string) => ({ prefer: wait });

describe('Prefer: wait', () => {
  // proves ACQ-03
  test('of 0 answers as soon as the payment is recorded, and the call goes on', async () => {
    const gateway = await createTestGateway();
    let answer = (): void => {};
    gateway.wallet.pay = () =>
      new Promise((resolve) => {
        answer = () =>
          resolve({
            kind: 'paid',
            walletTransactionId: '2026030222001409001400000001',
            amount: { currency: 'CNY', minor: 1234n },
          });
      });
    const created = await gateway.ask('POST', '/v1/payments', paymentBody(), prefer('wait=0'));
    expect(created.statusCode).toBe(202);
    expect(created.headers).toMatchObject({ 'preference-applied': 'wait=0', 'retry-after': '1' });
    expect(created.json()).toMatchObject({ status: 'processing', version: 1 });
    expect(gateway.wallet.calls).toEqual(['pay']);
    answer();
    await settled();
    const found = await gateway.ask('GET', `${created.headers.location}`);
    expect(found.json().status).toBe('succeeded');
    await gateway.app.close();
  });

  test.for([
    [undefined, 30, undefined],
    ['wait=5', 5, 'wait=5'],
    ['respond-async; x="a,b", WAIT = "7"; y=1', 7, 'wait=7'],
    ['wait=2, wait=9', 2, 'wait=2'],
    ['wait=99999', 120, 'wait=120'],
    ['return=minimal', 30, undefined],
  ] as const)('%s on a payment whose wallet hangs answers after %d s', async ([header, seconds, applied]) => {
    const gateway = await createTestGateway();
    gateway.wallet.pay = never;
    const asked = gateway.ask(
      'POST',
      '/v1/payments',
      paymentBody(),
      header === undefined ? {} : prefer(header),
    );
    let over = false;
    void asked.then(() => {
      over = true;
    });
    await gateway.clock.advance(seconds * 1000 - 1);
    expect(over).toBe(false);
    await gateway.clock.advance(1);
    expect(over).toBe(true);
    const answer = await asked;
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['preference-applied']).toBe(applied);
    await gateway.clock.advance(10_000);
    expect(gateway.clock.sleeping()).toBe(0);
  });

  test.for(['wait=', 'wait', 'wait=-1', 'wait=1.5', 'wait=soon', 'wait=0x10', 'wait="1 0"'])(
    '%s is refused, and nothing is recorded',
    async (header) => {
      const gateway = await createTestGateway();
      const answer = await gateway.ask('POST', '/v1/payments', paymentBody(), prefer(header));
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'invalid_parameter', field: 'Prefer' });
      expect(gateway.memory.records.payments.size).toBe(0);
      await gateway.app.close();
    },
  );

  test('ends as soon as another request changes the payment', async () => {
    const gateway = await createTestGateway();
    gateway.wallet.pay = never;
    const asked = gateway.ask('POST', '/v1/payments', paymentBody());
    await settled();
    const [payment] = gateway.memory.records.payments.values();
    const cancelled = await gateway.ask('POST', `/v1/payments/${payment?.id}/cancel`);
    expect(cancelled.json()).toMatchObject({ status: 'cancelled' });
    expect((await asked).json()).toMatchObject({ status: 'cancelled', cancelled_by: 'cancel' });
    expect(gateway.clock.monotonicMs()).toBe(0);
  });

  test('on a GET waits for a change that another process records', async () => {
    const gateway = await createTestGateway();
    gateway.wallet.pay = never;
    const { id } = (await gateway.ask('POST', '/v1/payments', paymentBody(), prefer('wait=0'))).json();
    expect((await gateway.ask('GET', `/v1/payments/${id}`)).json().status).toBe('processing');
    const asked = gateway.ask('GET', `/v1/payments/${id}`, undefined, prefer('wait=10'));
    await settled();
    const row = await gateway.memory.journal.findPayment('M0001', id);
    if (row === null) throw new Error('the payment was not recorded');
    await gateway.memory.journal.recordPayment({
      before: row,
      after: { ...row, state: 'failed', nextStep: null },
      events: [],
      announcements: [],
    });
    await gateway.clock.advance(500);
    expect((await asked).json().status).toBe('failed');
  });

  test('on a cancel and on a refund holds while their calls hang', async () => {
    const gateway = await createTestGateway();
    const { id } = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    gateway.wallet.refund = never;
    gateway.wallet.cancel = never;
    const amount = { amount: { currency: 'CNY', value: 34 } };
    const refund = gateway.ask('POST', `/v1/payments/${id}/refunds`, amount, prefer('wait=1'));
    await gateway.clock.advance(1_000);
    expect((await refund).statusCode).toBe(202);
    expect((await refund).json().status).toBe('processing');
    const found = gateway.ask('GET', `/v1/refunds/${(await refund).json().id}`, undefined, prefer('wait=1'));
    await gateway.clock.advance(1_000);
    expect((await found).json().status).toBe('processing');

    const other = (
      await gateway.ask('POST', '/v1/payments', paymentBody({ merchant_order_no: 'ORDER-2' }))
    ).json();
    const byId = await gateway.ask('POST', `/v1/payments/${other.id}/cancel`, undefined, prefer('wait=0'));
    expect(byId.statusCode).toBe(202);
    expect(byId.json().next_step.action).toBe('cancel');
    const byOrder = gateway.ask('POST', '/v1/cancels', { merchant_order_no: 'ORDER-2' }, prefer('wait=2'));
    await gateway.clock.advance(2_000);
    expect((await byOrder).statusCode).toBe(202);
    expect((await byOrder).json()).toMatchObject({ status: 'applied', payment: { status: 'processing' } });
    expect((await byOrder).json().advice).toContain(`/v1/payments/${other.id}`);
  });

  test('a gateway that closes answers its waits with what they last saw', async () => {
    const gateway = await createTestGateway();
    gateway.wallet.pay = never;
    const asked = gateway.ask('POST', '/v1/payments', paymentBody());
    await settled();
    const closed = gateway.app.close();
    expect((await asked).statusCode).toBe(202);
    await gateway.clock.advance(3_000);
    await closed;
  });
});
