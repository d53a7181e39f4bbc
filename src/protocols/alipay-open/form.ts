import { type Unreadable, unreadable } from './unreadable.ts';

/**
 * Fields of `application/x-www-form-urlencoded` text, values as the bytes that were percent-encoded: a signature
 * covers those bytes, whatever charset they are in, so they are decoded once and never made again from text.
 */
export type FormFields = ReadonlyMap<string, Uint8Array>;

export interface Form {
  readonly kind: 'form';
  readonly fields: FormFields;
}

const ampersand = 0x26;
const equals = 0x3d;
const percent = 0x25;
const plus = 0x2b;
const space = 0x20;

/**
 * Reads one or more pieces of form-encoded bytes (a query string and a body) as one set of fields, each decoded
 * exactly once. A `%` that begins no escape stands for itself, as everywhere; the signature decides whether that
 * was meant. A name that occurs twice is unreadable: nobody could say which of its values was signed.
 */
export function readForm(...pieces: readonly Uint8Array[]): Form | Unreadable {
  const fields = new Map<string, Uint8Array>();
  for (const bytes of pieces) {
    let start = 0;
    while (start <= bytes.length) {
      const found = bytes.indexOf(ampersand, start);
      const end = found === -1 ? bytes.length : found;
      const split = bytes.subarray(start, end).indexOf(equals);
      const nameEnd = split === -1 ? end : start + split;
      const name = Buffer.from(decoded(bytes.subarray(start, nameEnd))).toString('latin1');
      if (name !== '') {
        if (fields.has(name))
          return unreadable(`the field ${JSON.stringify(name.slice(0, 40))} occurs twice`);
        fields.set(name, decoded(bytes.subarray(split === -1 ? end : nameEnd + 1, end)));
      }
      start = end + 1;
    }
  }
  return { kind: 'form', fields };
}

/** Fields in the order given, names and values percent-encoded, a space as `+`. */
export function printForm(fields: Iterable<readonly [string, Uint8Array]>): string {
  let text = '';
  for (const [name, value] of fields) {
    text += `${text === '' ? '' : '&'}${encoded(Buffer.from(name, 'latin1'))}=${encoded(value)}`;
  }
  return text;
}

function decoded(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(percent) && !bytes.includes(plus)) return bytes;
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    const high = byte === percent ? hexDigit(bytes[i + 1]) : -1;
    const low = high === -1 ? -1 : hexDigit(bytes[i + 2]);
    if (low !== -1) {
      out[length++] = (high << 4) | low;
      i += 2;
    } else {
      out[length++] = byte === plus ? space : byte;
    }
  }
  return out.subarray(0, length);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const encodings: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (/[A-Za-z0-9._*-]/.test(character)) return character;
  if (byte === space) return '+';
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

function encoded(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += encodings[byte];
  return text;
}
