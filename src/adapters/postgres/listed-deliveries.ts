import type { AnnouncementType } from '../../domain/announcement.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import type { FailingEndpoint } from '../../domain/endpoint.ts';
import type { Database } from './database.ts';
import type { Listed } from './open-work.ts';
import { type EndpointRow, endpointOf } from './rows.ts';

export interface ListedDelivery {
  readonly merchantId: string;
  readonly id: string;
  readonly type: AnnouncementType;
  readonly paymentId: string;
  readonly url: string;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly lastFailure: string | null;
  readonly createdAt: Date;
  /** When it is tried next; of what has ended, `null`. */
  readonly dueAt: Date | null;
  readonly endedAt: Date | null;
}

/** Which deliveries are meant; what is `null` does not matter. */
export interface DeliveryFilter {
  readonly merchantId: string | null;
  readonly id: string | null;
  readonly paymentId: string | null;
  readonly url: string | null;
  readonly state: DeliveryState | null;
  readonly since: Date | null;
}

/** Deliveries, the newest first, at most `limit` of them, and whether there are more. */
export async function listDeliveries(
  database: Database,
  filter: DeliveryFilter,
  limit: number,
): Promise<{ readonly rows: readonly ListedDelivery[]; readonly hasMore: boolean }> {
  const conditions: string[] = [];
  const values: unknown[] = [limit + 1];
  const where = (condition: (value: string) => string, value: unknown): void => {
    if (value === null) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  where((value) => `merchant_id = ${value}`, filter.merchantId);
  where((value) => `id = ${value}`, filter.id);
  where((value) => `payment_id = ${value}`, filter.paymentId);
  where((value) => `url = ${value}`, filter.url);
  where((value) => `state = ${value}`, filter.state);
  // The same rows, by the index of what is due.
  if (filter.state === 'pending') conditions.push('due_at is not null');
  where((value) => `created_at >= ${value}`, filter.since);
  const { rows } = await database.query<ListedDelivery>(
    `select merchant_id as "merchantId", id, type, payment_id as "paymentId", url, state, tries,
       last_failure as "lastFailure", created_at as "createdAt", due_at as "dueAt", ended_at as "endedAt"
     from deliveries ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
     order by created_at desc, id desc limit $1`,
    values,
  );
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
}

/** Endpoints that fail, those that are disabled first, then the longest failing. `which` may leave out the others. */
export async function listFailingEndpoints(
  database: Database,
  limit: number,
  which: 'all' | 'disabled' = 'all',
): Promise<Listed<FailingEndpoint>> {
  const { rows } = await database.query<EndpointRow & { readonly total: number }>(
    `select *, (count(*) over ())::int as total from endpoints where $2 or disabled_at is not null
     order by disabled_at nulls last, failing_since, merchant_id, url limit $1`,
    [limit, which === 'all'],
  );
  return { rows: rows.map(endpointOf), total: rows[0]?.total ?? 0 };
}

/** What is kept of this URL's failures, of one merchant or of every one that is told things there. */
export async function findFailingEndpoints(
  database: Database,
  url: string,
  merchantId: string | null,
): Promise<FailingEndpoint[]> {
  const { rows } = await database.query<EndpointRow>(
    `select * from endpoints where url = $1 and ($2::text is null or merchant_id = $2) order by merchant_id`,
    [url, merchantId],
  );
  return rows.map(endpointOf);
}

/** The merchant with this short number, which every id that is made for it carries. */
export async function findMerchantOfShortNo(database: Database, shortNo: number): Promise<string | null> {
  const { rows } = await database.query<{ readonly id: string }>(
    'select id from merchants where short_no = $1',
    [shortNo],
  );
  return rows[0]?.id ?? null;
}
