import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestGateway, keys, paymentBody, recordedRows, type TestGateway } from './gateway.fixture.ts';
import { routesOf } from './routes.ts';

/** What the book shop's key tries to reach of the tea house at one route. */
interface Intrusion {
  readonly url: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** The same request for what does not exist at all: its answer must tell nothing more. */
  readonly unknown: { readonly url: string; readonly body?: Readonly<Record<string, unknown>> };
  /** Routes that create or list answer for the caller's own merchant; the others find nothing. */
  readonly answers: 'not_found' | 'own';
}

interface TeaHouseRows {
  readonly paymentId: string;
  readonly requestId: string;
  readonly refundId: string;
}

const absent = '00000011M5XY3AABCDE0123456789AB';

/** By route, as it is registered. A route without an entry fails the test below: say what it keeps apart. */
const intrusions: Record<string, (rows: TeaHouseRows) => Intrusion[]> = {
  'POST /v1/payments': () => [
    {
      url: '/v1/payments',
      body: paymentBody({ merchant_id: 'M0001' }),
      unknown: { url: '/v1/payments', body: paymentBody({ merchant_id: 'M0404' }) },
      answers: 'not_found',
    },
  ],
  'GET /v1/payments': () => [
    {
      url: '/v1/payments?merchant_order_no=ORDER-1',
      unknown: { url: '/v1/payments?merchant_order_no=NOBODYS' },
      answers: 'own',
    },
    {
      url: '/v1/payments?merchant_order_no=ORDER-1&merchant_id=M0001',
      unknown: { url: '/v1/payments?merchant_order_no=ORDER-1&merchant_id=M0404' },
      answers: 'not_found',
    },
  ],
  'GET /v1/payments/:id': (rows) => [byId(rows, (id) => `/v1/payments/${id}`)],
  'POST /v1/payments/:id/cancel': (rows) => [byId(rows, (id) => `/v1/payments/${id}/cancel`)],
  'GET /v1/payments/:id/events': (rows) => [byId(rows, (id) => `/v1/payments/${id}/events`)],
  'GET /v1/payments/:id/refunds': (rows) => [byId(rows, (id) => `/v1/payments/${id}/refunds`)],
  'POST /v1/payments/:id/refunds': (rows) => {
    const body = { amount: { currency: 'CNY', value: 1 } };
    const { unknown, ...intrusion } = byId(rows, (id) => `/v1/payments/${id}/refunds`);
    return [{ ...intrusion, body, unknown: { ...unknown, body } }];
  },
  'GET /v1/refunds/:id': ({ refundId }) => [
    {
      url: `/v1/refunds/${refundId}`,
      unknown: { url: `/v1/refunds/re_${absent}` },
      answers: 'not_found',
    },
  ],
  'POST /v1/cancels': ({ requestId }) => [
    {
      url: '/v1/cancels',
      body: { payment_request_id: requestId },
      unknown: { url: '/v1/cancels', body: { payment_request_id: `P${absent}` } },
      answers: 'not_found',
    },
    {
      url: '/v1/cancels',
      body: { merchant_order_no: 'ORDER-1', merchant_id: 'M0001' },
      unknown: { url: '/v1/cancels', body: { merchant_order_no: 'ORDER-1', merchant_id: 'M0404' } },
      answers: 'not_found',
    },
    {
      url: '/v1/cancels',
      body: { merchant_order_no: 'ORDER-1' },
      unknown: { url: '/v1/cancels', body: { merchant_order_no: 'NOBODYS' } },
      answers: 'own',
    },
  ],
};

/** Routes that say nothing of any merchant and ask for no key. */
const keyless = new Set(['GET /livez', 'GET /readyz', 'GET /metrics']);

function byId({ paymentId }: TeaHouseRows, url: (id: string) => string): Intrusion {
  return { url: url(paymentId), unknown: { url: url(`pay_${absent}`) }, answers: 'not_found' };
}

describe('a merchant never sees or moves what is another’s', () => {
  let gateway: TestGateway;
  let rows: TeaHouseRows;

  beforeAll(async () => {
    gateway = await createTestGateway({
      metricsText: async () => ({ contentType: 'text/plain', body: '' }),
    });
    const payment = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    const refund = await gateway.ask('POST', `/v1/payments/${payment.id}/refunds`, {
      amount: { currency: 'CNY', value: 34 },
    });
    rows = {
      paymentId: payment.id,
      requestId: payment.payment_request_id,
      refundId: refund.json().id,
    };
    await gateway.app.ready();
  });
  afterAll(() => gateway.app.close());

  test('every route is held against it', () => {
    const routes = routesOf(gateway.app).map(({ method, url }) => `${method} ${url}`);
    expect(routes.toSorted()).toEqual([...Object.keys(intrusions), ...keyless].toSorted());
  });

  test.for(Object.keys(intrusions))('%s', async (route) => {
    const [method] = route.split(' ');
    if (method !== 'GET' && method !== 'POST') throw new Error(`no test asks with ${method}`);
    const asBookShop = { authorization: `Bearer ${keys.bookShop}`, prefer: 'wait=0' };
    for (const intrusion of intrusions[route]?.(rows) ?? []) {
      const calls = gateway.wallet.calls.length;
      const payment = await gateway.memory.journal.findPayment('M0001', rows.paymentId);
      const before = recordedRows(gateway);
      const answer = await gateway.ask(method, intrusion.url, intrusion.body, asBookShop);
      if (intrusion.answers === 'not_found') expect(recordedRows(gateway)).toEqual(before);
      expect(await gateway.memory.journal.findPayment('M0001', rows.paymentId)).toBe(payment);
      expect(gateway.wallet.calls.length).toBe(calls);

      const { unknown } = intrusion;
      const nothing = await gateway.ask(method, unknown.url, unknown.body, asBookShop);
      expect(answer.statusCode).toBe(nothing.statusCode);
      if (intrusion.answers === 'not_found') expect(answer.statusCode).toBe(404);
      const shape = (text: string): string =>
        text
          .replaceAll(/(?:pay_|re_|P)[0-9A-Z]{31}/g, '<id>')
          .replaceAll(/M0001|M0404/g, '<merchant>')
          .replaceAll(/ORDER-1|NOBODYS/g, '<order>');
      expect(shape(answer.body)).toBe(shape(nothing.body));
      expect(answer.body).not.toContain('tea');

      const keylessAnswer = await gateway.ask(method, intrusion.url, intrusion.body, {
        authorization: '',
      });
      expect(keylessAnswer.statusCode).toBe(401);
      expect(keylessAnswer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });
});
