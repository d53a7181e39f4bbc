import type { FastifyReply, FastifyRequest } from 'fastify';
import { outcomeMark, resultPage } from '../../../cashier/result-page.ts';
import type { Payment } from '../../domain/payment.ts';
import { publicStatus } from '../../domain/payment.ts';
import { type EntryResult, findEntry, notePayerSeen } from '../../operations/entry-payment.ts';
import { sendNotice, sendPage, toStart } from './answers.ts';
import type { CashierContext } from './context.ts';
import { attemptOf } from './entry.ts';
import type { PageToken } from './page-token.ts';
import { payerOutcome } from './payer-outcome.ts';
import { currencyFormOf, entryPath, keepLanguage, statusPath, visitOf } from './visit.ts';

type KnownEntry = Exclude<EntryResult, { readonly kind: 'unknown' }>;

interface SeenAttempt {
  readonly entry: KnownEntry;
  readonly token: PageToken;
  readonly payment: Payment;
}

/**
 * `GET /c/:code/result/:token`: what has become of the attempt, also after the code was switched off. Of the address
 * only the token counts; what else it claims changes nothing. PAY-11, PAY-12.
 */
export async function showResult(
  context: CashierContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const visit = visitOf(context, request);
  keepLanguage(context, request, reply);
  const seen = await seenAttempt(context, request, visit.code);
  if (seen === 'unknown_code') return sendNotice(reply, visit, 'unknown_code');
  if (seen === 'unknown_attempt') return sendNotice(reply, visit, 'unknown_attempt', toStart(context, visit));
  const { entry, token, payment } = seen;
  const outcome = payerOutcome(payment, context.sandbox, context.engine.clock.now());
  const page = resultPage(visit.frame, {
    outcome,
    storeName: entry.store.name,
    merchantName: entry.merchant.name,
    subject: payment.subject === entry.store.name ? null : payment.subject,
    currency: currencyFormOf(payment.amount.currency, payment.wallet),
    amountMinor: payment.amount.minor,
    paidAt: payment.paidAt,
    orderNo: payment.merchantOrderNo,
    walletTransactionId: payment.walletTransactionId,
    entryUrl: entryPath(context, visit.code) + visit.keptQuery,
    statusUrl: statusPath(context, visit.code, token.text),
  });
  return sendPage(reply, 200, page);
}

/** `GET /c/:code/status/:token`: whether the result page still shows what there is to show. */
export async function showStatus(
  context: CashierContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { code = '' } = request.params as { readonly code?: string };
  const seen = await seenAttempt(context, request, code);
  if (typeof seen === 'string') return reply.code(404).send({ code: seen });
  const outcome = payerOutcome(seen.payment, context.sandbox, context.engine.clock.now());
  return reply.send({ status: publicStatus(seen.payment), mark: outcomeMark(outcome) });
}

/** The attempt that a page shows. That it is looked at means that its payer is active. RES-16. */
async function seenAttempt(
  context: CashierContext,
  request: FastifyRequest,
  code: string,
): Promise<SeenAttempt | 'unknown_code' | 'unknown_attempt'> {
  const entry = await findEntry(context.engine, code);
  if (entry.kind === 'unknown') return 'unknown_code';
  const { token: text = '' } = request.params as { readonly token?: string };
  const attempt = await attemptOf(context, code, text, entry.merchant.id);
  if (attempt === null || attempt.payment === null) return 'unknown_attempt';
  const { token, payment } = attempt;
  const isAwaited = publicStatus(payment) === 'processing';
  return { entry, token, payment: isAwaited ? await notePayerSeen(context.engine, payment) : payment };
}
