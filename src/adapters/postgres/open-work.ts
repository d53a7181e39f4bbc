import type { AccountRowKind } from '../../ports/due-rows.ts';
import type { Database } from './database.ts';
import { workerGoneAfterSeconds } from './housekeeping.ts';

/** Rows that wait for one kind of step. */
export interface WaitingSteps {
  readonly kind: AccountRowKind | 'delivery';
  readonly step: string;
  /** Rows whose next step this is. */
  readonly waiting: number;
  /** Those of them that are due. */
  readonly due: number;
  readonly oldestDueAt: Date;
}

/** Payments, refunds and stray cancels whose next step calls one wallet account. */
export interface AccountWork {
  readonly wallet: string;
  readonly account: string;
  readonly waiting: number;
  readonly due: number;
  /** Those that wait because the account did not answer. CAN-01. */
  readonly held: number;
  readonly oldestDueAt: Date;
  /** When the first of the held steps' usual cancel windows ends. */
  readonly windowEndsAt: Date | null;
}

/** A payment or refund that a person must look at, with what he has to name at the wallet. RES-19. */
export interface AttentionRow {
  readonly kind: 'payment' | 'refund';
  readonly merchantId: string;
  readonly id: string;
  /** The refund's payment, or the payment itself. */
  readonly paymentId: string;
  readonly merchantOrderNo: string;
  readonly wallet: string;
  readonly account: string;
  readonly walletTransactionId: string | null;
  /** Whom to call about the account; `null`: nobody has said. */
  readonly supportContact: string | null;
  readonly reason: string;
  readonly since: Date;
  readonly nextStep: string | null;
  readonly dueAt: Date | null;
  /** `wallet/account` that the step waits for, since it does not answer. CAN-01. */
  readonly waitsFor: string | null;
  readonly tries: number;
}

export interface OpenWork {
  /** On the database's clock. */
  readonly at: Date;
  /** Processes that run the due loop and were seen lately. */
  readonly workersAlive: number;
  readonly steps: readonly WaitingSteps[];
  readonly accounts: readonly AccountWork[];
}

/** What the due loop has before it, over all merchants. Reads the due rows alone, however many payments there are. */
export async function readOpenWork(database: Database): Promise<OpenWork> {
  const clock = await database.query<{ readonly at: Date; readonly workers: number }>(
    `select clock_timestamp() as at, (select count(*)::int from workers
       where seen_at > clock_timestamp() - $1 * interval '1 second') as workers`,
    [workerGoneAfterSeconds],
  );
  const steps = await database.query<WaitingSteps>(
    `select kind, step, count(*)::int as waiting, (count(*) filter (where due_at <= clock_timestamp()))::int as due,
       min(due_at) as "oldestDueAt"
     from (
       select 'payment' as kind, next_step as step, due_at from payments where due_at is not null
       union all
       select 'refund', next_step, due_at from refunds where due_at is not null
       union all
       select 'stray_cancel', next_step, due_at from stray_cancels where due_at is not null
       union all
       select 'delivery', 'deliver', due_at from deliveries where due_at is not null
     ) as waiting
     group by kind, step
     order by array_position(array['payment', 'refund', 'stray_cancel', 'delivery'], kind), step`,
  );
  const accounts = await database.query<AccountWork>(
    `select wallet, account, count(*)::int as waiting,
       (count(*) filter (where due_at <= clock_timestamp()))::int as due, count(waits_for)::int as held,
       min(due_at) as "oldestDueAt", min(window_ends_at) as "windowEndsAt"
     from (
       select wallet, account, due_at, waits_for, window_ends_at from payments where due_at is not null
       union all
       select p.wallet, p.account, r.due_at, r.waits_for, r.window_ends_at
       from refunds r join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
       where r.due_at is not null
       union all
       select wallet, account, due_at, waits_for, window_ends_at from stray_cancels where due_at is not null
     ) as waiting
     group by wallet, account order by wallet, account`,
  );
  const [row] = clock.rows;
  if (row === undefined) throw new Error('the database told no time');
  return { at: row.at, workersAlive: row.workers, steps: steps.rows, accounts: accounts.rows };
}

/** The rows, and how many there are in all. */
export interface Listed<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
}

/** Payments and refunds that need attention, the longest waiting first, at most `limit` of them. */
export async function listAttention(database: Database, limit: number): Promise<Listed<AttentionRow>> {
  const { rows } = await database.query<AttentionRow & { readonly total: number }>(
    `select needing.*, p.merchant_order_no as "merchantOrderNo", p.wallet, p.account,
       p.wallet_transaction_id as "walletTransactionId", a.support_contact as "supportContact"
     from (
       select *, (count(*) over ())::int as total from (
         select 'payment' as kind, merchant_id as "merchantId", id, id as "paymentId", attention as reason,
           attention_since as since, next_step as "nextStep", due_at as "dueAt", waits_for as "waitsFor", tries
         from payments where attention is not null
         union all
         select 'refund', merchant_id, id, payment_id, attention, attention_since, next_step, due_at, waits_for, tries
         from refunds where attention is not null
       ) as each_one
       order by since, id limit $1
     ) as needing
     join payments p on p.merchant_id = needing."merchantId" and p.id = needing."paymentId"
     left join wallet_accounts a on a.wallet = p.wallet and a.name = p.account
     order by since, id`,
    [limit],
  );
  return listed(rows);
}

function listed<Row extends { readonly total: number }>(rows: readonly Row[]): Listed<Omit<Row, 'total'>> {
  return { rows: rows.map(({ total: _, ...row }) => row), total: rows[0]?.total ?? 0 };
}
