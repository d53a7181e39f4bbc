import type { WalletName } from '../../domain/wallets.ts';
import type { Database, Queryable } from './database.ts';
import type { MerchantRecord } from './merchant-records.ts';

const orderCodes = `case when m.order_code_scene is not null then
  jsonb_build_object('scene', m.order_code_scene, 'expiryMs', m.order_code_expiry_ms) end`;

export interface ListedMerchant {
  readonly id: string;
  readonly name: string;
  /** `null`: it is the acquirer's own. */
  readonly channelId: string | null;
  readonly mcc: string | null;
  readonly notifyUrl: string | null;
  /** `null`: order codes are off. */
  readonly orderCodes: MerchantRecord['orderCodes'];
  readonly storeCount: number;
  readonly createdAt: Date;
}

/** Merchants by id, those after `afterId` (exclusive), at most `limit`; with `channelId` those of its whole branch alone. */
export async function listMerchants(
  database: Database,
  afterId: string,
  limit: number,
  channelId: string | null = null,
): Promise<ListedMerchant[]> {
  const { rows } = await database.query<ListedMerchant>(
    `with recursive branch as (
       select id from channels where id = $3
       union all
       select c.id from channels c join branch on c.parent = branch.id
     )
     select m.id, m.name, m.channel_id as "channelId", m.mcc, m.notify_url as "notifyUrl",
       m.created_at as "createdAt", ${orderCodes} as "orderCodes",
       (select count(*)::int from stores s where s.merchant_id = m.id) as "storeCount"
     from merchants m
     where m.id > $1 and ($3::text is null or m.channel_id in (select id from branch))
     order by m.id limit $2`,
    [afterId, limit, channelId],
  );
  return rows;
}

export interface RegisteredMerchant extends MerchantRecord {
  /** Carried by every id that is made for it. */
  readonly shortNo: number;
  /** `null`: it is the acquirer's own. */
  readonly channelId: string | null;
  readonly bindings: readonly RegisteredBinding[];
  readonly createdAt: Date;
}

/** `source` is `null` where the wallet asks for none, and until it is known. */
export type RegisteredBinding = MerchantRecord['bindings'][number] & {
  readonly wallet: WalletName;
  readonly source: string | null;
};

/** A merchant as it is registered, without its delivery secret. */
export async function findRegisteredMerchant(
  database: Queryable,
  merchantId: string,
): Promise<RegisteredMerchant | null> {
  const { rows } = await database.query<Omit<RegisteredMerchant, 'shortNo'> & { readonly shortNo: bigint }>(
    `select m.id, m.short_no as "shortNo", m.name, m.channel_id as "channelId", m.mcc, m.notify_url as "notifyUrl", m.created_at as "createdAt",
       ${orderCodes} as "orderCodes",
       (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'mcc', s.mcc, 'terminalIds',
            (select coalesce(jsonb_agg(t.id order by t.id), '[]') from terminals t
             where t.merchant_id = s.merchant_id and t.store_id = s.id)) order by s.id), '[]')
        from stores s where s.merchant_id = m.id) as stores,
       (select coalesce(jsonb_agg(jsonb_build_object('wallet', b.wallet, 'currency', b.currency,
            'account', b.account, 'subMerchantId', b.sub_merchant_id, 'source', b.source) order by b.wallet, b.currency), '[]')
        from wallet_bindings b where b.merchant_id = m.id) as bindings
     from merchants m where m.id = $1`,
    [merchantId],
  );
  const [row] = rows;
  return row === undefined ? null : { ...row, shortNo: Number(row.shortNo) };
}
