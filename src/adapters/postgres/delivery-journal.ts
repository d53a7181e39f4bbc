import type { Delivery } from '../../domain/delivery.ts';
import type { FailingEndpoint } from '../../domain/endpoint.ts';
import type { DeliveryJournal } from '../../ports/due-rows.ts';
import { type Database, inTransaction } from './database.ts';
import { enableEndpoint, replayDeliveries } from './delivery-replay.ts';
import { type EndpointRow, endpointOf } from './rows.ts';

/** What becomes of deliveries and of their endpoints, on PostgreSQL. A delivery that has ended stays as it ended. */
export function createDeliveryJournal(database: Database): DeliveryJournal {
  return {
    recordDelivered: (delivery) => recordDelivered(database, delivery),
    recordWithdrawn: (delivery) => recordWithdrawn(database, delivery),
    recordTryFailed: (delivery, reason, retryAt) => recordFailure(database, delivery, reason, retryAt),
    recordExhausted: (delivery, reason) => recordFailure(database, delivery, reason, null),
    recordPutOff: (delivery, dueAt) => recordPutOff(database, delivery, dueAt),
    putOffOthers: (delivery, longestMs) => putOffOthers(database, delivery, longestMs),
    recordHeld: (delivery) => recordHeld(database, delivery),
    disableEndpoint: (endpoint) => disableEndpoint(database, endpoint),
    enableEndpoint: (merchantId, url, everyMs) => enableEndpoint(database, merchantId, url, everyMs),
    replay: (merchantId, ids, everyMs) => replayDeliveries(database, merchantId, ids, everyMs),
    hasExhausted: (merchantId, paymentId) => hasExhausted(database, merchantId, paymentId),
  };
}

// The driver cuts microseconds off; the millisecond's range still names one partition.
const thisPending = `
  merchant_id = $1 and id = $2
  and created_at >= $3 and created_at < $3::timestamptz + interval '1 millisecond' and state = 'pending'`;

function nameOf({ merchantId, id, createdAt }: Delivery): unknown[] {
  return [merchantId, id, createdAt];
}

/** An endpoint that works has no row, and then nothing but the delivery is written. */
async function recordDelivered(database: Database, delivery: Delivery): Promise<void> {
  const { rows } = await database.query<{ readonly ended: boolean }>({
    name: 'record_delivered',
    text: `with d as (
             update deliveries set state = 'delivered', tries = tries + 1, due_at = null, lease_until = null,
               ended_at = clock_timestamp()
             where ${thisPending} returning 1
           ), e as (
             delete from endpoints where merchant_id = $1 and url = $4 and disabled_at is null
           )
           select exists (select from d) as ended`,
    values: [...nameOf(delivery), delivery.url],
  });
  if (rows[0]?.ended === false) await tryHasEnded(database, delivery);
}

async function recordWithdrawn(database: Database, delivery: Delivery): Promise<void> {
  const { rowCount } = await database.query({
    name: 'record_withdrawn',
    text: `update deliveries set state = 'withdrawn', due_at = null, lease_until = null,
             ended_at = clock_timestamp() where ${thisPending}`,
    values: nameOf(delivery),
  });
  if (rowCount === 0) await tryHasEnded(database, delivery);
}

/** `retryAt` is `null` when there is no other try. */
async function recordFailure(
  database: Database,
  delivery: Delivery,
  reason: string,
  retryAt: Date | null,
): Promise<FailingEndpoint> {
  const { rows } = await database.query<EndpointRow & { readonly recorded: boolean }>({
    name: 'record_delivery_failure',
    text: `with d as (
             update deliveries set state = case when $6::timestamptz is null then 'exhausted' else 'pending' end,
               tries = tries + 1, last_failure = $5, due_at = $6, lease_until = null,
               ended_at = case when $6::timestamptz is null then clock_timestamp() end
             where ${thisPending} returning 1
           ), e as (
             insert into endpoints (merchant_id, url, failing_since, failures, last_failure)
             values ($1, $4, clock_timestamp(), 1, $5)
             on conflict (merchant_id, url) do update
               set failures = endpoints.failures + 1, last_failure = excluded.last_failure
             returning *
           )
           select e.*, exists (select from d) as recorded from e`,
    values: [...nameOf(delivery), delivery.url, reason, retryAt],
  });
  const [row] = rows;
  if (row === undefined) throw new Error(`the failure of ${delivery.url} was not counted`);
  if (!row.recorded) await tryHasEnded(database, delivery);
  return endpointOf(row);
}

/** What its payment has to tell instead has waited for the end of this try, and need not wait any longer. */
async function tryHasEnded(database: Database, delivery: Delivery): Promise<void> {
  await database.query({
    name: 'delivery_try_has_ended',
    text: `with t as (
             update deliveries set lease_until = null
             where merchant_id = $1 and id = $5 and state = 'withdrawn'
               and created_at >= $6 and created_at < $6::timestamptz + interval '1 millisecond'
           )
           update deliveries set due_at = clock_timestamp()
           where merchant_id = $1 and payment_id = $2 and subject = $3 and subject_id = $4 and state = 'pending'
             and tries = 0 and lease_until is null and due_at > clock_timestamp()`,
    values: [
      delivery.merchantId,
      delivery.paymentId,
      delivery.subject,
      delivery.subjectId,
      delivery.id,
      delivery.createdAt,
    ],
  });
}

async function recordPutOff(database: Database, delivery: Delivery, dueAt: Date): Promise<void> {
  const { rowCount } = await database.query({
    name: 'put_off_delivery',
    text: `update deliveries set due_at = $4, lease_until = null where ${thisPending}`,
    values: [...nameOf(delivery), dueAt],
  });
  if (rowCount === 0) await tryHasEnded(database, delivery);
}

/** Several processes that do it at once share the rows. The wait is that of `putOffMs`. Only these rows are read. */
async function putOffOthers(database: Database, delivery: Delivery, longestMs: number): Promise<void> {
  await database.query({
    name: 'put_off_other_deliveries',
    text: `with o as (
             select id, created_at from deliveries
             where merchant_id = $1 and url = $2 and due_at <= clock_timestamp()
               and (lease_until is null or lease_until <= clock_timestamp())
             order by due_at limit 1000 for update skip locked
           )
           update deliveries set due_at = clock_timestamp() + interval '1 millisecond' * least($3::float8,
             greatest(1000, floor(extract(epoch from clock_timestamp() - deliveries.created_at) * 500)))
           from o where deliveries.merchant_id = $1 and deliveries.id = any(array(select id from o))
             and deliveries.id = o.id and deliveries.created_at = o.created_at`,
    values: [delivery.merchantId, delivery.url, longestMs],
  });
}

/** The endpoint's row is locked first: whoever enables it meanwhile finds this delivery held, or it is not held. */
async function recordHeld(database: Database, delivery: Delivery): Promise<boolean> {
  const held = await inTransaction(database, async (connection) => {
    const { rowCount } = await connection.query({
      name: 'lock_disabled_endpoint',
      text: `select from endpoints where merchant_id = $1 and url = $2 and disabled_at is not null for share`,
      values: [delivery.merchantId, delivery.url],
    });
    if (rowCount === 0) return null;
    const hold = await connection.query({
      name: 'hold_delivery',
      text: `update deliveries set state = 'held', last_failure = coalesce(last_failure, 'the endpoint is disabled'),
               due_at = null, lease_until = null, ended_at = clock_timestamp()
             where ${thisPending}`,
      values: nameOf(delivery),
    });
    return hold.rowCount === 1;
  });
  if (held === false) await tryHasEnded(database, delivery);
  return held !== null;
}

async function disableEndpoint(database: Database, endpoint: FailingEndpoint): Promise<boolean> {
  const { rowCount } = await database.query({
    name: 'disable_endpoint',
    // A success since then has made the row go; one that failed anew after it began later.
    text: `update endpoints set disabled_at = clock_timestamp()
           where merchant_id = $1 and url = $2 and disabled_at is null
             and failing_since < $3::timestamptz + interval '1 millisecond'`,
    values: [endpoint.merchantId, endpoint.url, endpoint.failingSince],
  });
  return rowCount === 1;
}

async function hasExhausted(database: Database, merchantId: string, paymentId: string): Promise<boolean> {
  const { rowCount } = await database.query({
    name: 'has_exhausted_delivery',
    text: `select from deliveries where merchant_id = $1 and payment_id = $2 and state = 'exhausted' limit 1`,
    values: [merchantId, paymentId],
  });
  return rowCount === 1;
}
