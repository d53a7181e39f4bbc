import { expect, it } from 'vitest';
import { columnsOf, fields, jsonText, printable, table } from './terminal-text.ts';

it('columns are aligned by what a terminal shows, wide characters taking two', () => {
  expect(columnsOf('前门店')).toBe(6);
  expect(
    table(
      ['id', 'name', 'n'],
      [
        ['S1', '前门店', '1'],
        ['S22', 'Gate', '20'],
      ],
      '  ',
    ),
  ).toBe(['  id   name    n', '  S1   前门店  1', '  S22  Gate    20', ''].join('\n'));
});

it('a table without a head is its rows', () => {
  expect(
    table(null, [
      ['a', 'b'],
      ['aa', 'b'],
    ]),
  ).toBe('a   b\naa  b\n');
  expect(table(['id', 'name'], [])).toBe('id  name\n');
});

it('fields that are null are left out', () => {
  expect(
    fields([
      ['payment', 'pay_1'],
      ['advice', null],
      ['no', 'R1'],
    ]),
  ).toBe('payment  pay_1\nno       R1\n');
});

it('text from elsewhere can neither move the cursor nor break the line nor run backwards', () => {
  expect(printable('a\u001b[31m\r\nb\u202ec')).toBe('a\\u{1b}[31m\\u{d}\\u{a}b\\u{202e}c');
  expect(fields([['subject', 'x\nstatus  succeeded']])).toBe('subject  x\\u{a}status  succeeded\n');
  expect(table(['a'], [['\u0007']])).toBe('a\n\\u{7}\n');
});

it('a JSON document ends its line', () => {
  expect(jsonText({ a: 1 })).toBe('{\n  "a": 1\n}\n');
});
