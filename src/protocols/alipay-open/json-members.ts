import { type Charset, decodeText, isLeadByte } from './charset.ts';
import { type Unreadable, unreadable } from './unreadable.ts';

/** Members of the outermost JSON object, each value as the bytes that stood there. */
export interface JsonMembers {
  readonly kind: 'members';
  readonly values: ReadonlyMap<string, Uint8Array>;
}

/**
 * Cuts a JSON object into its outermost members without interpreting them. Strings are followed closely, so
 * that a brace, a comma or the word `"sign"` inside one is text; in GBK the second half of a character is never
 * taken for a quote or a backslash. Linear in the length, not recursive.
 */
export function readMembers(bytes: Uint8Array, charset: Charset): JsonMembers | Unreadable {
  const values = new Map<string, Uint8Array>();
  const end = trimmedEnd(bytes);
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== 0x7b) return unreadable('not a JSON object');
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === 0x7d && at + 1 === end) return { kind: 'members', values };
  for (;;) {
    if (bytes[at] !== 0x22) return unreadable('not a JSON object');
    const nameEnd = stringEnd(bytes, at, charset);
    const name = nameEnd === -1 ? null : memberName(decodeText(charset, bytes.subarray(at, nameEnd)));
    if (name === null) return unreadable('not a JSON object');
    if (values.has(name)) return unreadable(`${JSON.stringify(name.slice(0, 40))} occurs twice`);
    at = skipSpace(bytes, nameEnd);
    if (bytes[at] !== 0x3a) return unreadable('not a JSON object');
    at = skipSpace(bytes, at + 1);
    const valueEnd = endOfValue(bytes, at, charset);
    if (valueEnd === -1) return unreadable('the JSON is cut off');
    values.set(name, bytes.subarray(at, valueEnd));
    at = skipSpace(bytes, valueEnd);
    if (bytes[at] === 0x7d && at + 1 === end) return { kind: 'members', values };
    if (bytes[at] !== 0x2c) return unreadable('not a JSON object');
    at = skipSpace(bytes, at + 1);
  }
}

/** Index after the value that begins at `start`, or -1. */
function endOfValue(bytes: Uint8Array, start: number, charset: Charset): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x22) {
      const end = stringEnd(bytes, at, charset);
      if (end === -1) return -1;
      if (depth === 0) return end;
      at = end - 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return at > start ? at : -1;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === 0x2c || isSpace(byte))) {
      return at > start ? at : -1;
    }
  }
  return -1;
}

/** Index after the string that begins with the quote at `start`, or -1. */
function stringEnd(bytes: Uint8Array, start: number, charset: Charset): number {
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x22) return at + 1;
    if (byte === 0x5c || isLeadByte(charset, byte)) at += 1;
  }
  return -1;
}

function memberName(text: string | null): string | null {
  try {
    const name: unknown = text === null ? null : JSON.parse(text);
    return typeof name === 'string' ? name : null;
  } catch {
    return null;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && isSpace(bytes[at] ?? 0)) at += 1;
  return at;
}

function trimmedEnd(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && isSpace(bytes[end - 1] ?? 0)) end -= 1;
  return end;
}
