import type { FailingEndpoint } from '../../domain/endpoint.ts';
import { type Connection, type Database, inTransaction } from './database.ts';
import { type EndpointRow, endpointOf } from './rows.ts';

/** Deliveries that one statement sends again at most: its locks and its time stay small. */
const replayedAtOnce = 5_000;

/*
 * Makes the deliveries of `chosen` pending again, the oldest due first, one every $3 ms from $4 on, on a schedule that
 * begins anew; none before the try of one that it supersedes has ended. That they are sent again stands on the payment's
 * timeline, after the events of payment and refunds.
 */
const replaySql = (chosen: string) => `
  with c as materialized (${chosen}), d as (
    update deliveries set state = 'pending', tries = 0, ended_at = null, lease_until = null,
      due_at = greatest($4::timestamptz + (c.turn - 1) * $3 * interval '1 millisecond', (
        select max(tried.lease_until) from deliveries tried
        where tried.merchant_id = $1 and tried.payment_id = deliveries.payment_id and tried.subject = 'payment'
          and deliveries.subject = 'payment' and tried.state = 'withdrawn'))
    from c
    where deliveries.merchant_id = $1 and deliveries.id = any(array(select id from c))
      and deliveries.created_at >= (select min(created_at) from c)
      and deliveries.id = c.id and deliveries.created_at = c.created_at
      and deliveries.state <> 'withdrawn'
      and (deliveries.lease_until is null or deliveries.lease_until <= clock_timestamp())
    returning deliveries.id, deliveries.payment_id, deliveries.type, c.turn
  ), e as (
    insert into payment_events (merchant_id, payment_id, version, ordinal, type, data, occurred_at)
    select $1, d.payment_id, p.version, 2000 + row_number() over (partition by d.payment_id order by d.turn),
      'DeliveryReplayed', jsonb_build_object('delivery_id', d.id, 'event', d.type), clock_timestamp()
    from d join lateral (
      select version from payments where merchant_id = $1 and id = d.payment_id limit 1
    ) p on true
  )
  select id from d order by turn`;

const chosenIds = `
  select id, created_at, row_number() over (order by created_at, id) as turn
  from deliveries where merchant_id = $1 and id = any($2::text[])`;

const chosenHeld = `
  select id, created_at, row_number() over (order by created_at, id) as turn
  from deliveries where merchant_id = $1 and url = $2 and state = 'held' order by created_at, id limit ${replayedAtOnce}`;

/**
 * In a month that was never analysed the planner expects a single row, and would compare every chosen delivery with every
 * one of the merchant's: five thousand of ten thousand took ten seconds.
 */
async function replayed(
  connection: Connection,
  name: string,
  chosen: string,
  values: readonly unknown[],
): Promise<string[]> {
  await connection.query('set local enable_nestloop = off');
  const { rows } = await connection.query<{ readonly id: string }>({
    name,
    text: replaySql(chosen),
    values: [...values],
  });
  return rows.map(({ id }) => id);
}

/** `beside` belongs to each statement's transaction, and is told which deliveries that one sends again. */
export async function replayDeliveries(
  database: Database,
  merchantId: string,
  deliveryIds: readonly string[],
  everyMs: number,
  beside: (connection: Connection, replayed: readonly string[]) => Promise<void> = async () => {},
): Promise<string[]> {
  const begunAt = await timeOf(database);
  const all: string[] = [];
  for (let from = 0; from < deliveryIds.length; from += replayedAtOnce) {
    const values = [
      merchantId,
      deliveryIds.slice(from, from + replayedAtOnce),
      everyMs,
      new Date(begunAt.getTime() + all.length * everyMs),
    ];
    const ids = await inTransaction(database, async (connection) => {
      const sent = await replayed(connection, 'replay_deliveries', chosenIds, values);
      if (sent.length > 0) await beside(connection, sent);
      return sent;
    });
    all.push(...ids);
  }
  return all;
}

/**
 * The endpoint's row and the first of what is held go in one transaction: who holds a delivery has a share of that row,
 * so that none is held unseen. When the process dies after it, enabling the endpoint once more goes on with the rest.
 * `beside` belongs to that transaction, and is told of the endpoint as it was; `null`: it was not disabled any more.
 */
export async function enableEndpoint(
  database: Database,
  merchantId: string,
  url: string,
  everyMs: number,
  beside: (connection: Connection, was: FailingEndpoint | null) => Promise<void> = async () => {},
): Promise<number | null> {
  const begunAt = await timeOf(database);
  const replayHeld = async (connection: Connection, before: number): Promise<number> => {
    const values = [merchantId, url, everyMs, new Date(begunAt.getTime() + before * everyMs)];
    return (await replayed(connection, 'replay_held', chosenHeld, values)).length;
  };
  const first = await inTransaction(database, async (connection) => {
    const { rows } = await connection.query<EndpointRow>(
      `delete from endpoints where merchant_id = $1 and url = $2 and disabled_at is not null returning *`,
      [merchantId, url],
    );
    const was = rows[0] === undefined ? null : endpointOf(rows[0]);
    const count = await replayHeld(connection, 0);
    if (was !== null || count > 0) await beside(connection, was);
    return { wasDisabled: was !== null, count };
  });
  if (!first.wasDisabled && first.count === 0) return null;
  let sent = first.count;
  for (let count = first.count; count === replayedAtOnce; sent += count) {
    count = await inTransaction(database, (connection) => replayHeld(connection, sent));
  }
  return sent;
}

async function timeOf(database: Database): Promise<Date> {
  const { rows } = await database.query<{ readonly now: Date }>('select clock_timestamp() as now');
  const [row] = rows;
  if (row === undefined) throw new Error('the database told no time');
  return row.now;
}
