import type { App } from '../apps.ts';
import type { JsonObject } from '../json.ts';
import { canPay, type Payer, type PayerRecords, randomDigits } from '../payers.ts';
import type { Settings } from '../settings.ts';
import { type Fields, refused } from './answers.ts';
import type { TradeName } from './biz-content.ts';
import { printChinaTime } from './china-time.ts';
import { feeOn } from './fees.ts';
import type { TellOfTrade } from './notification.ts';
import { deadlineOf, type Order } from './order.ts';
import type { ClosedBy, Origin, Trade, TradeRecords } from './trade-records.ts';
import { yuanOfFen } from './yuan.ts';

/** What the methods of the Open Platform work on. */
export interface Books {
  readonly trades: TradeRecords;
  readonly payers: PayerRecords;
  /** The app's own settings over those for everybody. */
  settingsFor(app: App | undefined): Settings;
  readonly tell: TellOfTrade;
}

/** A call whose envelope has been checked, at the moment it is carried out. */
export interface Call {
  readonly app: App;
  readonly biz: JsonObject;
  readonly bizContent: string;
  readonly notifyUrl: string | null;
  readonly nowMs: number;
  /** The wallet wants the payer's confirmation whatever the amount (fault `paying`). */
  readonly payerMustConfirm: boolean;
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** Life of an unpaid trade whose order names none: face to face, and made for a page. */
export const defaultLifeMs = {
  pay: 3 * hourMs,
  precreate: 3 * hourMs,
  create: 15 * dayMs,
} as const satisfies Record<Origin, number>;

/** The trade as it stands at `nowMs`: an unpaid one closes by itself at its deadline, a paid one finishes with the refund period. */
export function asOf(trade: Trade, nowMs: number, settings: Settings): Trade {
  if (trade.status === 'WAIT_BUYER_PAY' && nowMs >= trade.expiresAtMs) {
    return { ...trade, status: 'TRADE_CLOSED', closedAtMs: trade.expiresAtMs, closedBy: 'expiry' };
  }
  const periodMs = settings.refund_period_days * dayMs;
  if (trade.status === 'TRADE_SUCCESS' && trade.paidAtMs !== null && nowMs >= trade.paidAtMs + periodMs) {
    return { ...trade, status: 'TRADE_FINISHED' };
  }
  return trade;
}

export function isPaid(trade: Trade): boolean {
  return trade.status === 'TRADE_SUCCESS' || trade.status === 'TRADE_FINISHED';
}

/** The app's trade of that name as it stands now, if the wallet knows one. */
export function findTrade(books: Books, call: Call, name: TradeName): Trade | undefined {
  const { appId } = call.app;
  const trade =
    name.tradeNo !== null
      ? books.trades.findByTradeNo(appId, name.tradeNo)
      : books.trades.find(appId, name.outTradeNo ?? '');
  return trade && asOf(trade, call.nowMs, books.settingsFor(call.app));
}

export interface NewTrade {
  readonly app: App;
  readonly order: Order;
  readonly origin: Origin;
  readonly payer: Payer;
  readonly authCode: string | null;
  readonly notifyUrl: string | null;
  readonly nowMs: number;
}

/** Opens a trade that waits for its payer. */
export function openTrade(
  books: Books,
  { app, order, origin, payer, authCode, notifyUrl, nowMs }: NewTrade,
): Trade {
  const trade: Trade = {
    appId: app.appId,
    outTradeNo: order.outTradeNo,
    tradeNo: `${printChinaTime(nowMs).slice(0, 10).replaceAll('-', '')}22001${randomDigits(15)}`,
    origin,
    status: 'WAIT_BUYER_PAY',
    amountMinor: order.amountMinor,
    subject: order.subject,
    body: order.body,
    authCode,
    payerId: payer.payerId,
    smid: order.smid,
    storeId: order.storeId,
    terminalId: order.terminalId,
    merchantOrderNo: order.merchantOrderNo,
    notifyUrl,
    createdAtMs: nowMs,
    expiresAtMs: deadlineOf(order.expiry, nowMs, defaultLifeMs[origin]),
    paidAtMs: null,
    closedAtMs: null,
    closedBy: null,
    chargedMinor: 0n,
    refundedMinor: 0n,
    feeMinor: 0n,
    feeReturnedMinor: 0n,
    lastRefundAtMs: null,
    hiddenInquiries: 0,
  };
  books.trades.insert(trade);
  return trade;
}

/** Takes the money. Only a waiting trade is ever charged, and only once: anything else is our own mistake. */
export function charge(books: Books, trade: Trade, payer: Payer, nowMs: number, settings: Settings): Trade {
  if (trade.status !== 'WAIT_BUYER_PAY' || trade.chargedMinor !== 0n) {
    throw new Error(`trade ${trade.tradeNo} is ${trade.status} and cannot be charged`);
  }
  if (!canPay(payer, trade.amountMinor)) throw refused('ACQ.BUYER_BALANCE_NOT_ENOUGH');
  books.payers.take(payer, trade.amountMinor);
  const paid: Trade = {
    ...trade,
    status: 'TRADE_SUCCESS',
    paidAtMs: nowMs,
    chargedMinor: trade.amountMinor,
    feeMinor: feeOn(trade.amountMinor, settings.fee_rate_ppm),
  };
  books.trades.update(paid);
  books.tell(paid, { kind: 'paid' }, nowMs);
  return paid;
}

/** Closes a waiting trade unpaid. */
export function closeUnpaid(books: Books, trade: Trade, closedBy: ClosedBy, nowMs: number): Trade {
  if (trade.status !== 'WAIT_BUYER_PAY')
    throw new Error(`trade ${trade.tradeNo} is ${trade.status}, not waiting`);
  const closed: Trade = { ...trade, status: 'TRADE_CLOSED', closedBy, closedAtMs: nowMs };
  books.trades.update(closed);
  books.tell(closed, { kind: 'closed' }, nowMs);
  return closed;
}

export function payerOf(books: Books, trade: Trade): Payer {
  const payer = books.payers.find(trade.payerId);
  if (payer === undefined) throw new Error(`payer ${trade.payerId} of trade ${trade.tradeNo} is gone`);
  return payer;
}

export function namesOf(trade: Trade): Fields {
  return { trade_no: trade.tradeNo, out_trade_no: trade.outTradeNo };
}

export function buyerOf(payer: Payer): Fields {
  return { buyer_logon_id: payer.logonId, buyer_user_id: payer.buyerId, buyer_user_type: 'PRIVATE' };
}

/** Identifies the money movement for settlement; the wallet gives it to indirect acquirers only. */
export function settlementIdOf(trade: Trade, movement: 'payment' | 'refund'): string {
  return `${trade.tradeNo}${movement === 'payment' ? '01' : '02'}`;
}

/** What a paid trade's answers say about the money. */
export function moneyOf(trade: Trade): Fields {
  const amount = yuanOfFen(trade.chargedMinor);
  return {
    receipt_amount: amount,
    buyer_pay_amount: amount,
    point_amount: '0.00',
    invoice_amount: amount,
    fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount }],
    charge_amount: yuanOfFen(trade.feeMinor),
    settlement_id: settlementIdOf(trade, 'payment'),
  };
}
