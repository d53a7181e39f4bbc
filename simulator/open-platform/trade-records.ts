import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

/** Which call made the trade. */
export type Origin = 'pay' | 'create' | 'precreate';

export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED' | 'TRADE_FINISHED';

/** What closed a trade: its time ran out, the payer refused, `trade.close`, `trade.cancel`, or full refunds. */
export type ClosedBy = 'expiry' | 'payer' | 'close' | 'cancel' | 'refund';

/** A trade as the wallet knows it; amounts are fen. */
export interface Trade {
  readonly appId: string;
  readonly outTradeNo: string;
  readonly tradeNo: string;
  readonly origin: Origin;
  readonly status: TradeStatus;
  readonly amountMinor: bigint;
  readonly subject: string;
  readonly body: string | null;
  readonly authCode: string | null;
  readonly payerId: string;
  readonly smid: string;
  readonly storeId: string;
  readonly terminalId: string;
  readonly merchantOrderNo: string | null;
  readonly notifyUrl: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly paidAtMs: number | null;
  readonly closedAtMs: number | null;
  readonly closedBy: ClosedBy | null;
  /** Taken from the payer, in all. */
  readonly chargedMinor: bigint;
  /** Given back to the payer, in all, by refunds or a cancel. */
  readonly refundedMinor: bigint;
  readonly feeMinor: bigint;
  readonly feeReturnedMinor: bigint;
  readonly lastRefundAtMs: number | null;
  /** That many next inquiries answer that the trade does not exist (fault `not_found_first`). */
  readonly hiddenInquiries: number;
}

export interface Refund {
  readonly tradeNo: string;
  readonly outRequestNo: string;
  readonly amountMinor: bigint;
  readonly reason: string | null;
  readonly feeReturnedMinor: bigint;
  readonly refundedAtMs: number;
}

/** An order code (precreate): becomes a trade only when a payer scans it. */
export interface OrderCode {
  readonly appId: string;
  readonly outTradeNo: string;
  readonly qrCode: string;
  readonly bizContent: string;
  readonly notifyUrl: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface TradeRecords {
  find(appId: string, outTradeNo: string): Trade | undefined;
  findByTradeNo(appId: string, tradeNo: string): Trade | undefined;
  /** Every app's trade of that number. */
  named(outTradeNo: string): readonly Trade[];
  /** Every trade, in the order of creation, one at a time. */
  each(outTradeNo: string | null): Iterable<Trade>;
  /** Trades that wait for that payer, unless their time is over. */
  waitingFor(payerId: string, nowMs: number): readonly Trade[];
  insert(trade: Trade): void;
  update(trade: Trade): void;
  refund(tradeNo: string, outRequestNo: string): Refund | undefined;
  refundsOf(tradeNo: string): readonly Refund[];
  insertRefund(refund: Refund): void;
  /** Takings less what was given back since then, over all trades of a merchant: its refund position (头寸). */
  positionSince(smid: string, sinceMs: number): bigint;
  orderCode(appId: string, outTradeNo: string): OrderCode | undefined;
  orderCodesNamed(outTradeNo: string): readonly OrderCode[];
  orderCodeReading(qrCode: string): OrderCode | undefined;
  insertOrderCode(code: OrderCode): void;
}

type Row = Record<string, SQLOutputValue>;

function tradeOf(row: Row): Trade {
  const amount = (name: string): bigint => BigInt(row[name] as number);
  const text = (name: string): string => row[name] as string;
  return {
    appId: text('app_id'),
    outTradeNo: text('out_trade_no'),
    tradeNo: text('trade_no'),
    origin: row['origin'] as Origin,
    status: row['status'] as TradeStatus,
    amountMinor: amount('amount_minor'),
    subject: text('subject'),
    body: row['body'] as string | null,
    authCode: row['auth_code'] as string | null,
    payerId: text('payer_id'),
    smid: text('smid'),
    storeId: text('store_id'),
    terminalId: text('terminal_id'),
    merchantOrderNo: row['merchant_order_no'] as string | null,
    notifyUrl: row['notify_url'] as string | null,
    createdAtMs: row['created_at_ms'] as number,
    expiresAtMs: row['expires_at_ms'] as number,
    paidAtMs: row['paid_at_ms'] as number | null,
    closedAtMs: row['closed_at_ms'] as number | null,
    closedBy: row['closed_by'] as ClosedBy | null,
    chargedMinor: amount('charged_minor'),
    refundedMinor: amount('refunded_minor'),
    feeMinor: amount('fee_minor'),
    feeReturnedMinor: amount('fee_returned_minor'),
    lastRefundAtMs: row['last_refund_at_ms'] as number | null,
    hiddenInquiries: row['hidden_inquiries'] as number,
  };
}

function refundOf(row: Row): Refund {
  return {
    tradeNo: row['trade_no'] as string,
    outRequestNo: row['out_request_no'] as string,
    amountMinor: BigInt(row['amount_minor'] as number),
    reason: row['reason'] as string | null,
    feeReturnedMinor: BigInt(row['fee_returned_minor'] as number),
    refundedAtMs: row['refunded_at_ms'] as number,
  };
}

function orderCodeOf(row: Row): OrderCode {
  return {
    appId: row['app_id'] as string,
    outTradeNo: row['out_trade_no'] as string,
    qrCode: row['qr_code'] as string,
    bizContent: row['biz_content'] as string,
    notifyUrl: row['notify_url'] as string | null,
    createdAtMs: row['created_at_ms'] as number,
    expiresAtMs: row['expires_at_ms'] as number,
  };
}

function mapped<T>(row: Row | undefined, map: (row: Row) => T): T | undefined {
  return row === undefined ? undefined : map(row);
}

export function tradeRecords(db: DatabaseSync): TradeRecords {
  const byNumber = db.prepare('select * from trades where out_trade_no = ? and app_id = ?');
  const byTradeNo = db.prepare('select * from trades where trade_no = ? and app_id = ?');
  const named = db.prepare('select * from trades where out_trade_no = ? order by app_id');
  const all = db.prepare('select * from trades order by rowid');
  const waiting = db.prepare(
    `select * from trades where status = 'WAIT_BUYER_PAY' and payer_id = ? and expires_at_ms > ? order by rowid`,
  );
  const insert = db.prepare(`insert into trades values (${Array(26).fill('?').join(', ')})`);
  const update = db.prepare(
    `update trades set status = ?, payer_id = ?, paid_at_ms = ?, closed_at_ms = ?, closed_by = ?, charged_minor = ?,
     refunded_minor = ?, fee_minor = ?, fee_returned_minor = ?, last_refund_at_ms = ?, hidden_inquiries = ?
     where out_trade_no = ? and app_id = ?`,
  );
  const refund = db.prepare('select * from refunds where trade_no = ? and out_request_no = ?');
  const refundsOf = db.prepare('select * from refunds where trade_no = ? order by refunded_at_ms, rowid');
  const insertRefund = db.prepare('insert into refunds values (?, ?, ?, ?, ?, ?)');
  const position = db.prepare(
    `select coalesce(sum(iif(paid_at_ms >= :since, charged_minor, 0)), 0)
       - coalesce(sum(iif(closed_by = 'cancel' and closed_at_ms >= :since, refunded_minor, 0)), 0)
       - (select coalesce(sum(refunds.amount_minor), 0) from refunds join trades using (trade_no)
          where smid = :smid and refunded_at_ms >= :since) as position_minor
     from trades where smid = :smid`,
  );
  const orderCode = db.prepare('select * from order_codes where out_trade_no = ? and app_id = ?');
  const orderCodesNamed = db.prepare('select * from order_codes where out_trade_no = ? order by app_id');
  const orderCodeReading = db.prepare('select * from order_codes where qr_code = ?');
  const insertOrderCode = db.prepare('insert into order_codes values (?, ?, ?, ?, ?, ?, ?)');

  return {
    find: (appId, outTradeNo) => mapped(byNumber.get(outTradeNo, appId), tradeOf),
    findByTradeNo: (appId, tradeNo) => mapped(byTradeNo.get(tradeNo, appId), tradeOf),
    named: (outTradeNo) => named.all(outTradeNo).map(tradeOf),
    *each(outTradeNo) {
      for (const row of outTradeNo === null ? all.iterate() : named.all(outTradeNo)) yield tradeOf(row);
    },
    waitingFor: (payerId, nowMs) => waiting.all(payerId, nowMs).map(tradeOf),
    insert(trade) {
      insert.run(
        trade.outTradeNo,
        trade.appId,
        trade.tradeNo,
        trade.origin,
        trade.status,
        trade.amountMinor,
        trade.subject,
        trade.body,
        trade.authCode,
        trade.payerId,
        trade.smid,
        trade.storeId,
        trade.terminalId,
        trade.merchantOrderNo,
        trade.notifyUrl,
        trade.createdAtMs,
        trade.expiresAtMs,
        trade.paidAtMs,
        trade.closedAtMs,
        trade.closedBy,
        trade.chargedMinor,
        trade.refundedMinor,
        trade.feeMinor,
        trade.feeReturnedMinor,
        trade.lastRefundAtMs,
        trade.hiddenInquiries,
      );
    },
    update(trade) {
      update.run(
        trade.status,
        trade.payerId,
        trade.paidAtMs,
        trade.closedAtMs,
        trade.closedBy,
        trade.chargedMinor,
        trade.refundedMinor,
        trade.feeMinor,
        trade.feeReturnedMinor,
        trade.lastRefundAtMs,
        trade.hiddenInquiries,
        trade.outTradeNo,
        trade.appId,
      );
    },
    refund: (tradeNo, outRequestNo) => mapped(refund.get(tradeNo, outRequestNo), refundOf),
    refundsOf: (tradeNo) => refundsOf.all(tradeNo).map(refundOf),
    insertRefund(made) {
      insertRefund.run(
        made.tradeNo,
        made.outRequestNo,
        made.amountMinor,
        made.reason,
        made.feeReturnedMinor,
        made.refundedAtMs,
      );
    },
    positionSince(smid, sinceMs) {
      return BigInt((position.get({ smid, since: sinceMs })?.['position_minor'] ?? 0) as number);
    },
    orderCode: (appId, outTradeNo) => mapped(orderCode.get(outTradeNo, appId), orderCodeOf),
    orderCodesNamed: (outTradeNo) => orderCodesNamed.all(outTradeNo).map(orderCodeOf),
    orderCodeReading: (qrCode) => mapped(orderCodeReading.get(qrCode), orderCodeOf),
    insertOrderCode(code) {
      insertOrderCode.run(
        code.outTradeNo,
        code.appId,
        code.qrCode,
        code.bizContent,
        code.notifyUrl,
        code.createdAtMs,
        code.expiresAtMs,
      );
    },
  };
}
