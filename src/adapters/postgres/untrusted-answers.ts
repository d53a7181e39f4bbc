import type { Sealing } from '../sealing.ts';
import type { Database } from './database.ts';

export interface UntrustedAnswer {
  readonly merchantId: string;
  readonly paymentId: string;
  readonly call: string;
  readonly detail: string;
  readonly raw: Uint8Array | undefined;
}

/** What is kept of a message: more than any wallet's own has, and no more of whatever else was sent. */
export const untrustedBytesKept = 8 * 1024;

export function untrustedAnswerContext(paymentId: string): string {
  return `untrusted_answers.sealed_bytes ${paymentId}`;
}

/** Keeps an answer that failed its checks: its first bytes are sealed, and dropped after a few days. RES-14. */
export async function keepUntrustedAnswer(
  database: Database,
  sealing: Sealing,
  answer: UntrustedAnswer,
): Promise<void> {
  const sealed =
    answer.raw === undefined
      ? null
      : sealing.seal(answer.raw.subarray(0, untrustedBytesKept), untrustedAnswerContext(answer.paymentId));
  await database.query(
    `insert into untrusted_answers (merchant_id, payment_id, call, detail, sealed_bytes)
     values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [answer.merchantId, answer.paymentId, answer.call, answer.detail, sealed],
  );
}
