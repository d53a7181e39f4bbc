import { type Connection, type Database, inTransaction, type Queryable } from './database.ts';

/*
 * The audit log: what operators have done, for good. A row is written in the transaction of the change that it tells of, and
 * the table refuses to change or lose one. It holds no secrets: what is kept of a change is what people may see anyhow.
 */

/** Who does something, and by what. */
export interface Operator {
  readonly by: string;
  readonly means: 'cli';
}

export type AuditSubject =
  | 'account'
  | 'api_key'
  | 'channel'
  | 'delivery'
  | 'endpoint'
  | 'entry_code'
  | 'held_cancel'
  | 'master_key'
  | 'merchant'
  | 'payment'
  | 'refund'
  | 'source'
  | 'stray_cancel'
  | 'stray_notification';

export type AuditValue = string | number | boolean | null | readonly AuditValue[] | AuditDocument;
export interface AuditDocument {
  readonly [member: string]: AuditValue;
}

export interface OperatorAction {
  /** The words of the command. */
  readonly action: string;
  /** `null`: no single merchant's. */
  readonly merchantId: string | null;
  readonly subject: AuditSubject;
  readonly subjectId: string;
  /** What was written down for it: evidence, or what was found. */
  readonly note: string | null;
  /** Before: `null` for what is new. Both without secrets, and without what has stayed as it was. */
  readonly before: AuditDocument | null;
  readonly after: AuditDocument | null;
}

export interface ListedAction extends OperatorAction {
  /** Counts up: a later action has a larger one. */
  readonly id: bigint;
  /** On the database's clock. */
  readonly at: Date;
  readonly by: string;
  readonly means: string;
}

/** What was changed, and the action that it was; `null`: nothing was, and nothing is logged. */
export interface Changed<Result> {
  readonly result: Result;
  readonly action: OperatorAction | null;
}

/** Makes an operator's change and logs it, in one transaction: there is never one without the other. */
export function withOperatorAction<Result>(
  database: Database,
  operator: Operator,
  change: (connection: Connection) => Promise<Changed<Result>>,
): Promise<Result> {
  return inTransaction(database, async (connection) => {
    const { result, action } = await change(connection);
    if (action !== null) await logOperatorAction(connection, operator, action);
    return result;
  });
}

/** For a change that brings its own transaction: on that one's connection. */
export async function logOperatorAction(
  connection: Queryable,
  { by, means }: Operator,
  action: OperatorAction,
): Promise<void> {
  const { before, after } = changesBetween(action.before, action.after);
  await connection.query(
    `insert into operator_actions (acted_by, means, action, merchant_id, subject, subject_id, note, before, after)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      by,
      means,
      action.action,
      action.merchantId,
      action.subject,
      action.subjectId,
      action.note,
      before,
      after,
    ],
  );
}

/** What differs: of two documents the members that are not the same in both. */
function changesBetween(
  before: AuditDocument | null,
  after: AuditDocument | null,
): Pick<OperatorAction, 'before' | 'after'> {
  if (before === null || after === null) return { before, after };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const of = (document: AuditDocument): AuditDocument =>
    Object.fromEntries(changed.map((name) => [name, document[name] ?? null]));
  return { before: of(before), after: of(after) };
}

export interface ActionFilter {
  readonly merchantId: string | null;
  readonly subjectId: string | null;
  readonly by: string | null;
  readonly since: Date | null;
  /** Those before this action alone: the last id of the page before. */
  readonly beforeId: bigint | null;
}

/** What operators have done, the newest first, at most `limit` of it. */
export async function listOperatorActions(
  database: Database,
  filter: ActionFilter,
  limit: number,
): Promise<ListedAction[]> {
  const { rows } = await database.query<ListedAction>(
    `select id, acted_at as at, acted_by as by, means, action, merchant_id as "merchantId", subject,
       subject_id as "subjectId", note, before, after
     from operator_actions
     where ($1::text is null or merchant_id = $1) and ($2::text is null or subject_id = $2)
       and ($3::text is null or acted_by = $3) and ($4::timestamptz is null or acted_at >= $4)
       and ($5::bigint is null or id < $5)
     order by id desc limit $6`,
    [filter.merchantId, filter.subjectId, filter.by, filter.since, filter.beforeId, limit],
  );
  return rows;
}
