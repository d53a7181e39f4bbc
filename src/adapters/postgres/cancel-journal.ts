import type { StrayCancel } from '../../domain/stray-cancel.ts';
import type { CancelJournal, CancelOrderResult } from '../../ports/journal.ts';
import { type Database, inTransaction } from './database.ts';
import { findHolder } from './payment-journal.ts';
import { type PaymentRow, paymentOf, type StrayCancelRow, strayCancelOf } from './rows.ts';

/** Cancels of orders and upstream ids on PostgreSQL. */
export function createCancelJournal(database: Database): CancelJournal {
  return {
    cancelOrder: (merchantId, merchantOrderNo) => cancelOrder(database, merchantId, merchantOrderNo),
    holdCancelOfRequest: (merchantId, paymentRequestId, cancels) =>
      holdCancelOfRequest(database, merchantId, paymentRequestId, cancels),
    findStrayCancel: (merchantId, id) => findStrayCancel(database, merchantId, id),
    recordStrayCancel: (before, after) => recordStrayCancel(database, before, after),
  };
}

/**
 * Locks the order's row, as a payment of it does, and only then looks for an attempt: each statement has a snapshot
 * of its own, so the look sees whatever committed before the lock was had. Money case 3.
 */
async function cancelOrder(
  database: Database,
  merchantId: string,
  merchantOrderNo: string,
): Promise<CancelOrderResult> {
  return inTransaction(database, async (connection) => {
    await connection.query({
      name: 'lock_order',
      text: `insert into orders (merchant_id, merchant_order_no) values ($1, $2)
             on conflict (merchant_id, merchant_order_no) do update set merchant_id = excluded.merchant_id`,
      values: [merchantId, merchantOrderNo],
    });
    const holder = await findHolder(connection, merchantId, merchantOrderNo);
    if (holder !== null) return { kind: 'found', payment: holder };
    await connection.query({
      name: 'close_order',
      text: `update orders set closed_at = coalesce(closed_at, clock_timestamp())
             where merchant_id = $1 and merchant_order_no = $2`,
      values: [merchantId, merchantOrderNo],
    });
    const { rows } = await connection.query<PaymentRow>({
      name: 'find_latest_of_order',
      text: `select * from payments where merchant_id = $1 and merchant_order_no = $2
             order by created_at desc, id desc limit 1`,
      values: [merchantId, merchantOrderNo],
    });
    if (rows[0] !== undefined) return { kind: 'held', latest: paymentOf(rows[0]) };
    await connection.query({
      name: 'hold_order_cancel',
      text: `insert into held_order_cancels (merchant_id, merchant_order_no) values ($1, $2) on conflict do nothing`,
      values: [merchantId, merchantOrderNo],
    });
    return { kind: 'held', latest: null };
  });
}

async function holdCancelOfRequest(
  database: Database,
  merchantId: string,
  paymentRequestId: string,
  cancels: readonly StrayCancel[],
): Promise<StrayCancel[]> {
  return inTransaction(database, async (connection) => {
    await connection.query({
      name: 'hold_cancel',
      text: `insert into held_cancels (merchant_id, payment_request_id) values ($1, $2) on conflict do nothing`,
      values: [merchantId, paymentRequestId],
    });
    for (const { id, wallet, account, state, reversal, nextStep, createdAt } of cancels) {
      await connection.query({
        name: 'open_stray_cancel',
        text: `insert into stray_cancels (
                 merchant_id, id, payment_request_id, wallet, account, state, reversal_state, next_step, due_at,
                 version, created_at, updated_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10) on conflict (merchant_id, id) do nothing`,
        values: [
          merchantId,
          id,
          paymentRequestId,
          wallet,
          account,
          state,
          reversal.state,
          nextStep?.action ?? null,
          nextStep?.dueAt ?? null,
          createdAt,
        ],
      });
    }
    const { rows } = await connection.query<StrayCancelRow>({
      name: 'find_stray_cancels',
      text: `select * from stray_cancels where merchant_id = $1 and payment_request_id = $2 order by id collate "C"`,
      values: [merchantId, paymentRequestId],
    });
    return rows.map(strayCancelOf);
  });
}

/** Sends off what an older version has held and not sent, as migration 000011 does. Answers with how many accounts. */
export async function sendHeldCancels(database: Database): Promise<number> {
  const { rowCount } = await database.query(
    `insert into stray_cancels (
       merchant_id, id, payment_request_id, wallet, account, state, reversal_state, next_step, due_at, version,
       created_at, updated_at)
     select distinct h.merchant_id, h.payment_request_id || '@' || b.wallet || '/' || b.account, h.payment_request_id,
       b.wallet, b.account, 'reversing', 'cancelling', 'cancel', clock_timestamp(), 1, h.created_at, h.created_at
     from held_cancels h join wallet_bindings b on b.merchant_id = h.merchant_id
     where h.cleared_at is null and not exists (
       select from stray_cancels s
       where s.merchant_id = h.merchant_id and s.payment_request_id = h.payment_request_id)
     on conflict (merchant_id, id) do nothing`,
  );
  return rowCount ?? 0;
}

async function findStrayCancel(
  database: Database,
  merchantId: string,
  id: string,
): Promise<StrayCancel | null> {
  const { rows } = await database.query<StrayCancelRow>({
    name: 'find_stray_cancel',
    text: 'select * from stray_cancels where merchant_id = $1 and id = $2',
    values: [merchantId, id],
  });
  return rows[0] === undefined ? null : strayCancelOf(rows[0]);
}

async function recordStrayCancel(
  database: Database,
  before: StrayCancel,
  after: StrayCancel,
): Promise<StrayCancel | null> {
  const { rows } = await database.query<StrayCancelRow>({
    name: 'record_stray_cancel',
    text: `update stray_cancels set
             currency = $4, amount = $5, state = $6, reversal_state = $7, refund_instead = $8, refund_ids_spent = $9,
             refund_id_doubted = $10, known_to_wallet = $11, paid_evidence = $12, wallet_transaction_id = $13,
             cancelled_by = $14, next_step = $15, due_at = $16, tries = $17, attention = $18, attention_since = $19,
             version = version + 1, updated_at = clock_timestamp(), lease_until = null, waits_for = null,
             window_ends_at = null
           where merchant_id = $1 and id = $2 and version = $3
           returning *`,
    values: [
      before.merchantId,
      before.id,
      before.version,
      after.amount?.currency ?? null,
      after.amount?.minor ?? null,
      after.state,
      after.reversal.state,
      after.reversal.refundInstead,
      after.reversal.refundIdsSpent,
      after.reversal.refundIdDoubted,
      after.knownToWallet,
      after.paidEvidence,
      after.walletTransactionId,
      after.cancelledBy,
      after.nextStep?.action ?? null,
      after.nextStep?.dueAt ?? null,
      after.tries,
      after.attention?.reason ?? null,
      after.attention?.since ?? null,
    ],
  });
  return rows[0] === undefined ? null : strayCancelOf(rows[0]);
}
