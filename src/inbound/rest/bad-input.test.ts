import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createTestGateway,
  keys,
  paymentBody,
  recordedRows,
  samplePaymentCode,
  type TestGateway,
  teaHouse,
} from './gateway.fixture.ts';
import { problemMediaType } from './problems.ts';

/** A request for a payment that must not be taken. `detail` names field and value unless the value is `null`. */
interface BadRequest {
  readonly body: Readonly<Record<string, unknown>> | string;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly value: string | null;
}

/** The body as JSON with `amount.value` as this literal, which JSON.stringify would not write. */
function amountLiteral(literal: string): string {
  return JSON.stringify(paymentBody()).replace('1234}', `${literal}}`);
}

function invalid(fields: Record<string, unknown>, field: string, value: string | null): BadRequest {
  return { body: paymentBody(fields), status: 422, code: 'invalid_request', field, value };
}

function invalidAmount(literal: string): BadRequest {
  return {
    body: amountLiteral(literal),
    status: 422,
    code: 'invalid_request',
    field: 'amount.value',
    value: literal.replaceAll('"', ''),
  };
}

const acquirer = { authorization: `Bearer ${keys.acquirer}` };

const badRequests: Record<string, BadRequest> = {
  'an unknown merchant': {
    body: paymentBody({ merchant_id: 'M0404' }),
    headers: acquirer,
    status: 404,
    code: 'unknown_merchant',
    field: 'merchant_id',
    value: 'M0404',
  },
  "another merchant than the key's": {
    body: paymentBody({ merchant_id: 'M0002' }),
    status: 404,
    code: 'unknown_merchant',
    field: 'merchant_id',
    value: 'M0002',
  },
  "no merchant with the acquirer's key": {
    body: paymentBody(),
    headers: acquirer,
    status: 422,
    code: 'invalid_request',
    field: 'merchant_id',
    value: null,
  },
  'a merchant that is no longer active': {
    body: paymentBody(),
    headers: { authorization: `Bearer ${keys.closedMerchant}` },
    status: 403,
    code: 'forbidden',
    field: 'Authorization',
    value: null,
  },
  'no key': {
    body: paymentBody(),
    headers: { authorization: '' },
    status: 401,
    code: 'unauthorized',
    field: 'Authorization',
    value: null,
  },
  'a wrong key': {
    body: paymentBody(),
    headers: { authorization: 'Bearer wrong' },
    status: 401,
    code: 'unauthorized',
    field: 'Authorization',
    value: null,
  },
  'a key of another scheme': {
    body: paymentBody(),
    headers: { authorization: `Basic ${keys.teaHouse}` },
    status: 401,
    code: 'unauthorized',
    field: 'Authorization',
    value: null,
  },

  'a currency that the merchant does not take': {
    body: paymentBody({ amount: { currency: 'USD', value: 1 } }),
    status: 422,
    code: 'currency_not_accepted',
    field: 'amount.currency',
    value: 'USD',
  },
  'a currency that ISO does not list': {
    body: paymentBody({ amount: { currency: 'CNX', value: 1 } }),
    status: 422,
    code: 'unknown_currency',
    field: 'amount.currency',
    value: 'CNX',
  },
  'a currency in small letters': invalid({ amount: { currency: 'cny', value: 1 } }, 'amount.currency', 'cny'),
  'an amount without currency': invalid({ amount: { value: 1 } }, 'amount.currency', null),
  'an amount without value': invalid({ amount: { currency: 'CNY' } }, 'amount.value', null),
  'an amount that is a number': invalid({ amount: 1234 }, 'amount', '1234'),
  'an amount in major units': invalid({ amount: '12.34' }, 'amount', '12.34'),

  'an amount of zero': {
    body: amountLiteral('0'),
    status: 422,
    code: 'amount_not_positive',
    field: 'amount.value',
    value: '0',
  },
  'a negative amount': {
    body: amountLiteral('-5'),
    status: 422,
    code: 'amount_not_positive',
    field: 'amount.value',
    value: '-5',
  },
  'an amount of more than the wallet takes': {
    body: amountLiteral('10000000001'),
    status: 422,
    code: 'amount_too_large',
    field: 'amount.value',
    value: '10000000001',
  },
  'a fractional amount': invalidAmount('12.34'),
  'a whole amount written as a fraction': invalidAmount('12.0'),
  'an amount with an exponent': invalidAmount('1e3'),
  'an amount with a negative exponent': invalidAmount('1000E-2'),
  'an amount beyond every double': invalidAmount('1e400'),
  'an amount that a double would round': invalidAmount('9007199254740993'),
  'an amount of twenty digits': invalidAmount('99999999999999999999'),
  'a negative amount that a double would round': invalidAmount('-9007199254740993'),
  'minus zero': invalidAmount('-0'),
  'an amount in quotes': invalidAmount('"1234"'),
  'an amount called NaN': invalidAmount('"NaN"'),
  'an amount of null': invalidAmount('null'),
  'an amount of true': invalidAmount('true'),
  'an amount that is NaN': {
    body: amountLiteral('NaN'),
    status: 400,
    code: 'invalid_json',
    field: 'amount.value',
    value: 'NaN',
  },
  'an amount that is -Infinity': {
    body: amountLiteral('-Infinity'),
    status: 400,
    code: 'invalid_json',
    field: 'amount.value',
    value: '-Infinity',
  },

  'no store': invalid({ store_id: undefined }, 'store_id', null),
  'a store that is not this merchant’s': {
    body: paymentBody({ store_id: 'S9999' }),
    status: 422,
    code: 'unknown_store',
    field: 'store_id',
    value: 'S9999',
  },
  'a store with a space': invalid({ store_id: 'S 1' }, 'store_id', 'S 1'),
  'no terminal': invalid({ terminal_id: undefined }, 'terminal_id', null),
  'a terminal of nine characters': invalid({ terminal_id: 'T00000001' }, 'terminal_id', 'T00000001'),
  'no order number': invalid({ merchant_order_no: undefined }, 'merchant_order_no', null),
  'an order number of 33 characters': invalid(
    { merchant_order_no: 'x'.repeat(33) },
    'merchant_order_no',
    'x'.repeat(33),
  ),
  'an order number with a space': invalid({ merchant_order_no: 'A 1' }, 'merchant_order_no', 'A 1'),
  'an empty order number': invalid({ merchant_order_no: '' }, 'merchant_order_no', ''),
  'no subject': invalid({ subject: undefined }, 'subject', null),
  'a subject with a line break': invalid({ subject: 'tea\n' }, 'subject', 'tea\n'),
  'a subject with half a character': invalid({ subject: 'tea \ud83c' }, 'subject', 'tea \ud83c'),
  'a subject of 257 characters': invalid({ subject: 'x'.repeat(257) }, 'subject', `${'x'.repeat(63)}…`),
  'no product': invalid({ product: undefined }, 'product', null),
  'an unknown product': invalid({ product: 'entry_code' }, 'product', 'entry_code'),

  'a payment code of no known wallet': {
    body: paymentBody({ payment_code: '991234567890123456' }),
    status: 422,
    code: 'payment_code_unknown',
    field: 'payment_code',
    value: '99… (18 characters)',
  },
  'a payment code with spaces': invalid(
    { payment_code: '2812 3456 7890 1234' },
    'payment_code',
    '28… (19 characters)',
  ),
  'a payment code that is a number': {
    body: JSON.stringify(paymentBody()).replace(`"${samplePaymentCode}"`, samplePaymentCode),
    status: 422,
    code: 'invalid_request',
    field: 'payment_code',
    value: '28… (18 characters)',
  },
  'no payment code': invalid({ payment_code: undefined }, 'payment_code', null),
  'an unknown wallet': invalid({ wallet: 'paypal' }, 'wallet', 'paypal'),

  'an expiry without offset': invalid(
    { expires_at: '2026-03-02T12:30:00' },
    'expires_at',
    '2026-03-02T12:30:00',
  ),
  'an expiry on the 30th of February': invalid(
    { expires_at: '2027-02-30T12:30:00Z' },
    'expires_at',
    '2027-02-30T12:30:00Z',
  ),
  'an expiry at 24:60': invalid({ expires_at: '2027-02-20T24:60:00Z' }, 'expires_at', '2027-02-20T24:60:00Z'),
  'an expiry in the past': {
    body: paymentBody({ expires_at: '2026-03-02T11:00:00+08:00' }),
    status: 422,
    code: 'expiry_out_of_range',
    field: 'expires_at',
    value: '2026-03-02T03:00:00.000Z',
  },
  'a notify URL of another scheme': invalid(
    { notify_url: 'ftp://m.example/n' },
    'notify_url',
    'ftp://m.example/n',
  ),
  'a notify URL without host': invalid({ notify_url: '/notify' }, 'notify_url', '/notify'),
  'a notify URL with a password': invalid(
    { notify_url: 'https://me:secret@m.example/n' },
    'notify_url',
    'https://…@m.example/n',
  ),
  'a notify URL that the deployment refuses': invalid(
    { notify_url: 'http://refused.example/n' },
    'notify_url',
    'http://refused.example/n',
  ),

  'metadata that is a list': invalid({ metadata: ['a'] }, 'metadata', 'a list'),
  'metadata with a number': invalid({ metadata: { seat: 5 } }, 'metadata.seat', '5'),
  'metadata with 21 entries': invalid(
    { metadata: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, 'v'])) },
    'metadata',
    'an object',
  ),
  'metadata with a key of 41 characters': invalid(
    { metadata: { ['k'.repeat(41)]: 'v' } },
    `metadata.${'k'.repeat(41)}`,
    'k'.repeat(41),
  ),
  'metadata with a value of 501 characters': invalid(
    { metadata: { note: 'v'.repeat(501) } },
    'metadata.note',
    `${'v'.repeat(63)}…`,
  ),
  'metadata with a NUL': invalid({ metadata: { note: 'a\0b' } }, 'metadata.note', 'a\0b'),
  'metadata that names __proto__': {
    body: JSON.stringify(paymentBody({ metadata: {} })).replace(
      '"metadata":{}',
      '"metadata":{"__proto__":"x"}',
    ),
    status: 422,
    code: 'invalid_request',
    field: 'metadata.__proto__',
    value: '__proto__',
  },
  'a field that nobody knows': invalid({ amout: 5 }, 'amout', null),
  'a field __proto__': {
    body: JSON.stringify(paymentBody()).replace('{', '{"__proto__":{"subject":"x"},'),
    status: 422,
    code: 'invalid_request',
    field: '__proto__',
    value: null,
  },
  'a field inside the amount that nobody knows': invalid(
    { amount: { currency: 'CNY', value: 1, unit: 'fen' } },
    'amount.unit',
    null,
  ),

  'a list instead of an object': {
    body: '[]',
    status: 422,
    code: 'invalid_request',
    field: null,
    value: 'a list',
  },
  'an empty body': { body: '', status: 422, code: 'invalid_request', field: null, value: null },
  'broken JSON': {
    body: '{"merchant_order_no": "A1", "amount": {"currency": "CNY", value: 5}}',
    status: 400,
    code: 'invalid_json',
    field: 'amount.currency',
    value: 'value',
  },
  'JSON that ends too soon': {
    body: JSON.stringify(paymentBody()).slice(0, -1),
    status: 400,
    code: 'invalid_json',
    field: 'subject',
    value: null,
  },
  'JSON nested beyond measure': {
    body: `${'['.repeat(20_000)}1.5${']'.repeat(20_000)}`,
    status: 400,
    code: 'invalid_json',
    field: null,
    value: null,
  },
  'a body over the limit': {
    body: JSON.stringify(paymentBody({ subject: 'x'.repeat(70_000) })),
    status: 413,
    code: 'body_too_large',
    field: null,
    value: '70187',
  },
  'a form instead of JSON': {
    body: 'merchant_order_no=A1',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    code: 'unsupported_media_type',
    field: 'Content-Type',
    value: 'application/x-www-form-urlencoded',
  },
  'JSON in another charset': {
    body: paymentBody(),
    headers: { 'content-type': 'application/json; charset=gbk' },
    status: 415,
    code: 'unsupported_media_type',
    field: 'Content-Type',
    value: 'application/json; charset=gbk',
  },
  'a compressed body': {
    body: paymentBody(),
    headers: { 'content-encoding': 'gzip' },
    status: 415,
    code: 'unsupported_media_type',
    field: 'Content-Encoding',
    value: 'gzip',
  },
  'an Idempotency-Key with a space': {
    body: paymentBody(),
    headers: { 'idempotency-key': 'a b' },
    status: 400,
    code: 'invalid_parameter',
    field: 'Idempotency-Key',
    value: 'a b',
  },
  'an Idempotency-Key of 256 characters': {
    body: paymentBody(),
    headers: { 'idempotency-key': 'k'.repeat(256) },
    status: 400,
    code: 'invalid_parameter',
    field: 'Idempotency-Key',
    value: `${'k'.repeat(63)}…`,
  },
  'a wait that is no number of seconds': {
    body: paymentBody(),
    headers: { prefer: 'wait=soon' },
    status: 400,
    code: 'invalid_parameter',
    field: 'Prefer',
    value: 'wait=soon',
  },
};

describe('a payment request that cannot be taken names field, value and next step, and moves nothing', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await createTestGateway({
      checkMerchantUrl: (url) =>
        url.includes('refused.example') ? 'must not lead to a private address' : null,
    });
  });
  afterAll(() => gateway.app.close());

  test.for(Object.entries(badRequests))('%s', async ([, bad]) => {
    const answer = await gateway.ask('POST', '/v1/payments', bad.body, bad.headers);
    const problem = answer.json();
    expect.soft(problem).toMatchObject({
      type: `urn:shoudan:problem:${bad.code}`,
      status: bad.status,
      code: bad.code,
      field: bad.field,
      value: bad.value,
      transient: false,
    });
    expect.soft(answer.statusCode).toBe(bad.status);
    expect.soft(answer.headers['content-type']).toBe(problemMediaType);
    expect.soft(problem.title).toMatch(/\S/);
    if (bad.field !== null) expect.soft(problem.detail).toContain(bad.field);
    if (bad.value !== null && bad.code !== 'invalid_json') {
      expect.soft(problem.detail).toContain(JSON.stringify(bad.value).slice(1, -1));
    }
    expect.soft(problem.detail).toMatch(/\b(?:send|use|scan|ask|split|correct|leave)\b/i);
    expect.soft(answer.body).not.toContain(samplePaymentCode);
    expect.soft(answer.body).not.toContain('secret');
    expect.soft(Object.values(recordedRows(gateway)).every((count) => count === 0)).toBe(true);
  });

  test('every faulty field is named at once', async () => {
    const answer = await gateway.ask(
      'POST',
      '/v1/payments',
      paymentBody({ store_id: undefined, terminal_id: 'T 1', amount: { currency: 'yuan', value: '1' } }),
    );
    const problem = answer.json();
    const fields = problem.errors.map((fault: { field: string }) => fault.field);
    expect(fields.toSorted()).toEqual(['amount.currency', 'amount.value', 'store_id', 'terminal_id']);
    expect(problem.errors[0]).toEqual({
      field: problem.field,
      value: problem.value,
      detail: problem.detail,
    });
  });
});

describe('an order that is taken', () => {
  test('when it is paid, another attempt is refused, and the payment that stands is named', async () => {
    const gateway = await createTestGateway();
    const paid = (await gateway.ask('POST', '/v1/payments', paymentBody())).json();
    const before = recordedRows(gateway);
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody());
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({
      code: 'order_already_paid',
      field: 'merchant_order_no',
      value: 'ORDER-1',
      transient: false,
      payment_id: paid.id,
    });
    expect(answer.json().detail).toMatch(/ORDER-1.*new order number/);
    expect(recordedRows(gateway)).toEqual(before);
    await gateway.app.close();
  });

  test('while it is open, another attempt is refused, and may be repeated later', async () => {
    const gateway = await createTestGateway();
    gateway.wallet.pay = async () => ({ kind: 'awaiting_payer', walletTransactionId: null });
    const now = { prefer: 'wait=0' };
    const open = await gateway.ask('POST', '/v1/payments', paymentBody(), now);
    expect(open.statusCode).toBe(202);
    const before = recordedRows(gateway);
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody(), now);
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({
      code: 'order_has_open_payment',
      field: 'merchant_order_no',
      value: 'ORDER-1',
      transient: true,
      payment_id: open.json().id,
    });
    expect(recordedRows(gateway)).toEqual(before);
    await gateway.app.close();
  });

  // proves PAY-09
  test('a merchant without smid is refused before any call', async () => {
    const [binding] = teaHouse.bindings;
    if (binding === undefined) throw new Error('the tea house takes nothing');
    const gateway = await createTestGateway({
      merchant: { ...teaHouse, bindings: [{ ...binding, subMerchantId: null }] },
    });
    const answer = await gateway.ask('POST', '/v1/payments', paymentBody());
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'sub_merchant_missing', field: 'wallet' });
    expect(Object.values(recordedRows(gateway)).every((count) => count === 0)).toBe(true);
    await gateway.app.close();
  });
});
