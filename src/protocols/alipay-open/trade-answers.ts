import type { Money } from '../../domain/money.ts';
import { type FundBill, readFundBills } from './fund-bills.ts';
import type { AnswerNode } from './response.ts';
import { readWireTime } from './wire-time.ts';
import { readYuan } from './yuan.ts';

/*
 * Fields of the answers to the trade calls. A field is `null` when it is absent, empty or not of its form: what a
 * caller needs as evidence it must find, so nothing here is guessed or converted.
 */

/** The result that every answer begins with. */
export interface AnswerResult {
  readonly code: string;
  readonly message: string;
  readonly subCode: string | null;
  readonly subMessage: string | null;
}

/** `null` when the answer names no code, and so is none. */
export function readResult(node: AnswerNode): AnswerResult | null {
  const code = text(node, 'code');
  if (code === null) return null;
  return {
    code,
    message: text(node, 'msg') ?? '',
    subCode: text(node, 'sub_code'),
    subMessage: text(node, 'sub_msg'),
  };
}

/** Which payment an answer speaks of. */
export interface TradeIdentity {
  readonly outTradeNo: string | null;
  readonly tradeNo: string | null;
}

/** Answer to pay and query. */
export interface TradeAnswer extends TradeIdentity {
  /** Only query answers have a status. */
  readonly tradeStatus: string | null;
  readonly totalAmount: Money | null;
  readonly receiptAmount: Money | null;
  readonly buyerPayAmount: Money | null;
  /** Payment time: `gmt_payment` of pay, `send_pay_date` of query. */
  readonly paidAt: Date | null;
  readonly buyerUserId: string | null;
  readonly fundBills: readonly FundBill[];
}

export function readTrade(node: AnswerNode): TradeAnswer {
  return {
    ...identity(node),
    tradeStatus: text(node, 'trade_status'),
    totalAmount: yuan(node, 'total_amount'),
    receiptAmount: yuan(node, 'receipt_amount'),
    buyerPayAmount: yuan(node, 'buyer_pay_amount'),
    paidAt: time(node, 'gmt_payment') ?? time(node, 'send_pay_date'),
    buyerUserId: text(node, 'buyer_user_id'),
    fundBills: readFundBills(node['fund_bill_list']),
  };
}

export interface CancelAnswerFields extends TradeIdentity {
  /** True: the same cancel again. Says nothing about the outcome. */
  readonly retry: boolean;
  /** What the cancel did: `close` an unpaid trade, `refund` a paid one. `null`: it names nothing. */
  readonly action: string | null;
}

export function readCancel(node: AnswerNode): CancelAnswerFields {
  return { ...identity(node), retry: text(node, 'retry_flag') === 'Y', action: text(node, 'action') };
}

export interface RefundAnswerFields extends TradeIdentity {
  /** True: money moved by this very call. A repeat of a refund moves none. */
  readonly fundChange: boolean;
  /** All that has been given back of this trade so far, not by this call alone. */
  readonly refundedTotal: Money | null;
  readonly refundedAt: Date | null;
}

export function readRefund(node: AnswerNode): RefundAnswerFields {
  return {
    ...identity(node),
    fundChange: text(node, 'fund_change') === 'Y',
    refundedTotal: yuan(node, 'refund_fee'),
    refundedAt: time(node, 'gmt_refund_pay'),
  };
}

export interface RefundQueryAnswerFields extends TradeIdentity {
  readonly outRequestNo: string | null;
  readonly totalAmount: Money | null;
  /** Amount of this refund. */
  readonly refundAmount: Money | null;
  /** `REFUND_SUCCESS`; older gateways do not send it and let a non-empty amount say the same. */
  readonly refundStatus: string | null;
  /** Whether the answer states any amount, readable or not. */
  readonly namesAmount: boolean;
}

export function readRefundQuery(node: AnswerNode): RefundQueryAnswerFields {
  return {
    ...identity(node),
    outRequestNo: text(node, 'out_request_no'),
    totalAmount: yuan(node, 'total_amount'),
    refundAmount: yuan(node, 'refund_amount'),
    refundStatus: text(node, 'refund_status'),
    namesAmount: (node['refund_amount'] ?? '') !== '',
  };
}

/** Answer to precreate. */
export function readPrecreate(node: AnswerNode): { outTradeNo: string | null; qrCode: string | null } {
  return { outTradeNo: text(node, 'out_trade_no'), qrCode: text(node, 'qr_code') };
}

/** Answer to create and close. */
export function readIdentity(node: AnswerNode): TradeIdentity {
  return identity(node);
}

function identity(node: AnswerNode): TradeIdentity {
  return { outTradeNo: text(node, 'out_trade_no'), tradeNo: text(node, 'trade_no') };
}

function text(node: AnswerNode, name: string): string | null {
  const value = Object.hasOwn(node, name) ? node[name] : null;
  return typeof value === 'string' && value !== '' ? value : null;
}

function yuan(node: AnswerNode, name: string): Money | null {
  const value = text(node, name);
  return value === null ? null : readYuan(value);
}

function time(node: AnswerNode, name: string): Date | null {
  const value = text(node, name);
  return value === null ? null : readWireTime(value);
}
