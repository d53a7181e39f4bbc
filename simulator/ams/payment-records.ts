import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { ResultCode } from './results.ts';

export const scenarios = ['PaymentCode', 'EntryCode', 'OrderCode'] as const;
export type Scenario = (typeof scenarios)[number];

export type PaymentStatus = 'PROCESSING' | 'SUCCESS' | 'FAIL' | 'CANCELLED';

/** A payment as AMS knows it; amounts are minor units of `currency`, the payer's of the payer's currency. */
export interface AmsPayment {
  readonly clientId: string;
  readonly paymentRequestId: string;
  readonly paymentId: string;
  readonly scenario: Scenario;
  readonly status: PaymentStatus;
  /** Why it stands as it does. */
  readonly resultCode: ResultCode;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** `paymentMethodId` of the request. */
  readonly paymentCode: string | null;
  /** Unknown until somebody has come with an entry or order code. */
  readonly payerId: string | null;
  /** Names it in the URLs that payers open. */
  readonly token: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly storeId: string;
  readonly storeName: string;
  readonly description: string;
  readonly notifyUrl: string;
  readonly redirectUrl: string | null;
  readonly userAgent: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly paidAtMs: number | null;
  /** When it failed or was cancelled. */
  readonly closedAtMs: number | null;
  /** Taken from the payer, in all. */
  readonly chargedMinor: bigint;
  /** Given back to the payer, in all, by refunds or a cancel. */
  readonly refundedMinor: bigint;
  readonly payerChargedMinor: bigint;
  readonly payerRefundedMinor: bigint;
  /** When the payer's success of a cancelled payment arrives (fault `late_success_after_cancel`). */
  readonly lateSuccessAtMs: number | null;
  /** That many next inquiries answer that it does not exist (fault `not_found_first`). */
  readonly hiddenInquiries: number;
}

export interface AmsRefund {
  readonly clientId: string;
  readonly refundRequestId: string;
  readonly refundId: string;
  readonly paymentId: string;
  readonly status: 'SUCCESS' | 'FAIL';
  readonly resultCode: ResultCode;
  readonly amountMinor: bigint;
  /** When it was refused, if it failed. */
  readonly refundedAtMs: number;
}

export interface AmsPaymentRecords {
  find(clientId: string, paymentRequestId: string): AmsPayment | undefined;
  findById(clientId: string, paymentId: string): AmsPayment | undefined;
  findByToken(token: string): AmsPayment | undefined;
  /** Every client's payment of that id. */
  named(paymentRequestId: string): readonly AmsPayment[];
  /** Every payment, in the order of creation, one at a time. */
  each(paymentRequestId: string | null): Iterable<AmsPayment>;
  /** Payments of a payer that are not final, unless their time is over. */
  waitingFor(payerId: string, nowMs: number): readonly AmsPayment[];
  withLateSuccess(): readonly AmsPayment[];
  insert(payment: AmsPayment): void;
  update(payment: AmsPayment): void;
  refund(clientId: string, refundRequestId: string): AmsRefund | undefined;
  refundById(clientId: string, refundId: string): AmsRefund | undefined;
  refundsOf(paymentId: string): readonly AmsRefund[];
  insertRefund(refund: AmsRefund): void;
  /** Takings less what was given back since then, over all payments of a merchant in one currency. */
  positionSince(clientId: string, merchantId: string, currency: string, sinceMs: number): bigint;
}

type Row = Record<string, SQLOutputValue>;

function paymentOf(row: Row): AmsPayment {
  const amount = (name: string): bigint => BigInt(row[name] as number);
  const text = (name: string): string => row[name] as string;
  const optional = (name: string): string | null => row[name] as string | null;
  const time = (name: string): number | null => row[name] as number | null;
  return {
    clientId: text('client_id'),
    paymentRequestId: text('payment_request_id'),
    paymentId: text('payment_id'),
    scenario: row['scenario'] as Scenario,
    status: row['status'] as PaymentStatus,
    resultCode: row['result_code'] as ResultCode,
    currency: text('currency'),
    amountMinor: amount('amount_minor'),
    paymentCode: optional('payment_code'),
    payerId: optional('payer_id'),
    token: text('token'),
    merchantId: text('merchant_id'),
    merchantName: text('merchant_name'),
    storeId: text('store_id'),
    storeName: text('store_name'),
    description: text('description'),
    notifyUrl: text('notify_url'),
    redirectUrl: optional('redirect_url'),
    userAgent: optional('user_agent'),
    createdAtMs: row['created_at_ms'] as number,
    expiresAtMs: row['expires_at_ms'] as number,
    paidAtMs: time('paid_at_ms'),
    closedAtMs: time('closed_at_ms'),
    chargedMinor: amount('charged_minor'),
    refundedMinor: amount('refunded_minor'),
    payerChargedMinor: amount('payer_charged_minor'),
    payerRefundedMinor: amount('payer_refunded_minor'),
    lateSuccessAtMs: time('late_success_at_ms'),
    hiddenInquiries: row['hidden_inquiries'] as number,
  };
}

function rowOf(payment: AmsPayment): Record<string, SQLInputValue> {
  return {
    payment_request_id: payment.paymentRequestId,
    client_id: payment.clientId,
    payment_id: payment.paymentId,
    scenario: payment.scenario,
    status: payment.status,
    result_code: payment.resultCode,
    currency: payment.currency,
    amount_minor: payment.amountMinor,
    payment_code: payment.paymentCode,
    payer_id: payment.payerId,
    token: payment.token,
    merchant_id: payment.merchantId,
    merchant_name: payment.merchantName,
    store_id: payment.storeId,
    store_name: payment.storeName,
    description: payment.description,
    notify_url: payment.notifyUrl,
    redirect_url: payment.redirectUrl,
    user_agent: payment.userAgent,
    created_at_ms: payment.createdAtMs,
    expires_at_ms: payment.expiresAtMs,
    paid_at_ms: payment.paidAtMs,
    closed_at_ms: payment.closedAtMs,
    charged_minor: payment.chargedMinor,
    refunded_minor: payment.refundedMinor,
    payer_charged_minor: payment.payerChargedMinor,
    payer_refunded_minor: payment.payerRefundedMinor,
    late_success_at_ms: payment.lateSuccessAtMs,
    hidden_inquiries: payment.hiddenInquiries,
  };
}

/** What a payment's later life may change; the statement that says so takes its key besides. */
const changing = [
  'status',
  'result_code',
  'payer_id',
  'paid_at_ms',
  'closed_at_ms',
  'charged_minor',
  'refunded_minor',
  'payer_charged_minor',
  'payer_refunded_minor',
  'late_success_at_ms',
  'hidden_inquiries',
];

function refundOf(row: Row): AmsRefund {
  return {
    clientId: row['client_id'] as string,
    refundRequestId: row['refund_request_id'] as string,
    refundId: row['refund_id'] as string,
    paymentId: row['payment_id'] as string,
    status: row['status'] as AmsRefund['status'],
    resultCode: row['result_code'] as ResultCode,
    amountMinor: BigInt(row['amount_minor'] as number),
    refundedAtMs: row['refunded_at_ms'] as number,
  };
}

function mapped<T>(row: Row | undefined, map: (row: Row) => T): T | undefined {
  return row === undefined ? undefined : map(row);
}

export function amsPaymentRecords(db: DatabaseSync): AmsPaymentRecords {
  const byRequestId = db.prepare('select * from ams_payments where payment_request_id = ? and client_id = ?');
  const byId = db.prepare('select * from ams_payments where payment_id = ? and client_id = ?');
  const byToken = db.prepare('select * from ams_payments where token = ?');
  const named = db.prepare('select * from ams_payments where payment_request_id = ? order by client_id');
  const all = db.prepare('select * from ams_payments order by rowid');
  const waiting = db.prepare(
    `select * from ams_payments where payer_id = ? and status = 'PROCESSING' and expires_at_ms > ? order by rowid`,
  );
  const late = db.prepare('select * from ams_payments where late_success_at_ms is not null');
  const columns = db
    .prepare('select name from pragma_table_info(?)')
    .all('ams_payments')
    .map((row) => row['name'] as string);
  const insert = db.prepare(
    `insert into ams_payments (${columns.join(', ')}) values (${columns.map((name) => `:${name}`).join(', ')})`,
  );
  const update = db.prepare(
    `update ams_payments set ${changing.map((name) => `${name} = :${name}`).join(', ')} where payment_id = :payment_id`,
  );
  update.setAllowUnknownNamedParameters(true);
  const refund = db.prepare('select * from ams_refunds where refund_request_id = ? and client_id = ?');
  const refundById = db.prepare('select * from ams_refunds where refund_id = ? and client_id = ?');
  const refundsOf = db.prepare('select * from ams_refunds where payment_id = ? order by rowid');
  const insertRefund = db.prepare(
    `insert into ams_refunds (refund_request_id, client_id, refund_id, payment_id, status, result_code, amount_minor,
     refunded_at_ms) values (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // The money of a cancel went back when the payment was closed, that of a refund with its own line.
  const position = db.prepare(
    `select coalesce(sum(iif(paid_at_ms >= :since, charged_minor, 0)), 0)
       - coalesce(sum(iif(status = 'CANCELLED' and closed_at_ms >= :since, refunded_minor, 0)), 0)
       - (select coalesce(sum(r.amount_minor), 0) from ams_refunds r join ams_payments p using (payment_id)
          where p.client_id = :client and p.merchant_id = :merchant and p.currency = :currency
            and r.status = 'SUCCESS' and r.refunded_at_ms >= :since) as position_minor
     from ams_payments where client_id = :client and merchant_id = :merchant and currency = :currency`,
  );

  return {
    find: (clientId, paymentRequestId) => mapped(byRequestId.get(paymentRequestId, clientId), paymentOf),
    findById: (clientId, paymentId) => mapped(byId.get(paymentId, clientId), paymentOf),
    findByToken: (token) => mapped(byToken.get(token), paymentOf),
    named: (paymentRequestId) => named.all(paymentRequestId).map(paymentOf),
    *each(paymentRequestId) {
      const rows = paymentRequestId === null ? all.iterate() : named.all(paymentRequestId);
      for (const row of rows) yield paymentOf(row);
    },
    waitingFor: (payerId, nowMs) => waiting.all(payerId, nowMs).map(paymentOf),
    withLateSuccess: () => late.all().map(paymentOf),
    insert(payment) {
      insert.run(rowOf(payment));
    },
    update(payment) {
      update.run(rowOf(payment));
    },
    refund: (clientId, refundRequestId) => mapped(refund.get(refundRequestId, clientId), refundOf),
    refundById: (clientId, refundId) => mapped(refundById.get(refundId, clientId), refundOf),
    refundsOf: (paymentId) => refundsOf.all(paymentId).map(refundOf),
    insertRefund(made) {
      insertRefund.run(
        made.refundRequestId,
        made.clientId,
        made.refundId,
        made.paymentId,
        made.status,
        made.resultCode,
        made.amountMinor,
        made.refundedAtMs,
      );
    },
    positionSince(client, merchant, currency, since) {
      return BigInt((position.get({ client, merchant, currency, since })?.['position_minor'] ?? 0) as number);
    },
  };
}
