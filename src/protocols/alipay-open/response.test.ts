import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { privateKey, publicKey, signatures } from '../../../test/vectors/alipay-open/vectors.ts';
import { type Charset, encodeText } from './charset.ts';
import { decryptContent, encryptContent, readAesKey } from './encryption.ts';
import { printAnswer, readCiphertext, readEnvelope, readNode, verifyEnvelope } from './response.ts';
import { signContent } from './signature.ts';

const { method, node, sign } = signatures.response;
const name = 'alipay_trade_precreate_response';
const signer = { key: privateKey, signType: 'RSA2', charset: 'utf-8' } as const;

function envelope(text: string | Uint8Array, charset: Charset = 'utf-8') {
  return readEnvelope(typeof text === 'string' ? Buffer.from(text) : text, method, charset);
}

function verified(text: string | Uint8Array, charset: Charset = 'utf-8'): boolean {
  const read = envelope(text, charset);
  return read.kind === 'envelope' && verifyEnvelope(read, publicKey, 'RSA2');
}

function signed(raw: string): string {
  return signContent(Buffer.from(raw), privateKey, 'RSA2');
}

describe('the recorded response', () => {
  const whole = `{"${name}":${node},"sign":"${sign}"}`;

  it('verifies over the transmitted bytes, with braces, quotes, escapes and Chinese in its strings', () => {
    const read = envelope(whole);
    expect(read.kind === 'envelope' && Buffer.from(read.node).toString()).toBe(node);
    expect(verified(whole)).toBe(true);
    expect(read.kind === 'envelope' && readNode(read)).toMatchObject({
      qr_code: 'https://qr.alipay.com/bax0TEST',
      note: '含中文与}花括号"引号',
    });
  });

  it.each([
    ['the signature before the answer', `{"sign":"${sign}","${name}":${node}}`],
    ['a certificate number between them', `{"${name}":${node},"alipay_cert_sn":"9f0d","sign":"${sign}"}`],
    ['space around every separator', `\r\n{ "${name}" : ${node}\t,\n "sign" : "${sign}" }\n`],
    [
      'members that nobody knows',
      `{"trace_id":"1","${name}":${node},"n":[{"sign":"x"}],"b":1 ,"sign":"${sign}"}`,
    ],
    ['slashes escaped in the signature', `{"${name}":${node},"sign":"${sign.replaceAll('/', '\\/')}"}`],
  ])('verifies with %s', (_, text) => {
    expect(verified(text)).toBe(true);
  });

  it('verifies when the slashes were escaped after signing', () => {
    const plain = node.replaceAll('\\/', '/');
    expect(verified(`{"${name}":${node},"sign":"${signed(plain)}"}`)).toBe(true);
  });

  it('names its certificate', () => {
    const read = envelope(`{"${name}":${node},"alipay_cert_sn":"9f0d","sign":"${sign}"}`);
    expect(read).toMatchObject({ certSn: '9f0d', isError: false, encrypted: false });
  });

  it.each([
    ['another answer', `{"${name}":${node.replace('T202601150002', 'T202601150003')},"sign":"${sign}"}`],
    ['no signature', `{"${name}":${node}}`],
    ['an empty signature', `{"${name}":${node},"sign":""}`],
    ['a signature that is no string', `{"${name}":${node},"sign":["${sign}"]}`],
    [
      'the answer printed anew',
      `{"${name}":${JSON.stringify(JSON.parse(node))} ,"sign":"${signed(`${node} `)}"}`,
    ],
  ])('does not verify with %s', (_, text) => {
    expect(envelope(text).kind).toBe('envelope');
    expect(verified(text)).toBe(false);
  });
});

describe('a body that is no response', () => {
  it.each([
    ['nothing', '', 'not a JSON object'],
    ['a page', '<html><body>502</body></html>', 'not a JSON object'],
    ['an array', '[]', 'not a JSON object'],
    ['an object without members', '{}', `no ${name}`],
    ['the answer to another method', `{"alipay_trade_pay_response":${node},"sign":"${sign}"}`, `no ${name}`],
    ['a body that is cut off', `{"${name}":${node.slice(0, -1)}`, 'the JSON is cut off'],
    ['text after its end', `{"${name}":${node},"sign":"${sign}"}x`, 'not a JSON object'],
    ['two answers', `{"${name}":{},"${name}":${node},"sign":"${sign}"}`, `"${name}" occurs twice`],
    ['two signatures', `{"${name}":${node},"sign":"","s\\u0069gn":"${sign}"}`, '"sign" occurs twice'],
    [
      'an answer and an error',
      `{"${name}":${node},"error_response":{},"sign":"${sign}"}`,
      'both an answer and an error',
    ],
    [
      'a number for an answer',
      `{"${name}":1,"sign":"${sign}"}`,
      'the answer is neither an object nor a string',
    ],
    ['a member without a value', `{"${name}":,"sign":"${sign}"}`, 'the JSON is cut off'],
    ['a comma at the end', `{"${name}":${node},}`, 'not a JSON object'],
  ])('such as %s is a value, not an exception', (_, text, reason) => {
    expect(envelope(text)).toEqual({ kind: 'unreadable', reason });
  });
});

it('an error of the gateway is read with or without a signature', () => {
  const raw = '{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-app-id"}';
  const unsigned = envelope(`{"error_response":${raw}}`);
  expect(unsigned).toMatchObject({ isError: true, sign: null });
  expect(unsigned.kind === 'envelope' && readNode(unsigned)).toMatchObject({ code: '40002' });
  expect(verified(`{"error_response":${raw}}`)).toBe(false);
  expect(verified(`{"error_response":${raw},"sign":"${signed(raw)}"}`)).toBe(true);
});

it('an encrypted answer is signed with its quotes, and read after decryption', () => {
  const key = readAesKey(signatures.encryption.key);
  const raw = JSON.stringify(encryptContent(signatures.encryption.plaintext, key));
  const text = `{"${name}":${raw},"sign":"${signed(raw)}"}`;
  expect(verified(text)).toBe(true);
  const read = envelope(text);
  expect(read).toMatchObject({ encrypted: true });
  if (read.kind !== 'envelope') return;
  expect(readNode(read)).toBeNull();
  expect(decryptContent(readCiphertext(read) ?? '', key)).toMatchObject({
    plaintext: signatures.encryption.plaintext,
  });
});

it('in GBK the second half of a character is never a quote, a brace or a backslash', () => {
  const awkward = '{"code":"10000","note":"乗俓誠}誠"}';
  const raw = encodeText('gbk', awkward) ?? new Uint8Array();
  expect([...raw].filter((byte) => byte === 0x5c || byte === 0x7d).length).toBeGreaterThan(2);
  const body = printAnswer(method, JSON.parse(awkward), { ...signer, charset: 'gbk' }) ?? new Uint8Array();
  const read = envelope(body, 'gbk');
  expect(read.kind === 'envelope' && readNode(read)).toEqual(JSON.parse(awkward));
  expect(verified(body, 'gbk')).toBe(true);
});

it('in GBK a slash after such a character was never escaped', () => {
  const bytes = (text: string) => encodeText('gbk', text) ?? new Uint8Array();
  const sign = signContent(bytes('{"code":"10000","note":"誠/","url":"https://x"}'), privateKey, 'RSA2');
  const body = bytes(`{"${name}":{"code":"10000","note":"誠/","url":"https:\\/\\/x"},"sign":"${sign}"}`);
  expect(verified(body, 'gbk')).toBe(true);
});

it('an answer that the charset cannot write is not printed', () => {
  expect(printAnswer(method, { note: '😀' }, { ...signer, charset: 'gbk' })).toBeNull();
});

const answers = fc.dictionary(
  fc.string(),
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('{"sign":"x"}'), fc.jsonValue({ maxDepth: 3 })),
);

it('every answer that is printed is read back, and verifies', () => {
  fc.assert(
    fc.property(
      answers,
      fc.option(fc.stringMatching(/^[0-9a-f]{32}$/), { nil: undefined }),
      (fields, certSn) => {
        const body = printAnswer(method, fields, { ...signer, certSn }) ?? new Uint8Array();
        const read = envelope(body);
        expect(read).toMatchObject({ certSn: certSn ?? null });
        expect(read.kind === 'envelope' && readNode(read)).toEqual(JSON.parse(JSON.stringify(fields)));
        expect(verified(body)).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

it('no mutation of a signed answer verifies with other content, and none throws', () => {
  const original = Buffer.from(`{"${name}":${node},"alipay_cert_sn":"9f0d","sign":"${sign}"}`);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
      fc.option(fc.nat({ max: original.length })),
      (changes, cut) => {
        const body = Buffer.from(original);
        for (const [position, byte] of changes) body[position % body.length] = byte;
        const mutated = cut === null ? body : body.subarray(0, cut);
        const read = envelope(mutated);
        if (read.kind === 'unreadable') return;
        readNode(read);
        if (verifyEnvelope(read, publicKey, 'RSA2')) expect(Buffer.from(read.node).toString()).toBe(node);
      },
    ),
    { numRuns: 2000 },
  );
});

it('no bytes make reading an answer throw, and deep nesting is only depth', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('utf-8' as const, 'gbk' as const),
      (bytes, charset) => {
        envelope(bytes, charset);
        envelope(Buffer.concat([Buffer.from(`{"${name}":`), bytes]), charset);
      },
    ),
  );
  const deep = envelope(`{"${name}":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`);
  expect(deep.kind).toBe('envelope');
  expect(() => deep.kind === 'envelope' && readNode(deep)).not.toThrow();
});
