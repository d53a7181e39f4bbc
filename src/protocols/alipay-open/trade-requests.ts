import type { Money } from '../../domain/money.ts';
import { printWireTime } from './wire-time.ts';
import { printYuan } from './yuan.ts';

/*
 * `biz_content` of the trade calls. Each function takes the values of one call and gives the JSON text with the
 * platform's names. Values over the platform's limits throw a RangeError that names the field: whoever accepts them
 * from outside checks them first, so here they are our own mistake.
 */

/** What every order of an indirect merchant carries. Rule PAY-09. */
export interface TradeOrder {
  /** Our number of the payment: digits, letters and underscore, at most 64. */
  readonly outTradeNo: string;
  readonly totalAmount: Money;
  readonly subject: string;
  readonly storeId: string;
  readonly terminalId: string;
  /** The indirect merchant's number at the platform (smid). */
  readonly subMerchantId: string;
  /** The channel's own order number, shown in the bill. At most 32. */
  readonly merchantOrderNo: string;
  /** When the platform must close the order if nobody has paid. Rule PAY-20. */
  readonly expiresAt: Date;
  /** From when the relative expiry counts; on the clock of `expiresAt`, which the sending host's need not agree with. */
  readonly requestedAt: Date;
}

export interface TradePay extends TradeOrder {
  /** The scanned code. Not limited here: codes grow, and the platform judges them. Rule PAY-05. */
  readonly authCode: string;
}

export function payContent(pay: TradePay): string {
  return JSON.stringify({
    out_trade_no: outTradeNo(pay.outTradeNo),
    scene: 'bar_code',
    auth_code: pay.authCode,
    product_code: 'FACE_TO_FACE_PAYMENT',
    ...orderMembers(pay),
  });
}

/** A QR order; its code lives two hours at most, whatever the order's expiry is. Rule PAY-03. */
export function precreateContent(order: TradeOrder): string {
  return JSON.stringify({
    out_trade_no: outTradeNo(order.outTradeNo),
    product_code: 'FACE_TO_FACE_PAYMENT',
    ...orderMembers(order),
    qr_code_timeout_express: timeoutExpress(order.expiresAt, order.requestedAt),
  });
}

export interface TradeCreate extends TradeOrder {
  /** The payer's user id, 2088…; the platform refuses an order without it. Rule PAY-18. */
  readonly buyerId: string;
}

export function createContent(create: TradeCreate): string {
  return JSON.stringify({
    out_trade_no: outTradeNo(create.outTradeNo),
    buyer_id: limited('buyer_id', create.buyerId, 28),
    ...orderMembers(create),
  });
}

/** A call that only names the payment: `alipay.trade.query`, `.cancel` and `.close`. */
export function tradeContent(outTradeNumber: string): string {
  return JSON.stringify({ out_trade_no: outTradeNo(outTradeNumber) });
}

export interface TradeRefund {
  readonly outTradeNo: string;
  readonly refundAmount: Money;
  /** Idempotency key of the refund within its trade; always sent, so that a repeat is known as one. */
  readonly outRequestNo: string;
  /** For the payer's eyes; cut at 256 characters. */
  readonly refundReason: string | null;
}

export function refundContent(refund: TradeRefund): string {
  return JSON.stringify({
    out_trade_no: outTradeNo(refund.outTradeNo),
    refund_amount: orderAmount('refund_amount', refund.refundAmount),
    out_request_no: limited('out_request_no', refund.outRequestNo, 64),
    refund_reason: refund.refundReason === null ? undefined : safeText(refund.refundReason) || undefined,
  });
}

export function refundQueryContent(outTradeNumber: string, outRequestNo: string): string {
  return JSON.stringify({
    out_trade_no: outTradeNo(outTradeNumber),
    out_request_no: limited('out_request_no', outRequestNo, 64),
  });
}

/** The subject as the platform takes it; `otherwise` when nothing is left of it. */
export function safeSubject(subject: string, otherwise: string): string {
  return safeText(subject) || otherwise;
}

/**
 * A text as the platform takes it: without the characters `/ = &` and without control characters, each of which becomes a
 * space, at most 256 characters.
 *
 * It also protects the signature: the canonical string cannot tell `&name=value` inside a value from a field of
 * its own, so nobody may put one into a text that comes back in a signed notification.
 */
function safeText(text: string): string {
  const safe = text.replace(/[/=&\p{Cc}]/gu, ' ').trim();
  return cut(safe, 256).trim();
}

/**
 * `timeout_express` in whole minutes, rounded up so that it never closes an order before `expiresAt`
 * (`time_expire`, sent beside it, is exact and wins where it is known); one minute at least, fifteen days at most.
 */
export function timeoutExpress(expiresAt: Date, requestedAt: Date): string {
  const minutes = Math.ceil((expiresAt.getTime() - requestedAt.getTime()) / 60_000);
  return `${Math.min(Math.max(minutes, 1), 15 * 24 * 60)}m`;
}

function orderMembers(order: TradeOrder): Readonly<Record<string, unknown>> {
  return {
    subject: safeSubject(order.subject, order.outTradeNo),
    total_amount: orderAmount('total_amount', order.totalAmount),
    store_id: limited('store_id', order.storeId, 32),
    terminal_id: limited('terminal_id', order.terminalId, 32),
    sub_merchant: { merchant_id: limited('sub_merchant.merchant_id', order.subMerchantId, 32) },
    merchant_order_no: limited('merchant_order_no', order.merchantOrderNo, 32),
    timeout_express: timeoutExpress(order.expiresAt, order.requestedAt),
    time_expire: printWireTime(order.expiresAt),
  };
}

function outTradeNo(value: string): string {
  if (!/^\w+$/.test(value)) throw new RangeError('out_trade_no takes letters, digits and underscore');
  return limited('out_trade_no', value, 64);
}

/** One fen to one hundred million yuan. */
function orderAmount(field: string, amount: Money): string {
  if (amount.minor < 1n || amount.minor > 10_000_000_000n) {
    throw new RangeError(`${field} is from 0.01 to 100000000 yuan, not ${amount.minor} fen`);
  }
  return printYuan(amount);
}

function limited(field: string, value: string, max: number): string {
  if (value === '') throw new RangeError(`${field} is missing`);
  if (value.length > max) throw new RangeError(`${field} takes ${max} characters, not ${value.length}`);
  return value;
}

/** At most `max` UTF-16 units, no character cut in two. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}
