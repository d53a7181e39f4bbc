import { answered, type Fields, refused } from './answers.ts';
import { tradeNameOf } from './biz-content.ts';
import { printChinaTime } from './china-time.ts';
import { checkPosition } from './refund.ts';
import type { Trade } from './trade-records.ts';
import { type Books, type Call, closeUnpaid, findTrade, namesOf, settlementIdOf } from './trades.ts';

const retry = { retry_flag: 'Y' } as const;
const noRetry = { retry_flag: 'N' } as const;

/**
 * alipay.trade.cancel. An unknown trade answers 10000 without `action`, and nothing is remembered: a pay that arrives
 * afterwards still charges, as it may with the real wallet. Otherwise `action` names what was done: `close` an unpaid trade, `refund` a
 * paid one; a repeat names the same.
 */
export function cancel(books: Books, call: Call): Fields {
  const name = tradeNameOf(call.biz);
  const trade = findTrade(books, call, name);
  if (trade === undefined) {
    return answered('10000', {
      ...(name.outTradeNo === null ? {} : { out_trade_no: name.outTradeNo }),
      ...noRetry,
    });
  }
  switch (trade.status) {
    case 'WAIT_BUYER_PAY':
      checkWindow(books, call, trade);
      return done(closeUnpaid(books, trade, 'cancel', call.nowMs));
    case 'TRADE_SUCCESS':
      if (trade.refundedMinor > 0n) throw refused('ACQ.REASON_TRADE_REFUND_FEE_ERR', undefined, noRetry);
      checkWindow(books, call, trade);
      return done(giveAllBack(books, call, trade));
    case 'TRADE_FINISHED':
      throw refused('ACQ.TRADE_HAS_FINISHED', undefined, noRetry);
    case 'TRADE_CLOSED':
      if (trade.closedBy === 'refund') throw refused('ACQ.REASON_TRADE_REFUND_FEE_ERR', undefined, noRetry);
      return done(trade);
    default:
      return trade.status satisfies never;
  }
}

/** alipay.trade.close: only a trade that waits for its payer. */
export function close(books: Books, call: Call): Fields {
  const trade = findTrade(books, call, tradeNameOf(call.biz));
  if (trade === undefined) throw refused('ACQ.TRADE_NOT_EXIST');
  if (trade.status !== 'WAIT_BUYER_PAY') throw refused('ACQ.TRADE_STATUS_ERROR');
  return answered('10000', namesOf(closeUnpaid(books, trade, 'close', call.nowMs)));
}

function checkWindow(books: Books, call: Call, trade: Trade): void {
  const windowMs = books.settingsFor(call.app).cancel_window_ms;
  if (call.nowMs > trade.createdAtMs + windowMs)
    throw refused('ACQ.TRADE_CANCEL_TIME_OUT', undefined, noRetry);
}

function giveAllBack(books: Books, call: Call, trade: Trade): Trade {
  checkPosition(books, call, trade, trade.chargedMinor, retry);
  books.payers.giveBack(trade.payerId, trade.chargedMinor);
  const cancelled: Trade = {
    ...trade,
    status: 'TRADE_CLOSED',
    closedBy: 'cancel',
    closedAtMs: call.nowMs,
    refundedMinor: trade.chargedMinor,
    feeReturnedMinor: trade.feeMinor,
  };
  books.trades.update(cancelled);
  books.tell(cancelled, { kind: 'refunded', outRequestNo: null }, call.nowMs);
  return cancelled;
}

function done(trade: Trade): Fields {
  const refunded = trade.refundedMinor > 0n && trade.closedAtMs !== null;
  return answered('10000', {
    ...namesOf(trade),
    ...noRetry,
    action: refunded ? 'refund' : 'close',
    ...(refunded
      ? {
          gmt_refund_pay: printChinaTime(trade.closedAtMs),
          refund_settlement_id: settlementIdOf(trade, 'refund'),
        }
      : {}),
  });
}
