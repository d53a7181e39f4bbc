import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { PayAnswer } from '../../src/domain/wallet-answer.ts';
import { createAnswerCheck } from '../../src/inbound/rest/described-answers.fixture.ts';
import {
  createTestGateway,
  keys,
  paymentBody,
  samplePaymentCode,
  type TestGateway,
  teaHouse,
} from '../../src/inbound/rest/gateway.fixture.ts';
import { openApiDocument } from '../../src/inbound/rest/openapi.ts';
import { routesOf } from '../../src/inbound/rest/routes.ts';
import { describedRequests, type GeneratedRequest } from './described-requests.ts';

/*
 * Requests made after the published description, as it says and not quite, on a gateway with a wallet that answers this and
 * that. FUZZ_SEED and FUZZ_ROUNDS look further than the tests do each time.
 */

const seed = Number(process.env['FUZZ_SEED'] ?? 20260302);
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 3);
/** In one round, which has a gateway of its own: generators take ever longer for the later ones. */
const runs = 400;

let gateway: TestGateway;
/** Ids that the gateway has given out, for the requests that follow. */
let given: Record<'payments' | 'paid' | 'requests' | 'refunds', string[]>;
let turn = 0;

const dollars = {
  wallet: 'alipay_plus',
  account: 'sandbox',
  subMerchantId: 'M0001',
  currency: 'USD',
} as const;

async function openGateway(): Promise<void> {
  given = { payments: ['pay_1'], paid: [], requests: ['P1'], refunds: ['re_1'] };
  gateway = await createTestGateway({
    merchant: {
      ...teaHouse,
      stores: [{ id: 'S00000001', name: 'Tea House', mcc: null }],
      bindings: [...teaHouse.bindings, dollars],
      orderCodes: { scene: 'kiosk', expiryMs: 120_000 },
    },
  });
  for (let number = 0; number < 12; number += 1) {
    const order = { merchant_order_no: `PAID-${number}`, store_id: 'S00000001' };
    given.paid.push((await gateway.ask('POST', '/v1/payments', paymentBody(order))).json().id);
  }
  let calls = 0;
  const amount = { currency: 'CNY', minor: 1234n };
  const answers: readonly PayAnswer[] = [
    { kind: 'paid', walletTransactionId: '2026030222001409001400000001', amount },
    { kind: 'refused', code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH', message: 'too little', remedy: 'payer' },
    { kind: 'unclear', code: '20000', message: 'a moment' },
    { kind: 'no_answer', reason: 'timeout', detail: 'nothing came' },
  ];
  gateway.wallet.pay = async () => {
    calls += 1;
    return answers[calls % answers.length] as PayAnswer;
  };
}
afterEach(() => gateway?.app.close());

/** What means something to this gateway; ids are those that it has given out so far. */
function knownValues(name: string): readonly unknown[] {
  switch (name) {
    case 'id':
      return ['a payment', 'a paid payment', 'a refund'];
    case 'subject':
      return ['Coffee', '一壶茶'];
    case 'reason':
      return ['one cup was cold', null];
    case 'metadata':
      return [{ cashier: '7' }, {}, null];
    case 'store_id':
      return ['S00000001'];
    case 'merchant_id':
      return ['M0001', 'M0001', 'M0001', 'M0002'];
    case 'merchant_order_no':
      return ['ORDER-1', 'ORDER-2', ...Array.from({ length: 60 }, (_, index) => `ORDER-N${index}`)];
    case 'payment_code':
      return [samplePaymentCode];
    case 'wallet':
      return ['alipay_open', null];
    case 'currency':
      return ['CNY', 'CNY', 'CNY', 'CNY', 'CNY', 'USD', 'ZZZ'];
    case 'value':
      return [1, 2, 1234, 5_000];
    case 'payment_request_id':
      return ['a request'];
    case 'expires_at':
      return ['2026-03-02T12:02:00+08:00', null, null, '2026-02-30T12:00:00Z'];
    case 'notify_url':
      return ['https://merchant.example/told', null, null, 'ftp://merchant.example'];
    case 'Prefer':
      return ['wait=0'];
    case 'Idempotency-Key':
      return ['key-1', 'key-2', 'key-3'];
    default:
      return [];
  }
}

/** A placeholder becomes the id that was given out last, since ids are not known before the run. */
function filledIn(text: string): string {
  turn += text.includes('a%20paid%20payment') ? 1 : 0;
  return text
    .replace('a%20payment', `${given.payments.at(-1)}`)
    .replace('a%20paid%20payment', `${given.paid[turn % given.paid.length]}`)
    .replace('a%20refund', `${given.refunds.at(-1)}`)
    .replace('a request', `${given.requests.at(-1)}`);
}

function remember(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const { object, id, payment_request_id: request } = value as Readonly<Record<string, unknown>>;
  if (object === 'payment') {
    given.payments.push(`${id}`);
    given.requests.push(`${request}`);
  }
  if (object === 'refund') given.refunds.push(`${id}`);
}

async function answered(request: GeneratedRequest) {
  const { method, url: unfilled, headers, body } = request;
  const url = filledIn(unfilled);
  const response = await gateway.app.inject({
    method: method as 'GET',
    url,
    headers: {
      authorization: `Bearer ${keys.teaHouse}`,
      ...headers,
      // The gateway's clock stands still: nobody waits on it.
      prefer:
        headers['prefer'] !== undefined && /^wait=[^\d]/.test(headers['prefer'])
          ? headers['prefer']
          : 'wait=0',
    },
    ...(body === null ? {} : { payload: filledIn(body) }),
  });
  return { response, path: url.split('?')[0] ?? '' };
}

const reachedAtLeast = `
  createPayment 201, createPayment 202, createPayment 409, createPayment 415, createPayment 422, getPayment 200,
  getPayment 404, listPayments 200, listPaymentEvents 200, cancelPayment 200, createCancel 200, createCancel 422,
  createRefund 202, createRefund 409, createRefund 422, getRefund 200, none 405
`
  .split(',')
  .map((text) => text.trim());

test('whatever is sent, no answer is a 5xx and every one is described', { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    await openGateway();
    const document = openApiDocument(routesOf(gateway.app));
    const check = createAnswerCheck(document);
    await fc.assert(
      fc.asyncProperty(describedRequests(document, knownValues), async (request) => {
        const { response, path } = await answered(request);
        const { statusCode: status, headers, body } = response;
        expect([status < 500, request, body]).toEqual([true, request, body]);
        expect(check({ method: request.method, path, status, headers, body })).toEqual([]);
        const { operationId = 'none' } = operationAt(document, request.method, path) ?? {};
        seen.add(`${operationId} ${status}`);
        if (status < 300) remember(JSON.parse(body));
      }),
      { seed: seed + round, numRuns: runs },
    );
    await gateway.app.close();
  }
  // The generator reaches what matters: a run that is refused at the door each time would prove nothing.
  expect([...seen]).toEqual(expect.arrayContaining(reachedAtLeast));
});

function operationAt(document: ReturnType<typeof openApiDocument>, method: string, path: string) {
  const found = Object.entries(document.paths).find(([pattern]) =>
    new RegExp(`^${pattern.replace(/\{[^}]+\}/g, '[^/]*')}$`).test(path),
  );
  return found?.[1][method.toLowerCase() as 'get'];
}
