import { answered, type Fields, Refused, refused } from './answers.ts';
import { optionalAmount, optionalText, tradeNameOf } from './biz-content.ts';
import { printChinaTime, startOfChinaDay } from './china-time.ts';
import { feeReturnedOn } from './fees.ts';
import type { Refund, Trade } from './trade-records.ts';
import { type Books, buyerOf, type Call, findTrade, namesOf, payerOf, settlementIdOf } from './trades.ts';
import { yuanOfFen } from './yuan.ts';

/**
 * alipay.trade.refund. `out_request_no` makes it idempotent within the trade: a repeat answers `fund_change` N and moves
 * nothing. `refund_fee` is what was given back in all. A call too soon after another refund of the trade is refused with 40005
 * and nothing done.
 */
export function refund(books: Books, call: Call): Fields {
  const { biz, nowMs } = call;
  const name = tradeNameOf(biz);
  const amountMinor = amountOf(call);
  const givenRequestNo = optionalText(biz, 'out_request_no', 64);
  const reason = optionalText(biz, 'refund_reason', 256);
  const trade = findTrade(books, call, name);
  if (trade === undefined) throw refused('ACQ.TRADE_NOT_EXIST');
  const outRequestNo = givenRequestNo ?? trade.outTradeNo;
  const earlier = books.trades.refund(trade.tradeNo, outRequestNo);
  if (earlier !== undefined) {
    if (earlier.amountMinor !== amountMinor) throw refused('ACQ.DISCORDANT_REPEAT_REQUEST');
    return done(books, trade, earlier, 'N');
  }
  checkRefundable(trade);
  const leftMinor = trade.chargedMinor - trade.refundedMinor;
  if (amountMinor > leftMinor) throw refused('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL');
  if (givenRequestNo === null && amountMinor !== trade.chargedMinor) {
    throw refused('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', '部分退款必须传入 out_request_no');
  }
  checkSpacing(books, call, trade);
  checkPosition(books, call, trade, amountMinor);
  const made: Refund = {
    tradeNo: trade.tradeNo,
    outRequestNo,
    amountMinor,
    reason,
    feeReturnedMinor: feeReturnedOn(
      amountMinor,
      books.settingsFor(call.app).fee_rate_ppm,
      trade.feeMinor - trade.feeReturnedMinor,
      amountMinor === leftMinor,
    ),
    refundedAtMs: nowMs,
  };
  return done(books, giveBack(books, trade, made), made, 'Y');
}

function amountOf(call: Call): bigint {
  const amountMinor = optionalAmount(call.biz, 'refund_amount');
  if (amountMinor === null) throw refused('ACQ.INVALID_PARAMETER', 'refund_amount 不能为空');
  if (amountMinor === 0n) throw refused('ACQ.INVALID_PARAMETER', 'refund_amount 必须大于 0');
  return amountMinor;
}

function checkRefundable(trade: Trade): void {
  switch (trade.status) {
    case 'TRADE_SUCCESS':
      return;
    case 'WAIT_BUYER_PAY':
      throw refused('ACQ.TRADE_STATUS_ERROR');
    case 'TRADE_FINISHED':
      throw refused('ACQ.TRADE_HAS_FINISHED');
    case 'TRADE_CLOSED':
      throw refused('ACQ.TRADE_HAS_CLOSE');
    default:
      trade.status satisfies never;
  }
}

function checkSpacing(books: Books, call: Call, trade: Trade): void {
  if (trade.lastRefundAtMs === null) return;
  if (call.nowMs - trade.lastRefundAtMs < books.settingsFor(call.app).refund_spacing_ms) {
    throw new Refused('40005', 'isv.method-call-limited', '同一笔交易的退款间隔过短，请稍后重试');
  }
}

/** With the refund position on, money goes back only out of the merchant's takings of the day (China time). */
export function checkPosition(
  books: Books,
  call: Call,
  trade: Trade,
  amountMinor: bigint,
  fields: Fields = {},
): void {
  if (books.settingsFor(call.app).position === 'off') return;
  if (books.trades.positionSince(trade.smid, startOfChinaDay(call.nowMs)) < amountMinor) {
    throw refused('ACQ.SELLER_BALANCE_NOT_ENOUGH', undefined, fields);
  }
}

function giveBack(books: Books, trade: Trade, made: Refund): Trade {
  const refundedMinor = trade.refundedMinor + made.amountMinor;
  if (refundedMinor > trade.chargedMinor)
    throw new Error(`trade ${trade.tradeNo} would give back more than it took`);
  const isWhole = refundedMinor === trade.chargedMinor;
  const changed: Trade = {
    ...trade,
    refundedMinor,
    feeReturnedMinor: trade.feeReturnedMinor + made.feeReturnedMinor,
    lastRefundAtMs: made.refundedAtMs,
    ...(isWhole ? { status: 'TRADE_CLOSED', closedBy: 'refund', closedAtMs: made.refundedAtMs } : {}),
  };
  books.payers.giveBack(trade.payerId, made.amountMinor);
  books.trades.insertRefund(made);
  books.trades.update(changed);
  books.tell(changed, { kind: 'refunded', outRequestNo: made.outRequestNo }, made.refundedAtMs);
  return changed;
}

function done(books: Books, trade: Trade, made: Refund, fundChange: 'Y' | 'N'): Fields {
  const amount = yuanOfFen(made.amountMinor);
  return answered('10000', {
    ...namesOf(trade),
    ...buyerOf(payerOf(books, trade)),
    fund_change: fundChange,
    refund_fee: yuanOfFen(trade.refundedMinor),
    send_back_fee: fundChange === 'Y' ? amount : '0.00',
    gmt_refund_pay: printChinaTime(made.refundedAtMs),
    refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount }],
    refund_charge_amount: yuanOfFen(made.feeReturnedMinor),
    refund_settlement_id: settlementIdOf(trade, 'refund'),
  });
}
