import type { StrayCancel } from '../../domain/stray-cancel.ts';
import { type Database, inTransaction, type Queryable } from './database.ts';
import type { Listed } from './open-work.ts';
import { type StrayCancelRow, strayCancelOf } from './rows.ts';

/** A cancel that names an upstream id which nobody here knows, and what has become of it at each account. Money case 10. */
export interface HeldCancel {
  readonly merchantId: string;
  readonly paymentRequestId: string;
  readonly since: Date;
  /** Empty where the merchant has no account that it could be sent to. */
  readonly strays: readonly StrayCancel[];
  /** When somebody had looked into it, and what was found. */
  readonly cleared: { readonly at: Date; readonly note: string } | null;
}

interface HeldCancelRow {
  readonly merchant_id: string;
  readonly payment_request_id: string;
  readonly created_at: Date;
  readonly cleared_at: Date | null;
  readonly cleared_note: string | null;
}

/** What of it stands in sight: nobody has cleared it, or a wallet has said something since that needs people. */
export const heldCancelInSight = `(h.cleared_at is null or exists (
  select from stray_cancels s
  where s.merchant_id = h.merchant_id and s.payment_request_id = h.payment_request_id and s.attention is not null))`;

/** The longest held first; cleared ones only where all are asked for. */
export async function listHeldCancels(
  database: Database,
  limit: number,
  which: 'in_sight' | 'all' = 'in_sight',
): Promise<Listed<HeldCancel>> {
  const { rows } = await database.query<HeldCancelRow & { readonly total: number }>(
    `select h.*, (count(*) over ())::int as total from held_cancels h where $2 or ${heldCancelInSight}
     order by h.created_at, h.payment_request_id limit $1`,
    [limit, which === 'all'],
  );
  return { rows: await withStrays(database, rows), total: rows[0]?.total ?? 0 };
}

/** The held cancel of an upstream id: a merchant's short number stands in each, so it is one merchant's. */
export async function findHeldCancel(
  database: Queryable,
  paymentRequestId: string,
): Promise<HeldCancel | null> {
  const { rows } = await database.query<HeldCancelRow>(
    'select * from held_cancels where payment_request_id = $1',
    [paymentRequestId],
  );
  const [held] = await withStrays(database, rows);
  return held ?? null;
}

/** A cancel of an order that no payment has come of. Mostly none was ever sent; after a restore it may have been lost. */
export interface HeldOrderCancel {
  readonly merchantId: string;
  readonly merchantOrderNo: string;
  readonly since: Date;
}

/** A payment that its cancel has overtaken comes within a minute; whatever has become of nothing is told for a day. */
export const heldOrderCancelsInSight = `
  from held_order_cancels h join orders o on o.merchant_id = h.merchant_id and o.merchant_order_no = h.merchant_order_no
  where o.requests = 0 and h.created_at < clock_timestamp() - interval '1 minute'
    and h.created_at > clock_timestamp() - interval '1 day'`;

/** The longest held first. Money case 10. */
export async function listHeldOrderCancels(
  database: Database,
  limit: number,
): Promise<Listed<HeldOrderCancel>> {
  const { rows } = await database.query<HeldOrderCancel & { readonly total: number }>(
    `select h.merchant_id as "merchantId", h.merchant_order_no as "merchantOrderNo", h.created_at as since,
       (count(*) over ())::int as total ${heldOrderCancelsInSight}
     order by h.created_at, h.merchant_order_no limit $1`,
    [limit],
  );
  return { rows: rows.map(({ total: _, ...row }) => row), total: rows[0]?.total ?? 0 };
}

export type ClearedHeldCancel =
  | { readonly kind: 'cleared'; readonly held: HeldCancel }
  /** These are still being sent, and nobody has said that they are to be given up. */
  | { readonly kind: 'open'; readonly strays: readonly StrayCancel[] };

/**
 * Clears a held cancel, with what was found. One that is still on its way to an account is cleared only when it is given
 * up with that: nothing more is sent then. A cleared one keeps its first note. RES-13.
 */
export async function clearHeldCancel(
  database: Queryable,
  { merchantId, paymentRequestId }: Pick<HeldCancel, 'merchantId' | 'paymentRequestId'>,
  note: string,
  givesUp: boolean,
): Promise<ClearedHeldCancel> {
  return inTransaction(database, async (connection) => {
    const { rows } = await connection.query<StrayCancelRow>(
      `select * from stray_cancels where merchant_id = $1 and payment_request_id = $2 order by id collate "C" for update`,
      [merchantId, paymentRequestId],
    );
    const open = rows.map(strayCancelOf).filter(isUnderWay);
    if (open.length > 0 && !givesUp) return { kind: 'open', strays: open };
    if (givesUp) {
      await connection.query(
        `update stray_cancels set state = 'cancelled', next_step = null, due_at = null, lease_until = null,
           waits_for = null, window_ends_at = null, tries = 0, attention = null, attention_since = null,
           version = version + 1, updated_at = clock_timestamp()
         where merchant_id = $1 and payment_request_id = $2`,
        [merchantId, paymentRequestId],
      );
    }
    const cleared = await connection.query<HeldCancelRow>(
      `update held_cancels set
         cleared_note = case when cleared_at is null then $3 else cleared_note end,
         cleared_at = coalesce(cleared_at, clock_timestamp())
       where merchant_id = $1 and payment_request_id = $2 returning *`,
      [merchantId, paymentRequestId, note],
    );
    const [held] = await withStrays(connection, cleared.rows);
    if (held === undefined) throw new Error(`the cancel of ${paymentRequestId} is held no more`);
    return { kind: 'cleared', held };
  });
}

/** Whether calls go on whose outcome nobody knows yet. A last look at what has ended is none. */
export function isUnderWay({ nextStep, reversal }: StrayCancel): boolean {
  return nextStep !== null && reversal.state !== 'effected' && reversal.state !== 'baseless';
}

async function withStrays(
  connection: Pick<Database, 'query'>,
  held: readonly HeldCancelRow[],
): Promise<HeldCancel[]> {
  const { rows } = await connection.query<StrayCancelRow>(
    `select * from stray_cancels where payment_request_id = any($1) order by id collate "C"`,
    [held.map((row) => row.payment_request_id)],
  );
  const strays = rows.map(strayCancelOf);
  return held.map((row) => ({
    merchantId: row.merchant_id,
    paymentRequestId: row.payment_request_id,
    since: row.created_at,
    strays: strays.filter(
      ({ merchantId, requestId }) => merchantId === row.merchant_id && requestId === row.payment_request_id,
    ),
    cleared:
      row.cleared_at === null || row.cleared_note === null
        ? null
        : { at: row.cleared_at, note: row.cleared_note },
  }));
}
