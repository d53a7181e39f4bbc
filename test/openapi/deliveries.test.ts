import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicStatus } from '../../src/domain/payment.ts';
import { createSchemaCheck, step } from '../../src/inbound/rest/described-answers.fixture.ts';
import { createTestGateway } from '../../src/inbound/rest/gateway.fixture.ts';
import { openApiDocument } from '../../src/inbound/rest/openapi.ts';
import type { OpenApiDocument } from '../../src/inbound/rest/openapi-form.ts';
import { routesOf } from '../../src/inbound/rest/routes.ts';
import { cancelPayment } from '../../src/operations/cancel.ts';
import { refund } from '../../src/operations/refund.ts';
import { openRealGateway, type RealGateway } from '../gateway/real-gateway.ts';
import { until } from '../until.ts';

/* Deliveries as they arrive at a merchant's endpoint, against the webhooks of the published description. */

let real: RealGateway;
let document: OpenApiDocument;

beforeAll(async () => {
  real = await openRealGateway();
  const { app } = await createTestGateway();
  document = openApiDocument(routesOf(app));
  await app.close();
});
afterAll(() => real?.close());

test('every delivery is one that is described, with every header that is promised', async () => {
  const { engine } = real.gateway;
  const notifyUrl = real.notifyUrl;
  const paid = await real.pay(real.request({ notifyUrl }));
  const { id: paymentId, merchantId, amount } = paid;
  const command = {
    paymentId,
    amount: { ...amount, minor: 100n },
    reason: 'one cup was cold',
    merchantRefundNo: 'R-1',
  };
  expect((await refund(engine, real.merchant, command, null)).kind).toBe('refund');
  const cancelled = await real.pay(real.request({ notifyUrl }));
  await cancelPayment(engine, merchantId, cancelled.id);
  const unknownCode = { product: 'payment_code', paymentCode: '281234567890123456' } as const;
  const failed = await real.pay(real.request({ notifyUrl, start: unknownCode }));
  expect(publicStatus(failed)).toBe('failed');

  const told = (): string[] => real.received.map(({ body }) => JSON.parse(body).type);
  const wanted = ['payment.succeeded', 'refund.succeeded', 'payment.cancelled', 'payment.failed'];
  await until(`${wanted.join(', ')} are told`, () => wanted.every((type) => told().includes(type)));

  const complaintsAt = createSchemaCheck(document);
  for (const { headers, body } of real.received) {
    const event = JSON.parse(body);
    const described = document.webhooks[event.type]?.post;
    const pointer = `/webhooks/${step(event.type)}/post/requestBody/content/${step('application/json')}/schema`;
    expect([event.type, complaintsAt(pointer, event)]).toEqual([event.type, []]);
    for (const { name } of described?.parameters ?? []) expect(headers[name]).toMatch(/\S/);
    // Nothing is sent that the description does not name.
    const { Payment, Refund } = document.components.schemas;
    expect(Object.keys(event.data.payment).toSorted()).toEqual(
      Object.keys(Payment?.properties ?? {}).toSorted(),
    );
    if (event.data.refund !== undefined) {
      expect(Object.keys(event.data.refund).toSorted()).toEqual(
        Object.keys(Refund?.properties ?? {}).toSorted(),
      );
    }
  }
});
