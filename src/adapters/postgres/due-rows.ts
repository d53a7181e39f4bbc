import type { Delivery } from '../../domain/delivery.ts';
import type { Payment } from '../../domain/payment.ts';
import type { Refund } from '../../domain/refund.ts';
import type { StrayCancel } from '../../domain/stray-cancel.ts';
import type { WalletName } from '../../domain/wallets.ts';
import {
  type AccountRowKind,
  type ClaimOptions,
  type DueRow,
  type DueRows,
  type HeldStep,
  lanesByKind,
  lanesOfDelivery,
  lanesOfStep,
} from '../../ports/due-rows.ts';
import type { ClockSample } from '../clock-estimate.ts';
import { createFairShare } from '../fair-share.ts';
import type { Database, Queryable } from './database.ts';
import {
  type ClaimedDeliveryRow,
  deliveryOf,
  type PaymentRow,
  paymentOf,
  type RefundRow,
  refundOf,
  type StrayCancelRow,
  strayCancelOf,
} from './rows.ts';

/** The claiming process's clock: it hears from each claim what time it was at the database. */
export interface ClaimantsClock {
  monotonicMs(): number;
  heard(sample: ClockSample): void;
}

/**
 * Due rows on PostgreSQL. A claim is two statements: a read of candidates that locks nothing, then one
 * compare-and-set a row, so that the same SQL works on one server and on a sharded one. Whoever loses the
 * compare-and-set sees no row. Whoever claims a row knows the database's time: a row that was made after that clock was set
 * back is never decided upon by the time that it showed before. Money case 12.
 */
export function createDueRows(
  database: Database,
  clock: ClaimantsClock = { monotonicMs: () => performance.now(), heard: () => {} },
): DueRows {
  const past = createLooksPast(clock.monotonicMs);
  return {
    claimDue: (limit, leaseMs, options = {}) => claimDue(database, clock, past, limit, leaseMs, options),
    claimPayment: (merchantId, paymentId, leaseMs) => claimPayment(database, merchantId, paymentId, leaseMs),
    claimRefund: (merchantId, refundId, leaseMs) => claimRefund(database, merchantId, refundId, leaseMs),
    nextDueAt: () => nextDueAt(database),
    postponePayment: (payment, dueAt) => postpone(database, 'payments', payment, dueAt),
    postponeRefund: (refund, dueAt) => postpone(database, 'refunds', refund, dueAt),
    postponeStrayCancel: (cancel, dueAt) => postpone(database, 'stray_cancels', cancel, dueAt),
    hold: (step) => hold(database, step),
    releaseHeld: (wallet, account, limit) => releaseHeld(database, wallet, account, limit),
    bringForward: (kind, merchantId, id) => bringForward(database, kind, merchantId, id),
  };
}

interface Candidate {
  readonly kind: AccountRowKind | 'delivery';
  readonly merchant_id: string;
  readonly id: string;
  /** Of deliveries alone: their table is partitioned by it. */
  readonly created_at: Date | null;
  /** Of all but deliveries. */
  readonly wallet: WalletName | null;
  readonly account: string | null;
  readonly told_at: Date;
}

const isDue = `due_at <= now() and (lease_until is null or lease_until <= now())`;
const accountOfRefund = 'from payments p where p.merchant_id = r.merchant_id and p.id = r.payment_id';

/*
 * The longest due rows of each kind, past the lanes that are full. While none is full each look reads as many rows as there
 * are places, whatever stands behind them.
 */
const candidatesSql = `
  select found.*, clock_timestamp() as told_at from (
  ${calling('payment', 'payments')}
  union all
  ${calling('stray_cancel', 'stray_cancels')}
  union all
  (select 'refund', r.merchant_id, r.id, r.due_at, null, (select p.wallet ${accountOfRefund}),
     (select p.account ${accountOfRefund}) from refunds r
   where ${isDue} and (cardinality($3::text[]) + cardinality($4::text[]) = 0 or (
     select p.wallet || '/' || p.account <> all($4::text[])
       and p.merchant_id || ' at ' || p.wallet || '/' || p.account <> all($3::text[]) ${accountOfRefund}))
   order by due_at limit $1)
  union all
  (select 'delivery', merchant_id, id, due_at, created_at, null, null from deliveries
   where ${isDue} and merchant_id <> all($5::text[])
   order by due_at limit $2)
  order by due_at limit $1) as found
  order by due_at`;

/** The longest due rows of a table that names its rows' accounts. */
function calling(kind: AccountRowKind, table: string): string {
  return `
  (select '${kind}' as kind, merchant_id, id, due_at, null::timestamptz as created_at, wallet, account from ${table}
   where ${isDue} and wallet || '/' || account <> all($4::text[])
     and merchant_id || ' at ' || wallet || '/' || account <> all($3::text[])
   order by due_at limit $1)`;
}

/** So many times a look goes on past lanes that it finds full. */
const looksPastFullLanes = 3;

/** Looks past a crowd take at most this share of the time: the larger the crowd, the longer until the next one. */
const pastShare = 0.1;

/**
 * When to look past full lanes again. Such a look reads the crowd that it passes over: ten thousand rows take some fifty
 * milliseconds, and others' rows are found within a second all the same.
 */
interface LooksPast {
  isTime(): boolean;
  took(sinceMs: number, nowMs: number): void;
}

function createLooksPast(monotonicMs: () => number): LooksPast {
  let restUntilMs = Number.NEGATIVE_INFINITY;
  return {
    isTime: () => monotonicMs() >= restUntilMs,
    took(sinceMs, nowMs) {
      restUntilMs = nowMs + (nowMs - sinceMs) * (1 / pastShare - 1);
    },
  };
}

async function claimDue(
  database: Database,
  clock: ClaimantsClock,
  past: LooksPast,
  limit: number,
  leaseMs: number,
  { deliveryLimit = limit, underWay = new Map() }: ClaimOptions,
): Promise<DueRow[]> {
  const picked = await pickedCandidates(database, clock, past, limit, deliveryLimit, underWay);
  const claims = await Promise.allSettled(picked.map((candidate) => claim(database, candidate, leaseMs)));
  const claimed = claims.flatMap((each) =>
    each.status === 'fulfilled' && each.value !== null ? [each.value] : [],
  );
  // What was claimed is worked on although another claim failed: else nobody would touch it until its lease ends.
  const failed = claims.find((each) => each.status === 'rejected');
  if (failed !== undefined && claimed.length === 0) throw failed.reason;
  return claimed;
}

async function pickedCandidates(
  database: Database,
  clock: ClaimantsClock,
  past: LooksPast,
  limit: number,
  deliveryLimit: number,
  underWay: ReadonlyMap<string, number>,
): Promise<Candidate[]> {
  const share = createFairShare({ limit, deliveryLimit, underWay });
  const seen = new Set<string>();
  const picked: Candidate[] = [];
  for (let look = 0; look <= looksPastFullLanes; look += 1) {
    const sinceMs = clock.monotonicMs();
    const fullBefore = share.full();
    const full = lanesByKind(fullBefore);
    const { rows } = await database.query<Candidate>({
      name: 'due_candidates',
      text: candidatesSql,
      values: [limit, deliveryLimit, full.merchants, full.accounts, full.deliveries],
    });
    const answeredAtMs = clock.monotonicMs();
    const toldMs = rows[0]?.told_at.getTime();
    if (toldMs !== undefined) clock.heard({ askedAtMs: sinceMs, answeredAtMs, toldMs });
    for (const candidate of rows) {
      const key = `${candidate.kind} ${candidate.merchant_id} ${candidate.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (share.take(candidate.kind, lanesOf(candidate))) picked.push(candidate);
    }
    const isWhole = rows.length < limit && rows.filter(isDelivery).length < deliveryLimit;
    if (look > 0) past.took(sinceMs, answeredAtMs);
    if (share.isUsedUp() || isWhole || share.full().length === fullBefore.length) break;
    if (look === 0 && !past.isTime()) break;
  }
  return picked;
}

function isDelivery({ kind }: Candidate): boolean {
  return kind === 'delivery';
}

function lanesOf({ kind, merchant_id, wallet, account }: Candidate): string[] {
  if (kind === 'delivery') return lanesOfDelivery(merchant_id);
  // Every refund has its payment, by a foreign key.
  if (wallet === null || account === null) throw new Error(`${kind} of ${merchant_id} has no account`);
  return lanesOfStep(merchant_id, wallet, account);
}

async function claim(database: Database, candidate: Candidate, leaseMs: number): Promise<DueRow | null> {
  const lanes = lanesOf(candidate);
  switch (candidate.kind) {
    case 'payment': {
      const payment = await claimPayment(database, candidate.merchant_id, candidate.id, leaseMs);
      return payment === null ? null : { kind: 'payment', payment, lanes };
    }
    case 'refund': {
      const refund = await claimRefund(database, candidate.merchant_id, candidate.id, leaseMs);
      return refund === null ? null : { kind: 'refund', refund, lanes };
    }
    case 'stray_cancel': {
      const cancel = await claimStrayCancel(database, candidate.merchant_id, candidate.id, leaseMs);
      return cancel === null ? null : { kind: 'stray_cancel', cancel, lanes };
    }
    case 'delivery': {
      const { merchant_id, id, created_at } = candidate;
      if (created_at === null) throw new Error(`delivery ${id} was made at no time`);
      const delivery = await claimDelivery(database, merchant_id, id, created_at, leaseMs);
      return delivery === null ? null : { kind: 'delivery', delivery, lanes };
    }
    default:
      return candidate.kind satisfies never;
  }
}

// The row lock makes a second claimant wait and then look again: it finds the lease and takes nothing.
const leaseSql = (table: string) => `
  update ${table} set lease_until = clock_timestamp() + $3 * interval '1 millisecond'
  where merchant_id = $1 and id = $2
    and due_at <= clock_timestamp() and (lease_until is null or lease_until <= clock_timestamp())`;

async function claimPayment(
  database: Database,
  merchantId: string,
  paymentId: string,
  leaseMs: number,
): Promise<Payment | null> {
  const { rows } = await database.query<PaymentRow>({
    name: 'claim_payment',
    text: `${leaseSql('payments')} returning *`,
    values: [merchantId, paymentId, leaseMs],
  });
  return rows[0] === undefined ? null : paymentOf(rows[0]);
}

async function claimRefund(
  database: Database,
  merchantId: string,
  refundId: string,
  leaseMs: number,
): Promise<Refund | null> {
  const { rows } = await database.query<RefundRow>({
    name: 'claim_refund',
    text: `${leaseSql('refunds')} returning *`,
    values: [merchantId, refundId, leaseMs],
  });
  return rows[0] === undefined ? null : refundOf(rows[0]);
}

async function claimStrayCancel(
  database: Database,
  merchantId: string,
  id: string,
  leaseMs: number,
): Promise<StrayCancel | null> {
  const { rows } = await database.query<StrayCancelRow>({
    name: 'claim_stray_cancel',
    text: `${leaseSql('stray_cancels')} returning *`,
    values: [merchantId, id, leaseMs],
  });
  return rows[0] === undefined ? null : strayCancelOf(rows[0]);
}

async function claimDelivery(
  database: Database,
  merchantId: string,
  deliveryId: string,
  createdAt: Date,
  leaseMs: number,
): Promise<Delivery | null> {
  const { rows } = await database.query<ClaimedDeliveryRow>({
    name: 'claim_delivery',
    // The driver cuts microseconds off; the millisecond's range still names one partition.
    text: `with d as (${leaseSql('deliveries')}
             and created_at >= $4 and created_at < $4::timestamptz + interval '1 millisecond' returning *
           )
           select d.*, e.failing_since, e.failures, e.last_failure as endpoint_failure, e.disabled_at
           from d left join endpoints e on e.merchant_id = d.merchant_id and e.url = d.url`,
    values: [merchantId, deliveryId, leaseMs, createdAt],
  });
  return rows[0] === undefined ? null : deliveryOf(rows[0]);
}

// Rows under a lease sit at the head of the index until they are recorded; they count from their lease's end.
const earliestOf = (table: string) => `
  (select greatest(due_at, coalesce(lease_until, due_at)) as at from ${table}
   where due_at is not null order by due_at limit 256)`;

async function nextDueAt(database: Database): Promise<Date | null> {
  const { rows } = await database.query<{ readonly at: Date | null }>({
    name: 'next_due_at',
    text: `select min(at) as at from (${['payments', 'refunds', 'stray_cancels', 'deliveries'].map(earliestOf).join(' union all ')}) due`,
  });
  return rows[0]?.at ?? null;
}

async function postpone(
  database: Database,
  table: (typeof tables)[AccountRowKind],
  row: { readonly merchantId: string; readonly id: string; readonly version: number },
  dueAt: Date,
): Promise<void> {
  await database.query({
    name: `postpone_${table}`,
    text: `update ${table} set due_at = $4, lease_until = null, waits_for = null, window_ends_at = null
           where merchant_id = $1 and id = $2 and version = $3 and due_at is not null`,
    values: [row.merchantId, row.id, row.version, dueAt],
  });
}

const accountRowKinds = ['payment', 'refund', 'stray_cancel'] as const satisfies readonly AccountRowKind[];

const tables = { payment: 'payments', refund: 'refunds', stray_cancel: 'stray_cancels' } as const;

async function hold(database: Database, step: HeldStep): Promise<void> {
  const table = tables[step.kind];
  await database.query({
    name: `hold_${table}`,
    text: `update ${table} set due_at = $4, lease_until = null, waits_for = $5, window_ends_at = $6
           where merchant_id = $1 and id = $2 and version = $3 and due_at is not null`,
    values: [
      step.merchantId,
      step.id,
      step.version,
      step.dueAt,
      `${step.wallet}/${step.account}`,
      step.windowEndsAt,
    ],
  });
}

const heldOf = (kind: AccountRowKind) => `
  (select '${kind}' as kind, merchant_id, id, window_ends_at from ${tables[kind]}
   where waits_for = $1 and due_at > now() order by window_ends_at limit $2)`;

/** As a claim: a read that locks nothing, then one compare-and-set a row. */
async function releaseHeld(
  database: Database,
  wallet: WalletName,
  account: string,
  limit: number,
): Promise<number> {
  const waitsFor = `${wallet}/${account}`;
  const { rows } = await database.query<{
    readonly kind: AccountRowKind;
    readonly merchant_id: string;
    readonly id: string;
  }>({
    name: 'held_steps',
    text: `${accountRowKinds.map(heldOf).join(' union all ')} order by window_ends_at limit $2`,
    values: [waitsFor, limit],
  });
  const released = await Promise.all(
    rows.map(({ kind, merchant_id, id }) =>
      database.query({
        name: `release_${kind}`,
        text: `update ${tables[kind]} set due_at = clock_timestamp(), waits_for = null, window_ends_at = null
               where merchant_id = $1 and id = $2 and waits_for = $3 and due_at > clock_timestamp()`,
        values: [merchant_id, id, waitsFor],
      }),
    ),
  );
  return released.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
}

export async function bringForward(
  database: Queryable,
  kind: AccountRowKind,
  merchantId: string,
  id: string,
): Promise<boolean> {
  const { rowCount } = await database.query({
    name: `bring_forward_${kind}`,
    text: `update ${tables[kind]} set due_at = least(due_at, clock_timestamp())
           where merchant_id = $1 and id = $2 and due_at is not null`,
    values: [merchantId, id],
  });
  return rowCount === 1;
}
