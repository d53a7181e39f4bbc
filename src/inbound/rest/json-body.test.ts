import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonOf } from './json-body.ts';
import { firstJsonFault } from './json-fault.ts';
import { ProblemAnswer } from './problems.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

/** JSON as people and machines write it, and then damaged: one character put in, taken out or changed. */
const damagedJson = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom('insert', 'delete', 'replace'),
    fc.constantFrom(...'{}[]:,"\\0.eE-x '),
  )
  .map(([text, at, change, character]) => {
    const place = at % (text.length + 1);
    const rest = text.slice(change === 'insert' ? place : place + 1);
    return text.slice(0, place) + (change === 'delete' ? '' : character) + rest;
  });

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the place where a text stops being JSON', () => {
  test('is found in exactly the texts that JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), damagedJson, fc.string()), (text) => {
        expect(firstJsonFault(text) === null).toBe(isJson(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test.for([
    ['', 1, 1, null, null],
    ['{"a": tru}', 1, 7, 'a', 'tru'],
    ['{"a": 1,\n "b": [1, 2, x]}', 2, 14, 'b.2', 'x'],
    ['{"a": {"b": 01}}', 1, 13, 'a.b', '0'],
    ["{'a': 1}", 1, 2, null, "'"],
    ['{"a": 1,}', 1, 9, 'a', '}'],
    ['{"a": "line\nbreak"}', 1, 7, 'a', '"'],
    ['{"a": 1} x', 1, 10, null, 'x'],
    ['{"payment_code": 28123456789012345x}', 1, 18, 'payment_code', '2'],
  ] as const)('%j', ([text, line, column, field, found]) => {
    expect(firstJsonFault(text)).toMatchObject({ line, column, field, found });
  });
});

describe('the value of a JSON text', () => {
  // proves PAY-07
  test('is what JSON.parse says, but for numbers that are not plain integers', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        const plain = (value: unknown): unknown =>
          JSON.parse(
            JSON.stringify(value, (_key, member) =>
              typeof member === 'symbol' ? Number(member.description) : member,
            ),
          );
        expect(plain(jsonOf(bytes(text)))).toEqual(plain(JSON.parse(text)));
      }),
    );
  });

  test.for(['0', '1', '-1', '9007199254740991', '-9007199254740991', '42'])('%s is a number', (literal) => {
    expect(jsonOf(bytes(`{"value":${literal}}`))).toEqual({ value: Number(literal) });
  });

  test.for(['-0', '1.0', '1e3', '1E+2', '0.1', '9007199254740992', '12345678901234567890', '1e400', '-1.5'])(
    '%s keeps its literal and is no number',
    (literal) => {
      for (const text of [`{"value":${literal}}`, `{"value" : ${literal} }`, `{"value":\n[${literal},1]}`]) {
        const { value } = jsonOf(bytes(text)) as { value: unknown };
        const odd = Array.isArray(value) ? value[0] : value;
        expect(typeof odd).toBe('symbol');
        expect((odd as symbol).description).toBe(literal);
      }
    },
  );

  test('digits and dots inside strings change nothing', () => {
    const value = { code: '281234567890123456', at: '2026-01-01T12:00:00.5Z', note: 'a: 1.5, 1e3' };
    expect(jsonOf(bytes(JSON.stringify(value)))).toEqual(value);
  });

  test('bytes that are not UTF-8 are refused', () => {
    expect(() => jsonOf(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toThrow(ProblemAnswer);
  });
});
