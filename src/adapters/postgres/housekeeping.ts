import type { Database } from './database.ts';

export interface Retention {
  /** Events and deliveries older than this many days are dropped, a month at a time. */
  readonly eventDays: number;
  /** Answers and notifications that could not be trusted are kept this long. */
  readonly untrustedAnswerDays: number;
  /** Stray notifications, counted from when they were cleared; open ones stay. */
  readonly clearedStrayDays: number;
  /** Idempotency keys; never below 30. */
  readonly idempotencyKeyDays: number;
}

/**
 * Makes this month's and the next two months' partitions. Safe to call again, from several processes at once. A month
 * that cannot be made, because rows of it lie in the default partition already, fails the call when the others are made.
 */
export async function ensurePartitions(database: Database): Promise<void> {
  const failures: unknown[] = [];
  for (const ahead of [0, 1, 2]) {
    await database
      .query(
        `select ensure_month_partitions(((clock_timestamp() at time zone 'UTC') + $1 * interval '1 month')::date)`,
        [ahead],
      )
      .catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/** Idempotency keys that one statement deletes at most: a statement's locks and its share of a disk stay small. */
const keysAtOnce = 10_000;

/**
 * Drops what has outlived its retention: whole months of events and deliveries, untrusted answers, cleared
 * strays and keys.
 * Payments, orders and refunds stay. A month that still holds a pending delivery stays too.
 */
export async function dropOutlived(database: Database, retention: Retention): Promise<void> {
  const { rows } = await database.query<{ readonly parent: string; readonly child: string }>(
    `select p.relname as parent, c.relname as child
     from pg_inherits i
     join pg_class p on p.oid = i.inhparent
     join pg_class c on c.oid = i.inhrelid
     where p.relname in ('payment_events', 'deliveries') and c.relname ~ '_[0-9]{6}$'
       and to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month'
           < (clock_timestamp() at time zone 'UTC') - $1 * interval '1 day'`,
    [retention.eventDays],
  );
  for (const { parent, child } of rows) {
    if (parent === 'deliveries') {
      const pending = await database.query(`select from ${child} where due_at is not null limit 1`);
      if (pending.rowCount !== 0) continue;
    }
    await database.query(`drop table ${child}`);
  }
  // What was written before its month was made.
  await database.query(
    `delete from payment_events_rest where occurred_at < clock_timestamp() - $1 * interval '1 day'`,
    [retention.eventDays],
  );
  await database.query(
    `delete from deliveries_rest
     where created_at < clock_timestamp() - $1 * interval '1 day' and due_at is null`,
    [retention.eventDays],
  );
  await database.query(
    `delete from untrusted_answers where received_at < clock_timestamp() - $1 * interval '1 day'`,
    [retention.untrustedAnswerDays],
  );
  await database.query(
    `delete from untrusted_notifications where received_at < clock_timestamp() - $1 * interval '1 day'`,
    [retention.untrustedAnswerDays],
  );
  await database.query(
    `delete from stray_notifications where cleared_at < clock_timestamp() - $1 * interval '1 day'`,
    [retention.clearedStrayDays],
  );
  for (let deleted = keysAtOnce; deleted === keysAtOnce; ) {
    const { rowCount } = await database.query(
      `delete from idempotency_keys where (merchant_id, key) in (
         select merchant_id, key from idempotency_keys
         where created_at < clock_timestamp() - $1 * interval '1 day' order by created_at limit $2)`,
      [Math.max(30, retention.idempotencyKeyDays), keysAtOnce],
    );
    deleted = rowCount ?? 0;
  }
}

/** A worker that was not seen for this long counts as gone. */
export const workerGoneAfterSeconds = 15;

/** Says that this worker is alive; workers long gone are forgotten on the way. */
export async function heartbeat(database: Database, workerId: string): Promise<void> {
  await database.query({
    name: 'heartbeat',
    text: `with gone as (delete from workers where seen_at < clock_timestamp() - interval '1 day')
           insert into workers (id) values ($1)
           on conflict (id) do update set seen_at = clock_timestamp()`,
    values: [workerId],
  });
}

export async function leave(database: Database, workerId: string): Promise<void> {
  await database.query('delete from workers where id = $1', [workerId]);
}

/** Whether any process runs the due loop. */
export async function anyWorkerAlive(database: Database): Promise<boolean> {
  const { rowCount } = await database.query({
    name: 'any_worker',
    text: `select from workers where seen_at > clock_timestamp() - $1 * interval '1 second' limit 1`,
    values: [workerGoneAfterSeconds],
  });
  return rowCount === 1;
}
