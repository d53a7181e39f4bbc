import type { Database } from '../src/adapters/postgres/database.ts';

/** A payment as its row stands, as far as an auditor looks at it. */
export interface PaymentRow {
  readonly id: string;
  readonly merchantOrderNo: string;
  readonly wallet: string;
  readonly product: string;
  readonly currency: string;
  readonly amount: bigint;
  readonly state: string;
  readonly reversalState: string | null;
  readonly refunded: bigint;
  readonly openRefunds: number;
  readonly nextStep: string | null;
  readonly attention: string | null;
  readonly notifyUrl: string | null;
}

export interface RefundRow {
  readonly id: string;
  readonly paymentId: string;
  readonly amount: bigint;
  readonly state: string;
  readonly nextStep: string | null;
  readonly attention: string | null;
}

export interface DeliveryRow {
  readonly id: string;
  readonly type: string;
  readonly subjectId: string;
  readonly state: string;
}

export interface Rows {
  readonly payments: readonly PaymentRow[];
  readonly refunds: readonly RefundRow[];
  readonly deliveries: readonly DeliveryRow[];
  /** Of each event, how often the timelines have it. */
  readonly events: ReadonlyMap<string, number>;
  /** Notifications of unknown payments, and messages that could not be trusted: no fault of a run makes any. */
  readonly strays: number;
  readonly untrusted: number;
}

export async function readRows(database: Database): Promise<Rows> {
  const payments = await database.query<PaymentRow>(
    `select id, merchant_order_no as "merchantOrderNo", wallet, product, currency, amount, state,
       reversal_state as "reversalState", refunded, open_refunds as "openRefunds", next_step as "nextStep", attention,
       notify_url as "notifyUrl"
     from payments order by created_at, id`,
  );
  const refunds = await database.query<RefundRow>(
    `select id, payment_id as "paymentId", amount, state, next_step as "nextStep", attention
     from refunds order by created_at, id`,
  );
  const deliveries = await database.query<DeliveryRow>(
    `select id, type, subject_id as "subjectId", state from deliveries order by created_at, id`,
  );
  const events = await database.query<{ readonly type: string; readonly times: number }>(
    `select type, count(*)::int as times from payment_events group by type order by type`,
  );
  const others = await database.query<{ readonly strays: number; readonly untrusted: number }>(
    `select (select count(*)::int from stray_notifications) as strays,
       (select count(*)::int from untrusted_answers) + (select count(*)::int from untrusted_notifications) as untrusted`,
  );
  return {
    payments: payments.rows,
    refunds: refunds.rows,
    deliveries: deliveries.rows,
    events: new Map(events.rows.map(({ type, times }) => [type, times])),
    strays: others.rows[0]?.strays ?? 0,
    untrusted: others.rows[0]?.untrusted ?? 0,
  };
}

/** How many rows of each kind still have a step before them. */
export interface WaitingRows {
  readonly payments: number;
  readonly refunds: number;
  readonly deliveries: number;
}

export async function countWaiting(database: Database): Promise<WaitingRows> {
  const { rows } = await database.query<WaitingRows>(
    `select (select count(*)::int from payments where due_at is not null) as payments,
       (select count(*)::int from refunds where due_at is not null) as refunds,
       (select count(*)::int from deliveries where due_at is not null) as deliveries`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the database counted nothing');
  return row;
}

/** A payment's timeline in words, for whoever looks for the cause of a difference. */
export async function timelineOf(database: Database, paymentId: string): Promise<string[]> {
  const { rows } = await database.query<{
    readonly at: Date;
    readonly version: number;
    readonly type: string;
    readonly data: object;
  }>(
    `select occurred_at as at, version, type, data from payment_events where payment_id = $1
     order by version, ordinal`,
    [paymentId],
  );
  return rows.map(
    ({ at, version, type, data }) => `${at.toISOString()} v${version} ${type} ${JSON.stringify(data)}`,
  );
}
