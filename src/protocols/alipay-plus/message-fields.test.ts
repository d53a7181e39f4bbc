import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { money } from '../../domain/money.ts';
import {
  alsoNamed,
  amount,
  type Field,
  type Fields,
  flag,
  list,
  object,
  printMessage,
  readMessage,
  required,
  shortened,
  text,
} from './message-fields.ts';
import { paymentNotification } from './notification.ts';
import * as payment from './payment-messages.ts';
import * as refund from './refund-messages.ts';
import * as registration from './registration-messages.ts';

const sample = {
  id: required(text(4)),
  amount,
  flag,
  inner: object({ a: text(), b: alsoNamed(text(), 'B') }),
  list: list(object({ a: text() }), 2),
} as const;

function read(body: string | Uint8Array) {
  const message = readMessage(sample, Buffer.from(body));
  return message.kind === 'message' ? message.values : message.reason;
}

const nothing = { id: null, amount: null, flag: null, inner: null, list: null };

describe('a body', () => {
  it('is printed in the order of its fields, every scalar a string, nothing empty', () => {
    expect(
      printMessage(sample, {
        list: [{ a: 'x' }, {}],
        inner: { a: '', b: 'y' },
        flag: false,
        amount: money('USD', 599n),
        id: 'P1',
      }),
    ).toBe(
      '{"id":"P1","amount":{"currency":"USD","value":"599"},"flag":"false","inner":{"b":"y"},"list":[{"a":"x"}]}',
    );
    expect(printMessage(sample, { id: 'P1', amount: null, flag: undefined, inner: {}, list: [] })).toBe(
      '{"id":"P1"}',
    );
  });

  it.each([
    [{ id: '' }, 'id is missing'],
    [{ id: 'P1234' }, 'id takes 4 characters, not 5'],
    [{ id: 'P1', list: [{ a: '1' }, { a: '2' }, { a: '3' }] }, 'list takes 2 entries, not 3'],
    [{ id: 'P1', amount: money('USD', 0n) }, '0 minor units of USD cannot be sent'],
  ])('that AMS would refuse is our own mistake (%#)', (values, message) => {
    expect(() => printMessage(sample, values)).toThrow(new RangeError(message));
  });

  it('names the path of what is missing within', () => {
    const outer = { a: required(object({ b: required(object({ c: required(text()) })) })) } as const;
    expect(() => printMessage(outer, { a: { b: { c: '' } } })).toThrow('a.b.c is missing');
  });

  it('is read leniently: what is unknown is ignored, what is not of its form is nothing', () => {
    expect(read('{}')).toEqual(nothing);
    expect(read('\ufeff {"id" : "P1", "new": {"x": [1]}, "id2": 1}')).toEqual({ ...nothing, id: 'P1' });
    expect(
      read('{"id":1,"amount":{"currency":"USD","value":599},"flag":"maybe","inner":[],"list":{}}'),
    ).toEqual(nothing);
    expect(read('{"id":null,"amount":null,"flag":true,"inner":{},"list":[1,null,{"a":"x"}]}')).toEqual({
      ...nothing,
      flag: true,
      inner: { a: null, b: null },
      list: [{ a: 'x' }],
    });
    expect(read('{"__proto__":{"id":"P1"},"constructor":"x"}')).toEqual(nothing);
  });

  it('is read under the other names of a field, its own first', () => {
    expect(read('{"inner":{"B":"other"}}')).toMatchObject({ inner: { b: 'other' } });
    expect(read('{"inner":{"B":"other","b":"own"}}')).toMatchObject({ inner: { b: 'own' } });
    expect(read('{"inner":{"B":"other","b":null}}')).toMatchObject({ inner: { b: 'other' } });
  });

  it('that is no JSON object in UTF-8 is a value, not an exception', () => {
    for (const body of [
      '',
      'x',
      '[]',
      '"x"',
      'null',
      '1',
      '{',
      '{"id":"P1"}x',
      Uint8Array.of(0x7b, 0xff, 0x7d),
    ]) {
      expect(read(body)).toBe('the body is not a JSON object in UTF-8');
    }
    expect(read('['.repeat(200_000))).toBe('the body is not a JSON object in UTF-8');
  });
});

it('pay sends the spellings of the schema and reads those of the samples', () => {
  const body = Buffer.from(
    '{"paymentExpireTime":"T","order":{"merchant":{"store":{"storeMcc":"1405","referenceStoreId":"S"}}}}',
  );
  expect(readMessage(payment.payRequest, body)).toMatchObject({
    values: { paymentExpiryTime: 'T', order: { merchant: { store: { storeMCC: '1405' } } } },
  });
});

it('a text is cut without cutting a character in two', () => {
  expect(shortened('abc', 3)).toBe('abc');
  expect(shortened('abcd', 3)).toBe('abc');
  expect(shortened('ab😀', 3)).toBe('ab');
  expect(shortened('a😀b', 3)).toBe('a😀');
});

/** Values that a field may have, with those that are left out as `null`. */
function valuesOf(field: Field): fc.Arbitrary<unknown> {
  switch (field.form) {
    case 'text':
      return fc.string({ minLength: 1, maxLength: Math.min(field.lengthMax ?? 30, 30) });
    case 'amount':
      return fc.bigInt(1n, 10n ** 16n - 1n).map((minor) => money('USD', minor));
    case 'flag':
      return fc.boolean();
    case 'object':
      return messagesOf(field.fields).filter((value) => Object.values(value).some((one) => one !== null));
    case 'list':
      return fc.array(valuesOf(field.of), { minLength: 1, maxLength: 3 });
    default:
      return field satisfies never;
  }
}

function messagesOf(fields: Fields): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        field.required ? valuesOf(field) : fc.option(valuesOf(field), { nil: null }),
      ]),
    ),
  );
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' &&
  value !== null &&
  !('form' in value) &&
  Object.values(value).every((one) => typeof one === 'object');

const exported: Readonly<Record<string, unknown>> = {
  ...payment,
  ...refund,
  ...registration,
  paymentNotification,
};
const messages = Object.entries(exported).flatMap(([name, value]): [string, Fields][] =>
  isFields(value) ? [[name, value]] : [],
);

it('every message of every call is covered below', () => {
  expect(messages.map(([name]) => name).sort()).toEqual([
    'cancelAnswer',
    'inquiryAnswer',
    'payAnswer',
    'payRequest',
    'paymentNotification',
    'paymentReference',
    'refundAnswer',
    'refundInquiryAnswer',
    'refundReference',
    'refundRequest',
    'registrationAnswer',
    'registrationInfoAnswer',
    'registrationInfoReference',
    'registrationReference',
    'registrationRequest',
    'registrationStatus',
  ]);
});

describe.each(messages)('%s', (_, fields) => {
  it('is read back as it was printed', () => {
    fc.assert(
      fc.property(messagesOf(fields), (values) => {
        const printed = printMessage(fields, values as Parameters<typeof printMessage<typeof fields>>[1]);
        expect(readMessage(fields, Buffer.from(printed))).toEqual({ kind: 'message', values });
      }),
      { numRuns: 40 },
    );
  });

  it('never throws on what it reads', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((json) => Buffer.from(json)),
          fc.uint8Array(),
        ),
        (body) => {
          readMessage(fields, body);
        },
      ),
      { numRuns: 40 },
    );
  });
});
