import type { FastifyReply, FastifyRequest } from 'fastify';
import { readAmount } from '../../../cashier/amounts.ts';
import type { EntryView } from '../../../cashier/entry-page.ts';
import { walletOpensPage } from '../../../cashier/notice-pages.ts';
import { paymentPolicy } from '../../domain/accept-payment.ts';
import { isOpen, type Payment } from '../../domain/payment.ts';
import type { Refusal } from '../../domain/refusals.ts';
import { beginAbandonEntryPayment, beginEntryPayment, findEntry } from '../../operations/entry-payment.ts';
import type { BegunPayment } from '../../operations/pay.ts';
import { inOperation } from '../rest/request-spans.ts';
import { sendNotice, sendPage, toStart } from './answers.ts';
import type { CashierContext } from './context.ts';
import { attemptOf, newToken, type PayableEntry, payableEntry, sendEntryPage } from './entry.ts';
import { idempotencyKeyOf, orderNoOf, type PageToken } from './page-token.ts';
import { walletUrlOf } from './payer-outcome.ts';
import { currencyFormOf, keepAttempt, resultPath, type Visit, visitOf } from './visit.ts';

/** Beyond the wallet's own time, for recording its answer. */
const recordingMs = 2_000;

/**
 * `POST /c/:code/pay`: begins the attempt of the page's token and leads on to the wallet, or to the attempt's result
 * when it was begun before. However often and with whatever amount a token comes, it is one attempt. Money case 11.
 */
export async function payEntry(
  context: CashierContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const visit = visitOf(context, request);
  const form = formOf(request.body);
  const found = await findEntry(context.engine, visit.code);
  const attempt =
    form === null || found.kind === 'unknown'
      ? null
      : await attemptOf(context, visit.code, form.token, found.merchant.id);
  // What was begun is never denied, whatever has become of the code since.
  if (attempt !== null && attempt.payment !== null) return toResult(context, visit, attempt.token, reply);
  const payable = payableEntry(context, visit, found, reply);
  if (payable === null) return reply;
  if (form === null || attempt === null)
    return sendNotice(reply, visit, 'broken_form', toStart(context, visit));
  const { entry, payer, maxMinor } = payable;
  const { token } = attempt;

  const again = (fault: EntryView['fault'], withToken: PageToken): FastifyReply =>
    sendEntryPage(context, visit, payable, reply, {
      status: 422,
      token: withToken,
      typed: form.amount.slice(0, 20),
      fault,
      open: null,
    });
  if (!token.mayPay) return again('page_too_old', newToken(context, visit));
  const { currency } = entry.code;
  const read = readAmount(form.amount, currencyFormOf(currency, payer.wallet), maxMinor);
  if (read.kind === 'fault') return again(read.fault, token);

  const place = context.admission.enter(entry.merchant.id);
  // Nothing was begun, and the page that the payer has is still good for its one attempt.
  if (place.kind === 'overloaded') {
    reply.header('retry-after', `${place.retryAfterS}`);
    return sendNotice(reply, visit, 'busy', toStart(context, visit));
  }
  try {
    const begun = await inOperation('pay', entry.merchant.id, () =>
      beginEntryPayment(context.engine, entry, {
        amount: { currency, minor: read.minor },
        wallet: payer.wallet,
        userAgent: payer.userAgent,
        returnUrl: context.publicOrigin + resultPath(context, visit.code, token.text) + visit.keptQuery,
        orderNo: orderNoOf(token),
        key: idempotencyKeyOf(token, `${visit.code}\n${payer.wallet}\n${currency}\n${read.minor}`),
      }),
    );
    if (begun.kind === 'refused') {
      const after = afterRefusal(begun.refusal);
      if (after === 'see_result') return toResult(context, visit, token, reply);
      if (after === 'busy') {
        reply.header('retry-after', `${begun.refusal.retryAfterS ?? 1}`);
        return sendNotice(reply, visit, 'busy', toStart(context, visit));
      }
      if (after === 'store_cannot') {
        request.log.warn({ refusal: begun.refusal.code }, 'an entry code cannot be paid');
        return sendNotice(reply, visit, 'store_cannot');
      }
      return again(after, token);
    }
    place.holdUntil(begun.answered);
    return await toWallet(context, request, visit, payable, token, begun, reply);
  } finally {
    place.leave();
  }
}

interface PayForm {
  readonly token: string;
  readonly amount: string;
}

/** The form's fields, each of which must come once; `null` for any other body. */
function formOf(body: unknown): PayForm | null {
  if (!(body instanceof URLSearchParams)) return null;
  const [token, ...tokens] = body.getAll('token');
  const [amount, ...amounts] = body.getAll('amount');
  if (token === undefined || amount === undefined || tokens.length + amounts.length > 0) return null;
  return { token, amount };
}

type AfterRefusal = 'see_result' | 'busy' | 'store_cannot' | 'too_large' | 'not_an_amount' | 'zero';

/** What a payer is shown when the attempt was not begun. A refusal that an attempt stands behind leads to that one. */
function afterRefusal({ code }: Refusal): AfterRefusal {
  switch (code) {
    case 'idempotency_key_reused':
    case 'order_already_paid':
    case 'order_has_open_payment':
    case 'order_repeated':
      return 'see_result';
    case 'wallet_unavailable':
      return 'busy';
    case 'amount_too_large':
      return 'too_large';
    case 'amount_not_positive':
      return 'zero';
    case 'amount_not_payable':
      return 'not_an_amount';
    default:
      return 'store_cannot';
  }
}

/**
 * Waits for the wallet's page and leads there. An attempt whose page never came is undone by whoever waited for it: its
 * payer could not have paid it, and may pay anew at once.
 */
async function toWallet(
  context: CashierContext,
  request: FastifyRequest,
  visit: Visit,
  { entry, payer }: PayableEntry,
  token: PageToken,
  begun: Extract<BegunPayment, { readonly kind: 'payment' }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { engine, watched, sandbox } = context;
  const policy = paymentPolicy(
    payer.wallet,
    'entry_code',
    entry.merchant.policyOverrides,
    engine.policySpeed,
  );
  const answered = await inTime(context, watched(begun.answered), policy.payAnswerMs + recordingMs);
  // Whoever repeats a request does not decide on the first one's attempt.
  if (begun.replayed) return toResult(context, visit, token, reply);
  const url = answered === null ? null : walletUrlOf(answered, sandbox);
  if (url === null && (answered === null || isOpen(answered))) {
    await undone(context, request, begun.payment, answered !== null && answered.payerAction !== null);
    return toResult(context, visit, token, reply);
  }
  // Browsers let a form lead to web addresses only; an app's own is followed from a link.
  if (url === null || !/^https?:/.test(url)) return toResult(context, visit, token, reply);
  keepAttempt(context, reply, visit.code, token.text);
  return sendPage(reply.header('location', url), 303, walletOpensPage(visit.frame, url));
}

/** The payment as answered; `null` when that takes longer, or could not be recorded. */
async function inTime(
  context: CashierContext,
  answered: Promise<Payment>,
  ms: number,
): Promise<Payment | null> {
  const patience = new AbortController();
  try {
    const tooLate = context.engine.clock.sleep(ms, patience.signal).then(() => null);
    return await Promise.race([answered.catch(() => null), tooLate]);
  } finally {
    patience.abort();
  }
}

async function undone(
  context: CashierContext,
  request: FastifyRequest,
  payment: Payment,
  issued: boolean,
): Promise<void> {
  try {
    const { answered } = await beginAbandonEntryPayment(context.engine, payment, issued);
    context.watched(answered).catch(() => {});
  } catch (error) {
    // The payer is told all the same; the row ends at its close time.
    request.log.error({ err: error }, 'an attempt whose wallet page never came could not be cancelled');
  }
}

function toResult(
  context: CashierContext,
  visit: Visit,
  token: PageToken,
  reply: FastifyReply,
): FastifyReply {
  const url = resultPath(context, visit.code, token.text) + visit.keptQuery;
  keepAttempt(context, reply, visit.code, token.text);
  return reply.code(303).header('location', url).type('text/plain; charset=utf-8').send('');
}
