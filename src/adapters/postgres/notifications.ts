import type { StrayNotification, StrayNotifications } from '../../ports/stray-notifications.ts';
import type { Sealing } from '../sealing.ts';
import type { Database } from './database.ts';
import { untrustedBytesKept } from './untrusted-answers.ts';

/** Notifications that belong to no payment, their bytes sealed. Money case 10. */
export function createStrayNotifications(database: Database, sealing: Sealing): StrayNotifications {
  return { keep: (stray) => keepStray(database, sealing, stray) };
}

async function keepStray(database: Database, sealing: Sealing, stray: StrayNotification): Promise<void> {
  const { wallet, account, requestId, says } = stray;
  const sealed = sealing.seal(
    stray.raw,
    `stray_notifications.sealed_bytes ${wallet}/${account}/${requestId}`,
  );
  await database.query({
    name: 'keep_stray_notification',
    text: `insert into stray_notifications (wallet, account, payment_request_id, says, sealed_bytes)
           values ($1, $2, $3, $4, $5)
           on conflict (wallet, account, payment_request_id, says) do update
             set times = stray_notifications.times + 1, last_at = clock_timestamp()`,
    values: [wallet, account, requestId, says, sealed],
  });
}

/** Keeps a notification whose signature does not hold: its first bytes are sealed, and dropped after a few days. NOT-01. */
export async function keepUntrustedNotification(
  database: Database,
  sealing: Sealing,
  untrusted: {
    readonly wallet: string;
    readonly account: string;
    readonly detail: string;
    readonly raw: Uint8Array;
  },
): Promise<void> {
  const { wallet, account, detail, raw } = untrusted;
  await database.query({
    name: 'keep_untrusted_notification',
    text: `insert into untrusted_notifications (wallet, account, detail, sealed_bytes) values ($1, $2, $3, $4)`,
    values: [
      wallet,
      account,
      detail,
      sealing.seal(
        raw.subarray(0, untrustedBytesKept),
        `untrusted_notifications.sealed_bytes ${wallet}/${account}`,
      ),
    ],
  });
}

export interface ListedStray {
  readonly wallet: string;
  readonly account: string;
  readonly paymentRequestId: string;
  readonly says: string;
  readonly times: number;
  readonly since: Date;
}

/** Stray notifications, the oldest first, and how many there are in all. */
export async function listStrayNotifications(
  database: Database,
  limit: number,
): Promise<{ readonly rows: readonly ListedStray[]; readonly total: number }> {
  const { rows } = await database.query<ListedStray & { readonly total: number }>(
    `select wallet, account, payment_request_id as "paymentRequestId", says, times, created_at as since,
       (count(*) over ())::int as total
     from stray_notifications order by created_at, payment_request_id limit $1`,
    [limit],
  );
  return { rows: rows.map(({ total: _, ...row }) => row), total: rows[0]?.total ?? 0 };
}
