import type { PaymentInput } from '../domain/decide-payment.ts';
import type { RefundInput } from '../domain/decide-refund.ts';
import type { Received } from '../domain/wallet-answer.ts';
import type { TroubledAnswer } from '../ports/report.ts';
import type { Engine } from './engine.ts';

type Answer = Extract<PaymentInput | RefundInput, { readonly answer: unknown }>['answer'];

/**
 * Hands on the bytes of an answer that leaves its payment or refund in trouble: it settles nothing, or people are needed
 * whatever it says. Whoever is alerted may have to read it. The answers of a payment that is in no trouble are handed on
 * nowhere, and cost nothing. RES-19.
 */
export function noteTroubled(
  engine: Pick<Engine, 'report'>,
  about: Pick<TroubledAnswer, 'merchantId' | 'paymentId' | 'refundId' | 'call'>,
  input: PaymentInput | RefundInput,
  needsAttention: boolean,
): void {
  if (!('answer' in input)) return;
  const answer: Received<Answer> = input.answer;
  // What cannot be trusted is kept for that reason already.
  const isUntrusted = answer.kind === 'no_answer' && answer.reason === 'untrusted';
  if (answer.raw === undefined || isUntrusted || !(needsAttention || settlesNothing(answer))) return;
  engine.report.troubledAnswer({
    ...about,
    answer: answer.kind === 'no_answer' ? answer.reason : answer.kind,
    walletCode: 'code' in answer ? answer.code : null,
    raw: answer.raw,
  });
}

function settlesNothing(answer: Answer): boolean {
  switch (answer.kind) {
    case 'unclear':
    case 'later':
    case 'spent':
    case 'no_answer':
      return true;
    case 'refused':
      return answer.remedy === 'operator';
    case 'paid':
    case 'issued':
    case 'awaiting_payer':
    case 'closed':
    case 'cancelled':
    case 'failed':
    case 'not_found':
    case 'effected':
    case 'nothing_named':
    case 'refund_instead':
    case 'refunded':
    case 'repeated':
      return false;
    default:
      return answer satisfies never;
  }
}
