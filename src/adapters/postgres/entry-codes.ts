import { randomBytes } from 'node:crypto';
import { entryCodeText, merchantShortNoOfEntryCode } from '../../domain/ids.ts';
import type { Database, Queryable } from './database.ts';

/** A store's entry code as an operator sees it. */
export interface ListedEntryCode {
  readonly merchantId: string;
  readonly code: string;
  readonly storeId: string;
  readonly currency: string;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
}

/** Makes a code for a store; `null` when the merchant or its store is unknown. */
export async function createEntryCode(
  database: Queryable,
  wanted: { readonly merchantId: string; readonly storeId: string; readonly currency: string },
): Promise<ListedEntryCode | null> {
  const { rows } = await database.query<{ readonly short_no: bigint }>(
    `select m.short_no from merchants m join stores s on s.merchant_id = m.id where m.id = $1 and s.id = $2`,
    [wanted.merchantId, wanted.storeId],
  );
  const [found] = rows;
  if (found === undefined) return null;
  const code = entryCodeText(Number(found.short_no), randomBytes(16));
  const made = await database.query<ListedEntryCode>(
    `insert into entry_codes (merchant_id, code, store_id, currency) values ($1, $2, $3, $4) returning ${columns}`,
    [wanted.merchantId, code, wanted.storeId, wanted.currency],
  );
  return made.rows[0] ?? null;
}

/** Codes of a merchant, or of one of its stores, the newest first. */
export async function listEntryCodes(
  database: Database,
  merchantId: string,
  storeId: string | null,
): Promise<ListedEntryCode[]> {
  const { rows } = await database.query<ListedEntryCode>(
    `select ${columns} from entry_codes where merchant_id = $1 and ($2::text is null or store_id = $2)
     order by created_at desc, code limit 1000`,
    [merchantId, storeId],
  );
  return rows;
}

/** A code, whoever's it is; `null` for one that was never made. */
export async function findListedEntryCode(
  database: Queryable,
  code: string,
): Promise<ListedEntryCode | null> {
  const shortNo = merchantShortNoOfEntryCode(code);
  if (shortNo === null) return null;
  const { rows } = await database.query<ListedEntryCode>(
    `select ${columns} from entry_codes
     where merchant_id = (select id from merchants where short_no = $1) and code = $2`,
    [shortNo, code],
  );
  return rows[0] ?? null;
}

/** Takes a code out of use, or back into it; `null` for one that is not the merchant's. */
export async function setEntryCodeEnabled(
  database: Queryable,
  merchantId: string,
  code: string,
  enabled: boolean,
): Promise<ListedEntryCode | null> {
  const { rows } = await database.query<ListedEntryCode>(
    `update entry_codes set disabled_at = case when $3 then null else coalesce(disabled_at, clock_timestamp()) end
     where merchant_id = $1 and code = $2 returning ${columns}`,
    [merchantId, code, enabled],
  );
  return rows[0] ?? null;
}

const columns = `merchant_id as "merchantId", code, store_id as "storeId", currency, created_at as "createdAt",
  disabled_at as "disabledAt"`;
