import type { Database } from '../adapters/postgres/database.ts';
import {
  type HeldCancel,
  type HeldOrderCancel,
  listHeldCancels,
  listHeldOrderCancels,
} from '../adapters/postgres/held-cancels.ts';
import { type KeptAnswer, lastKeptAnswers } from '../adapters/postgres/kept-answers.ts';
import { listFailingEndpoints } from '../adapters/postgres/listed-deliveries.ts';
import {
  countUntrustedNotifications,
  type ListedStray,
  listStrayNotifications,
  type UntrustedOfAccount,
} from '../adapters/postgres/notifications.ts';
import {
  type AttentionRow,
  type Listed,
  listAttention,
  type OpenWork,
  readOpenWork,
} from '../adapters/postgres/open-work.ts';
import type { FailingEndpoint } from '../domain/endpoint.ts';
import { paymentRequestId, refundRequestId } from '../domain/ids.ts';
import { attentionAdvice } from '../inbound/cli/attention-advice.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes } from '../inbound/cli/exit-codes.ts';
import { fields, jsonText, table } from '../inbound/cli/terminal-text.ts';
import { whomToCall } from '../inbound/cli/whom-to-call.ts';
import { answerDocument, bytesText } from './answers-command.ts';
import type { Terminal } from './command-line.ts';
import { endpointDocument } from './endpoint-command.ts';
import { heldDocument, heldText } from './held-command.ts';
import { sealingOf } from './master-key.ts';
import { readSettings, type Settings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** Rows of a list that `inspect queue` shows; `inspect attention` shows the rest. */
const glimpse = 20;
const whole = 10_000;

/** What waits for a person. */
interface NeedsPeople {
  readonly attention: Listed<AttentionRow & { readonly last: KeptAnswer | null }>;
  readonly disabledEndpoints: Listed<FailingEndpoint>;
  readonly heldCancels: Listed<HeldCancel>;
  readonly heldOrderCancels: Listed<HeldOrderCancel>;
  readonly strays: Listed<ListedStray>;
  readonly untrusted: readonly UntrustedOfAccount[];
}

/** `shoudan inspect queue`: what the due loop has before it, and what it cannot end alone. */
export async function inspectQueue(
  { options }: GivenTo<'inspect queue'>,
  terminal: Terminal,
): Promise<number> {
  const settings = readSettings(terminal.env);
  const found = await withDatabase(settings, async (database) => ({
    work: await readOpenWork(database),
    attention: await attentionWithAnswers(database, settings, glimpse),
    disabledEndpoints: await listFailingEndpoints(database, glimpse, 'disabled'),
    heldCancels: await listHeldCancels(database, glimpse),
    heldOrderCancels: await listHeldOrderCancels(database, glimpse),
    strays: await listStrayNotifications(database, glimpse),
    untrusted: await countUntrustedNotifications(database),
  }));
  terminal.out(
    options.json
      ? jsonText({ ...workDocument(found.work), ...needsDocument(found) })
      : workText(found.work) + needsText(found),
  );
  return exitCodes.done;
}

/** `shoudan inspect attention`. */
export async function inspectAttention(
  { options }: GivenTo<'inspect attention'>,
  terminal: Terminal,
): Promise<number> {
  const settings = readSettings(terminal.env);
  const found = await withDatabase(settings, async (database) => ({
    attention: await attentionWithAnswers(database, settings, whole),
    disabledEndpoints: await listFailingEndpoints(database, whole, 'disabled'),
    heldCancels: await listHeldCancels(database, whole),
    heldOrderCancels: await listHeldOrderCancels(database, whole),
    strays: await listStrayNotifications(database, whole),
    untrusted: await countUntrustedNotifications(database),
  }));
  terminal.out(options.json ? jsonText(needsDocument(found)) : needsText(found).trimStart());
  return exitCodes.done;
}

/** The last answer of each beside it; nothing is opened where nothing needs people. RES-19. */
async function attentionWithAnswers(
  database: Database,
  settings: Settings,
  limit: number,
): Promise<NeedsPeople['attention']> {
  const { rows, total } = await listAttention(database, limit);
  if (rows.length === 0) return { rows: [], total };
  const sealing = sealingOf(settings);
  const answers = await lastKeptAnswers(
    database,
    sealing,
    rows.map(({ kind, merchantId, paymentId, id }) => ({
      merchantId,
      paymentId,
      refundId: kind === 'refund' ? id : null,
    })),
  );
  return { rows: rows.map((row, index) => ({ ...row, last: answers[index] ?? null })), total };
}

function workText({ at, workersAlive, steps, accounts }: OpenWork): string {
  const rows = steps.map((row) => [
    row.kind,
    row.step,
    `${row.waiting}`,
    `${row.due}`,
    `${row.oldestDueAt.toISOString()} (${distanceText(row.oldestDueAt, at)})`,
  ]);
  const workers = workersAlive === 0 ? 'none alive: start one with `shoudan work`' : `${workersAlive} alive`;
  return [
    fields([
      ['at', at.toISOString()],
      ['workers', workers],
    ]),
    rows.length === 0
      ? '\nnothing waits\n'
      : `\n${table(['kind', 'step', 'waiting', 'due', 'oldest due'], rows)}`,
    accountsText(accounts, at),
  ].join('');
}

/** By wallet account: `held` are the steps that wait because it did not answer. */
function accountsText(accounts: OpenWork['accounts'], at: Date): string {
  if (accounts.length === 0) return '';
  const rows = accounts.map((one) => [
    one.wallet,
    one.account,
    `${one.waiting}`,
    `${one.due}`,
    distanceText(one.oldestDueAt, at),
    `${one.held}`,
    one.windowEndsAt?.toISOString() ?? '-',
  ]);
  const head = ['wallet', 'account', 'waiting', 'due', 'oldest due', 'held', 'first window ends'];
  const isHeld = accounts.some(({ held }) => held > 0);
  return `\n${table(head, rows)}${isHeld ? heldStepsText : ''}`;
}

const heldStepsText =
  '\nheld: the account does not answer. They come forward by themselves when it does, those whose window ends first ' +
  'before the others: docs/operating/wallet-silent.md\n';

function distanceText(dueAt: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - dueAt.getTime()) / 1000);
  return seconds > 0 ? `${seconds} s late` : `in ${-seconds} s`;
}

/** The rest of it is what `inspect answers` is for. */
const lastAnswerMax = 300;

function lastAnswerText(answer: KeptAnswer): string {
  const { at, call, walletCode } = answer;
  const words = [answer.answer, walletCode].filter((word) => word !== null).join(' ');
  return `${at.toISOString()} to ${call}: ${words}, ${bytesText(answer, false).slice(0, lastAnswerMax)}`;
}

function needsText({
  attention,
  disabledEndpoints,
  heldCancels,
  heldOrderCancels,
  strays,
  untrusted,
}: NeedsPeople): string {
  return [
    `\nneeds attention: ${attention.total}\n`,
    ...attention.rows.map(
      (row) =>
        `\n${fields([
          [row.kind, `${row.id} of merchant ${row.merchantId}`],
          ['payment', row.kind === 'refund' ? row.paymentId : null],
          ['request', paymentRequestId(row.paymentId)],
          ['refund request', row.kind === 'refund' ? refundRequestId(row.id) : null],
          ['order', row.merchantOrderNo],
          ['wallet', `${row.wallet} ${row.account}: ${row.walletTransactionId ?? 'names no transaction'}`],
          ['reason', `${row.reason} since ${row.since.toISOString()}`],
          ['next step', nextStepText(row)],
          ['last answer', row.last === null ? null : lastAnswerText(row.last)],
          ['advice', attentionAdvice(row.reason)],
          ['call', whomToCall(row.reason, row.supportContact)],
        ])}`,
    ),
    moreText(attention),
    `\ndisabled endpoints: ${disabledEndpoints.total}\n`,
    disabledEndpoints.total === 0
      ? ''
      : `\n${table(
          ['merchant', 'url', 'failing since', 'disabled', 'last failure'],
          disabledEndpoints.rows.map((row) => [
            row.merchantId,
            row.url,
            row.failingSince.toISOString(),
            row.disabledAt?.toISOString() ?? '',
            row.lastFailure,
          ]),
        )}\n${attentionAdvice('endpoint_disabled') ?? ''}\n`,
    moreText(disabledEndpoints),
    `\nheld cancels: ${heldCancels.total}\n`,
    heldCancels.total === 0
      ? ''
      : `\n${heldText(heldCancels.rows, false)}\n${attentionAdvice('cancel_of_unknown_request') ?? ''}\n`,
    moreText(heldCancels),
    heldOrderCancels.total === 0
      ? ''
      : `\ncancelled orders without a payment: ${heldOrderCancels.total}\n\n${table(
          ['merchant', 'merchant_order_no', 'since'],
          heldOrderCancels.rows.map((row) => [row.merchantId, row.merchantOrderNo, row.since.toISOString()]),
        )}\n${attentionAdvice('cancel_of_unknown_order') ?? ''}\n`,
    moreText(heldOrderCancels),
    `\nstray notifications: ${strays.total}\n`,
    strays.total === 0
      ? ''
      : `\n${table(
          ['wallet', 'account', 'payment_request_id', 'says', 'times', 'since'],
          strays.rows.map((row) => [
            row.wallet,
            row.account,
            row.paymentRequestId,
            row.says,
            `${row.times}`,
            row.since.toISOString(),
          ]),
        )}\n${attentionAdvice('stray_notification') ?? ''}\n`,
    moreText(strays),
    untrustedText(untrusted),
  ].join('');
}

/** What is kept is a part where many come: the rest stands in /metrics. */
function untrustedText(untrusted: NeedsPeople['untrusted']): string {
  const kept = untrusted.reduce((sum, one) => sum + one.kept, 0);
  if (kept === 0) return '\nuntrusted notifications of the last day: 0\n';
  const rows = untrusted.map((one) => [
    one.wallet,
    one.account,
    `${one.kept}`,
    one.lastAt.toISOString(),
    one.detail,
  ]);
  return (
    `\nuntrusted notifications of the last day: ${kept}\n\n` +
    `${table(['wallet', 'account', 'kept', 'newest', 'what is wrong with it'], rows)}\n` +
    `${attentionAdvice('untrusted_notification') ?? ''}\n`
  );
}

function nextStepText({ nextStep, dueAt, waitsFor, tries }: AttentionRow): string {
  if (nextStep === null || dueAt === null) return 'none: it has ended';
  const after = `after ${tries} ${tries === 1 ? 'try' : 'tries'}`;
  return waitsFor === null
    ? `${nextStep}, due ${dueAt.toISOString()}, ${after}`
    : `${nextStep}, as soon as ${waitsFor.replace('/', ' ')} answers again, or at ${dueAt.toISOString()}; ${after}`;
}

/** As `wallet/account` stands in the row. */
function accountOf(waitsFor: string | null): { readonly wallet: string; readonly account: string } | null {
  if (waitsFor === null) return null;
  const [wallet = '', account = ''] = waitsFor.split('/', 2);
  return { wallet, account };
}

function moreText({ rows, total }: Listed<unknown>): string {
  if (total === rows.length) return '';
  const where =
    rows.length < whole ? ': `shoudan inspect attention`' : ', not shown here: settle these first';
  return `\n… and ${total - rows.length} more${where}\n`;
}

function workDocument({ at, workersAlive, steps, accounts }: OpenWork) {
  return {
    at: at.toISOString(),
    workers_alive: workersAlive,
    steps: steps.map((row) => ({
      kind: row.kind,
      step: row.step,
      waiting: row.waiting,
      due: row.due,
      oldest_due_at: row.oldestDueAt.toISOString(),
    })),
    accounts: accounts.map((one) => ({
      wallet: one.wallet,
      account: one.account,
      waiting: one.waiting,
      due: one.due,
      oldest_due_at: one.oldestDueAt.toISOString(),
      held: one.held,
      first_window_ends_at: one.windowEndsAt?.toISOString() ?? null,
    })),
  };
}

function needsDocument({
  attention,
  disabledEndpoints,
  heldCancels,
  heldOrderCancels,
  strays,
  untrusted,
}: NeedsPeople) {
  return {
    attention_total: attention.total,
    attention: attention.rows.map((row) => ({
      kind: row.kind,
      id: row.id,
      merchant_id: row.merchantId,
      payment_id: row.paymentId,
      payment_request_id: paymentRequestId(row.paymentId),
      refund_request_id: row.kind === 'refund' ? refundRequestId(row.id) : null,
      merchant_order_no: row.merchantOrderNo,
      wallet: row.wallet,
      account: row.account,
      wallet_transaction_id: row.walletTransactionId,
      reason: row.reason,
      since: row.since.toISOString(),
      next_step:
        row.nextStep === null || row.dueAt === null
          ? null
          : { action: row.nextStep, due_at: row.dueAt.toISOString() },
      waits_for: row.nextStep === null ? null : accountOf(row.waitsFor),
      tries: row.tries,
      last_answer: row.last === null ? null : answerDocument(row.last),
      advice: attentionAdvice(row.reason),
      call: whomToCall(row.reason, row.supportContact),
    })),
    disabled_endpoints_total: disabledEndpoints.total,
    disabled_endpoints: disabledEndpoints.rows.map((row) => ({
      ...endpointDocument(row),
      advice: attentionAdvice('endpoint_disabled'),
    })),
    held_cancels_total: heldCancels.total,
    held_cancels: heldCancels.rows.map((row) => ({
      ...heldDocument(row),
      advice: attentionAdvice('cancel_of_unknown_request'),
    })),
    held_order_cancels_total: heldOrderCancels.total,
    held_order_cancels: heldOrderCancels.rows.map((row) => ({
      merchant_id: row.merchantId,
      merchant_order_no: row.merchantOrderNo,
      since: row.since.toISOString(),
      advice: attentionAdvice('cancel_of_unknown_order'),
    })),
    stray_notifications_total: strays.total,
    stray_notifications: strays.rows.map((row) => ({
      wallet: row.wallet,
      account: row.account,
      payment_request_id: row.paymentRequestId,
      says: row.says,
      times: row.times,
      since: row.since.toISOString(),
      advice: attentionAdvice('stray_notification'),
    })),
    untrusted_notifications: untrusted.map((one) => ({
      wallet: one.wallet,
      account: one.account,
      kept: one.kept,
      last_at: one.lastAt.toISOString(),
      detail: one.detail,
      advice: attentionAdvice('untrusted_notification'),
    })),
  };
}
