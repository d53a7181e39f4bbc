import type { AttentionReason } from '../../domain/payment.ts';
import type { Database } from './database.ts';
import { heldCancelInSight, heldOrderCancelsInSight } from './held-cancels.ts';
import { workerGoneAfterSeconds } from './housekeeping.ts';

/** What the tables say about the work of all processes. */
export interface OperatingSignals {
  /** Payments and refunds that may be one-sided, by why; each is counted once. */
  readonly oneSidedSuspects: ReadonlyMap<string, number>;
  /** What waits for a person, by reason. */
  readonly needsAttention: ReadonlyMap<string, number>;
  /** Rows whose step is due and not under way, by kind and step; no more than {@link dueCountMax} of a kind are counted. */
  readonly dueSteps: readonly { readonly kind: string; readonly step: string; readonly count: number }[];
  /** Steps that wait until their account answers again, by account; counted as far as due ones. */
  readonly heldSteps: readonly {
    readonly wallet: string;
    readonly account: string;
    readonly count: number;
  }[];
  readonly oldestDueSeconds: number;
  readonly workersAlive: number;
}

/** Whether attention of this reason is asked for because money and state may not agree. */
const mayBeOneSided: { readonly [reason in AttentionReason]: boolean } = {
  paid_after_end: true,
  closed_after_success: true,
  second_wallet_transaction: true,
  refunded_after_failure: true,
  cancel_unresolved: true,
  inquiry_unresolved: true,
  refund_unresolved: true,
  refused_by_wallet_configuration: false,
  step_failing: false,
  delivery_exhausted: false,
};

export const attentionReasons = Object.keys(mayBeOneSided) as readonly AttentionReason[];

const moneyReasons = attentionReasons.filter((reason) => mayBeOneSided[reason]);

/** Why a payment may be one-sided. */
export const suspectReasons: readonly string[] = [...moneyReasons, 'paid_but_ended'];

/** A backlog is as bad as it is long before this, and counting it must not add to it. */
export const dueCountMax = 100_000;

/** Reads due rows and rows in attention by their indexes, however many payments there are. */
export async function readOperatingSignals(database: Database): Promise<OperatingSignals> {
  const [oneSidedSuspects, needsAttention, dueSteps, heldSteps, times] = await Promise.all([
    countOneSidedSuspects(database),
    countNeedsAttention(database),
    countDueSteps(database),
    countHeldSteps(database),
    readTimes(database),
  ]);
  return { oneSidedSuspects, needsAttention, dueSteps, heldSteps, ...times };
}

/**
 * A payment is suspected to be one-sided while
 *
 * - the wallet's trusted word is that it was paid, it stands here as unpaid, and no reversal has given the money back
 *   (`paid_but_ended`), whatever else asks for attention;
 * - or it stands in attention because the wallet's word and its state do not agree (`paid_after_end`,
 *   `closed_after_success`, `second_wallet_transaction`, `refunded_after_failure`);
 * - or it stands in attention because the wallet has not said what became of it (`cancel_unresolved`,
 *   `inquiry_unresolved`, `refund_unresolved`).
 *
 * A merchant's refund is one beside its payment, for the same reasons; so is a stray cancel.
 */
async function countOneSidedSuspects(database: Database): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.query<Counted>({
    name: 'count_one_sided_suspects',
    text: `select reason, count(*) from (
             select attention as reason from payments
             where attention is not null and attention = any($1)
             union all
             select attention from refunds
             where attention is not null and attention = any($1)
             union all
             select attention from stray_cancels
             where due_at is not null and attention = any($1)
             union all
             select 'paid_but_ended' from payments
             where due_at is not null and (attention is null or attention <> all($1)) and paid_evidence
               and state in ('failed', 'cancelled', 'cancelled_provisionally')
               and reversal_state is distinct from 'effected'
           ) as suspects group by reason`,
    values: [moneyReasons],
  });
  return summed(rows);
}

async function countNeedsAttention(database: Database): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.query<Counted>({
    name: 'count_needs_attention',
    text: `select attention as reason, count(*) from payments where attention is not null group by 1
           union all
           select attention, count(*) from refunds where attention is not null group by 1
           union all
           select 'cancel_of_unknown_request', count(*) from held_cancels h where ${heldCancelInSight}
           union all
           select 'cancel_of_unknown_order', count(*) ${heldOrderCancelsInSight}
           union all
           select 'endpoint_disabled', count(*) from endpoints where disabled_at is not null
           union all
           select 'stray_notification', count(*) from stray_notifications where cleared_at is null`,
  });
  return summed(rows);
}

async function countDueSteps(database: Database): Promise<OperatingSignals['dueSteps']> {
  const { rows } = await database.query<OperatingSignals['dueSteps'][number]>({
    name: 'count_due_steps',
    text: `select kind, step, count(*)::int as count from (
             (select 'payment' as kind, next_step as step from payments
              where due_at <= clock_timestamp() and (lease_until is null or lease_until <= clock_timestamp()) limit $1)
             union all
             (select 'refund', next_step from refunds
              where due_at <= clock_timestamp() and (lease_until is null or lease_until <= clock_timestamp()) limit $1)
             union all
             (select 'stray_cancel', next_step from stray_cancels
              where due_at <= clock_timestamp() and (lease_until is null or lease_until <= clock_timestamp()) limit $1)
             union all
             (select 'delivery', 'deliver' from deliveries
              where due_at <= clock_timestamp() and (lease_until is null or lease_until <= clock_timestamp()) limit $1)
           ) as due group by kind, step`,
    values: [dueCountMax],
  });
  return rows;
}

async function countHeldSteps(database: Database): Promise<OperatingSignals['heldSteps']> {
  const { rows } = await database.query<OperatingSignals['heldSteps'][number]>({
    name: 'count_held_steps',
    text: `select split_part(waits_for, '/', 1) as wallet, split_part(waits_for, '/', 2) as account, count(*)::int as count
           from (
             (select waits_for from payments where waits_for is not null and due_at is not null limit $1)
             union all
             (select waits_for from refunds where waits_for is not null and due_at is not null limit $1)
             union all
             (select waits_for from stray_cancels where waits_for is not null and due_at is not null limit $1)
           ) as held group by waits_for`,
    values: [dueCountMax],
  });
  return rows;
}

async function readTimes(
  database: Database,
): Promise<Pick<OperatingSignals, 'oldestDueSeconds' | 'workersAlive'>> {
  const { rows } = await database.query<Pick<OperatingSignals, 'oldestDueSeconds' | 'workersAlive'>>({
    name: 'oldest_due',
    text: `select greatest(0, coalesce(extract(epoch from clock_timestamp() - least(
               (select min(due_at) from payments where due_at is not null),
               (select min(due_at) from refunds where due_at is not null),
               (select min(due_at) from stray_cancels where due_at is not null),
               (select min(due_at) from deliveries where due_at is not null))), 0))::float8 as "oldestDueSeconds",
             (select count(*)::int from workers
              where seen_at > clock_timestamp() - $1 * interval '1 second') as "workersAlive"`,
    values: [workerGoneAfterSeconds],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the database told no time');
  return row;
}

interface Counted {
  readonly reason: string;
  readonly count: bigint;
}

/** The same reason may come from several tables. */
function summed(rows: readonly Counted[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { reason, count } of rows) counts.set(reason, (counts.get(reason) ?? 0) + Number(count));
  return counts;
}
