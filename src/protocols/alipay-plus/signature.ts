import { type KeyObject, sign, verify } from 'node:crypto';
import { type Unreadable, unreadable } from './unreadable.ts';

/*
 * Every message of AMS, in either direction, is signed over `POST <path>\n<client-id>.<time>.<body>`: the path as
 * called, the time's text as sent, the body's bytes as sent. Nothing of it is ever parsed and printed again.
 */

/** What a signature covers. */
export interface SignedMessage {
  /**
   * Path of the call. An answer has that of its request, a notification and its acknowledgement that of the notify
   * URL as the wallet calls it.
   */
  readonly path: string;
  readonly clientId: string;
  /** Text of `request-time` or `response-time`. Its forms differ and it is never made again from a time. */
  readonly time: string;
  readonly body: Uint8Array;
}

/** `RSA256`: SHA256withRSA. The only algorithm of the present pages. */
export const algorithm = 'RSA256';

/** The digest of {@link algorithm}, as `node:crypto` calls it. */
export const digestName = 'sha256';

export function signingContent(message: SignedMessage): Uint8Array {
  return Buffer.concat([
    Buffer.from(`POST ${message.path}\n${message.clientId}.${message.time}.`),
    message.body,
  ]);
}

/** Value of the signature header. Deterministic: PKCS #1 v1.5 has no randomness. */
export function signMessage(message: SignedMessage, key: KeyObject, keyVersion = 1): string {
  return printSignature(sign(digestName, signingContent(message), key), keyVersion);
}

/** Whether the header's signature belongs to this message. False for a header that cannot be read. */
export function verifyMessage(message: SignedMessage, header: string, key: KeyObject): boolean {
  const read = readSignature(header);
  return read.kind === 'signature' && verifySignature(message, read, key);
}

export function verifySignature(message: SignedMessage, signature: Signature, key: KeyObject): boolean {
  // Checked here too, since a signature of another length costs no arithmetic to refuse.
  if (signature.bytes.length !== keyByteLength(key)) return false;
  return verify(digestName, signingContent(message), key, signature.bytes);
}

export interface Signature {
  readonly kind: 'signature';
  /** `null` when the header leaves it out, which means the newest key. */
  readonly keyVersion: number | null;
  readonly bytes: Uint8Array;
}

/**
 * Header value in the one layout that every official library reads: this order, no spaces, upper-case escapes. Some
 * of them split it on `=`, so that the value must not hold a raw one.
 */
export function printSignature(bytes: Uint8Array, keyVersion = 1): string {
  const base64 = Buffer.from(bytes).toString('base64');
  const escaped = base64.replaceAll('+', '%2B').replaceAll('/', '%2F').replaceAll('=', '%3D');
  return `algorithm=${algorithm},keyVersion=${keyVersion},signature=${escaped}`;
}

const grammar = /^algorithm=(\w+), *(?:keyVersion=(\d{1,9}), *)?signature=([A-Za-z0-9+/=%]+)$/;

/**
 * Reads a signature header: spaces after its commas, escapes in either case, base64 that nobody escaped. A raw `+`
 * stays a `+`, though several official libraries take it for a space. Base64 that is not in its one canonical form is
 * no signature, so that no two texts pass for the same one.
 */
export function readSignature(header: string): Signature | Unreadable {
  const match = grammar.exec(header.trim());
  if (match === null) return unreadable('the signature header is not of its form');
  if (match[1] !== algorithm) return unreadable('the signature is of an unknown algorithm');
  const base64 = unescaped(match[3] ?? '');
  const bytes = Buffer.from(base64 ?? '', 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== base64) {
    return unreadable('the signature is not base64');
  }
  return { kind: 'signature', keyVersion: match[2] === undefined ? null : Number(match[2]), bytes };
}

/** Escapes decoded once; `null` when a percent sign begins none. */
function unescaped(text: string): string | null {
  if (!text.includes('%')) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function keyByteLength(key: KeyObject): number {
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}
