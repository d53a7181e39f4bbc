import type { AddressInfo } from 'node:net';
import { context, propagation, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createApiKey } from '../../src/adapters/postgres/merchant-records.ts';
import { createRestGateway } from '../../src/inbound/rest/rest-gateway.ts';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import { eventually, isFinalStatus, merchantId, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * What a real gateway tells an OpenTelemetry SDK, as one would be loaded before it.
 */

const exporter = new InMemorySpanExporter();
let real: RealGateway;
let apiKey: string;
let url: string;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator({
    inject: () => {},
    fields: () => ['traceparent'],
    extract(into, carrier: Record<string, string | undefined>) {
      const [, traceId, spanId] = carrier['traceparent']?.split('-') ?? [];
      if (traceId === undefined || spanId === undefined) return into;
      return trace.setSpanContext(into, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
    },
  });
  real = await openRealGateway();
  const app = await createRestGateway({
    engine: real.gateway.engine,
    readiness: async () => ({ ready: true, checks: {} }),
  });
  ends.push(
    () => app.close(),
    () => real.close(),
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  apiKey = await createApiKey(real.database, { environment: 'sandbox', merchantId, label: 'test' });
});
afterAll(async () => {
  for (const end of ends) await end();
  trace.disable();
  propagation.disable();
  context.disable();
});
beforeEach(() => exporter.reset());

let orders = 0;

async function post(
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<PaymentSnapshot> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBeLessThan(300);
  return (await answer.json()) as PaymentSnapshot;
}

function pay(headers: Record<string, string> = {}): Promise<PaymentSnapshot> {
  orders += 1;
  const sale = {
    merchant_order_no: `TRACED-${orders}`,
    amount: { currency: 'CNY', value: 1234 },
    product: 'payment_code',
    payment_code: real.paymentCode,
    store_id: 'S1',
    terminal_id: 'T1',
    subject: 'Coffee',
  };
  return post('/v1/payments', sale, headers);
}

/** The spans that name this payment, and the requests above them, each as its way from the top. */
function waysOf(paymentId: string): string[] {
  const spans = exporter.getFinishedSpans();
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const wayTo = (span: (typeof spans)[number]): string => {
    const parent = byId.get(span.parentSpanContext?.spanId ?? '');
    return parent === undefined ? span.name : `${wayTo(parent)} > ${span.name}`;
  };
  return spans.filter((span) => span.attributes['shoudan.payment.id'] === paymentId).map(wayTo);
}

it('a payment is one trace from its request to its wallet, and its delivery is found by its id', async () => {
  const payment = await pay();
  const ways = await eventually(
    async () => waysOf(payment.id),
    (seen) => seen.includes('delivery payment.succeeded'),
  );
  expect(ways.toSorted()).toEqual([
    'POST /v1/payments > pay',
    'POST /v1/payments > pay > alipay_open pay',
    'delivery payment.succeeded',
  ]);
  const [call] = exporter.getFinishedSpans().filter(({ name }) => name === 'alipay_open pay');
  expect(call?.attributes).toMatchObject({ 'shoudan.outcome': 'paid', 'shoudan.account': 'sandbox' });
  const [delivery] = exporter.getFinishedSpans().filter(({ name }) => name === 'deliver');
  expect(delivery?.attributes).toMatchObject({ 'shoudan.outcome': 'accepted' });
});

it('what follows an unanswered call has a span for each inquiry, for the cancel and for what the wallet said', async () => {
  await real.control('POST', '/control/faults', { api: 'pay', fault: 'not_processed', count: 1 });
  const { id } = await pay({ prefer: 'wait=0' });
  await real.until(id, isFinalStatus);
  const ways = waysOf(id);
  expect(ways).toContain('POST /v1/payments > pay > alipay_open pay');
  expect(ways).toContain('payment inquire > alipay_open inquire');
  expect(ways).toContain('payment cancel > alipay_open cancel');
  const unanswered = exporter
    .getFinishedSpans()
    .find(({ name, attributes }) => name === 'alipay_open pay' && attributes['shoudan.payment.id'] === id);
  expect(unanswered?.attributes).toMatchObject({ 'shoudan.outcome': 'no_answer', 'shoudan.code': 'timeout' });
  expect(unanswered?.status.code).toBe(SpanStatusCode.ERROR);
});

it('a cancel and a notification are under the requests that brought them', async () => {
  const paid = await pay();
  await post(`/v1/payments/${paid.id}/cancel`, {});
  expect(waysOf(paid.id)).toContain('POST /v1/payments/:id/cancel > cancel > alipay_open cancel');
  const code = await real.payBy('alipay_plus', 'order_code');
  await real.payerPays(code);
  await real.until(code.id, isFinalStatus);
  await eventually(
    async () => waysOf(code.id),
    (ways) => ways.some((way) => way.endsWith('take notification')),
  );
});

it('nothing of a payer and no secret is in any span, and a caller does not decide what is traced', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const payment = await pay({ traceparent, 'idempotency-key': 'a-key-of-the-merchant' });
  await eventually(
    async () => waysOf(payment.id),
    (ways) => ways.includes('delivery payment.succeeded'),
  );
  const told = exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    attributes: span.attributes,
    status: span.status,
    events: span.events,
  }));
  const text = JSON.stringify(told);
  const line = JSON.stringify(await real.ledgerLine(await real.payment(payment.id)));
  const { payer_id: payer = 'sandbox-payer' } = JSON.parse(line) as { readonly payer_id?: string };
  for (const secret of [
    real.paymentCode,
    apiKey,
    real.deliverySecret,
    'a-key-of-the-merchant',
    real.notifyUrl,
    payer,
    'Coffee',
    payment.merchant_order_no,
  ]) {
    expect(text).not.toContain(secret);
  }
  const spans = exporter.getFinishedSpans();
  const callers = '0af7651916cd43dd8448eb211c80319c';
  expect(spans.filter((span) => span.spanContext().traceId === callers)).toEqual([]);
  const [request] = spans.filter(({ name }) => name === 'POST /v1/payments');
  expect(request?.links.map((link) => link.context.traceId)).toEqual([callers]);
});
