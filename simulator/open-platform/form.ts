/**
 * Urlencoded parameters, kept as the bytes that were sent. Every string here is a *byte string*: one character
 * per byte (latin1). The signature covers the decoded bytes in the sender's charset, so decoding to text comes after
 * verifying and works alike for utf-8 and gbk.
 */
export type ByteString = string;

export type Form = ReadonlyMap<string, ByteString>;

const escapedByte = /%([0-9a-fA-F]{2})/g;
const highByte = /[\u0080-\u00ff]/;

function unescapeBytes(text: ByteString): ByteString {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  return spaced.replace(escapedByte, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Query and body in one map; a parameter of the body wins over one of the query. */
export function parseForm(...sources: readonly ByteString[]): Form {
  const form = new Map<string, ByteString>();
  for (const source of sources) {
    for (const pair of source.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      form.set(unescapeBytes(name), equals < 0 ? '' : unescapeBytes(pair.slice(equals + 1)));
    }
  }
  return form;
}

export type Charset = 'utf-8' | 'gbk' | 'gb2312';

export function isCharset(text: string): text is Charset {
  return text === 'utf-8' || text === 'gbk' || text === 'gb2312';
}

export function decodeBytes(bytes: ByteString, charset: Charset): string {
  if (!highByte.test(bytes)) return bytes;
  return new TextDecoder(charset === 'utf-8' ? 'utf-8' : 'gbk').decode(Buffer.from(bytes, 'latin1'));
}
