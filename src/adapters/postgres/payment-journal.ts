import type { Announcement } from '../../domain/announcement.ts';
import { holdsOrder, type Payment, type TimelineEvent } from '../../domain/payment.ts';
import type {
  IdempotencyKey,
  OpenPaymentResult,
  PaymentJournal,
  PaymentRecord,
  RecordedEvent,
  RepeatedPayment,
} from '../../ports/journal.ts';
import { type Connection, type Database, violatedConstraint } from './database.ts';
import { type PaymentRow, paymentOf } from './rows.ts';

/** Payments on PostgreSQL: one statement a method, each one transaction. */
export function createPaymentJournal(database: Database): PaymentJournal {
  return {
    openPayment: (payment, events, key, announcements) =>
      openPayment(database, payment, events, key, announcements),
    findPayment: (merchantId, paymentId) => findPayment(database, merchantId, paymentId),
    findPaymentOfKey: (merchantId, key) => findPaymentOfKey(database, merchantId, key),
    findPaymentsOfOrder: (merchantId, orderNo) => findPaymentsOfOrder(database, merchantId, orderNo),
    recordPayment: (record) => recordPayment(database, record),
    timeline: (merchantId, paymentId) => timeline(database, merchantId, paymentId),
  };
}

/*
 * The order's row is written first, and by that locked: a cancel of the same order that commits in between is seen
 * in `closed_at`, and one that comes later finds the payment. The unique indexes decide every other race.
 */
const openSql = (keyed: boolean) => `
with o as (
  insert into orders (merchant_id, merchant_order_no, requests)
  values ($1, $3, 1)
  on conflict (merchant_id, merchant_order_no) do update set requests = orders.requests + 1
  returning closed_at, requests
), p as (
  insert into payments (
    merchant_id, id, merchant_order_no, wallet, account, product, currency, amount, store_id, terminal_id,
    sub_merchant_id, subject, notify_url, metadata, expires_at, created_at, state, cancelled_by, failure,
    next_step, due_at, payer_active_until, version, updated_at)
  select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 1, $16
  from o
  -- A payment that was never sent holds no order and may be recorded under a closed one.
  where $17 = 'cancelled' or (o.closed_at is null${keyed ? '' : ' and o.requests = 1'})
  returning *
), e as (
  insert into payment_events (merchant_id, payment_id, version, ordinal, type, data, occurred_at)
  select p.merchant_id, p.id, 1, v.ordinality, v.value->>'type', v.value->'data', p.created_at
  from p, jsonb_array_elements($23::jsonb) with ordinality v
), d as (
  insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, due_at, created_at)
  select p.merchant_id, 'evt_' || substr(p.id, 5) || '_1', v.value->>'type', v.value->>'subject',
         v.value->>'subjectId', p.id, v.value->>'url', 'pending', p.created_at, p.created_at
  from p, jsonb_array_elements($24::jsonb) v
)${
  keyed
    ? `, k as (
  insert into idempotency_keys (merchant_id, key, fingerprint, payment_id)
  select p.merchant_id, $25, $26, p.id from p
)`
    : ''
}
select o.closed_at, p.* from o left join p on true`;

const openStatements = {
  plain: { name: 'open_payment', text: openSql(false) },
  keyed: { name: 'open_payment_keyed', text: openSql(true) },
};

async function openPayment(
  database: Database,
  payment: Payment,
  events: readonly TimelineEvent[],
  key: IdempotencyKey | null,
  announcements: readonly Announcement[],
): Promise<OpenPaymentResult> {
  const values: unknown[] = [
    payment.merchantId,
    payment.id,
    payment.merchantOrderNo,
    payment.wallet,
    payment.account,
    payment.product,
    payment.amount.currency,
    payment.amount.minor,
    payment.storeId,
    payment.terminalId,
    payment.subMerchantId,
    payment.subject,
    payment.notifyUrl,
    payment.metadata,
    payment.expiresAt,
    payment.createdAt,
    payment.state,
    payment.cancelledBy,
    payment.failure,
    payment.nextStep?.action ?? null,
    payment.nextStep?.dueAt ?? null,
    payment.payerActiveUntil,
    JSON.stringify(events),
    JSON.stringify(announcements),
  ];
  for (;;) {
    try {
      const statement = key === null ? openStatements.plain : openStatements.keyed;
      const { rows } = await database.query<OpenedRow>({
        ...statement,
        values: key === null ? values : [...values, key.key, key.fingerprint],
      });
      const [row] = rows;
      if (row === undefined) throw new Error(`order ${payment.merchantOrderNo} was not written`);
      if (row.id !== null) return { kind: 'opened', payment: paymentOf(row) };
      if (row.closed_at !== null) return { kind: 'order_closed' };
      return await repeatedOrder(database, payment);
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === null || constraint === 'payments_pkey') throw error;
    }
    const repeat =
      key === null ? ({ kind: 'none' } as const) : await findPaymentOfKey(database, payment.merchantId, key);
    if (repeat.kind === 'replayed') return repeat;
    if (repeat.kind === 'key_reused') return { kind: 'key_reused' };
    const holder = await findHolder(database, payment.merchantId, payment.merchantOrderNo);
    if (holder !== null) return { kind: 'order_held', by: holder };
    // What stood in the way has ended meanwhile: once more.
  }
}

/** The order's row, beside the payment that was inserted, if it was. */
type OpenedRow =
  | (PaymentRow & { readonly closed_at: Date | null })
  | { readonly id: null; readonly closed_at: Date | null };

async function repeatedOrder(database: Database, payment: Payment): Promise<OpenPaymentResult> {
  const attempts = await findPaymentsOfOrder(database, payment.merchantId, payment.merchantOrderNo);
  const holder = attempts.find(holdsOrder);
  if (holder !== undefined) return { kind: 'order_held', by: holder };
  const [latest] = attempts;
  if (latest === undefined)
    throw new Error(`order ${payment.merchantOrderNo} is repeated without an attempt`);
  return { kind: 'order_repeated', latest };
}

export async function findPayment(
  database: Database,
  merchantId: string,
  paymentId: string,
): Promise<Payment | null> {
  const { rows } = await database.query<PaymentRow>({
    name: 'find_payment',
    text: 'select * from payments where merchant_id = $1 and id = $2',
    values: [merchantId, paymentId],
  });
  return rows[0] === undefined ? null : paymentOf(rows[0]);
}

/** The attempt that is open or paid, on this connection's newest snapshot. */
export async function findHolder(
  connection: Database | Connection,
  merchantId: string,
  merchantOrderNo: string,
): Promise<Payment | null> {
  const { rows } = await connection.query<PaymentRow>({
    name: 'find_order_holder',
    text: `select * from payments
           where merchant_id = $1 and merchant_order_no = $2 and state not in ('failed', 'cancelled')`,
    values: [merchantId, merchantOrderNo],
  });
  return rows[0] === undefined ? null : paymentOf(rows[0]);
}

async function findPaymentOfKey(
  database: Database,
  merchantId: string,
  key: IdempotencyKey,
): Promise<RepeatedPayment> {
  const { rows } = await database.query<PaymentRow & { readonly fingerprint: Buffer }>({
    name: 'find_payment_of_key',
    text: `select p.*, k.fingerprint
           from idempotency_keys k
           left join payments p on p.merchant_id = k.merchant_id and p.id = k.payment_id
           where k.merchant_id = $1 and k.key = $2`,
    values: [merchantId, key.key],
  });
  const [row] = rows;
  if (row === undefined) return { kind: 'none' };
  // A key that stands for a refund has no payment in this join.
  if (row.id === null || !row.fingerprint.equals(key.fingerprint)) return { kind: 'key_reused' };
  return { kind: 'replayed', payment: paymentOf(row) };
}

async function findPaymentsOfOrder(
  database: Database,
  merchantId: string,
  merchantOrderNo: string,
): Promise<Payment[]> {
  const { rows } = await database.query<PaymentRow>({
    name: 'find_payments_of_order',
    text: `select * from payments where merchant_id = $1 and merchant_order_no = $2
           order by created_at desc, id desc limit 100`,
    values: [merchantId, merchantOrderNo],
  });
  return rows.map(paymentOf);
}

/*
 * Compare-and-set on the version. An announcement withdraws the earlier ones of the payment that wait to be delivered or
 * were given up, so that a late "succeeded" cannot follow a "cancelled". One that is just being tried cannot be called
 * back: it keeps its lease, and the new one waits until that try has ended. All of them are locked first, whatever has
 * become of them, so that no try begins unseen: one that had arrived may be replayed at this instant.
 */
const updateSql = `
  update payments set
    state = $4, reversal_state = $5, reversal_by = $6, refund_instead = $7, known_to_wallet = $8,
    paid_evidence = $9, wallet_transaction_id = $10, failure = $11, cancelled_by = $12, refund_reserved = $13,
    refunded = $14, open_refunds = $15, next_step = $16, due_at = $17, tries = $18, attention = $19,
    attention_since = $20, payer_action = $21, payer_active_until = $22, paid_at = $23, refund_ids_spent = $24,
    refund_id_doubted = $25, version = version + 1, updated_at = clock_timestamp(), lease_until = null,
    waits_for = null, window_ends_at = null
  where merchant_id = $1 and id = $2 and version = $3
  returning *`;

const eventsSql = `
  insert into payment_events (merchant_id, payment_id, version, ordinal, type, data, occurred_at)
  select p.merchant_id, p.id, p.version, v.ordinality, v.value->>'type', v.value->'data', p.updated_at
  from p, jsonb_array_elements($26::jsonb) with ordinality v`;

const announcingSql = `
), l as (
  select id, created_at, state, lease_until from deliveries
  where merchant_id = $1 and payment_id = $2 and subject = 'payment' and exists (select from p)
  for update
), w as (
  update deliveries set state = 'withdrawn', due_at = null, ended_at = clock_timestamp()
  from l
  where deliveries.merchant_id = $1 and deliveries.payment_id = $2
    and deliveries.id = l.id and deliveries.created_at = l.created_at
    and l.state in ('pending', 'held', 'exhausted')
), d as (
  insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, due_at, created_at)
  select p.merchant_id, 'evt_' || substr(p.id, 5) || '_' || p.version, v.value->>'type', v.value->>'subject',
         v.value->>'subjectId', p.id, v.value->>'url', 'pending',
         greatest(p.updated_at, (select max(lease_until) from l)), p.updated_at
  from p, jsonb_array_elements($27::jsonb) v`;

const recordStatements = {
  quiet: {
    name: 'record_payment',
    text: `with p as (${updateSql}\n), e as (${eventsSql}\n) select * from p`,
  },
  announcing: {
    name: 'record_payment_announcing',
    text: `with p as (${updateSql}\n), e as (${eventsSql}${announcingSql}\n) select * from p`,
  },
};

export async function recordPayment(
  connection: Database | Connection,
  record: PaymentRecord,
): Promise<Payment | null> {
  const { before, after } = record;
  const values: unknown[] = [
    before.merchantId,
    before.id,
    before.version,
    after.state,
    after.reversal?.state ?? null,
    after.reversal?.by ?? null,
    after.reversal?.refundInstead ?? false,
    after.knownToWallet,
    after.paidEvidence,
    after.walletTransactionId,
    after.failure,
    after.cancelledBy,
    after.refundReserved,
    after.refunded,
    after.openRefunds,
    after.nextStep?.action ?? null,
    after.nextStep?.dueAt ?? null,
    after.tries,
    after.attention?.reason ?? null,
    after.attention?.since ?? null,
    after.payerAction,
    after.payerActiveUntil,
    after.paidAt,
    after.reversal?.refundIdsSpent ?? 0,
    after.reversal?.refundIdDoubted ?? false,
    JSON.stringify(record.events),
  ];
  const announcing = record.announcements.length > 0;
  if (announcing) values.push(JSON.stringify(record.announcements));
  const { rows } = await connection.query<PaymentRow>({
    ...(announcing ? recordStatements.announcing : recordStatements.quiet),
    values,
  });
  return rows[0] === undefined ? null : paymentOf(rows[0]);
}

async function timeline(database: Database, merchantId: string, paymentId: string): Promise<RecordedEvent[]> {
  const { rows } = await database.query<{
    readonly type: RecordedEvent['type'];
    readonly data: RecordedEvent['data'];
    readonly occurred_at: Date;
    readonly version: number;
  }>({
    name: 'timeline',
    text: `select type, data, occurred_at, version from payment_events
           where merchant_id = $1 and payment_id = $2 order by version, occurred_at, ordinal`,
    values: [merchantId, paymentId],
  });
  return rows.map((row) => ({ type: row.type, data: row.data, at: row.occurred_at, version: row.version }));
}
