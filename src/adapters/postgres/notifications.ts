import type { StrayNotification, StrayNotifications } from '../../ports/stray-notifications.ts';
import type { Sealing } from '../sealing.ts';
import type { Database, Queryable } from './database.ts';
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

/** Untrusted notifications of one account that were kept within the last day. */
export interface UntrustedOfAccount {
  readonly wallet: string;
  readonly account: string;
  readonly kept: number;
  readonly lastAt: Date;
  /** What is wrong with the newest. */
  readonly detail: string;
}

export async function countUntrustedNotifications(database: Database): Promise<UntrustedOfAccount[]> {
  const { rows } = await database.query<UntrustedOfAccount>(
    `select wallet, account, count(*)::int as kept, max(received_at) as "lastAt",
       (array_agg(detail order by received_at desc))[1] as detail
     from untrusted_notifications where received_at > clock_timestamp() - interval '1 day'
     group by wallet, account order by wallet, account`,
  );
  return rows;
}

export interface ListedStray {
  readonly wallet: string;
  readonly account: string;
  readonly paymentRequestId: string;
  readonly says: string;
  readonly times: number;
  readonly since: Date;
  readonly lastAt: Date;
  /** When somebody had looked into it, and what was found. */
  readonly cleared: { readonly at: Date; readonly note: string } | null;
}

interface StrayRow extends Omit<ListedStray, 'cleared'> {
  readonly clearedAt: Date | null;
  readonly note: string | null;
}

const strayColumns = `wallet, account, payment_request_id as "paymentRequestId", says, times, created_at as since,
  last_at as "lastAt", cleared_at as "clearedAt", cleared_note as note`;

function listedStray({ clearedAt, note, ...row }: StrayRow): ListedStray {
  return { ...row, cleared: clearedAt === null || note === null ? null : { at: clearedAt, note } };
}

/** Stray notifications, the oldest first, and how many there are in all; cleared ones only where all are asked for. */
export async function listStrayNotifications(
  database: Database,
  limit: number,
  which: 'open' | 'all' = 'open',
): Promise<{ readonly rows: readonly ListedStray[]; readonly total: number }> {
  const { rows } = await database.query<StrayRow & { readonly total: number }>(
    `select ${strayColumns}, (count(*) over ())::int as total
     from stray_notifications where $2 or cleared_at is null
     order by created_at, payment_request_id, says limit $1`,
    [limit, which === 'all'],
  );
  return { rows: rows.map(({ total: _, ...row }) => listedStray(row)), total: rows[0]?.total ?? 0 };
}

/** Everything that wallets have told of one upstream id, cleared or not. */
export async function findStrays(database: Queryable, paymentRequestId: string): Promise<ListedStray[]> {
  const { rows } = await database.query<StrayRow>(
    `select ${strayColumns} from stray_notifications where payment_request_id = $1 order by created_at, says`,
    [paymentRequestId],
  );
  return rows.map(listedStray);
}

/**
 * Clears what an account's wallet has told of an upstream id so far, with what was found. What is cleared already
 * keeps its note; what the wallet says anew and otherwise later stands in sight again. Money case 10.
 */
export async function clearStrays(
  database: Queryable,
  stray: Pick<ListedStray, 'wallet' | 'account' | 'paymentRequestId'>,
  note: string,
): Promise<ListedStray[]> {
  const { rows } = await database.query<StrayRow>(
    `update stray_notifications set cleared_at = clock_timestamp(), cleared_note = $4
     where wallet = $1 and account = $2 and payment_request_id = $3 and cleared_at is null
     returning ${strayColumns}`,
    [stray.wallet, stray.account, stray.paymentRequestId, note],
  );
  return rows.map(listedStray);
}
