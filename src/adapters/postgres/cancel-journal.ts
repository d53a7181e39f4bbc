import type { CancelJournal, CancelOrderResult } from '../../ports/journal.ts';
import { type Database, inTransaction } from './database.ts';
import { findHolder } from './payment-journal.ts';
import { type PaymentRow, paymentOf } from './rows.ts';

/** Cancels of orders and upstream ids on PostgreSQL. */
export function createCancelJournal(database: Database): CancelJournal {
  return {
    cancelOrder: (merchantId, merchantOrderNo) => cancelOrder(database, merchantId, merchantOrderNo),
    holdCancelOfRequest: (merchantId, paymentRequestId) =>
      holdCancelOfRequest(database, merchantId, paymentRequestId),
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
    return { kind: 'held', latest: rows[0] === undefined ? null : paymentOf(rows[0]) };
  });
}

async function holdCancelOfRequest(
  database: Database,
  merchantId: string,
  paymentRequestId: string,
): Promise<void> {
  await database.query({
    name: 'hold_cancel',
    text: `insert into held_cancels (merchant_id, payment_request_id) values ($1, $2) on conflict do nothing`,
    values: [merchantId, paymentRequestId],
  });
}
