import { type Connection, type Database, inTransaction } from './database.ts';

export interface Retention {
  /** Events and deliveries older than this many days are dropped, a month at a time. */
  readonly eventDays: number;
  /** Answers and notifications that could not be trusted, and answers of what is in trouble, are kept this long. */
  readonly untrustedAnswerDays: number;
  /** Stray notifications, counted from when they were cleared (open ones stay), and cancels of orders without a payment. */
  readonly clearedStrayDays: number;
  /** Endpoints that fail and have nothing to be told: a merchant may name another URL with each payment. */
  readonly failingEndpointDays: number;
  /** Idempotency keys; never below 30. */
  readonly idempotencyKeyDays: number;
}

/**
 * Making or dropping a month waits for whoever reads the table, a dump for one, and whatever comes after waits behind it:
 * every payment of every process. So it waits no longer than this, and is left to the next time.
 */
const lockTimeoutMs = 200;

/**
 * Makes this month's and the next two months' partitions. Safe to call again, from several processes at once. A month
 * that cannot be made, because rows of it lie in the default partition already or somebody reads the whole table, fails
 * the call when the others are made.
 */
export async function ensurePartitions(database: Database): Promise<void> {
  await eachOrThrow([0, 1, 2], (ahead) =>
    changingTables(database, (connection) =>
      connection.query(
        `select ensure_month_partitions(((clock_timestamp() at time zone 'UTC') + $1 * interval '1 month')::date)`,
        [ahead],
      ),
    ),
  );
}

/** A transaction that changes tables and holds nobody up; one process at a time, so that none drops what another has. */
function changingTables(
  database: Database,
  work: (connection: Connection) => Promise<unknown>,
): Promise<unknown> {
  return inTransaction(database, async (connection) => {
    await connection.query(`select pg_advisory_xact_lock(hashtext('shoudan partitions'))`);
    await connection.query(`set local lock_timeout = ${lockTimeoutMs}`);
    await work(connection);
  });
}

/** All of them, one after the other; the first failure is thrown when each has had its turn. */
async function eachOrThrow<Value>(
  values: readonly Value[],
  work: (value: Value) => Promise<unknown>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const value of values) await work(value).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Idempotency keys that one statement deletes at most: a statement's locks and its share of a disk stay small. */
const keysAtOnce = 10_000;

/**
 * Drops what has outlived its retention: whole months of events and deliveries, answers that were kept, cleared
 * strays, what is kept of endpoints that nobody is told anything at any more, and keys.
 * Payments, orders and refunds stay. A month with a delivery that may still be sent, pending or held, stays too. A month
 * that somebody reads is left to the next time, and fails the call when the rest is dropped.
 */
export async function dropOutlived(database: Database, retention: Retention): Promise<void> {
  const { rows } = await database.query<{ readonly parent: string; readonly child: string }>(
    `select p.relname as parent, c.relname as child
     from pg_inherits i
     join pg_class p on p.oid = i.inhparent
     join pg_class c on c.oid = i.inhrelid
     where p.relname in ('payment_events', 'deliveries') and c.relname ~ '_[0-9]{6}$'
       and to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month'
           < (clock_timestamp() at time zone 'UTC') - $1 * interval '1 day'
     order by c.relname`,
    [retention.eventDays],
  );
  await eachOrThrow(
    [...rows.map((month) => () => dropMonth(database, month)), () => deleteOutlived(database, retention)],
    (drop) => drop(),
  );
}

async function dropMonth(
  database: Database,
  { parent, child }: { readonly parent: string; readonly child: string },
): Promise<void> {
  await changingTables(database, async (connection) => {
    const { rows } = await connection.query<{ readonly there: boolean }>(
      'select to_regclass($1) is not null as there',
      [child],
    );
    const isKept = async (): Promise<boolean> =>
      parent === 'deliveries' && (await mayBeSent(connection, child));
    if (rows[0]?.there !== true || (await isKept())) return;
    // Nothing of it can be replayed from here on; what was replayed before is seen.
    await connection.query(`lock table only ${parent} in access exclusive mode`);
    if (await isKept()) return;
    await connection.query(`drop table ${child}`);
  });
}

/** Whether a month has a delivery that is pending, or that enabling its endpoint would send. */
async function mayBeSent(connection: Connection, month: string): Promise<boolean> {
  const { rowCount } = await connection.query(
    `(select from ${month} where due_at is not null limit 1) union all
     (select from ${month} where state = 'held' limit 1)`,
  );
  return rowCount !== 0;
}

async function deleteOutlived(database: Database, retention: Retention): Promise<void> {
  // What was written before its month was made.
  await database.query(
    `delete from payment_events_rest where occurred_at < clock_timestamp() - $1 * interval '1 day'`,
    [retention.eventDays],
  );
  await database.query(
    `delete from deliveries_rest
     where created_at < clock_timestamp() - $1 * interval '1 day' and due_at is null and state <> 'held'`,
    [retention.eventDays],
  );
  await database.query(
    `delete from endpoints
     where disabled_at is null and failing_since < clock_timestamp() - $1 * interval '1 day' and not exists (
       select from deliveries d
       where d.merchant_id = endpoints.merchant_id and d.url = endpoints.url and d.due_at is not null)`,
    [retention.failingEndpointDays],
  );
  await database.query(
    `delete from untrusted_answers where received_at < clock_timestamp() - $1 * interval '1 day'`,
    [retention.untrustedAnswerDays],
  );
  await database.query(
    `delete from kept_answers where received_at < clock_timestamp() - $1 * interval '1 day'`,
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
  await database.query(
    `delete from held_order_cancels where created_at < clock_timestamp() - $1 * interval '1 day'`,
    [retention.clearedStrayDays],
  );
  await deleteNonces(database);
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

/** Longer than any signature is taken that was made with one. */
const nonceHours = 1;

async function deleteNonces(database: Database): Promise<void> {
  for (let deleted = keysAtOnce; deleted === keysAtOnce; ) {
    const { rowCount } = await database.query(
      `delete from request_nonces where (key_hash, nonce) in (
         select key_hash, nonce from request_nonces
         where used_at < clock_timestamp() - $1 * interval '1 hour' order by used_at limit $2)`,
      [nonceHours, keysAtOnce],
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
