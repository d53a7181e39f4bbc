import type { Connection, Database } from '../adapters/postgres/database.ts';
import { answersKept, type KeptAnswer, listKeptAnswers } from '../adapters/postgres/kept-answers.ts';
import { findMerchantOfShortNo } from '../adapters/postgres/listed-deliveries.ts';
import { withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import {
  findTroubledPayment,
  findTroubledRefund,
  findTroubledStrayCancels,
  type TroubledRow,
} from '../adapters/postgres/troubled-rows.ts';
import type { Sealing } from '../adapters/sealing.ts';
import {
  merchantShortNoOf,
  paymentIdOfRequest,
  paymentRequestId,
  refundRequestId,
  reversalRefundRequestId,
} from '../domain/ids.ts';
import { attentionAdvice } from '../inbound/cli/attention-advice.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { maskedAnswer } from '../inbound/cli/masked-answer.ts';
import { fields, jsonText, printable } from '../inbound/cli/terminal-text.ts';
import { whomToCall } from '../inbound/cli/whom-to-call.ts';
import type { Terminal } from './command-line.ts';
import { sealingOf } from './master-key.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** A payment's own answers, those that could not be trusted, and those of a few refunds. */
const shownAtMost = 4 * answersKept;

/** What is named, and what the wallet has said of it last. */
interface Found {
  /** One for each account that a stray cancel goes to. */
  readonly rows: readonly [TroubledRow, ...TroubledRow[]];
  readonly answers: readonly KeptAnswer[];
}

/**
 * `shoudan inspect answers`: what to name at the wallet, the last answers, and whom to call. The answers are masked, and as
 * they came only where that is asked for: who has done so stands in the audit log. RES-14, RES-19.
 */
export async function inspectAnswers(given: GivenTo<'inspect answers'>, terminal: Terminal): Promise<number> {
  const { id } = given.arguments;
  const { raw, by, json } = given.options;
  const operator = operatorOf('inspect answers', by);
  const settings = readSettings(terminal.env);
  const sealing = sealingOf(settings);
  const found = await withDatabase(settings, async (database) => {
    const merchantId = await merchantOf(database, id);
    if (!raw) return foundBy(database, sealing, merchantId, id);
    return withOperatorAction(database, operator, async (connection) => {
      const result = await foundBy(connection, sealing, merchantId, id);
      const [{ refundId, paymentId }] = result.rows;
      return {
        result,
        action: {
          action: 'inspect answers',
          merchantId,
          subject: refundId === null ? 'payment' : 'refund',
          subjectId: refundId ?? paymentId,
          note: null,
          before: null,
          after: { raw: true, answers: result.answers.length },
        },
      };
    });
  });
  terminal.out(json ? jsonText(document(found, raw)) : text(found, raw));
  return exitCodes.done;
}

/** Every id carries its merchant's short number. */
async function merchantOf(database: Database, id: string): Promise<string> {
  const shortNo = /^(pay_|re_|P)/.test(id) ? merchantShortNoOf(id) : null;
  if (shortNo === null) {
    throw new CommandFailure(
      exitCodes.usage,
      `${printable(id)} is no id of a payment or refund: pay_…, re_… or a payment_request_id`,
    );
  }
  const merchantId = await findMerchantOfShortNo(database, shortNo);
  if (merchantId === null) throw unknown(id);
  return merchantId;
}

async function foundBy(
  database: Database | Connection,
  sealing: Sealing,
  merchantId: string,
  id: string,
): Promise<Found> {
  const [first, ...others] = await rowsOf(database, merchantId, id);
  if (first === undefined) throw unknown(id);
  const { paymentId, refundId } = first;
  const answers = await listKeptAnswers(database, sealing, { merchantId, paymentId, refundId }, shownAtMost);
  return { rows: [first, ...others], answers };
}

async function rowsOf(
  database: Database | Connection,
  merchantId: string,
  id: string,
): Promise<readonly TroubledRow[]> {
  if (id.startsWith('re_')) {
    const refund = await findTroubledRefund(database, merchantId, id);
    return refund === null ? [] : [refund];
  }
  const paymentId = paymentIdOfRequest(id) ?? id;
  const payment = await findTroubledPayment(database, merchantId, paymentId);
  if (payment !== null) return [payment];
  return findTroubledStrayCancels(database, merchantId, paymentRequestId(paymentId), paymentId);
}

function unknown(id: string): CommandFailure {
  return new CommandFailure(exitCodes.refused, `${printable(id)} is not known here: check the id`);
}

/** What a payment, or a refund of it, is called at its wallet. */
function idsOf({ paymentId, refundId, refundIdsSpent }: TroubledRow) {
  return {
    payment_request_id: paymentRequestId(paymentId),
    refund_request_id: refundId === null ? null : refundRequestId(refundId),
    reversal_refund_request_id:
      refundIdsSpent === null ? null : reversalRefundRequestId(paymentId, refundIdsSpent),
  };
}

function text({ rows, answers }: Found, raw: boolean): string {
  const [row] = rows;
  const ids = idsOf(row);
  const refund = row.merchantRefundNo === null ? row.refundId : `${row.refundId}, no ${row.merchantRefundNo}`;
  return [
    fields([
      ['payment', `${row.paymentId} of merchant ${row.merchantId}`],
      ['request', ids.payment_request_id],
      ['order', row.merchantOrderNo ?? 'not known here: a held cancel'],
      ['refund', refund],
      ['refund request', ids.refund_request_id ?? ids.reversal_refund_request_id],
    ]),
    ...rows.map((each) => `\n${fields(accountFields(each))}`),
    answers.length === 0
      ? '\nno answer is kept: a clear one is not, and an older one no longer\n'
      : '\nlast answers, the newest first\n',
    ...answers.map((answer) => `\n${answerText(answer, raw)}`),
  ].join('');
}

function accountFields(row: TroubledRow): (readonly [string, string | null])[] {
  const { wallet, account, walletTransactionId, reason, since, nextStep, dueAt } = row;
  const transaction = walletTransactionId === null ? 'names no transaction' : walletTransactionId;
  return [
    ['wallet', `${wallet} ${account}: ${transaction}`],
    ['attention', reason === null ? null : `${reason} since ${since?.toISOString()}`],
    [
      'next step',
      nextStep === null || dueAt === null
        ? 'none: it has ended'
        : `${nextStep}, due ${dueAt.toISOString()}, after ${row.tries} tries`,
    ],
    ['advice', reason === null ? null : attentionAdvice(reason)],
    ['call', whomToCall(reason, row.supportContact)],
  ];
}

function answerText(answer: KeptAnswer, raw: boolean): string {
  const { at, call, refundId, detail, walletCode } = answer;
  const of = refundId === null ? '' : ` of ${refundId}`;
  const words = [answer.answer, walletCode, detail].filter((word) => word !== null).join(', ');
  return `${at.toISOString()}  ${call}${of}: ${printable(words)}\n  ${bytesText(answer, raw)}\n`;
}

/** As `inspect attention` shows it too, masked. */
export function bytesText(answer: KeptAnswer, raw: boolean): string {
  if (answer.raw === null)
    return 'its bytes cannot be read: there are none, or another master key has sealed them';
  return printable(raw ? answer.raw.toString('utf8') : maskedAnswer(answer.raw));
}

function document({ rows, answers }: Found, raw: boolean) {
  const [row] = rows;
  return {
    merchant_id: row.merchantId,
    payment_id: row.paymentId,
    merchant_order_no: row.merchantOrderNo,
    refund_id: row.refundId,
    merchant_refund_no: row.merchantRefundNo,
    ...idsOf(row),
    wallets: rows.map((each) => ({
      wallet: each.wallet,
      account: each.account,
      wallet_transaction_id: each.walletTransactionId,
      needs_attention:
        each.reason === null || each.since === null
          ? null
          : { reason: each.reason, since: each.since.toISOString() },
      next_step:
        each.nextStep === null || each.dueAt === null
          ? null
          : { action: each.nextStep, due_at: each.dueAt.toISOString() },
      tries: each.tries,
      advice: each.reason === null ? null : attentionAdvice(each.reason),
      call: whomToCall(each.reason, each.supportContact),
    })),
    answers: answers.map((answer) => ({
      ...answerDocument(answer),
      ...(raw ? { raw_base64: answer.raw?.toString('base64') ?? null } : {}),
    })),
  };
}

/** As `--json` shows an answer: masked. */
export function answerDocument(answer: KeptAnswer) {
  return {
    at: answer.at.toISOString(),
    call: answer.call,
    refund_id: answer.refundId,
    answer: answer.answer,
    wallet_code: answer.walletCode,
    detail: answer.detail,
    masked: answer.raw === null ? null : maskedAnswer(answer.raw),
  };
}
