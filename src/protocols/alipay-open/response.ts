import type { KeyObject } from 'node:crypto';
import { answerName } from './calls.ts';
import { type Charset, decodeText, encodeText, isLeadByte } from './charset.ts';
import { readMembers } from './json-members.ts';
import { type SignType, signContent, verifyContent } from './signature.ts';
import { type Unreadable, unreadable } from './unreadable.ts';

/** A response of the gateway taken apart, its signature not yet looked at. */
export interface Envelope {
  readonly kind: 'envelope';
  /** The signed value exactly as transmitted: key order, escapes and spaces kept; with its quotes when encrypted. */
  readonly node: Uint8Array;
  /** The value is a JSON string with ciphertext instead of an object. */
  readonly encrypted: boolean;
  /** True when the platform answered under `error_response` instead of the method's own name. */
  readonly isError: boolean;
  readonly sign: string | null;
  /** Serial number of the certificate that signed, in certificate mode. */
  readonly certSn: string | null;
  readonly charset: Charset;
}

/**
 * Takes a response apart without parsing and printing it again, since the signature covers the transmitted bytes.
 * The members may come in any order. A member that occurs twice, or an error beside an answer, is
 * unreadable: one of the two would be signed and the other read.
 */
export function readEnvelope(
  body: Uint8Array,
  method: string,
  charset: Charset = 'utf-8',
): Envelope | Unreadable {
  const members = readMembers(body, charset);
  if (members.kind === 'unreadable') return members;
  const answer = members.values.get(answerName(method));
  const error = members.values.get('error_response');
  if (answer !== undefined && error !== undefined) return unreadable('both an answer and an error');
  const node = answer ?? error;
  if (node === undefined) return unreadable(`no ${answerName(method)}`);
  const opening = node[0];
  if (opening !== 0x7b && opening !== 0x22) return unreadable('the answer is neither an object nor a string');
  return {
    kind: 'envelope',
    node,
    encrypted: opening === 0x22,
    isError: answer === undefined,
    sign: readString(members.values.get('sign'), charset),
    certSn: readString(members.values.get('alipay_cert_sn'), charset),
    charset,
  };
}

/**
 * Whether the platform signed this answer. An answer without a signature is not verified, be it an error or not.
 * The platform's older gateways signed the text before they escaped its slashes, so a signature that does not
 * fit is tried once more with `\/` read as `/`. Rule RES-14.
 */
export function verifyEnvelope(envelope: Envelope, key: KeyObject, signType: SignType): boolean {
  if (envelope.sign === null) return false;
  if (verifyContent(envelope.node, envelope.sign, key, signType)) return true;
  const plain = withPlainSlashes(envelope.node, envelope.charset);
  return plain.length < envelope.node.length && verifyContent(plain, envelope.sign, key, signType);
}

/** Members of an answer. Values of unknown type: whoever reads one checks it. */
export type AnswerNode = Readonly<Record<string, unknown>>;

/** The answer itself; `null` when it is encrypted or no JSON object after all. */
export function readNode(envelope: Envelope): AnswerNode | null {
  if (envelope.encrypted) return null;
  return readObject(decodeText(envelope.charset, envelope.node));
}

/** The ciphertext of an encrypted answer; `null` when it is not encrypted. */
export function readCiphertext(envelope: Envelope): string | null {
  return envelope.encrypted ? readString(envelope.node, envelope.charset) : null;
}

/** A JSON object from text; `null` for anything else. */
export function readObject(text: string | null): AnswerNode | null {
  const value = parsed(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as AnswerNode) : null;
}

export interface AnswerSigner {
  readonly key: KeyObject;
  readonly signType: SignType;
  readonly charset: Charset;
  readonly certSn?: string | undefined;
}

/**
 * A signed response in the only layout that every official library can verify: answer, then certificate number,
 * then signature, nothing between them; printed once and signed as printed.
 * `null` when the charset cannot write the answer.
 */
export function printAnswer(method: string, node: AnswerNode, signer: AnswerSigner): Uint8Array | null {
  const raw = encodeText(signer.charset, JSON.stringify(node));
  if (raw === null) return null;
  const certSn = signer.certSn === undefined ? '' : `,"alipay_cert_sn":"${signer.certSn}"`;
  const sign = signContent(raw, signer.key, signer.signType);
  return Buffer.concat([
    Buffer.from(`{"${answerName(method)}":`),
    raw,
    Buffer.from(`${certSn},"sign":"${sign}"}`),
  ]);
}

function readString(bytes: Uint8Array | undefined, charset: Charset): string | null {
  if (bytes === undefined) return null;
  const value = parsed(decodeText(charset, bytes));
  return typeof value === 'string' ? value : null;
}

function parsed(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withPlainSlashes(bytes: Uint8Array, charset: Charset): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (isLeadByte(charset, byte) && i + 1 < bytes.length) {
      out[length++] = byte;
      i += 1;
    } else if (byte === 0x5c && bytes[i + 1] === 0x2f) {
      i += 1;
    }
    out[length++] = bytes[i] ?? 0;
  }
  return out.subarray(0, length);
}
