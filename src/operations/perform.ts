import type { PaymentInput } from '../domain/decide-payment.ts';
import type { RefundInput } from '../domain/decide-refund.ts';
import { paymentRequestId, refundRequestId, reversalRefundRequestId } from '../domain/ids.ts';
import { type Money, subtractMoney } from '../domain/money.ts';
import { isOpen, type NextStep, type Payment, type PaymentAction } from '../domain/payment.ts';
import type { PaymentPolicy } from '../domain/policy.ts';
import type { Refund } from '../domain/refund.ts';
import type { NoAnswerReason } from '../domain/wallet-answer.ts';
import type { CallLimit, PaymentReference, RefundRequest } from '../ports/wallet.ts';
import { type Engine, leaseMs } from './engine.ts';
import { heldPayment, heldRefund, heldStepOf, waitForAccount } from './hold.ts';
import { policyOf, recordPaymentInput, recordRefundInput } from './record.ts';
import { noteTroubled } from './troubled-answers.ts';

/**
 * Performs the due step of a payment whose lease this process holds: calls the wallet outside any transaction and
 * records its answer. Safe to run twice: every call here is idempotent at the wallet.
 */
export async function performPaymentStep(engine: Engine, payment: Payment): Promise<Payment> {
  const { nextStep } = payment;
  if (nextStep === null) return payment;
  const policy = await policyOf(engine, payment);
  const limit = callLimit(engine, policy);
  if (nextStep.action === 'refund') {
    const freeAt = await engine.journal.takeRefundTurn(
      payment.merchantId,
      payment.id,
      policy.refundSpacingMs,
    );
    if (freeAt !== null) {
      await engine.due.postponePayment(payment, freeAt);
      engine.changes.publish(payment.id, freeAt);
      return payment;
    }
  }
  const input = await walletInput(engine, payment, nextStep, limit);
  noteUntrusted(engine, payment.merchantId, payment.id, nextStep.action, input);
  // An open payment's inquiries count whether they leave or not: its till waits, and the cancel must begin in time. RES-05.
  if (!isOpen(payment) && silenceOf(input) === 'not_sent') {
    return heldPayment(engine, payment, policy);
  }
  const recorded = await recordPaymentInput(engine, payment, input, policy);
  const { merchantId, id: paymentId } = payment;
  const about = { merchantId, paymentId, refundId: null, call: nextStep.action };
  noteTroubled(engine, about, input, recorded.attention !== null);
  if (recorded.reversal !== null && silenceOf(input) !== null) {
    await waitForAccount(engine, heldStepOf('payment', recorded, recorded), policy);
  }
  return recorded;
}

/** Performs the due step of a refund whose lease this process holds. */
export async function performRefundStep(engine: Engine, refund: Refund): Promise<Refund> {
  const { nextStep } = refund;
  if (nextStep === null) return refund;
  const payment = await engine.journal.findPayment(refund.merchantId, refund.paymentId);
  if (payment === null) throw new Error(`refund ${refund.id} has no payment ${refund.paymentId}`);
  const policy = await policyOf(engine, payment);
  if (nextStep.action === 'refund') {
    const freeAt = await engine.journal.takeRefundTurn(
      payment.merchantId,
      payment.id,
      policy.refundSpacingMs,
    );
    if (freeAt !== null) {
      await engine.due.postponeRefund(refund, freeAt);
      engine.changes.publish(refund.id, freeAt);
      return refund;
    }
  }
  const wallet = engine.wallets.gateway(payment.wallet);
  const request: RefundRequest = {
    ...referenceOf(payment),
    walletTransactionId: payment.walletTransactionId,
    refundRequestId: refundRequestId(refund.id),
    refundAmount: refund.amount,
    reason: refund.reason,
  };
  const limit = callLimit(engine, policy);
  const askedAt = begunAt(engine, nextStep);
  const input: RefundInput =
    nextStep.action === 'refund'
      ? { kind: 'refund_answered', answer: await wallet.refund(request, limit) }
      : { kind: 'refund_inquired', answer: await wallet.inquireRefund(request, limit), askedAt };
  noteUntrusted(engine, refund.merchantId, payment.id, nextStep.action, input);
  if (silenceOf(input) === 'not_sent') return heldRefund(engine, refund, payment, policy);
  const recorded = await recordRefundInput(engine, refund, input, policy);
  const { merchantId, id: refundId } = refund;
  const about = { merchantId, paymentId: payment.id, refundId, call: nextStep.action };
  noteTroubled(engine, about, input, recorded.attention !== null);
  if (silenceOf(input) !== null) {
    await waitForAccount(engine, heldStepOf('refund', recorded, payment), policy);
  }
  return recorded;
}

/** Makes the step's call, on this reference of the payment, and answers with what it has told. */
export async function walletInput(
  engine: Pick<Engine, 'wallets' | 'clock'>,
  payment: Payment,
  step: NextStep<PaymentAction>,
  limit: CallLimit,
  reference: PaymentReference = referenceOf(payment),
): Promise<ReversalStepInput> {
  const wallet = engine.wallets.gateway(payment.wallet);
  const askedAt = begunAt(engine, step);
  switch (step.action) {
    case 'inquire':
      return { kind: 'inquiry_answered', answer: await wallet.inquire(reference, limit), askedAt };
    case 'cancel':
      return { kind: 'cancel_answered', answer: await wallet.cancel(reference, limit), askedAt };
    case 'refund':
      return {
        kind: 'reversal_refund_answered',
        answer: await wallet.refund(reversalRefund(payment), limit),
        idsSpent: payment.reversal?.refundIdsSpent ?? 0,
      };
    case 'inquire_refund':
      return {
        kind: 'reversal_refund_inquired',
        answer: await wallet.inquireRefund(reversalRefund(payment), limit),
        idsSpent: payment.reversal?.refundIdsSpent ?? 0,
      };
    case 'await_refunds':
      return { kind: 'refunds_awaited' };
    default:
      return step.action satisfies never;
  }
}

/** What the calls of a due step can lead to. */
type ReversalStepInput = Extract<
  PaymentInput,
  {
    readonly kind:
      | 'inquiry_answered'
      | 'cancel_answered'
      | 'reversal_refund_answered'
      | 'reversal_refund_inquired'
      | 'refunds_awaited';
  }
>;

/** The step was claimed as due on the database's clock, and this process may be a little behind that. */
function begunAt({ clock }: Pick<Engine, 'clock'>, { dueAt }: NextStep<string>): Date {
  const now = clock.now();
  return now < dueAt ? dueAt : now;
}

export function referenceOf(payment: Payment): PaymentReference & { readonly amount: Money } {
  return {
    account: payment.account,
    requestId: paymentRequestId(payment.id),
    amount: payment.amount,
  };
}

function reversalRefund(payment: Payment): RefundRequest {
  return {
    ...referenceOf(payment),
    walletTransactionId: payment.walletTransactionId,
    refundRequestId: reversalRefundRequestId(payment.id, payment.reversal?.refundIdsSpent),
    refundAmount: subtractMoney(payment.amount, {
      currency: payment.amount.currency,
      minor: payment.refunded,
    }),
    reason: null,
  };
}

export function callLimit(engine: Pick<Engine, 'clock'>, policy: PaymentPolicy): CallLimit {
  const startMs = engine.clock.monotonicMs();
  return {
    sendBeforeMs: startMs + Math.min(policy.callLimitMs, leaseMs / 2),
    answerBeforeMs: startMs + policy.callLimitMs,
  };
}

/** Why the step's call has no answer, where nothing came at all; `null` for every answer, trusted or not. */
export function silenceOf(input: PaymentInput | RefundInput): NoAnswerReason | null {
  if (!('answer' in input) || input.answer.kind !== 'no_answer') return null;
  return input.answer.reason === 'untrusted' ? null : input.answer.reason;
}

export function noteUntrusted(
  engine: Pick<Engine, 'report'>,
  merchantId: string,
  paymentId: string,
  call: string,
  input: PaymentInput | RefundInput,
): void {
  if (!('answer' in input)) return;
  const { answer } = input;
  if (answer.kind !== 'no_answer' || answer.reason !== 'untrusted') return;
  engine.report.untrustedAnswer({ merchantId, paymentId, call, detail: answer.detail, raw: answer.raw });
}
