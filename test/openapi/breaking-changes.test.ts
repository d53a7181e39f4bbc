import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { OpenApiDocument } from '../../src/inbound/rest/openapi-form.ts';
import { breakingChanges } from './breaking-changes.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const documentAt = (path: string): OpenApiDocument => JSON.parse(readFileSync(path, 'utf8'));

const releasedPath = pathOf('openapi-released.json');
const present = documentAt(pathOf('openapi.json'));

describe('the description', () => {
  test('has grown since the last release, and breaks nobody', () => {
    if (process.env['RELEASE_OPENAPI'] === '1') copyFileSync(pathOf('openapi.json'), releasedPath);
    expect(existsSync(releasedPath)).toBe(true);
    expect(breakingChanges(documentAt(releasedPath), present)).toEqual([]);
  });

  test('breaks nobody who was written after itself', () => {
    expect(breakingChanges(present, present)).toEqual([]);
  });
});

/** The document as plain data, to be changed at a path of its steps. */
type Json = { [name: string]: Json } & Json[];
type Change = (document: Json) => void;

function changed(change: Change): OpenApiDocument {
  const copy = structuredClone(present);
  change(copy as never);
  return copy;
}

const schemas = (document: Json): Json => document['components']?.['schemas'] as Json;
const at = (document: Json, ...steps: string[]): Json =>
  steps.reduce((part, step) => {
    const next = part[step];
    if (next === undefined) throw new Error(`there is no ${step} in ${steps.join('/')}`);
    return next;
  }, document);
const set = (part: Json, values: object): void => {
  Object.assign(part, values);
};
const create = ['paths', '/v1/payments', 'post'] as const;
const paymentForm = (document: Json): Json => at(schemas(document), 'PaymentForm');
const payment = (document: Json): Json => at(schemas(document), 'Payment');
const without = (list: Json, name: string): void => {
  (list as unknown as string[]).splice((list as unknown as string[]).indexOf(name), 1);
};
const push = (list: Json, value: unknown): void => {
  (list as unknown as unknown[]).push(value);
};

describe('a change that breaks a client is found:', () => {
  const breaking: readonly (readonly [string, Change, string])[] = [
    ['a path is gone', (d) => delete at(d, 'paths')['/v1/refunds/{id}'], 'GET /v1/refunds/{id}: is gone'],
    [
      'an operation is gone',
      (d) => delete at(d, 'paths', '/v1/payments')['get'],
      'GET /v1/payments: is gone',
    ],
    [
      'an operation has another name',
      (d) => set(at(d, ...create), { operationId: 'pay' }),
      'operationId createPayment is now pay',
    ],
    [
      'a parameter is gone',
      (d) => at(d, ...create)['parameters']?.splice(0, 1),
      'header idempotency-key is gone',
    ],
    [
      'a parameter is required',
      (d) => set(at(d, ...create, 'parameters', '0'), { required: true }),
      'header idempotency-key is now required',
    ],
    [
      'a new parameter is required',
      (d) =>
        push(at(d, ...create, 'parameters'), {
          name: 'X',
          in: 'header',
          required: true,
          description: '',
          schema: {},
        }),
      'header x is now required',
    ],
    [
      'a parameter takes less',
      (d) => set(at(d, ...create, 'parameters', '0', 'schema'), { pattern: '^[a-z]+$' }),
      'has another pattern',
    ],
    [
      'a body is required',
      (d) => set(at(d, 'paths', '/v1/payments/{id}/cancel', 'post', 'requestBody'), { required: true }),
      'a body is now required',
    ],
    [
      'a field of a request is gone',
      (d) => delete at(paymentForm(d), 'properties')['metadata'],
      'field metadata is gone',
    ],
    [
      'a field of a request is required',
      (d) => push(at(paymentForm(d), 'required'), 'wallet'),
      'field wallet is now required',
    ],
    [
      'a request takes fewer values',
      (d) => without(at(paymentForm(d), 'properties', 'product', 'enum'), 'order_code'),
      'takes fewer values',
    ],
    [
      'a request takes no null',
      (d) => set(at(paymentForm(d), 'properties', 'merchant_id'), { type: 'string' }),
      'type string or null is now string',
    ],
    [
      'a pattern of a request changes',
      (d) => set(at(paymentForm(d), 'properties', 'subject'), { pattern: '^.{1,64}$' }),
      'subject: has another pattern',
    ],
    [
      'a request has a new bound',
      (d) =>
        set(at(schemas(d), 'RefundForm', 'properties', 'amount', 'properties', 'value'), { maximum: 100 }),
      'has another maximum',
    ],
    [
      'a bound of a request is narrower',
      (d) => set(at(paymentForm(d), 'properties', 'metadata'), { maxProperties: 19 }),
      'has another maxProperties',
    ],
    [
      'a field of an answer is gone',
      (d) => delete at(payment(d), 'properties')['paid_at'],
      'field paid_at is gone',
    ],
    [
      'a field deep in an answer is gone',
      (d) => delete at(schemas(d), 'Failure', 'properties')['advice'],
      'field advice is gone',
    ],
    [
      'a field of an answer may be missing',
      (d) => without(at(payment(d), 'required'), 'paid_at'),
      'paid_at is no longer always there',
    ],
    [
      'a field of an answer has another type',
      (d) => set(at(payment(d), 'properties', 'version'), { type: 'string' }),
      'type integer is now string',
    ],
    [
      'a field of an answer may be null',
      (d) => set(at(payment(d), 'properties', 'subject'), { type: ['string', 'null'] }),
      'type string is now string or null',
    ],
    [
      'a closed list of an answer grows',
      (d) => push(at(payment(d), 'properties', 'status', 'enum'), 'refunded'),
      'may have values that it had not',
    ],
    [
      'a list of an answer is open',
      (d) => delete payment(d)['properties']?.['status']?.['enum'],
      'may have values that it had not',
    ],
    [
      'an answer has another format',
      (d) => delete payment(d)['properties']?.['created_at']?.['format'],
      'has another format',
    ],
    ['a good answer is gone', (d) => delete at(d, ...create, 'responses')['201'], 'answer 201 is gone'],
    [
      'there is a new good answer',
      (d) => set(at(d, ...create, 'responses'), { 204: { description: 'nothing' } }),
      'may now be answered 204',
    ],
    [
      'an answer is of another kind',
      (d) => set(at(d, ...create, 'responses', '201'), { content: {} }),
      'application/json is gone',
    ],
    [
      'a header of an answer is gone',
      (d) => delete at(d, ...create, 'responses', '202', 'headers')['Retry-After'],
      'header Retry-After is gone',
    ],
    [
      'a problem has another member',
      (d) => delete at(schemas(d), 'Problem', 'properties')['transient'],
      'field transient is gone',
    ],
    [
      'a problem code is renamed',
      (d) => set(d, JSON.parse(JSON.stringify(d).replaceAll('"order_repeated"', '"order_again"'))),
      'problem order_repeated: the code is gone',
    ],
    [
      'a delivery is gone',
      (d) => delete at(d, 'webhooks')['refund.failed'],
      'webhook refund.failed: is gone',
    ],
    [
      'a delivery says less',
      (d) => delete at(schemas(d), 'RefundEvent', 'properties', 'data', 'properties')['refund'],
      'field refund is gone',
    ],
    [
      'another way to authenticate',
      (d) => set(d, { security: [{ signature: [] }] }),
      'another way to authenticate',
    ],
  ];

  test.each(breaking)('%s', (_name, change, told) => {
    const found = breakingChanges(present, changed(change));
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).toContain(told);
  });
});

describe('a change that breaks nobody passes:', () => {
  const harmless: readonly (readonly [string, Change])[] = [
    [
      'a new path',
      (d) => set(at(d, 'paths'), { '/v1/stores': { get: at(d, 'paths', '/v1/payments', 'get') } }),
    ],
    [
      'a new optional parameter',
      (d) =>
        push(at(d, ...create, 'parameters'), {
          name: 'X',
          in: 'header',
          required: false,
          description: '',
          schema: {},
        }),
    ],
    [
      'a new optional field of a request',
      (d) => set(at(paymentForm(d), 'properties'), { note: { type: 'string' } }),
    ],
    ['a field of a request that may be left out', (d) => without(at(paymentForm(d), 'required'), 'subject')],
    [
      'a request that takes more values',
      (d) => push(at(paymentForm(d), 'properties', 'product', 'enum'), 'face'),
    ],
    [
      'a request that takes null',
      (d) => set(at(paymentForm(d), 'properties', 'subject'), { type: ['string', 'null'] }),
    ],
    ['a request without its pattern', (d) => delete paymentForm(d)['properties']?.['subject']?.['pattern']],
    [
      'a wider bound of a request',
      (d) => set(at(paymentForm(d), 'properties', 'metadata'), { maxProperties: 50 }),
    ],
    ['a new field of an answer', (d) => set(at(payment(d), 'properties'), { fee: { type: 'integer' } })],
    [
      'an answer that is never null any more',
      (d) => set(at(payment(d), 'properties', 'paid_at'), { type: 'string' }),
    ],
    ['another wallet', (d) => push(at(payment(d), 'properties', 'wallet', 'enum'), 'wechat_pay')],
    [
      'another problem',
      (d) =>
        push(
          at(
            d,
            ...create,
            'responses',
            '422',
            'content',
            'application/problem+json',
            'schema',
            'allOf',
            '1',
            'properties',
            'code',
            'enum',
          ),
          'too_late',
        ),
    ],
    [
      'another status of problems',
      (d) => set(at(d, ...create, 'responses'), { 402: at(d, ...create, 'responses', '422') }),
    ],
    [
      'another delivery',
      (d) => set(at(d, 'webhooks'), { 'dispute.opened': at(d, 'webhooks', 'payment.failed') }),
    ],
    ['other words', (d) => set(at(payment(d), 'properties', 'status'), { description: 'how it stands' })],
  ];

  test.each(harmless)('%s', (_name, change) => {
    const after = changed(change);
    expect(JSON.stringify(after)).not.toBe(JSON.stringify(present));
    expect(breakingChanges(present, after)).toEqual([]);
  });
});
