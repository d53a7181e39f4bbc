/**
 * The charsets that a message of the Open Platform may be in. A signature covers bytes, so text crosses into
 * bytes and back only here, and what cannot cross exactly is `null`, never replaced by a question mark.
 */
export type Charset = 'utf-8' | 'gbk' | 'gb2312';

/** The charset that a message names, in whatever case it is written; `null` for any other name. */
export function readCharset(name: string): Charset | null {
  const lower = name.toLowerCase();
  return lower === 'utf-8' || lower === 'gbk' || lower === 'gb2312' ? lower : null;
}

/** Bytes as text; `null` when they are not valid in the charset. A byte order mark is kept as a character. */
export function decodeText(charset: Charset, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Text as bytes; `null` when the charset has no bytes for one of its characters. */
export function encodeText(charset: Charset, text: string): Uint8Array | null {
  if (charset === 'utf-8') return Buffer.from(text, 'utf8');
  const bytes: number[] = [];
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (codePoint < 0x80) {
      bytes.push(codePoint);
      continue;
    }
    const pair = gbkPairs().get(character);
    if (pair === undefined) return null;
    bytes.push(pair >> 8, pair & 0xff);
  }
  return Uint8Array.from(bytes);
}

/**
 * True for a byte that, in this charset, is the first half of a character whose second half may look like ASCII:
 * a GBK character may end in `\`, `{` or `}`.
 */
export function isLeadByte(charset: Charset, byte: number): boolean {
  return charset !== 'utf-8' && byte >= 0x81 && byte <= 0xfe;
}

let pairs: Map<string, number> | undefined;

/** GBK's two-byte characters, inverted from the decoder that Node carries; made when first needed (30 ms). */
function gbkPairs(): Map<string, number> {
  if (pairs !== undefined) return pairs;
  pairs = new Map();
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const character = decodeText('gbk', Uint8Array.of(lead, trail));
      if (character === null || [...character].length !== 1 || pairs.has(character)) continue;
      pairs.set(character, (lead << 8) | trail);
    }
  }
  return pairs;
}
