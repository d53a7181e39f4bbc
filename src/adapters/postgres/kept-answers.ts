import type { TroubledAnswer } from '../../ports/report.ts';
import { type Sealing, SealingError } from '../sealing.ts';
import type { Database, Queryable } from './database.ts';
import { untrustedAnswerContext, untrustedBytesKept } from './untrusted-answers.ts';

/** Answers that are kept of one payment, and of each of its refunds: the last ones. */
export const answersKept = 5;

function keptAnswerContext(paymentId: string): string {
  return `kept_answers.sealed_bytes ${paymentId}`;
}

/**
 * Keeps an answer of what is in trouble: its first bytes are sealed, and dropped after a few days or when so many later
 * ones are there. Two at once may leave one more than that until the next. RES-19.
 */
export async function keepTroubledAnswer(
  database: Database,
  sealing: Sealing,
  { merchantId, paymentId, refundId, call, answer, walletCode, raw }: TroubledAnswer,
): Promise<void> {
  const sealed = sealing.seal(raw.subarray(0, untrustedBytesKept), keptAnswerContext(paymentId));
  await database.query({
    name: 'keep_troubled_answer',
    text: `with outlived as (
             delete from kept_answers
             where merchant_id = $1 and payment_id = $2 and refund_id is not distinct from $3
               and received_at <= (
                 select received_at from kept_answers
                 where merchant_id = $1 and payment_id = $2 and refund_id is not distinct from $3
                 order by received_at desc offset ${answersKept - 1} limit 1)
           )
           insert into kept_answers (merchant_id, payment_id, refund_id, call, answer, wallet_code, sealed_bytes)
           values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    values: [merchantId, paymentId, refundId, call, answer, walletCode, sealed],
  });
}

/** An answer as it was kept, for people who must look. */
export interface KeptAnswer {
  readonly at: Date;
  readonly refundId: string | null;
  readonly call: string;
  readonly answer: string;
  readonly walletCode: string | null;
  /** What is wrong with one that cannot be trusted. */
  readonly detail: string | null;
  /** The bytes as received, the first of them where there were many; `null`: there are none that can be read. */
  readonly raw: Buffer | null;
}

interface KeptAnswerRow extends Omit<KeptAnswer, 'raw'> {
  readonly paymentId: string;
  readonly isTrusted: boolean;
  readonly sealed: Buffer | null;
}

/** Whose answers: a payment's with its refunds', or one refund's alone. */
export interface AnswersOf {
  readonly merchantId: string;
  readonly paymentId: string;
  readonly refundId: string | null;
}

/** From both tables. Those that cannot be trusted do not say which refund they are of. */
const answersOf = (merchantId: string, paymentId: string, refundId: string) => `
  select received_at as at, payment_id as "paymentId", refund_id as "refundId", call, answer,
    wallet_code as "walletCode", null as detail, sealed_bytes as sealed, true as "isTrusted"
  from kept_answers
  where merchant_id = ${merchantId} and payment_id = ${paymentId}
    and (${refundId} is null or refund_id = ${refundId})
  union all
  select received_at, payment_id, null, call, 'untrusted', null, detail, sealed_bytes, false
  from untrusted_answers
  where merchant_id = ${merchantId} and payment_id = ${paymentId}
    and (${refundId} is null or call in ('refund', 'inquire_refund'))`;

/** The last answers, the newest first, at most `limit` of them. RES-14, RES-19. */
export async function listKeptAnswers(
  database: Queryable,
  sealing: Sealing,
  { merchantId, paymentId, refundId }: AnswersOf,
  limit: number,
): Promise<KeptAnswer[]> {
  const { rows } = await database.query<KeptAnswerRow>(
    `select * from (${answersOf('$1', '$2', '$3::text')}) as answers order by at desc limit $4`,
    [merchantId, paymentId, refundId, limit],
  );
  return rows.map((row) => keptAnswerOf(row, sealing));
}

/** The last answer of each, in their order; `null` where none is kept. */
export async function lastKeptAnswers(
  database: Queryable,
  sealing: Sealing,
  each: readonly AnswersOf[],
): Promise<(KeptAnswer | null)[]> {
  const { rows } = await database.query<KeptAnswerRow & { readonly place: bigint }>(
    `select k.place, a.* from unnest($1::text[], $2::text[], $3::text[])
       with ordinality as k(merchant_id, payment_id, refund_id, place)
     cross join lateral (
       select * from (${answersOf('k.merchant_id', 'k.payment_id', 'k.refund_id')}) as answers
       order by at desc limit 1
     ) as a`,
    [
      each.map(({ merchantId }) => merchantId),
      each.map(({ paymentId }) => paymentId),
      each.map(({ refundId }) => refundId),
    ],
  );
  const found = new Map(rows.map(({ place, ...row }) => [Number(place), keptAnswerOf(row, sealing)]));
  return each.map((_, index) => found.get(index + 1) ?? null);
}

function keptAnswerOf({ paymentId, isTrusted, sealed, ...row }: KeptAnswerRow, sealing: Sealing): KeptAnswer {
  if (sealed === null) return { ...row, raw: null };
  const context = isTrusted ? keptAnswerContext(paymentId) : untrustedAnswerContext(paymentId);
  try {
    return { ...row, raw: sealing.open(sealed, context) };
  } catch (error) {
    // Sealed under another master key: everything beside the bytes can still be told.
    if (error instanceof SealingError) return { ...row, raw: null };
    throw error;
  }
}
