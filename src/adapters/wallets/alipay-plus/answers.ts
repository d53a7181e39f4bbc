import { type Money, sameMoney } from '../../../domain/money.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  Issued,
  NoAnswer,
  Paid,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
  Refused,
  Unclear,
} from '../../../domain/wallet-answer.ts';
import type { PaymentReference, PayRequest, RefundRequest } from '../../../ports/wallet.ts';
import type { ValuesOf } from '../../../protocols/alipay-plus/message-fields.ts';
import {
  type cancelAnswer as cancelFields,
  type inquiryAnswer as inquiryFields,
  type payAnswer as payFields,
  readPaymentStatus,
} from '../../../protocols/alipay-plus/payment-messages.ts';
import {
  readRefundStatus,
  type refundAnswer as refundFields,
  type refundInquiryAnswer as refundInquiryFields,
} from '../../../protocols/alipay-plus/refund-messages.ts';
import type { Result } from '../../../protocols/alipay-plus/result.ts';
import { type JudgedResult, judge, type Step } from '../../../protocols/alipay-plus/result-codes.ts';
import { readWireTime } from '../../../protocols/alipay-plus/wire-time.ts';
import { untrusted, type VerifiedAnswer } from './verified-answer.ts';

/*
 * What a signed answer means for the payment or refund that was asked about.
 *
 * Evidence must name its payment: paid, failed and cancelled need the id of the request in the answer, and the amounts
 * that go with it, or the answer is untrusted. Where AMS promises no id at all (cancel, refund), one that is there must
 * be ours. An answer that names another payment is untrusted whatever else it says. Codes decide by the protocol's
 * tables.
 */

type Named = { readonly values: { readonly paymentRequestId: string | null }; readonly raw: Uint8Array };

/**
 * A success of `pay` means that a payment code was charged, but for an entry or order code only that its URL or code
 * was issued. Rule RES-01. The failure of a repeat says nothing of the payment: it is inquired. Rule RES-18.
 */
export function payAnswer(request: PayRequest, answer: VerifiedAnswer<typeof payFields>): PayAnswer {
  const stranger = namesAnother(request, answer);
  if (stranger !== null) return stranger;
  const result = judge('pay', answer.result);
  switch (result.status) {
    case 'S':
      return begun(request, answer);
    case 'F':
      return refusal(result);
    case 'U':
      return unclear(result);
    default:
      return result.status satisfies never;
  }
}

function begun(request: PayRequest, answer: VerifiedAnswer<typeof payFields>): PayAnswer {
  const { start } = request;
  switch (start.product) {
    case 'payment_code':
      return paid(request, answer);
    case 'entry_code': {
      const form = answer.values.redirectActionForm;
      const url = form?.redirectUrl ?? '';
      // A form to post has no URL that a page could simply open, and a page must not run what it opens.
      const canOpen = URL.canParse(url) && !/^(javascript|vbscript|data|blob|file):/i.test(url.trim());
      if (!canOpen || form?.method === 'POST')
        return { ...unclear(answer.result), message: 'no URL that wakes the wallet' };
      return issued(request, answer, { kind: 'redirect', url });
    }
    case 'order_code': {
      const form = answer.values.orderCodeForm;
      const codes = (form?.codeDetails ?? []).filter(
        (code) => code.displayType === 'TEXT' && code.codeValue !== null,
      );
      const code = codes.find(({ codeValueType }) => codeValueType === 'QRCODE');
      if (code?.codeValue == null) return { ...unclear(answer.result), message: 'no code to show as text' };
      const diesAt = timeOf(form?.expireTime ?? null);
      // Whatever the wallet's code lives, the payment closes when it was told to.
      const expiresAt = diesAt !== null && diesAt < request.expiresAt ? diesAt : request.expiresAt;
      return issued(request, answer, { kind: 'show_code', value: code.codeValue, expiresAt });
    }
    default:
      return start satisfies never;
  }
}

function issued(
  request: PayRequest,
  answer: VerifiedAnswer<typeof payFields>,
  action: Issued['action'],
): Issued | NoAnswer {
  const { paymentRequestId, paymentId, paymentAmount } = answer.values;
  // The vendor's own sample of an order code leaves our id out; then at least the amount must be ours.
  if (paymentRequestId === null && (paymentId === null || paymentAmount === null)) {
    return untrusted(answer, 'issued, but no payment is named');
  }
  return (
    otherAmount(request.amount, paymentAmount, answer) ?? {
      kind: 'issued',
      action,
      walletTransactionId: paymentId,
      known: true,
    }
  );
}

/** The status of the answer is the inquiry's; the payment has its own. A refund leaves a payment `SUCCESS`. */
export function inquiryAnswer(
  payment: PaymentReference,
  answer: VerifiedAnswer<typeof inquiryFields>,
): InquiryAnswer {
  const stranger = namesAnother(payment, answer);
  if (stranger !== null) return stranger;
  const { values } = answer;
  const result = judge('inquire_payment', answer.result);
  if (result.status !== 'S') return notInquired(result);
  const status = readPaymentStatus(values.paymentStatus);
  const walletTransactionId = values.paymentId;
  switch (status) {
    case 'SUCCESS':
      return paid(payment, answer);
    case 'PROCESSING':
    case 'PENDING':
      return (
        otherAmount(payment.amount, values.paymentAmount, answer) ?? {
          kind: 'awaiting_payer',
          walletTransactionId,
        }
      );
    case 'FAIL':
      return (
        unfitEvidence('failed', payment, answer) ?? {
          kind: 'failed',
          code: values.paymentResultCode ?? status,
          message: values.paymentResultMessage ?? '',
        }
      );
    case 'CANCELLED':
      return unfitEvidence('cancelled', payment, answer) ?? { kind: 'cancelled', walletTransactionId };
    case null:
      return { ...unclear(result), message: `payment status ${values.paymentStatus ?? 'missing'}` };
    default:
      return status satisfies never;
  }
}

/**
 * A cancel takes effect on a paid and on an unpaid payment alike, and says no more. The ids are optional: one that does not
 * name our payment is no evidence by itself, and an inquiry tells. Rule RES-20.
 */
export function cancelAnswer(
  payment: PaymentReference,
  answer: VerifiedAnswer<typeof cancelFields>,
): CancelAnswer {
  const stranger = namesAnother(payment, answer);
  if (stranger !== null) return stranger;
  const result = judge('cancel', answer.result);
  if (result.status === 'S') {
    const isNamed = answer.values.paymentRequestId !== null;
    return isNamed ? { kind: 'effected', action: 'cancelled' } : { kind: 'nothing_named' };
  }
  if (result.status === 'U' || result.steps === null) return unclear(result);
  if (result.code === 'ORDER_NOT_EXIST') return { kind: 'nothing_named' };
  return { kind: result.steps.includes('refund') ? 'refund_instead' : 'later', ...worded(result) };
}

export function refundAnswer(
  request: RefundRequest,
  answer: VerifiedAnswer<typeof refundFields>,
): RefundAnswer {
  const { refundRequestId, paymentId, refundAmount } = answer.values;
  const other =
    namesAnotherRefund(request, refundRequestId, answer) ??
    (paymentId === null || paymentId === request.walletTransactionId
      ? null
      : untrusted(answer, 'it names another payment'));
  if (other !== null) return other;
  const result = judge('refund', answer.result);
  const steps: readonly Step[] = result.steps ?? [];
  switch (result.status) {
    case 'S':
      // A success names its refund; without that it may be anybody's, and the refund inquiry tells.
      if (refundRequestId === null) return { kind: 'repeated' };
      return otherAmount(request.refundAmount, refundAmount, answer) ?? { kind: 'refunded' };
    case 'U':
      // In process: the same call again would only be told so again.
      return steps.includes('inquire') ? { kind: 'repeated' } : unclear(result);
    case 'F':
      if (steps.includes('configure')) return { kind: 'later', ...worded(result) };
      // The same id is answered the same for ever, so one that failed for no reason of the refund's own is used up.
      if (steps[0] === 'alert' || (steps.includes('later') && steps.includes('new_id'))) {
        return { kind: 'spent', ...worded(result) };
      }
      if (steps[0] === 'inquire') return { kind: 'repeated' };
      return { kind: 'refused', ...worded(result), remedy: remedyOf(result) };
    default:
      return result.status satisfies never;
  }
}

export function refundInquiryAnswer(
  request: RefundRequest,
  answer: VerifiedAnswer<typeof refundInquiryFields>,
): RefundInquiryAnswer {
  const { values } = answer;
  const stranger = namesAnotherRefund(request, values.refundRequestId, answer);
  if (stranger !== null) return stranger;
  const result = judge('inquire_refund', answer.result);
  if (result.status !== 'S') return notInquired(result);
  const status = readRefundStatus(values.refundStatus);
  switch (status) {
    case 'SUCCESS':
      if (values.refundRequestId === null) return untrusted(answer, 'refunded, but no refund is named');
      if (values.refundAmount === null) return untrusted(answer, 'refunded, but no amount is stated');
      return (
        otherAmount(request.refundAmount, values.refundAmount, answer) ?? {
          kind: 'refunded',
          amount: values.refundAmount,
        }
      );
    case 'FAIL':
      if (values.refundRequestId === null) return untrusted(answer, 'failed, but no refund is named');
      return { kind: 'failed', code: status, message: 'the refund has failed' };
    case 'PROCESSING':
    case null:
      return { ...unclear(result), message: `refund status ${values.refundStatus ?? 'missing'}` };
    default:
      return status satisfies never;
  }
}

function paid(
  payment: PaymentReference,
  answer: { readonly values: PaidValues; readonly raw: Uint8Array },
): Paid | NoAnswer {
  const { paymentId, paymentAmount, paymentTime } = answer.values;
  if (paymentId === null) return untrusted(answer, 'paid, but the wallet names no payment of its own');
  if (paymentAmount === null) return untrusted(answer, 'paid, but no amount is stated');
  return (
    unfitEvidence('paid', payment, answer) ?? {
      kind: 'paid',
      walletTransactionId: paymentId,
      amount: paymentAmount,
      paidAt: timeOf(paymentTime),
    }
  );
}

type PaidValues = Pick<
  ValuesOf<typeof inquiryFields>,
  'paymentRequestId' | 'paymentId' | 'paymentAmount' | 'paymentTime'
>;

function unfitEvidence(
  what: string,
  payment: PaymentReference,
  answer: {
    readonly values: Pick<PaidValues, 'paymentRequestId' | 'paymentAmount'>;
    readonly raw: Uint8Array;
  },
): NoAnswer | null {
  if (answer.values.paymentRequestId === null) return untrusted(answer, `${what}, but no payment is named`);
  return otherAmount(payment.amount, answer.values.paymentAmount, answer);
}

/** An inquiry that failed. What it says of its own call is never said of the payment or refund. */
function notInquired(result: JudgedResult): { readonly kind: 'not_found' } | Refused | Unclear {
  if (result.status !== 'F' || result.steps === null) return unclear(result);
  if (result.code === 'ORDER_NOT_EXIST') return { kind: 'not_found' };
  if (!result.steps.includes('configure')) return unclear(result);
  return { kind: 'refused', ...worded(result), remedy: 'operator' };
}

function refusal(result: JudgedResult): Refused | Unclear {
  if (result.steps?.[0] === 'inquire') return unclear(result);
  return { kind: 'refused', ...worded(result), remedy: remedyOf(result) };
}

function remedyOf({ steps }: JudgedResult): Refused['remedy'] {
  if (steps === null) return 'merchant';
  if (steps.includes('configure') || steps.includes('register') || steps.includes('alert')) return 'operator';
  return steps.includes('payer') ? 'payer' : 'merchant';
}

function namesAnother(payment: PaymentReference, { values, raw }: Named): NoAnswer | null {
  if (values.paymentRequestId === null || values.paymentRequestId === payment.requestId) return null;
  return untrusted({ raw }, 'it names another payment');
}

function namesAnotherRefund(
  request: RefundRequest,
  refundRequestId: string | null,
  answer: { readonly raw: Uint8Array },
): NoAnswer | null {
  if (refundRequestId === null || refundRequestId === request.refundRequestId) return null;
  return untrusted(answer, 'it names another refund');
}

function otherAmount(
  expected: Money | null,
  stated: Money | null,
  answer: { readonly raw: Uint8Array },
): NoAnswer | null {
  if (expected === null || stated === null || sameMoney(expected, stated)) return null;
  return untrusted(
    answer,
    `it states ${stated.minor} ${stated.currency} instead of ${expected.minor} ${expected.currency}`,
  );
}

function timeOf(text: string | null): Date | null {
  return text === null ? null : readWireTime(text);
}

function unclear(result: Result): Unclear {
  return { kind: 'unclear', ...worded(result) };
}

function worded({ code, message }: Result): { readonly code: string; readonly message: string } {
  return { code, message };
}
