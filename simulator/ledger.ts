import type { AmsPaymentRecords } from './ams/payment-records.ts';
import { amsLedgerLine } from './ams/payment-view.ts';
import type { JsonObject } from './json.ts';
import { printChinaTime } from './open-platform/china-time.ts';
import type { Refund, Trade, TradeRecords } from './open-platform/trade-records.ts';

/**
 * One line per trade that the wallet knows: the order's amount, what was taken from the payer, what was given back (fen),
 * and whether a cancel or close of the merchant took effect. A trade that expired or that its payer refused is not `cancelled`.
 */
function ledgerLine(trade: Trade): JsonObject {
  return {
    wallet: 'alipay_open',
    payment_request_id: trade.outTradeNo,
    currency: 'CNY',
    amount: Number(trade.amountMinor),
    charged: Number(trade.chargedMinor),
    refunded: Number(trade.refundedMinor),
    cancelled: trade.closedBy === 'cancel' || trade.closedBy === 'close',
  };
}

/**
 * The whole ledger of both wallets as JSON text, or the lines of one payment. Precreated orders of the Open Platform that nobody has
 * scanned are no trades.
 */
export function printLedger(
  trades: TradeRecords,
  payments: AmsPaymentRecords,
  paymentRequestId: string | null,
): string {
  const lines: string[] = [];
  for (const trade of trades.each(paymentRequestId)) lines.push(JSON.stringify(ledgerLine(trade)));
  for (const payment of payments.each(paymentRequestId)) lines.push(JSON.stringify(amsLedgerLine(payment)));
  return `[${lines.join(',\n')}]`;
}

/** Everything the wallet knows about one trade. */
export function tradeView(trade: Trade, refunds: readonly Refund[]): JsonObject {
  const time = (atMs: number | null): string | null => (atMs === null ? null : printChinaTime(atMs));
  return {
    ...ledgerLine(trade),
    app_id: trade.appId,
    out_trade_no: trade.outTradeNo,
    trade_no: trade.tradeNo,
    origin: trade.origin,
    trade_status: trade.status,
    closed_by: trade.closedBy,
    payer_id: trade.payerId,
    subject: trade.subject,
    body: trade.body,
    smid: trade.smid,
    store_id: trade.storeId,
    terminal_id: trade.terminalId,
    merchant_order_no: trade.merchantOrderNo,
    notify_url: trade.notifyUrl,
    fee: Number(trade.feeMinor),
    fee_returned: Number(trade.feeReturnedMinor),
    gmt_create: time(trade.createdAtMs),
    gmt_expire: time(trade.expiresAtMs),
    gmt_payment: time(trade.paidAtMs),
    gmt_close: time(trade.closedAtMs),
    hidden_inquiries: trade.hiddenInquiries,
    refunds: refunds.map((refund) => ({
      out_request_no: refund.outRequestNo,
      amount: Number(refund.amountMinor),
      reason: refund.reason,
      fee_returned: Number(refund.feeReturnedMinor),
      gmt_refund: time(refund.refundedAtMs),
    })),
  };
}
