import type { NoAnswer } from '../../../domain/wallet-answer.ts';
import {
  type AnswerNode,
  type Envelope,
  readEnvelope,
  readNode,
  verifyEnvelope,
} from '../../../protocols/alipay-open/response.ts';
import { type AnswerResult, readResult } from '../../../protocols/alipay-open/trade-answers.ts';
import type { HttpAnswer } from '../deadline-http.ts';
import type { PreparedAccount } from './account.ts';

/** An answer that the platform has signed. */
export interface VerifiedAnswer {
  readonly kind: 'verified';
  readonly node: AnswerNode;
  readonly result: AnswerResult;
  /** The body as received, for the record of what is found untrue in it. */
  readonly raw: Uint8Array;
}

/**
 * Whether what came back over HTTP is an answer of the platform: status 200, JSON with the answer to this method,
 * and signed. An answer without a good signature is no answer, be it a success or an error; what it claims is kept
 * for people. Rule RES-14.
 */
export function verifyAnswer(
  answer: HttpAnswer,
  method: string,
  account: PreparedAccount,
): VerifiedAnswer | NoAnswer {
  const raw = answer.body;
  if (answer.status !== 200) return noAnswer('malformed', `HTTP status ${answer.status}`, raw);
  const envelope = readEnvelope(raw, method);
  if (envelope.kind === 'unreadable') return noAnswer('malformed', envelope.reason, raw);
  if (!account.walletKeys.some((key) => verifyEnvelope(envelope, key, account.signType))) {
    const fault = envelope.sign === null ? 'not signed' : 'signature does not fit';
    return noAnswer('untrusted', `${fault}; it claims ${claimOf(envelope)}`, raw);
  }
  const node = readNode(envelope);
  const result = node === null ? null : readResult(node);
  if (node === null || result === null) return noAnswer('malformed', 'a signed answer without a code', raw);
  return { kind: 'verified', node, result, raw };
}

/** A signed answer that cannot be about the request it came back for. Changes nothing and raises an alert. */
export function untrusted(answer: VerifiedAnswer, detail: string): NoAnswer {
  return noAnswer('untrusted', detail, answer.raw);
}

function claimOf(envelope: Envelope): string {
  const node = readNode(envelope);
  const result = node === null ? null : readResult(node);
  return result === null
    ? 'no code'
    : [result.code, result.subCode].filter((code) => code !== null).join(' ');
}

function noAnswer(reason: 'malformed' | 'untrusted', detail: string, raw: Uint8Array): NoAnswer {
  return { kind: 'no_answer', reason, detail: detail.slice(0, 200), raw };
}
