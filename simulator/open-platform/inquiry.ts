import { answered, type Fields, refused } from './answers.ts';
import { requiredText, tradeNameOf } from './biz-content.ts';
import { printChinaTime } from './china-time.ts';
import {
  type Books,
  buyerOf,
  type Call,
  findTrade,
  moneyOf,
  namesOf,
  payerOf,
  settlementIdOf,
} from './trades.ts';
import { yuanOfFen } from './yuan.ts';

/** alipay.trade.query. A trade under the fault `not_found_first` denies itself as often as it was told to. */
export function query(books: Books, call: Call): Fields {
  const trade = findTrade(books, call, tradeNameOf(call.biz));
  if (trade === undefined) throw refused('ACQ.TRADE_NOT_EXIST');
  if (trade.hiddenInquiries > 0) {
    books.trades.update({ ...trade, hiddenInquiries: trade.hiddenInquiries - 1 });
    throw refused('ACQ.TRADE_NOT_EXIST');
  }
  return answered('10000', {
    ...namesOf(trade),
    ...buyerOf(payerOf(books, trade)),
    trade_status: trade.status,
    total_amount: yuanOfFen(trade.amountMinor),
    ...(trade.paidAtMs === null ? {} : { ...moneyOf(trade), send_pay_date: printChinaTime(trade.paidAtMs) }),
    store_id: trade.storeId,
    terminal_id: trade.terminalId,
    alipay_sub_merchant_id: trade.smid,
    subject: trade.subject,
    ...(trade.body === null ? {} : { body: trade.body }),
  });
}

/** alipay.trade.fastpay.refund.query. A refund the wallet never received or refused has no `refund_status`. */
export function queryRefund(books: Books, call: Call): Fields {
  const name = tradeNameOf(call.biz);
  const outRequestNo = requiredText(call.biz, 'out_request_no', 64);
  const trade = findTrade(books, call, name);
  if (trade === undefined) throw refused('ACQ.TRADE_NOT_EXIST');
  const refund = books.trades.refund(trade.tradeNo, outRequestNo);
  if (refund === undefined) return answered('10000', {});
  const amount = yuanOfFen(refund.amountMinor);
  return answered('10000', {
    ...namesOf(trade),
    out_request_no: outRequestNo,
    ...(refund.reason === null ? {} : { refund_reason: refund.reason }),
    total_amount: yuanOfFen(trade.amountMinor),
    refund_amount: amount,
    refund_status: 'REFUND_SUCCESS',
    gmt_refund_pay: printChinaTime(refund.refundedAtMs),
    send_back_fee: amount,
    refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount }],
    refund_charge_amount: yuanOfFen(refund.feeReturnedMinor),
    refund_settlement_id: settlementIdOf(trade, 'refund'),
  });
}
