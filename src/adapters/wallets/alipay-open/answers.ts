import { type Money, sameMoney } from '../../../domain/money.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  Issued,
  NoAnswer,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
  Refused,
  Unclear,
} from '../../../domain/wallet-answer.ts';
import type { PaymentReference, PayRequest, RefundRequest } from '../../../ports/wallet.ts';
import type { Call } from '../../../protocols/alipay-open/calls.ts';
import { readTradeStatus } from '../../../protocols/alipay-open/notification.ts';
import { businessName, isRepeatRefusal, stepsFor } from '../../../protocols/alipay-open/result-codes.ts';
import {
  type AnswerResult,
  readCancel,
  readPrecreate,
  readRefund,
  readRefundQuery,
  readTrade,
  type TradeAnswer,
  type TradeIdentity,
} from '../../../protocols/alipay-open/trade-answers.ts';
import { untrusted, type VerifiedAnswer } from './verified-answer.ts';

/*
 * What a signed answer means for the payment or refund that was asked about.
 *
 * Evidence must name its payment: paid, closed, effected and refunded need the number of the request in the answer, and
 * the amounts that go with it, or the answer is untrusted. An answer that names another payment is untrusted whatever
 * else it says. Codes decide by the protocol's tables; one that is not in them leaves the outcome open.
 */

export function payAnswer(payment: PaymentReference, answer: VerifiedAnswer): PayAnswer {
  const trade = readTrade(answer.node);
  const stranger = namesAnother(payment, trade, answer);
  if (stranger !== null) return stranger;
  switch (answer.result.code) {
    case '10000':
      return paid(payment, trade, answer);
    case '10003':
      return { kind: 'awaiting_payer', walletTransactionId: trade.tradeNo };
    default:
      return refusal('pay', answer.result);
  }
}

/**
 * The code of a QR order. Until somebody scans it there is no trade that could be inquired or cancelled. Another code
 * for the same number is refused while the first still lives: that speaks of the repeat. Rules RES-18, RES-20.
 */
export function precreateAnswer(
  request: PayRequest,
  answer: VerifiedAnswer,
): Issued | Refused | Unclear | NoAnswer {
  const { outTradeNo, qrCode } = readPrecreate(answer.node);
  const stranger = namesAnother(request, { outTradeNo, tradeNo: null }, answer);
  if (stranger !== null) return stranger;
  const { result } = answer;
  if (result.code !== '10000') return refusal('precreate', result);
  if (outTradeNo === null) return untrusted(answer, 'a code, but no payment is named');
  if (qrCode === null) return { kind: 'unclear', code: result.code, message: 'no code to show' };
  const action = { kind: 'show_code', value: qrCode, expiresAt: request.expiresAt } as const;
  return { kind: 'issued', action, walletTransactionId: null, known: false };
}

export function inquiryAnswer(payment: PaymentReference, answer: VerifiedAnswer): InquiryAnswer {
  const trade = readTrade(answer.node);
  const stranger = namesAnother(payment, trade, answer);
  if (stranger !== null) return stranger;
  const { result } = answer;
  if (result.code !== '10000') {
    return isBusinessCode(result, 'TRADE_NOT_EXIST') ? { kind: 'not_found' } : refusal('query', result);
  }
  const status = readTradeStatus(trade.tradeStatus);
  switch (status) {
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return paid(payment, trade, answer);
    case 'WAIT_BUYER_PAY':
      return (
        otherAmount(payment.amount, trade.totalAmount, answer) ?? {
          kind: 'awaiting_payer',
          walletTransactionId: trade.tradeNo,
        }
      );
    case 'TRADE_CLOSED':
      if (trade.outTradeNo === null) return untrusted(answer, 'closed, but no payment is named');
      return (
        otherAmount(payment.amount, trade.totalAmount, answer) ?? {
          kind: 'closed',
          walletTransactionId: trade.tradeNo,
        }
      );
    case null:
      return {
        kind: 'unclear',
        code: result.code,
        message: `trade status ${trade.tradeStatus ?? 'missing'}`,
      };
    default:
      return status satisfies never;
  }
}

export function cancelAnswer(payment: PaymentReference, answer: VerifiedAnswer): CancelAnswer {
  const cancel = readCancel(answer.node);
  const stranger = namesAnother(payment, cancel, answer);
  if (stranger !== null) return stranger;
  const { result } = answer;
  if (cancel.retry) return unclear(result);
  if (result.code === '10000') {
    if (cancel.action === null) return { kind: 'nothing_named' };
    if (cancel.action !== 'close' && cancel.action !== 'refund') {
      return { kind: 'unclear', code: result.code, message: `cancel action ${cancel.action}` };
    }
    if (cancel.outTradeNo === null) return untrusted(answer, 'cancelled, but no payment is named');
    return { kind: 'effected', action: cancel.action === 'close' ? 'closed' : 'refunded' };
  }
  const steps = stepsFor('cancel', result.code, result.subCode);
  if (steps === null || steps.includes('retry')) return unclear(result);
  return { kind: steps.includes('refund') ? 'refund_instead' : 'later', ...worded(result) };
}

export function refundAnswer(request: RefundRequest, answer: VerifiedAnswer): RefundAnswer {
  const refund = readRefund(answer.node);
  const stranger = namesAnother(request, refund, answer);
  if (stranger !== null) return stranger;
  const { result } = answer;
  if (result.code === '10000') {
    if (!refund.fundChange) return { kind: 'repeated' };
    if (refund.outTradeNo === null) return untrusted(answer, 'refunded, but no payment is named');
    if (refund.refundedTotal !== null && refund.refundedTotal.minor < request.refundAmount.minor) {
      return untrusted(answer, 'the refunds stated are less than this one');
    }
    return { kind: 'refunded' };
  }
  const steps = stepsFor('refund', result.code, result.subCode);
  if (steps === null || steps.includes('retry')) return unclear(result);
  if (steps.includes('verify')) return { kind: 'repeated' };
  const mayPass =
    steps.includes('retry_later') ||
    result.code !== '40004' ||
    isBusinessCode(result, 'REASON_TRADE_BEEN_FREEZEN');
  if (mayPass) return { kind: 'later', ...worded(result) };
  return { kind: 'refused', ...worded(result), remedy: steps.includes('alert') ? 'operator' : 'merchant' };
}

export function refundInquiryAnswer(request: RefundRequest, answer: VerifiedAnswer): RefundInquiryAnswer {
  const refund = readRefundQuery(answer.node);
  const stranger = namesAnother(request, refund, answer);
  if (stranger !== null) return stranger;
  if (refund.outRequestNo !== null && refund.outRequestNo !== request.refundRequestId) {
    return untrusted(answer, 'it names another refund');
  }
  const { result } = answer;
  if (result.code !== '10000') {
    return isBusinessCode(result, 'TRADE_NOT_EXIST')
      ? { kind: 'not_found' }
      : refusal('refund_query', result);
  }
  if (refund.refundStatus !== null && refund.refundStatus !== 'REFUND_SUCCESS') {
    return { kind: 'unclear', code: result.code, message: `refund status ${refund.refundStatus}` };
  }
  // Older gateways send no status and let an amount say that the refund has happened.
  if (refund.refundStatus === null && !refund.namesAmount) return { kind: 'not_found' };
  if (refund.outRequestNo === null) return untrusted(answer, 'refunded, but no refund is named');
  if (refund.refundAmount === null) return untrusted(answer, 'refunded, but no amount is stated');
  return (
    otherAmount(request.amount, refund.totalAmount, answer) ??
    otherAmount(request.refundAmount, refund.refundAmount, answer) ?? {
      kind: 'refunded',
      amount: refund.refundAmount,
    }
  );
}

function paid(
  payment: PaymentReference,
  trade: TradeAnswer,
  answer: VerifiedAnswer,
): PayAnswer & InquiryAnswer {
  if (trade.outTradeNo === null) return untrusted(answer, 'paid, but no payment is named');
  if (trade.tradeNo === null) return untrusted(answer, 'paid, but the wallet names no transaction');
  if (trade.totalAmount === null) return untrusted(answer, 'paid, but no amount is stated');
  return (
    otherAmount(payment.amount, trade.totalAmount, answer) ?? {
      kind: 'paid',
      walletTransactionId: trade.tradeNo,
      amount: trade.totalAmount,
      paidAt: trade.paidAt,
    }
  );
}

/**
 * A call that failed by its code. Refused only when the tables call it final; a refusal that speaks of a repeat is
 * not one of the payment. Rule RES-18.
 */
function refusal(call: Call, result: AnswerResult): Refused | Unclear {
  const steps = stepsFor(call, result.code, result.subCode);
  if (steps === null || isRepeatRefusal(result.subCode)) return unclear(result);
  switch (steps[0]) {
    case 'ok':
    case 'query':
    case 'retry':
    case 'retry_later':
    case 'cancel':
    case 'refund':
    case 'verify':
      return unclear(result);
    case 'final_buyer':
      return { kind: 'refused', ...worded(result), remedy: 'payer' };
    case 'final':
    case 'final_new_number':
    case 'alert':
      return {
        kind: 'refused',
        ...worded(result),
        remedy: steps.includes('alert') ? 'operator' : 'merchant',
      };
    default:
      return steps[0] satisfies never;
  }
}

function namesAnother(
  payment: PaymentReference,
  named: TradeIdentity,
  answer: VerifiedAnswer,
): NoAnswer | null {
  if (named.outTradeNo === null || named.outTradeNo === payment.requestId) return null;
  return untrusted(answer, 'it names another payment');
}

function otherAmount(expected: Money | null, stated: Money | null, answer: VerifiedAnswer): NoAnswer | null {
  if (expected === null || stated === null || sameMoney(expected, stated)) return null;
  return untrusted(answer, `it states ${stated.minor} fen instead of ${expected.minor} ${expected.currency}`);
}

function isBusinessCode(result: AnswerResult, name: string): boolean {
  return result.code === '40004' && result.subCode !== null && businessName(result.subCode) === name;
}

function unclear(result: AnswerResult): Unclear {
  return { kind: 'unclear', ...worded(result) };
}

/** The wallet's own code and text, the detailed ones where there are any. */
function worded(result: AnswerResult): { readonly code: string; readonly message: string } {
  return { code: result.subCode ?? result.code, message: result.subMessage ?? result.message };
}
