import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeText, encodeText, readCharset } from './charset.ts';

it('only the charsets of the platform are known, in any case', () => {
  expect(['utf-8', 'UTF-8', 'GBK', 'gb2312', 'utf8', 'gb18030', '', '__proto__'].map(readCharset)).toEqual([
    'utf-8',
    'utf-8',
    'gbk',
    'gb2312',
    null,
    null,
    null,
    null,
  ]);
});

it('GBK text crosses into bytes and back', () => {
  const bytes = encodeText('gbk', '测试 A');
  expect(Buffer.from(bytes ?? []).toString('hex')).toBe('b2e2cad42041');
  expect(decodeText('gbk', Buffer.from('b2e2cad42041', 'hex'))).toBe('测试 A');
  expect(encodeText('gbk', '袜子😀')).toBeNull();
});

it('bytes that are not of the charset are no text', () => {
  expect(decodeText('utf-8', Uint8Array.of(0xff))).toBeNull();
  expect(decodeText('utf-8', Uint8Array.of(0xe4, 0xb8))).toBeNull();
  expect(decodeText('gbk', Uint8Array.of(0x41, 0xff))).toBeNull();
});

it('whatever a charset can write, it reads back unchanged', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('utf-8' as const, 'gbk' as const, 'gb2312' as const),
      fc.string({ unit: fc.constantFrom(...'aZ09 &=\\/}"{测试商品袜子含中文花括号引号纯棉￥') }),
      (charset, text) => {
        const bytes = encodeText(charset, text);
        expect(bytes).not.toBeNull();
        expect(decodeText(charset, bytes ?? new Uint8Array())).toBe(text);
      },
    ),
  );
});
