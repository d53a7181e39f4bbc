import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paymentBody } from '../inbound/rest/gateway.fixture.ts';
import { routesOf } from '../inbound/rest/routes.ts';
import {
  type Ask,
  createTenantsGateway,
  holders,
  type Named,
  nobodys,
  rowsText,
  strangers,
  type TenantsGateway,
} from './tenants.fixture.ts';

/*
 * Every route of the gateway is asked for what is a stranger's: by every key, for every merchant that it does not speak for. A
 * route without an entry below fails by its name: say there what a request may name of a merchant. What stands in a path is
 * filled in by itself.
 */

type Parts = Pick<Ask, 'body'> & { readonly query?: Readonly<Record<string, string>> };

const amount = { currency: 'CNY', value: 1 };
const byPath = (): readonly Parts[] => [{}];

const cases: { readonly [route: string]: (named: Named) => readonly Parts[] } = {
  'POST /v1/payments': ({ merchantId, orderNo }) => [
    { body: paymentBody({ merchant_id: merchantId, merchant_order_no: orderNo }) },
    { body: paymentBody({ merchant_id: merchantId, merchant_order_no: 'NEW', product: 'order_code' }) },
  ],
  'GET /v1/payments': ({ merchantId, orderNo, openOrderNo }) => [
    { query: { merchant_order_no: orderNo, merchant_id: merchantId } },
    { query: { merchant_order_no: openOrderNo, merchant_id: merchantId } },
    { query: { merchant_order_no: orderNo } },
  ],
  'GET /v1/payments/:id': byPath,
  'POST /v1/payments/:id/cancel': byPath,
  'GET /v1/payments/:id/events': byPath,
  'GET /v1/payments/:id/refunds': byPath,
  'POST /v1/payments/:id/refunds': () => [
    { body: { amount } },
    { body: { amount, merchant_refund_no: 'R1', reason: 'returned' } },
  ],
  'GET /v1/refunds/:id': byPath,
  'POST /v1/cancels': ({ merchantId, orderNo, openOrderNo, requestId, openRequestId }) => [
    { body: { payment_request_id: requestId } },
    { body: { payment_request_id: openRequestId } },
    { body: { payment_request_id: requestId, merchant_id: merchantId } },
    { body: { merchant_order_no: orderNo, merchant_id: merchantId } },
    { body: { merchant_order_no: openOrderNo, merchant_id: merchantId } },
    { body: { merchant_order_no: orderNo } },
  ],
};

/** Routes that ask for no key, and what keeps merchants apart there. */
const keyless: { readonly [route: string]: string } = {
  'GET /livez': 'it tells of the process alone',
  'GET /readyz': 'it tells of the process alone',
  'GET /metrics': 'it counts without naming merchants',
  'POST /notify/:wallet/:account': 'the wallet’s signature',
  'GET /c/:code': 'whoever has the code stands before the store',
  'POST /c/:code/pay': 'the page’s token, which is bound to the code',
  'GET /c/:code/pay': 'it leads back to the page',
  'GET /c/:code/result/:token': 'the page’s token, which is bound to the code',
  'GET /openapi.json': 'it tells of the program alone',
  'GET /docs': 'it tells of the program alone',
  'GET /docs/': 'it leads to the page',
  'GET /docs/problems': 'it tells of the program alone',
  'GET /c/:code/status/:token': 'the page’s token, which is bound to the code',
};
const assets = /^GET \/(c\/assets\/cashier|docs\/assets\/docs)-[0-9a-f]+\.(css|js)$/;

/** Every request to a route that names something of this merchant. */
function asksOf(route: string, named: Named): Ask[] {
  const [method = '', path = ''] = route.split(' ');
  const ids = [named.paymentId, named.openPaymentId, named.refundId];
  const paths = path.includes(':id') ? ids.map((id) => path.replace(':id', id)) : [path];
  return paths.flatMap((url) =>
    (cases[route]?.(named) ?? []).map(({ query, body }) => ({
      method,
      url: query === undefined ? url : `${url}?${new URLSearchParams(query)}`,
      body,
      ...(method === 'POST' ? { idempotencyKey: named.idempotencyKey } : {}),
    })),
  );
}

/** An answer, with words in the place of what the request has named. */
function shapeOf(response: Awaited<ReturnType<TenantsGateway['ask']>>, named: Named): object {
  const { 'request-id': _, date: __, ...headers } = response.headers;
  const words = Object.entries(named).toSorted(([, a], [, b]) => b.length - a.length);
  const blank = (text: string): string =>
    words.reduce((blanked, [word, value]) => blanked.replaceAll(value, `<${word}>`), text);
  return { status: response.statusCode, headers: blank(JSON.stringify(headers)), body: blank(response.body) };
}

// proves ONB-04
describe('nobody sees or moves what is a stranger’s', () => {
  let gateway: TenantsGateway;
  beforeAll(async () => {
    gateway = await createTenantsGateway();
    await gateway.app.ready();
  });
  afterAll(() => gateway.close());

  it('every route of the gateway has an entry', () => {
    const routes = routesOf(gateway.app)
      .map(({ method, url }) => `${method} ${url}`)
      .filter((route) => !assets.test(route));
    expect(routes.toSorted()).toEqual([...Object.keys(cases), ...Object.keys(keyless)].toSorted());
  });

  it('the holders are strangers in every way: beside, above, below, and of another branch', () => {
    const pairs = strangers.map(({ holder, merchantId }) => `${holder.key} ${merchantId}`);
    for (const pair of [
      'key-of-M0001 M0002',
      'key-of-M0001 M0003',
      'key-of-M0004 M0001',
      // A merchant of the channel above, below and beside.
      'key-of-M0004 M0003',
      'key-of-M0004 M0005',
      'key-of-M0004 M0006',
      'key-of-northeast M0003',
      'key-of-coast M0004',
      'key-of-northwest M0004',
      'key-of-south M0005',
      'key-of-north M0001',
    ]) {
      expect(pairs).toContain(pair);
    }
    expect(pairs.filter((pair) => pair.startsWith('key-of-north '))).toHaveLength(3);
  });

  it.each(Object.keys(cases))('%s', async (route) => {
    for (const { holder, merchantId } of strangers) {
      const { key, scope } = holder;
      const named = gateway.namedOf(merchantId);
      const others = nobodys(named);
      const unknown = others.map((nobody) => asksOf(route, nobody));
      for (const [index, ask] of asksOf(route, named).entries()) {
        const about = `${key}: ${ask.method} ${ask.url} ${JSON.stringify(ask.body)}`;
        const calls = gateway.walletCalls.length;
        const own = scope.kind === 'merchant' ? scope.merchantId : null;
        const before = { all: rowsText(gateway, null), others: rowsText(gateway, own) };
        gateway.lookUps.length = 0;
        const answer = await gateway.ask(key, ask);
        const lookedUp = [...gateway.lookUps];
        expect(rowsText(gateway, own), about).toBe(before.others);
        if (answer.statusCode >= 400) expect(rowsText(gateway, null), about).toBe(before.all);
        expect(gateway.walletCalls.length, about).toBe(calls);
        expect(answer.body, about).not.toContain(`Shop ${merchantId}`);
        expect(answer.body, about).not.toContain(`goods of ${merchantId}`);

        for (const [turn, nobody] of others.entries()) {
          const same = unknown[turn]?.[index];
          if (same === undefined) throw new Error(`${route} is not asked for what nobody has`);
          gateway.lookUps.length = 0;
          const nothing = await gateway.ask(key, same);
          expect(shapeOf(answer, named), about).toEqual(shapeOf(nothing, nobody));
          // What is asked of journal and directory tells nothing either, by how long it takes.
          expect(lookedUp, about).toEqual(gateway.lookUps);
        }
      }
    }
  });

  it.each(Object.keys(cases))('%s asks for a key, and does nothing without one', async (route) => {
    const named = gateway.namedOf('M0004');
    for (const key of [null, 'key-of-nobody']) {
      for (const ask of asksOf(route, named)) {
        const before = rowsText(gateway, null);
        const answer = await gateway.ask(key, ask);
        expect(answer.statusCode).toBe(401);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
        expect(answer.body).not.toContain('M0004');
        expect(rowsText(gateway, null)).toBe(before);
      }
    }
  });

  it('every key sees what is its own branch’s, by id and by the merchant’s name', async () => {
    for (const { key, scope, speaksFor } of holders) {
      for (const merchantId of speaksFor) {
        const { paymentId, refundId, orderNo } = gateway.namedOf(merchantId);
        const merchant = scope.kind === 'merchant' ? '' : `&merchant_id=${merchantId}`;
        for (const url of [
          `/v1/payments/${paymentId}`,
          `/v1/payments/${paymentId}/refunds`,
          `/v1/refunds/${refundId}`,
          `/v1/payments?merchant_order_no=${orderNo}${merchant}`,
        ]) {
          const answer = await gateway.ask(key, { method: 'GET', url });
          expect(answer.statusCode, `${key}: ${url}`).toBe(200);
          expect(answer.body).toContain(paymentId);
        }
      }
    }
  });

  it('a channel’s key acts for the merchant that it names, and has to name one', async () => {
    const body = paymentBody({ merchant_order_no: 'BY-CHANNEL' });
    const ask = { method: 'POST', url: '/v1/payments', waitS: 30 };
    const paid = await gateway.ask('key-of-north', { ...ask, body: { ...body, merchant_id: 'M0005' } });
    expect(paid.statusCode).toBe(201);
    expect(gateway.records.orders.has('M0005 BY-CHANNEL')).toBe(true);
    const refund = {
      method: 'POST',
      url: `/v1/payments/${paid.json().id}/refunds`,
      body: { amount },
      waitS: 30,
    };
    expect((await gateway.ask('key-of-coast', refund)).statusCode).toBe(201);
    expect((await gateway.ask('key-of-northwest', { ...refund, waitS: 0 })).statusCode).toBe(404);

    const unnamed = await gateway.ask('key-of-north', { ...ask, body });
    expect(unnamed.statusCode).toBe(422);
    expect(unnamed.json()).toMatchObject({
      field: 'merchant_id',
      detail: "merchant_id is missing: this key is a channel's, so send the merchant that it is for.",
    });
    const list = { method: 'GET', url: '/v1/payments?merchant_order_no=BY-CHANNEL' };
    expect((await gateway.ask('key-of-north', list)).json()).toMatchObject({ field: 'merchant_id' });
  });

  it('routes come by a merchant in caller.ts alone, where it is decided', () => {
    const folder = new URL('../inbound/rest/', import.meta.url);
    const files = readdirSync(folder).filter((name) => /^[a-z-]+\.ts$/.test(name) && name !== 'caller.ts');
    expect(files).toContain('payments.ts');
    for (const name of files) {
      expect(readFileSync(new URL(name, folder), 'utf8'), name).not.toMatch(/merchants\s*\??\.\s*find/);
    }
  });

  it('an idempotency key of another merchant replays nothing', async () => {
    const { orderNo, paymentId, idempotencyKey } = gateway.namedOf('M0003');
    const body = paymentBody({ merchant_order_no: orderNo, subject: 'goods of M0003' });
    const ask = { method: 'POST', url: '/v1/payments', body, idempotencyKey };
    const answer = await gateway.ask('key-of-M0007', ask);
    expect(answer.headers['idempotent-replayed']).toBeUndefined();
    expect(answer.json().id).not.toBe(paymentId);
  });
});
