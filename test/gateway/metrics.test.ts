import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { createApiKey } from '../../src/adapters/postgres/merchant-records.ts';
import { openAdmission } from '../../src/apps/admission.ts';
import { gatewayMetrics } from '../../src/apps/metrics.ts';
import { createRestGateway } from '../../src/inbound/rest/rest-gateway.ts';
import { refund } from '../../src/operations/refund.ts';
import { eventually, isFinalStatus, merchantId, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * A collector's view of a real gateway, over HTTP, compared with the wallet's own ledger and with the tables.
 */

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Scraped {
  readonly real: RealGateway;
  readonly url: string;
  readonly apiKey: string;
  /** A figure by its name and labels as they stand in the text; several lines that match are added up. */
  figure(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  text(): Promise<string>;
  /** Makes the next collector read the tables anew. */
  later(): void;
}

async function scraped(options: Parameters<typeof openRealGateway>[0] = {}): Promise<Scraped> {
  const real = await openRealGateway(options);
  ends.push(() => real.close());
  const { database, signals } = real.gateway;
  const { admission, load } = openAdmission({ maxPaymentsInFlight: 100 }, real.gateway, {
    onRefused: signals.refused,
  });
  let nowMs = 0;
  const app = await createRestGateway({
    engine: real.gateway.engine,
    readiness: async () => ({ ready: true, checks: {} }),
    admission,
    onAnswered: signals.answered,
    metricsText: gatewayMetrics({ database, signals, admission, load, monotonicMs: () => nowMs }),
  });
  ends.push(() => app.close());
  ends.push(async () => load.stop());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const apiKey = await createApiKey(real.database, { environment: 'sandbox', merchantId, label: 'test' });
  const text = async (): Promise<string> => {
    const answer = await fetch(`${url}/metrics`);
    expect(answer.headers.get('content-type')).toContain('version=0.0.4');
    return answer.text();
  };
  return {
    real,
    url,
    apiKey,
    text,
    later() {
      nowMs += 5_000;
    },
    async figure(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return (await text())
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => wanted.every((pair) => line.includes(pair)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
  };
}

it('calls, deliveries and notifications are counted as the wallet and the merchant saw them', async () => {
  const { real, figure } = await scraped();
  const paid = [await real.pay(), await real.pay(), await real.payBy('alipay_plus', 'payment_code')];
  await real.control('POST', '/control/faults', { api: 'pay', fault: 'no_answer', count: 1 });
  await real.control('POST', '/control/faults', { api: 'pay', fault: 'system_error', count: 1 });
  const unanswered = [await real.pay(), await real.pay()];
  for (const { id } of unanswered) await real.until(id, isFinalStatus);
  const [first] = paid;
  if (first === undefined) throw new Error('nothing was paid');
  const command = { paymentId: first.id, amount: { currency: 'CNY', minor: 234n } } as const;
  const given = await refund(
    real.gateway.engine,
    real.merchant,
    { ...command, merchantRefundNo: null, reason: null },
    null,
  );
  expect(given.kind).toBe('refund');

  const ledger = await real.ledger();
  const charged = (wallet: string): number =>
    ledger.filter((line) => line.wallet === wallet && line.charged > 0).length;
  const calls = 'shoudan_wallet_calls_total';
  const outcome = (labels: Readonly<Record<string, string>>) => figure(calls, labels);
  const paidByAnswer = await outcome({ wallet: 'alipay_open', call: 'pay', outcome: 'paid' });
  const paidByInquiry = await outcome({ wallet: 'alipay_open', call: 'inquire', outcome: 'paid' });
  expect(paidByAnswer).toBe(2);
  expect(paidByAnswer + paidByInquiry).toBe(charged('alipay_open'));
  expect(await outcome({ wallet: 'alipay_plus', call: 'pay', outcome: 'paid' })).toBe(charged('alipay_plus'));
  const silence = { wallet: 'alipay_open', call: 'pay', outcome: 'no_answer', code: 'timeout' };
  expect(await outcome(silence)).toBe(1);
  expect(await outcome({ wallet: 'alipay_open', call: 'pay', outcome: 'unclear' })).toBe(1);
  expect(await outcome({ call: 'refund', outcome: 'refunded' })).toBe(1);
  expect(await figure('shoudan_wallet_call_duration_seconds_count', { call: 'pay' })).toBe(5);
  expect(await figure('shoudan_wallet_call_duration_seconds_sum', { call: 'pay' })).toBeGreaterThan(1.5);

  await eventually(
    async () => real.received.length,
    (count) => count >= 6,
  );
  await eventually(
    () => figure('shoudan_delivery_tries_total', { result: 'accepted' }),
    (count) => count === real.received.length,
  );
  expect(await figure('shoudan_delivery_tries_total', { result: 'failed' })).toBe(0);

  const code = await real.payBy('alipay_plus', 'order_code');
  await real.payerPays(code);
  await real.until(code.id, isFinalStatus);
  await eventually(
    () => figure('shoudan_notifications_total', { wallet: 'alipay_plus', result: 'taken' }),
    (count) => count >= 1,
  );
});

// proves RES-13
it('a payment that the wallet says is paid and that stands as ended is a suspect, and counted once', async () => {
  const { real, figure, later } = await scraped({ policy: { inquiryCount: 2 } });
  const suspects = (reason: string) => figure('shoudan_one_sided_suspects', { reason });
  expect(await suspects('paid_but_ended')).toBe(0);
  expect(await figure('shoudan_one_sided_suspects')).toBe(0);
  const paid = await real.pay();
  const kept = (await real.ledgerLine(paid))?.charged;
  expect(kept).toBe(1234);
  // What no lifecycle leads to, and a mistake might: ended as failed with the wallet's word that it was paid.
  await real.database.query(
    `update payments set state = 'failed', next_step = 'inquire', due_at = clock_timestamp() + interval '1 hour'
     where id = $1`,
    [paid.id],
  );
  later();
  expect(await suspects('paid_but_ended')).toBe(1);
  await real.database.query(
    `update payments set attention = 'paid_after_end', attention_since = clock_timestamp() where id = $1`,
    [paid.id],
  );
  later();
  expect([await suspects('paid_but_ended'), await suspects('paid_after_end')]).toEqual([0, 1]);
  expect(await figure('shoudan_needs_attention', { reason: 'paid_after_end' })).toBe(1);
});

it('a cancel that the wallet does not answer is due, then in attention, then a suspect, and none of them at its end', async () => {
  const { real, figure, later } = await scraped({
    policy: { cancelRetry: { firstMs: 20, nextMs: 20, fastTries: 2, maxMs: 300 } },
  });
  await real.control('POST', '/control/faults', { api: 'pay', fault: 'paying', count: 1 });
  const payment = await real.pay();
  await real.control('POST', '/control/faults', {
    api: 'cancel',
    fault: 'not_processed',
    probability: 1,
  });
  await real.until(payment.id, ({ attention }) => attention?.reason === 'cancel_unresolved');
  later();
  expect(await figure('shoudan_one_sided_suspects', { reason: 'cancel_unresolved' })).toBe(1);
  expect(await figure('shoudan_needs_attention', { reason: 'cancel_unresolved' })).toBe(1);
  expect(await figure('shoudan_workers_alive')).toBe(1);
  await real.control('DELETE', '/control/faults');
  await real.until(payment.id, ({ attention, nextStep }) => attention === null && nextStep === null);
  later();
  expect(await figure('shoudan_one_sided_suspects')).toBe(0);
  expect(await figure('shoudan_needs_attention')).toBe(0);
  expect((await real.ledgerLine(payment))?.cancelled).toBe(true);
});

it('due steps are counted and their age told, and nobody who works on one leaves it among them', async () => {
  const { real, figure, later } = await scraped({ worker: false });
  await real.control('POST', '/control/faults', { api: 'pay', fault: 'no_answer', count: 1 });
  const payment = await real.pay();
  await real.database.query(
    `update payments set due_at = clock_timestamp() - interval '90 seconds' where id = $1`,
    [payment.id],
  );
  later();
  expect(await figure('shoudan_due_steps', { kind: 'payment', step: 'inquire' })).toBe(1);
  const oldest = await figure('shoudan_oldest_due_seconds');
  expect(oldest).toBeGreaterThanOrEqual(90);
  expect(oldest).toBeLessThan(100);
  await real.database.query(
    `update payments set lease_until = clock_timestamp() + interval '10 seconds' where id = $1`,
    [payment.id],
  );
  later();
  expect(await figure('shoudan_due_steps', { kind: 'payment' })).toBe(0);
});

it('requests are timed by route and status, and a path that is none adds no series', async () => {
  const { url, apiKey, figure } = await scraped({ worker: false });
  const headers = { authorization: `Bearer ${apiKey}` };
  await fetch(`${url}/v1/payments/MISSING`, { headers });
  await fetch(`${url}/v1/payments/MISSING`);
  for (const path of ['/a', '/b', '/v1/c']) await fetch(url + path);
  const count = 'shoudan_http_request_duration_seconds_count';
  expect(await figure(count, { route: '/v1/payments/:id', status: '404', method: 'GET' })).toBe(1);
  expect(await figure(count, { route: '/v1/payments/:id', status: '401' })).toBe(1);
  expect(await figure(count, { route: 'none', status: '404' })).toBe(3);
});

it('many collectors cost one reading of the tables in five seconds', async () => {
  const { real, text, later } = await scraped({ worker: false });
  const asked = vi.spyOn(real.gateway.database, 'query');
  const readings = (): number =>
    asked.mock.calls.filter(([query]) => JSON.stringify(query).includes('count_due_steps')).length;
  await Promise.all(Array.from({ length: 20 }, text));
  expect(readings()).toBe(1);
  later();
  await Promise.all(Array.from({ length: 20 }, text));
  expect(readings()).toBe(2);
});

it('while the database is away the process’s own figures are told, and none of before', async () => {
  const { real, figure, text, later } = await scraped({ worker: false });
  expect(await figure('shoudan_database_up')).toBe(1);
  vi.spyOn(real.gateway.database, 'query').mockRejectedValue(new Error('connection refused'));
  later();
  expect(await figure('shoudan_database_up')).toBe(0);
  const body = await text();
  expect(body).not.toMatch(
    /^shoudan_(one_sided_suspects|oldest_due_seconds|needs_attention|workers_alive)[ {]/m,
  );
  expect(body).toContain('shoudan_payments_in_flight 0');
  vi.restoreAllMocks();
  later();
  expect(await figure('shoudan_database_up')).toBe(1);
});
