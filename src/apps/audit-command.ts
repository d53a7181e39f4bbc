import {
  type ActionFilter,
  type AuditDocument,
  type ListedAction,
  listOperatorActions,
} from '../adapters/postgres/operator-actions.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import { typedTime } from '../inbound/cli/typed-time.ts';
import type { Terminal } from './command-line.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

const limitMax = 1_000;

/** `shoudan audit list`: what operators have done. */
export async function listAudit({ options }: GivenTo<'audit list'>, terminal: Terminal): Promise<number> {
  const limit = options.limit === undefined ? 100 : limitOf(options.limit);
  const filter: ActionFilter = {
    merchantId: options.merchant ?? null,
    subjectId: options.subject ?? null,
    by: options.by ?? null,
    since: options.since === undefined ? null : typedTime('audit list', 'since', options.since),
    beforeId: options.before === undefined ? null : numberOf(options.before),
  };
  const found = await withDatabase(readSettings(terminal.env), (database) =>
    listOperatorActions(database, filter, limit + 1),
  );
  const actions = found.slice(0, limit);
  const next = found.length > limit ? (actions.at(-1)?.id ?? null) : null;
  if (options.json) {
    const data = actions.map(actionDocument);
    terminal.out(jsonText({ data, next_cursor: next === null ? null : `${next}` }));
  } else {
    terminal.out(actions.length === 0 ? 'nothing was done\n' : actionsText(actions));
    if (next !== null) terminal.err(`shoudan: there is more: --before ${next}\n`);
  }
  return exitCodes.done;
}

function limitOf(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= limitMax) return limit;
  throw usageError(`--limit ${printable(text)} is no number from 1 to ${limitMax}`, 'audit list');
}

function numberOf(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw usageError(`--before ${printable(text)} is no number of the log`, 'audit list');
}

function actionsText(actions: readonly ListedAction[]): string {
  return table(
    ['no', 'at', 'by', 'means', 'action', 'merchant', 'of', 'note', 'before', 'after'],
    actions.map((action) => [
      `${action.id}`,
      action.at.toISOString(),
      action.by,
      action.means,
      action.action,
      action.merchantId ?? '-',
      `${action.subject} ${action.subjectId}`,
      action.note ?? '-',
      documentText(action.before),
      documentText(action.after),
    ]),
  );
}

/** On one line, without what is not set. */
function documentText(document: AuditDocument | null): string {
  if (document === null) return '-';
  const set = Object.entries(document).filter(([, value]) => value !== null);
  return set.map(([name, value]) => `${name}=${valueText(value)}`).join(' ') || '-';
}

function valueText(value: AuditDocument[string]): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function actionDocument(action: ListedAction) {
  return {
    no: `${action.id}`,
    at: action.at.toISOString(),
    by: action.by,
    means: action.means,
    action: action.action,
    merchant_id: action.merchantId,
    subject: action.subject,
    subject_id: action.subjectId,
    note: action.note,
    before: action.before,
    after: action.after,
  };
}
