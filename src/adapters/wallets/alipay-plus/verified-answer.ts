import type { NoAnswer } from '../../../domain/wallet-answer.ts';
import { readHead } from '../../../protocols/alipay-plus/headers.ts';
import { type Fields, readMessage, type ValuesOf } from '../../../protocols/alipay-plus/message-fields.ts';
import { type Result, readResult, type resultField } from '../../../protocols/alipay-plus/result.ts';
import { verifyMessage } from '../../../protocols/alipay-plus/signature.ts';
import type { HttpAnswer } from '../deadline-http.ts';
import type { PreparedAccount } from './account.ts';

/** The fields of an answer: a result, and what else the call has. */
export type AnswerFields = Fields & { readonly result: typeof resultField };

/** An answer that AMS has signed. */
export interface VerifiedAnswer<F extends AnswerFields> {
  readonly kind: 'verified';
  readonly values: ValuesOf<F>;
  readonly result: Result;
  /** The body as received, for the record of what is found untrue in it. */
  readonly raw: Uint8Array;
}

/**
 * Whether what came back over HTTP is an answer of AMS: status 200, a JSON object, and signed for this client under
 * the path of the request. An answer without a good signature is no answer, be it a success or an error (AMS does not
 * sign the refusal of a call whose own signature it could not verify); what it claims is kept for people. Rule RES-14.
 */
export function verifyAnswer<F extends AnswerFields>(
  answer: HttpAnswer,
  fields: F,
  path: string,
  account: PreparedAccount,
): VerifiedAnswer<F> | NoAnswer {
  const raw = answer.body;
  if (answer.status !== 200) return noAnswer('malformed', `HTTP status ${answer.status}`, raw);
  const message = readMessage(fields, raw);
  if (message.kind === 'unreadable') return noAnswer('malformed', message.reason, raw);
  const result = readResult(message.values.result as Parameters<typeof readResult>[0]);
  const distrusted = faultOf(answer, path, account);
  if (distrusted !== null) {
    return noAnswer('untrusted', `${distrusted}; it claims ${claimOf(result)}`, raw);
  }
  if (result === null) return noAnswer('malformed', 'a signed answer without a result', raw);
  return { kind: 'verified', values: message.values, result, raw };
}

/** A signed answer that cannot be about the request it came back for. Changes nothing and raises an alert. */
export function untrusted(answer: { readonly raw: Uint8Array }, detail: string): NoAnswer {
  return noAnswer('untrusted', detail, answer.raw);
}

/** Why an answer cannot be trusted; `null` for one that AMS has signed. */
function faultOf(answer: HttpAnswer, path: string, account: PreparedAccount): string | null {
  const head = readHead(answer.headers, 'response-time');
  if (head.kind === 'unreadable') return head.reason;
  if (head.signature === null) return 'not signed';
  const { clientId } = account.source;
  if (head.clientId !== null && head.clientId !== clientId) return 'made for another client';
  const message = { path, clientId, time: head.time, body: answer.body };
  const signature = head.signature;
  // Each is tried, whatever version the header names: nobody documents that it counts the wallet's keys as we do.
  const isSigned = account.walletKeys.some((key) => verifyMessage(message, signature, key));
  return isSigned ? null : 'signature does not fit';
}

function claimOf(result: Result | null): string {
  return result === null ? 'no result' : `${result.status} ${result.code}`;
}

function noAnswer(reason: 'malformed' | 'untrusted', detail: string, raw: Uint8Array): NoAnswer {
  return { kind: 'no_answer', reason, detail: detail.slice(0, 200), raw };
}
