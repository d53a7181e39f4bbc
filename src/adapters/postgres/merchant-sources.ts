import { type WalletName, walletNames, wantsSource } from '../../domain/wallets.ts';
import type { Connection } from './database.ts';

/** Whose merchants: all, the acquirer's own, those that a channel has brought itself, or those of its whole branch. */
export type SourceHolder =
  | { readonly kind: 'all' }
  | { readonly kind: 'acquirer' }
  | { readonly kind: 'channel'; readonly channelId: string }
  | { readonly kind: 'branch'; readonly channelId: string };

export interface CorrectedMerchant {
  readonly merchantId: string;
  /** Whether its channel, or the seller of its account, has another PID. ONB-10. */
  readonly isUnusual: boolean;
}

const sourceWallets: readonly WalletName[] = walletNames.filter(wantsSource);

/**
 * Gives every wallet that asks for a source and has `from` the source `to`, and answers with the merchants that had such a
 * wallet. `null` is the source of those that are older than sources. ONB-02.
 */
export async function correctSources(
  connection: Connection,
  change: { readonly from: string | null; readonly to: string; readonly of: SourceHolder },
): Promise<CorrectedMerchant[]> {
  const { from, to, of } = change;
  const { rows } = await connection.query<CorrectedMerchant>(
    `with recursive branch as (
       select id from channels where id = $5
       union all
       select c.id from channels c join branch on c.parent = branch.id
     ),
     corrected as (
       update wallet_bindings b set source = $2
       from merchants m left join channels c on c.id = m.channel_id
       where m.id = b.merchant_id and b.wallet = any($3) and b.source is not distinct from $1
         and case $4 when 'all' then true
                     when 'acquirer' then m.channel_id is null
                     when 'channel' then m.channel_id = $5
                     else m.channel_id in (select id from branch) end
       returning b.merchant_id, coalesce(c.source, (
         select a.seller_id from wallet_accounts a where a.wallet = b.wallet and a.name = b.account)) as usual
     )
     select merchant_id as "merchantId", coalesce(bool_or(usual <> $2), false) as "isUnusual"
     from corrected group by merchant_id order by merchant_id`,
    [from, to, sourceWallets, of.kind, 'channelId' in of ? of.channelId : null],
  );
  return rows;
}
