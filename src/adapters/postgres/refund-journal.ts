import type { Refund } from '../../domain/refund.ts';
import type {
  AcceptRefundResult,
  IdempotencyKey,
  PaymentRecord,
  RefundJournal,
  RefundRecord,
  RepeatedRefund,
} from '../../ports/journal.ts';
import {
  type Connection,
  type Database,
  inTransaction,
  type Queryable,
  violatedConstraint,
} from './database.ts';
import { recordPayment } from './payment-journal.ts';
import { type RefundRow, refundOf } from './rows.ts';

/** Refunds on PostgreSQL. A refund and its effect on the payment are always one transaction. */
export function createRefundJournal(database: Database): RefundJournal {
  return {
    acceptRefund: (refund, payment, key) => acceptRefund(database, refund, payment, key),
    findRefund: (merchantId, refundId) => findRefund(database, merchantId, refundId),
    findRefundOfKey: (merchantId, key) => findRefundOfKey(database, merchantId, key),
    findRefundsOfPayment: (merchantId, paymentId) => findRefundsOfPayment(database, merchantId, paymentId),
    recordRefund: (record) => recordRefund(database, record),
    takeRefundTurn: (merchantId, paymentId, spacingMs) =>
      takeRefundTurn(database, merchantId, paymentId, spacingMs),
  };
}

/** Thrown to roll a transaction back when a version has moved on; never leaves this file. */
class VersionMoved extends Error {}

async function acceptRefund(
  database: Database,
  refund: Refund,
  payment: PaymentRecord,
  key: IdempotencyKey | null,
): Promise<AcceptRefundResult> {
  try {
    return await inTransaction(database, async (connection) => {
      if (key !== null) {
        await connection.query({
          name: 'insert_refund_key',
          text: `insert into idempotency_keys (merchant_id, key, fingerprint, refund_id) values ($1, $2, $3, $4)`,
          values: [refund.merchantId, key.key, key.fingerprint, refund.id],
        });
      }
      const reserved = await recordPayment(connection, payment);
      if (reserved === null) throw new VersionMoved();
      const inserted = await insertRefund(connection, refund);
      return { kind: 'accepted', refund: inserted, payment: reserved };
    });
  } catch (error) {
    if (error instanceof VersionMoved) return { kind: 'conflict' };
    const constraint = violatedConstraint(error);
    if (constraint === 'idempotency_keys_pkey' && key !== null) {
      const repeat = await findRefundOfKey(database, refund.merchantId, key);
      if (repeat.kind === 'replayed') return repeat;
      return { kind: repeat.kind === 'key_reused' ? 'key_reused' : 'conflict' };
    }
    if (constraint === 'refunds_one_per_merchant_no') {
      const refunds = await findRefundsOfPayment(database, refund.merchantId, refund.paymentId);
      const by = refunds.find((other) => other.merchantRefundNo === refund.merchantRefundNo);
      return by === undefined ? { kind: 'conflict' } : { kind: 'refund_no_taken', by };
    }
    throw error;
  }
}

async function insertRefund(connection: Connection, refund: Refund): Promise<Refund> {
  const { rows } = await connection.query<RefundRow>({
    name: 'insert_refund',
    text: `insert into refunds (
             merchant_id, id, payment_id, merchant_refund_no, currency, amount, reason, created_at, state,
             next_step, due_at, version, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $8)
           returning *`,
    values: [
      refund.merchantId,
      refund.id,
      refund.paymentId,
      refund.merchantRefundNo,
      refund.amount.currency,
      refund.amount.minor,
      refund.reason,
      refund.createdAt,
      refund.state,
      refund.nextStep?.action ?? null,
      refund.nextStep?.dueAt ?? null,
    ],
  });
  const [row] = rows;
  if (row === undefined) throw new Error(`refund ${refund.id} was not inserted`);
  return refundOf(row);
}

async function findRefund(database: Database, merchantId: string, refundId: string): Promise<Refund | null> {
  const { rows } = await database.query<RefundRow>({
    name: 'find_refund',
    text: 'select * from refunds where merchant_id = $1 and id = $2',
    values: [merchantId, refundId],
  });
  return rows[0] === undefined ? null : refundOf(rows[0]);
}

async function findRefundOfKey(
  database: Database,
  merchantId: string,
  key: IdempotencyKey,
): Promise<RepeatedRefund> {
  const { rows } = await database.query<RefundRow & { readonly fingerprint: Buffer }>({
    name: 'find_refund_of_key',
    text: `select r.*, k.fingerprint
           from idempotency_keys k
           left join refunds r on r.merchant_id = k.merchant_id and r.id = k.refund_id
           where k.merchant_id = $1 and k.key = $2`,
    values: [merchantId, key.key],
  });
  const [row] = rows;
  if (row === undefined) return { kind: 'none' };
  // A key that stands for a payment has no refund in this join.
  if (row.id === null || !row.fingerprint.equals(key.fingerprint)) return { kind: 'key_reused' };
  return { kind: 'replayed', refund: refundOf(row) };
}

async function findRefundsOfPayment(
  database: Database,
  merchantId: string,
  paymentId: string,
): Promise<Refund[]> {
  const { rows } = await database.query<RefundRow>({
    name: 'find_refunds_of_payment',
    text: `select * from refunds where merchant_id = $1 and payment_id = $2 order by created_at desc, id desc`,
    values: [merchantId, paymentId],
  });
  return rows.map(refundOf);
}

export async function recordRefund(database: Queryable, record: RefundRecord): Promise<Refund | null> {
  try {
    return await inTransaction(database, async (connection) => {
      // The payment first, as in accepting a refund: locks are always taken in this order, or two would deadlock.
      if (record.payment !== null) {
        const payment = await recordPayment(connection, record.payment);
        if (payment === null) throw new VersionMoved();
      }
      const recorded = await updateRefund(connection, record);
      if (recorded === null) throw new VersionMoved();
      return recorded;
    });
  } catch (error) {
    if (error instanceof VersionMoved) return null;
    throw error;
  }
}

/*
 * The refund's events stand on its payment's timeline under the payment's version of then, after the payment's own
 * events of that version: their ordinals begin at 1001.
 */
async function updateRefund(connection: Connection, record: RefundRecord): Promise<Refund | null> {
  const { before, after } = record;
  const { rows } = await connection.query<RefundRow>({
    name: 'record_refund',
    text: `with r as (
             update refunds set
               state = $4, failure = $5, next_step = $6, due_at = $7, tries = $8, attention = $9,
               attention_since = $10, version = version + 1, updated_at = clock_timestamp(), lease_until = null,
               waits_for = null, window_ends_at = null
             where merchant_id = $1 and id = $2 and version = $3
             returning *
           ), e as (
             insert into payment_events (merchant_id, payment_id, version, ordinal, type, data, occurred_at)
             select r.merchant_id, r.payment_id, p.version, 1000 + v.ordinality, v.value->>'type',
                    v.value->'data', r.updated_at
             from r
             join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id,
                  jsonb_array_elements($11::jsonb) with ordinality v
           ), d as (
             insert into deliveries (
               merchant_id, id, type, subject, subject_id, payment_id, url, state, due_at, created_at)
             select r.merchant_id, 'evt_' || substr(r.id, 4) || '_' || r.version, v.value->>'type',
                    v.value->>'subject', v.value->>'subjectId', r.payment_id, v.value->>'url', 'pending',
                    r.updated_at, r.updated_at
             from r, jsonb_array_elements($12::jsonb) v
           )
           select * from r`,
    values: [
      before.merchantId,
      before.id,
      before.version,
      after.state,
      after.failure,
      after.nextStep?.action ?? null,
      after.nextStep?.dueAt ?? null,
      after.tries,
      after.attention?.reason ?? null,
      after.attention?.since ?? null,
      JSON.stringify(record.events),
      JSON.stringify(record.announcements),
    ],
  });
  return rows[0] === undefined ? null : refundOf(rows[0]);
}

/** Compare-and-set on the payment's turn; whoever loses is told when the turn is free again. */
async function takeRefundTurn(
  database: Database,
  merchantId: string,
  paymentId: string,
  spacingMs: number,
): Promise<Date | null> {
  const taken = await database.query({
    name: 'take_refund_turn',
    text: `update payments set refund_turn_at = clock_timestamp() + $3 * interval '1 millisecond'
           where merchant_id = $1 and id = $2 and (refund_turn_at is null or refund_turn_at <= clock_timestamp())`,
    values: [merchantId, paymentId, spacingMs],
  });
  if (taken.rowCount === 1) return null;
  const { rows } = await database.query<{ readonly refund_turn_at: Date }>({
    name: 'find_refund_turn',
    text: 'select refund_turn_at from payments where merchant_id = $1 and id = $2',
    values: [merchantId, paymentId],
  });
  const [row] = rows;
  if (row === undefined) throw new Error(`payment ${paymentId} has vanished from the journal`);
  // One millisecond more, since the driver cuts the database's microseconds off.
  return new Date(row.refund_turn_at.getTime() + 1);
}
