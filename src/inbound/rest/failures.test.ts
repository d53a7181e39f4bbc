import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryJournal } from '../../adapters/memory/journal.ts';
import { refusals } from '../../domain/refusals.ts';
import type { Engine } from '../../operations/engine.ts';
import {
  createTestGateway,
  keys,
  never,
  paymentBody,
  samplePaymentCode,
  settled,
  type TestGateway,
} from './gateway.fixture.ts';
import { problemDocument, problemMediaType, problemStatuses } from './problems.ts';

let gateway: TestGateway;
afterEach(async () => {
  const closed = gateway.app.close();
  await gateway.clock.advance(3_000);
  await closed;
});

/** A gateway whose journal fails in these methods, with what it logs. */
async function failingGateway(
  failing: Partial<Engine['journal']>,
  onLine: (line: string) => void = () => {},
): Promise<TestGateway> {
  const memory = createMemoryJournal(() => new Date('2026-03-02T04:00:00.000Z'));
  const sink = new Writable({
    write(chunk, _encoding, done) {
      onLine(`${chunk}`);
      done();
    },
  });
  return createTestGateway({
    engine: { journal: { ...memory.journal, ...failing }, due: memory.due } as Engine,
    logger: pino({ level: 'trace' }, sink),
  });
}

const gone = async (): Promise<never> => {
  throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
};

describe('when the journal cannot be reached', () => {
  test('a write is 503 and says how to find out what became of it', async () => {
    gateway = await failingGateway({ openPayment: gone });
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody());
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.headers['content-type']).toBe(problemMediaType);
    expect(answer.json()).toMatchObject({ code: 'unavailable', transient: true });
    expect(answer.json().detail).toMatch(/unknown.*same Idempotency-Key.*merchant_order_no/);
    expect(answer.body).not.toContain('ECONNREFUSED');
    expect(gateway.wallet.calls).toEqual([]);
  });

  test('a read is 503', async () => {
    gateway = await failingGateway({ findPayment: gone });
    const answer = await gateway.ask('GET', '/v1/payments/pay_00000011M5XY3AABCDE0123456789AB');
    expect(answer.statusCode).toBe(503);
    expect(answer.json().detail).toContain('Repeat the request');
  });

  test('after the payment was recorded, the caller gets what is known, and the log what failed', async () => {
    const lines: string[] = [];
    gateway = await failingGateway({ recordPayment: gone, findPayment: gone }, (line) => lines.push(line));
    const asked = gateway.ask('POST', '/v1/payments', paymentBody(), { prefer: 'wait=2' });
    await gateway.clock.advance(2_000);
    const answer = await asked;
    expect(answer.statusCode).toBe(202);
    expect(answer.json().status).toBe('processing');
    expect(lines.some((line) => line.includes('picked up when it falls due'))).toBe(true);
    expect(lines.some((line) => line.includes('ECONNREFUSED'))).toBe(true);
  });
});

describe('a mistake of our own', () => {
  test('is 500, tells nothing of the inside, and is logged under the id that the caller sees', async () => {
    const lines: string[] = [];
    gateway = await failingGateway({}, (line) => lines.push(line));
    Object.assign(gateway.engine.clock, {
      now: () => {
        throw new TypeError('inner secret');
      },
    });
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody());
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'internal' });
    expect(answer.body).not.toContain('inner secret');
    const requestId = `${answer.headers['request-id']}`;
    expect(answer.json().detail).toContain(requestId);
    expect(lines.some((line) => line.includes('inner secret') && line.includes(requestId))).toBe(true);
  });
});

describe('logs', () => {
  test('hold one line a request, and neither keys nor payment codes', async () => {
    const lines: string[] = [];
    gateway = await failingGateway({}, (line) => lines.push(line));
    await gateway.ask('POST', '/v1/payments', paymentBody());
    await gateway.ask('POST', '/v1/payments', paymentBody({ paymentcode: samplePaymentCode, amount: 5 }));
    await gateway.ask('POST', '/v1/payments', `{"payment_code": ${samplePaymentCode}x}`);
    await gateway.ask('GET', `/v1/nowhere/${samplePaymentCode}`);
    gateway.wallet.pay = async () => {
      throw new Error('the adapter has a mistake');
    };
    await gateway.ask('POST', '/v1/payments', paymentBody({ merchant_order_no: 'B' }), { prefer: 'wait=0' });
    await settled();
    const answered = lines.map((line) => JSON.parse(line)).filter((line) => line.msg === 'answered');
    expect(answered.map(({ method, route, status }) => [method, route, status])).toEqual([
      ['POST', '/v1/payments', 201],
      ['POST', '/v1/payments', 422],
      ['POST', '/v1/payments', 400],
      ['GET', null, 404],
      ['POST', '/v1/payments', 202],
    ]);
    expect(lines.some((line) => line.includes('the adapter has a mistake'))).toBe(true);
    const log = lines.join('');
    expect(log).not.toContain(samplePaymentCode);
    expect(log).not.toContain(keys.teaHouse);
  });
});

describe('unknown routes', () => {
  test.for([
    ['GET', '/', 404, 'route_not_found', undefined],
    ['GET', '/v2/payments', 404, 'route_not_found', undefined],
    ['GET', '/v1/payments/', 404, 'payment_not_found', undefined],
    ['DELETE', '/v1/payments', 405, 'method_not_allowed', 'POST, GET'],
    ['PUT', '/v1/payments/pay_1?x=1', 405, 'method_not_allowed', 'GET'],
    ['GET', '/v1/payments/pay_1/cancel', 405, 'method_not_allowed', 'POST'],
    ['GET', '/v1/cancels', 405, 'method_not_allowed', 'POST'],
    ['GET', `/v1/payments/${'1'.repeat(257)}`, 404, 'route_not_found', undefined],
    ['QUERY', '/v1/payments/pay_1', 405, 'method_not_allowed', 'GET'],
    ['QUERY', '/v1/nowhere', 404, 'route_not_found', undefined],
    ['POST', '/livez', 405, 'method_not_allowed', 'GET'],
    ['GET', '/v1/payments/%zz', 400, 'malformed_request', undefined],
  ] as const)('%s %s is %d %s', async ([method, url, status, code, allow]) => {
    gateway = await createTestGateway();
    const answer = await gateway.ask(method, url);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code, status });
    expect(answer.headers['content-type']).toBe(problemMediaType);
    expect(answer.headers['request-id']).toMatch(/\S/);
    expect(answer.headers['allow']).toBe(allow);
  });
});

describe('on a real connection', () => {
  async function listening(): Promise<number> {
    gateway = await createTestGateway();
    await gateway.app.listen({ port: 0, host: '127.0.0.1' });
    return (gateway.app.server.address() as AddressInfo).port;
  }

  function openConnections({ app }: TestGateway): Promise<number> {
    return new Promise((resolve, reject) => {
      app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  async function talk(port: number, text: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('utf8').on('data', (part) => {
      heard += part;
    });
    socket.write(text);
    await once(socket, 'close');
    return heard;
  }

  test.for([
    ['what is not HTTP', 'nonsense\r\n\r\n', 400, 'malformed_request'],
    [
      'headers over the limit',
      `GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'a body over the limit, sent in pieces',
      `POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${keys.teaHouse}\r\n` +
        `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n${' '.repeat(70_000)}\r\n0\r\n\r\n`,
      413,
      'body_too_large',
    ],
  ] as const)('%s is answered with a problem and the connection ends', async ([, text, status, code]) => {
    const port = await listening();
    const heard = await talk(port, text);
    expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(heard).toContain(problemMediaType);
    expect(JSON.parse(heard.slice(heard.indexOf('\r\n\r\n') + 4)).code).toBe(code);
  });

  test('a caller who goes away ends its wait; the payment goes on', async () => {
    const port = await listening();
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
    let reads = 0;
    const { findPayment } = gateway.memory.journal;
    Object.assign(gateway.memory.journal, {
      findPayment: (...ids: Parameters<typeof findPayment>) => {
        reads += 1;
        return findPayment(...ids);
      },
    });
    const body = JSON.stringify(paymentBody());
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${keys.teaHouse}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(() => gateway.clock.sleeping(), { interval: 5 }).toBe(1);
    await gateway.clock.advance(600);
    expect(reads).toBe(1);
    socket.destroy();
    await expect.poll(() => openConnections(gateway), { interval: 5 }).toBe(0);
    await gateway.clock.advance(5_000);
    expect(reads).toBe(1);
    answer();
    await settled();
    const [payment] = gateway.memory.records.payments.values();
    expect(payment?.state).toBe('succeeded');
  });

  test('closing answers who waits, and lets a call under way end', async () => {
    const port = await listening();
    let answer = (): void => {};
    gateway.wallet.pay = () =>
      new Promise((resolve) => {
        answer = () => resolve({ kind: 'refused', code: 'X', message: 'x', remedy: 'payer' });
      });
    const asked = fetch(`http://127.0.0.1:${port}/v1/payments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.teaHouse}`, 'content-type': 'application/json' },
      body: JSON.stringify(paymentBody()),
    });
    await expect.poll(() => gateway.clock.sleeping(), { interval: 5 }).toBe(1);
    let closed = false;
    const closing = gateway.app.close().then(() => {
      closed = true;
    });
    const reply = await asked;
    expect(reply.status).toBe(202);
    await settled();
    expect(closed).toBe(false);
    answer();
    await closing;
    const [payment] = gateway.memory.records.payments.values();
    expect(payment?.state).toBe('failed');
  });
});

describe('status routes', () => {
  test('say whether the process lives and is ready, and serve metrics, without a key', async () => {
    const state = { ready: true, checks: { database: 'ok', worker: 'ok' } };
    gateway = await createTestGateway({
      readiness: async () => state,
      metricsText: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    });
    const ask = (url: string) => gateway.app.inject({ method: 'GET', url });
    expect((await ask('/livez')).statusCode).toBe(200);
    expect((await ask('/readyz')).json()).toEqual(state);
    Object.assign(state, { ready: false, checks: { database: 'connection refused' } });
    const unready = await ask('/readyz');
    expect(unready.statusCode).toBe(503);
    expect(unready.json()).toEqual({ ready: false, checks: { database: 'connection refused' } });
    const metrics = await ask('/metrics');
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4');
    expect(metrics.body).toBe('up 1\n');
  });

  test('without metrics there is no such route', async () => {
    gateway = await createTestGateway();
    expect((await gateway.ask('GET', '/metrics')).statusCode).toBe(404);
  });
});

describe('the catalogue of problems', () => {
  test('every code has a status of its kind, and facts never hide a member', async () => {
    gateway = await createTestGateway();
    for (const [code, status] of Object.entries(problemStatuses)) {
      const document = problemDocument({
        code: code as keyof typeof problemStatuses,
        field: 'f',
        value: 'v'.repeat(70),
        detail: 'd',
        facts: { status: 'paid', code: 'x', payment_id: 'pay_1' },
      });
      expect(document).toMatchObject({ status, code, payment_id: 'pay_1', detail: 'd' });
      expect(document.value).toHaveLength(64);
      expect(document.title).toMatch(/^[A-Z]/);
    }
    for (const code of Object.keys(refusals)) {
      expect(problemStatuses[code as keyof typeof problemStatuses]).toBeGreaterThanOrEqual(400);
      // What the gateway refuses is the caller's to change, but for a wallet that is away.
      if (code === 'wallet_unavailable') continue;
      expect(problemStatuses[code as keyof typeof problemStatuses]).toBeLessThan(500);
    }
  });

  test('a wallet that never answers holds up nobody who does not wait', async () => {
    gateway = await createTestGateway();
    gateway.wallet.pay = never;
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        gateway.ask('POST', '/v1/payments', paymentBody({ merchant_order_no: `N${index}` }), {
          prefer: 'wait=0',
        }),
      ),
    );
    expect(answers.map((answer) => answer.statusCode)).toEqual([202, 202, 202, 202, 202]);
  });
});
