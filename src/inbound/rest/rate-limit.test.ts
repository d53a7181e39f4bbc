import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import type { ApiKey, MerchantDirectory } from '../../ports/merchant-directory.ts';
import { createTestGateway, keys, paymentBody, recordedRows, type TestGateway } from './gateway.fixture.ts';
import type { RestGatewayOptions } from './rest-gateway.ts';

/*
 * On a hand clock. One request a second is ten at once.
 */

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Limited extends TestGateway {
  /** Keys that were looked up. */
  readonly lookedUp: string[];
  /** What the directory answers instead, when it is set. */
  instead: ((apiKey: string) => Promise<ApiKey | null>) | null;
  look(key: string | null, address?: string): Promise<number>;
}

async function limitedTo(
  requestsPerS: number,
  options: Pick<RestGatewayOptions, 'logger' | 'trustedProxies'> = {},
): Promise<Limited> {
  const { engine: known, app: unused } = await createTestGateway();
  await unused.close();
  const lookedUp: string[] = [];
  const merchants: MerchantDirectory = {
    ...known.merchants,
    findKey: async (apiKey) => {
      lookedUp.push(apiKey);
      return limited.instead === null ? known.merchants.findKey(apiKey) : limited.instead(apiKey);
    },
  };
  const engine = { merchants } as TestGateway['engine'];
  const gateway = await createTestGateway({ ...options, requestsPerS, engine });
  ends.push(() => gateway.app.close());
  const limited: Limited = {
    ...gateway,
    lookedUp,
    instead: null,
    look: async (key, address = '192.0.2.1') => {
      const answer = await gateway.app.inject({
        url: '/v1/payments?merchant_order_no=NONE',
        remoteAddress: address,
        ...(key === null ? {} : { headers: { authorization: `Bearer ${key}` } }),
      });
      return answer.statusCode;
    },
  };
  return limited;
}

const none = '/v1/payments?merchant_order_no=NONE';

/** How often each status was answered. */
async function counted(answers: readonly Promise<number>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const status of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const many = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('a key', () => {
  test('makes the requests that it may, and is told with each how many are left', async () => {
    const { ask, clock } = await limitedTo(1);
    const first = await ask('GET', none);
    expect(first.statusCode).toBe(200);
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"requests";q=10;w=10',
      ratelimit: '"requests";r=9;t=1',
    });
    for (let request = 0; request < 9; request += 1) expect((await ask('GET', none)).statusCode).toBe(200);
    const refused = await ask('GET', none);
    expect(refused.statusCode).toBe(429);
    expect(refused.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': '1',
      'ratelimit-policy': '"requests";q=10;w=10',
      ratelimit: '"requests";r=0;t=10',
    });
    expect(refused.json()).toMatchObject({
      code: 'rate_limited',
      transient: true,
      field: 'Authorization',
      value: null,
    });
    expect(refused.body).not.toContain(keys.teaHouse);
    await clock.advance(1_000);
    expect((await ask('GET', none)).statusCode).toBe(200);
    expect((await ask('GET', none)).statusCode).toBe(429);
  });

  test('that has used up its own leaves the others theirs', async () => {
    const { look } = await limitedTo(1);
    expect(await counted(many(30, () => look(keys.teaHouse)))).toEqual({ 200: 10, 429: 20 });
    expect(await look(keys.bookShop)).toBe(200);
  });

  test('has the limit that it was given, whatever the others may', async () => {
    const gateway = await limitedTo(1);
    const scope = { kind: 'merchant', merchantId: 'M0001' } as const;
    gateway.instead = async () => ({ scope, requestsPerS: 3, signers: [], signatureRequired: false });
    expect(await counted(many(50, () => gateway.look(keys.teaHouse)))).toEqual({ 200: 30, 429: 20 });
    gateway.instead = async () => ({ scope, requestsPerS: 100_000, signers: [], signatureRequired: false });
    await gateway.clock.advance(1_000);
    expect(await counted(many(500, () => gateway.look(keys.teaHouse)))).toEqual({ 200: 500 });
  });

  test('is refused a payment before anything is recorded', async () => {
    const gateway = await limitedTo(1);
    for (let request = 0; request < 10; request += 1) await gateway.ask('GET', none);
    const before = recordedRows(gateway);
    const refused = await gateway.ask('POST', '/v1/payments', paymentBody(), { 'idempotency-key': 'K1' });
    expect(refused.statusCode).toBe(429);
    expect(recordedRows(gateway)).toEqual(before);
    await gateway.clock.advance(1_000);
    const paid = await gateway.ask('POST', '/v1/payments', paymentBody(), { 'idempotency-key': 'K1' });
    expect(paid.json()).toMatchObject({ status: 'succeeded' });
  });

  test('cancels when its payments have used up everything, by the payment and by the order', async () => {
    const { ask } = await limitedTo(1);
    const { id } = (await ask('POST', '/v1/payments', paymentBody())).json();
    for (let request = 0; request < 20; request += 1) await ask('GET', none);
    expect((await ask('GET', none)).statusCode).toBe(429);
    const cancelled = await ask('POST', `/v1/payments/${id}/cancel`, {});
    expect(cancelled.json()).toMatchObject({ status: 'cancelled' });
    expect(cancelled.headers).toMatchObject({
      'ratelimit-policy': '"cancels";q=40;w=10',
      ratelimit: '"cancels";r=39;t=1',
    });
    const held = await ask('POST', '/v1/cancels', { merchant_order_no: 'ORDER-2' });
    expect(held.json()).toMatchObject({ status: 'held' });
    for (let cancel = 0; cancel < 38; cancel += 1) {
      expect((await ask('POST', `/v1/payments/${id}/cancel`, {})).statusCode).toBe(200);
    }
    expect((await ask('POST', `/v1/payments/${id}/cancel`, {})).statusCode).toBe(429);
  });
});

describe('who shows no good key', () => {
  test('is limited by the address, and told the same way', async () => {
    const { app, look } = await limitedTo(1);
    const refused = await app.inject({ url: none, remoteAddress: '192.0.2.1' });
    expect(refused.statusCode).toBe(401);
    expect(refused.headers).toMatchObject({
      'ratelimit-policy': '"unauthenticated";q=100;w=10',
      ratelimit: '"unauthenticated";r=99;t=1',
    });
    expect(await counted(many(150, () => look(null)))).toEqual({ 401: 99, 429: 51 });
    expect(await look(null, '192.0.2.2')).toBe(401);
  });

  test('cannot guess more keys than that, even all at the same moment', async () => {
    const gateway = await limitedTo(1);
    const guesses = many(1_000, (index) => gateway.look(`guess-${index}`));
    expect(await counted(guesses)).toEqual({ 401: 100, 429: 900 });
    expect(gateway.lookedUp).toHaveLength(100);
    await gateway.clock.advance(1_000);
    expect(await counted(many(50, (index) => gateway.look(`again-${index}`)))).toEqual({ 401: 10, 429: 40 });
  });

  test('counts as one with all addresses of its IPv6 network', async () => {
    const { look } = await limitedTo(1);
    const guesses = many(150, (index) => look(`guess-${index}`, `2001:db8:0:1::${index.toString(16)}`));
    expect(await counted(guesses)).toEqual({ 401: 100, 429: 50 });
  });

  test('keeps no key out that was seen to be good, whoever’s address it is', async () => {
    const gateway = await limitedTo(100);
    expect(await gateway.look(keys.teaHouse)).toBe(200);
    await counted(many(500, (index) => gateway.look(`guess-${index}`)));
    expect(await gateway.look(keys.teaHouse)).toBe(200);
    // One that was never seen waits until the address may ask again.
    expect(await gateway.look(keys.bookShop)).toBe(429);
    expect(gateway.lookedUp).not.toContain(keys.bookShop);
    await gateway.clock.advance(1_000);
    expect(await gateway.look(keys.bookShop)).toBe(200);
  });

  test('is whoever shows a key that was good and is revoked', async () => {
    const gateway = await limitedTo(1_000);
    expect(await gateway.look(keys.teaHouse)).toBe(200);
    gateway.instead = async () => null;
    expect(await counted(many(150, () => gateway.look(keys.teaHouse)))).toEqual({ 401: 100, 429: 50 });
    const before = gateway.lookedUp.length;
    expect(await gateway.look(keys.teaHouse)).toBe(429);
    expect(gateway.lookedUp).toHaveLength(before);
  });

  test('is nobody whose good key is seen for the first time, however many come with it at once', async () => {
    const { look } = await limitedTo(1_000);
    expect(await counted(many(500, () => look(keys.teaHouse)))).toEqual({ 200: 500 });
    expect(await counted(many(100, () => look(null)))).toEqual({ 401: 100 });
  });

  test('is not whoever comes while the directory cannot be read', async () => {
    const gateway = await limitedTo(1_000);
    gateway.instead = async () => {
      throw new Error('the directory is away');
    };
    for (let index = 0; index < 300; index += 1) expect(await gateway.look(`key-${index}`)).toBe(503);
    gateway.instead = null;
    expect(await gateway.look(keys.teaHouse)).toBe(200);
    expect(await counted(many(101, () => gateway.look(null)))).toEqual({ 401: 100, 429: 1 });
  });
});

describe('an operator', () => {
  test('is told now and then which key and which address is refused, never the key itself', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const gateway = await limitedTo(1, { logger });
    await counted(many(50, () => gateway.look(keys.teaHouse)));
    const id = createHash('sha256').update(keys.teaHouse).digest('hex').slice(0, 16);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ kind: 'key', keyId: id, quota: 'requests' });
    await gateway.clock.advance(9_999);
    await counted(many(200, (index) => gateway.look(`guess-${index}`)));
    expect(lines).toHaveLength(1);
    await gateway.clock.advance(1);
    await counted(many(20, (index) => gateway.look(`guess-${index}`)));
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ kind: 'address', address: '192.0.2.1' });
    expect(lines.join()).not.toContain(keys.teaHouse);
    expect(lines.join()).not.toContain('guess');
  });

  test('who names the proxies in front has addresses counted that they speak for', async () => {
    const { app } = await limitedTo(1, { trustedProxies: ['loopback'] });
    const from = async (forwardedFor: string) =>
      (await app.inject({ url: none, headers: { 'x-forwarded-for': forwardedFor } })).statusCode;
    expect(await counted(many(150, () => from('192.0.2.1')))).toEqual({ 401: 100, 429: 50 });
    expect(await from('192.0.2.2')).toBe(401);
  });

  test('who names none has the proxy counted, whatever it or a client claims', async () => {
    const { app } = await limitedTo(1);
    const from = async (forwardedFor: string) =>
      (await app.inject({ url: none, headers: { 'x-forwarded-for': forwardedFor } })).statusCode;
    expect(await counted(many(150, (index) => from(`192.0.2.${index}`)))).toEqual({ 401: 100, 429: 50 });
  });
});

test('nobody is limited where no limit is named', async () => {
  const { app, ask } = await createTestGateway();
  ends.push(() => app.close());
  for (let request = 0; request < 120; request += 1)
    expect((await ask('GET', none)).headers['ratelimit']).toBeUndefined();
  for (let request = 0; request < 120; request += 1) {
    expect((await ask('GET', none, undefined, { authorization: 'Bearer guess' })).statusCode).toBe(401);
  }
});
