import type { Queryable } from './database.ts';

/** A payment, refund or stray cancel, with all that whoever calls a wallet about it has to name. RES-19. */
export interface TroubledRow {
  readonly merchantId: string;
  readonly paymentId: string;
  readonly refundId: string | null;
  /** `null`: nobody here knows the payment. */
  readonly merchantOrderNo: string | null;
  readonly merchantRefundNo: string | null;
  /** How many refund ids of its reversal have failed for good; `null`: it gives nothing back by refund. */
  readonly refundIdsSpent: number | null;
  readonly wallet: string;
  readonly account: string;
  readonly walletTransactionId: string | null;
  readonly supportContact: string | null;
  readonly reason: string | null;
  readonly since: Date | null;
  readonly nextStep: string | null;
  readonly dueAt: Date | null;
  readonly tries: number;
}

const ofWallet = `wallet, account, wallet_transaction_id as "walletTransactionId",
  (select support_contact from wallet_accounts a where a.wallet = x.wallet and a.name = x.account) as "supportContact"`;

const ofTrouble = `attention as reason, attention_since as since, next_step as "nextStep", due_at as "dueAt", tries`;

export async function findTroubledPayment(
  database: Queryable,
  merchantId: string,
  paymentId: string,
): Promise<TroubledRow | null> {
  const { rows } = await database.query<TroubledRow>(
    `select merchant_id as "merchantId", id as "paymentId", null as "refundId",
       merchant_order_no as "merchantOrderNo", null as "merchantRefundNo",
       case when reversal_state = 'refunding' then refund_ids_spent end as "refundIdsSpent", ${ofWallet}, ${ofTrouble}
     from payments x where merchant_id = $1 and id = $2`,
    [merchantId, paymentId],
  );
  return rows[0] ?? null;
}

export async function findTroubledRefund(
  database: Queryable,
  merchantId: string,
  refundId: string,
): Promise<TroubledRow | null> {
  const { rows } = await database.query<TroubledRow>(
    `select x.merchant_id as "merchantId", x.payment_id as "paymentId", x.id as "refundId",
       x.merchant_order_no as "merchantOrderNo", x.merchant_refund_no as "merchantRefundNo",
       null as "refundIdsSpent", ${ofWallet}, ${ofTrouble}
     from (
       select r.*, p.merchant_order_no, p.wallet, p.account, p.wallet_transaction_id
       from refunds r join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
       where r.merchant_id = $1 and r.id = $2
     ) as x`,
    [merchantId, refundId],
  );
  return rows[0] ?? null;
}

/** The cancels of an upstream id that nobody here knows, one for each account that they go to. Money case 10. */
export async function findTroubledStrayCancels(
  database: Queryable,
  merchantId: string,
  requestId: string,
  paymentId: string,
): Promise<TroubledRow[]> {
  const { rows } = await database.query<TroubledRow>(
    `select merchant_id as "merchantId", $3 as "paymentId", null as "refundId", null as "merchantOrderNo",
       null as "merchantRefundNo",
       case when reversal_state = 'refunding' then refund_ids_spent end as "refundIdsSpent", ${ofWallet}, ${ofTrouble}
     from stray_cancels x where merchant_id = $1 and payment_request_id = $2 order by wallet, account`,
    [merchantId, requestId, paymentId],
  );
  return rows;
}
