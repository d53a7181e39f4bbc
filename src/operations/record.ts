import { paymentPolicy } from '../domain/accept-payment.ts';
import { announcementsOfPayment, announcementsOfRefund } from '../domain/announcement.ts';
import { decidePayment, type PaymentInput } from '../domain/decide-payment.ts';
import { decideRefund, type RefundInput } from '../domain/decide-refund.ts';
import type { Payment } from '../domain/payment.ts';
import type { PaymentPolicy } from '../domain/policy.ts';
import { publicRefundStatus, type Refund } from '../domain/refund.ts';
import type { PaymentRecord } from '../ports/journal.ts';
import type { MerchantDirectory } from '../ports/merchant-directory.ts';
import type { Engine } from './engine.ts';

/** The policy that a payment is under now. */
export async function policyOf(
  engine: Pick<Engine, 'policySpeed'> & { readonly merchants: Pick<MerchantDirectory, 'find'> },
  payment: Pick<Payment, 'merchantId' | 'wallet' | 'product'>,
): Promise<PaymentPolicy> {
  const merchant = await engine.merchants.find(payment.merchantId);
  const overrides = merchant?.policyOverrides ?? {};
  return paymentPolicy(payment.wallet, payment.product, overrides, engine.policySpeed);
}

/**
 * Decides on an input and records the decision, starting from `loaded` and, whenever another process was faster,
 * from what the journal holds by then. An answer is evidence whoever holds the lease: it is never dropped because
 * a version moved on. RES-10.
 */
export async function recordPaymentInput(
  engine: Pick<Engine, 'journal' | 'clock' | 'changes'>,
  loaded: Payment,
  input: PaymentInput,
  policy: PaymentPolicy,
): Promise<Payment> {
  let payment = loaded;
  for (;;) {
    const decision = decidePayment(payment, input, policy, engine.clock.now());
    if (decision.payment === payment && decision.events.length === 0) return payment;
    const recorded = await engine.journal.recordPayment(paymentRecord(payment, decision));
    if (recorded !== null) {
      published(engine, recorded, announcementsOfPayment(payment, recorded).length > 0);
      return recorded;
    }
    payment = await reloaded(engine, payment);
  }
}

/** The same for a refund, whose end also changes its payment, in one transaction. */
export async function recordRefundInput(
  engine: Pick<Engine, 'journal' | 'clock' | 'changes'>,
  loaded: Refund,
  input: RefundInput,
  policy: PaymentPolicy,
): Promise<Refund> {
  let refund = loaded;
  for (;;) {
    const now = engine.clock.now();
    const decision = decideRefund(refund, input, policy, now);
    if (decision.refund === refund && decision.events.length === 0) return refund;
    const payment = await engine.journal.findPayment(refund.merchantId, refund.paymentId);
    if (payment === null) throw new Error(`refund ${refund.id} has no payment ${refund.paymentId}`);
    const status = publicRefundStatus(decision.refund);
    // What had ended counts on its payment already: a later word on it changes no amount.
    const ends = status !== 'processing' && publicRefundStatus(refund) === 'processing';
    const ended = ends ? { succeeded: status === 'succeeded' } : null;
    const onPayment =
      ended === null
        ? null
        : decidePayment(
            payment,
            { kind: 'refund_ended', amountMinor: refund.amount.minor, succeeded: ended.succeeded },
            policy,
            now,
          );
    const recorded = await engine.journal.recordRefund({
      before: refund,
      after: decision.refund,
      payment: onPayment === null ? null : paymentRecord(payment, onPayment),
      events: decision.events,
      announcements: announcementsOfRefund(refund, decision.refund, payment.notifyUrl),
    });
    if (recorded !== null) {
      const announced = announcementsOfRefund(refund, recorded, payment.notifyUrl).length > 0;
      published(engine, recorded, announced);
      if (onPayment !== null) published(engine, onPayment.payment, false);
      return recorded;
    }
    const again = await engine.journal.findRefund(refund.merchantId, refund.id);
    if (again === null) throw new Error(`refund ${refund.id} has vanished from the journal`);
    refund = again;
  }
}

/** Tells those who wait in this process; a delivery that was recorded with the change is due at once. */
export function published(
  engine: Pick<Engine, 'changes' | 'clock'>,
  row: Pick<Payment | Refund, 'id' | 'nextStep'>,
  announced: boolean,
): void {
  engine.changes.publish(row.id, announced ? engine.clock.now() : (row.nextStep?.dueAt ?? null));
}

export function paymentRecord(
  before: Payment,
  decision: { readonly payment: Payment; readonly events: PaymentRecord['events'] },
): PaymentRecord {
  return {
    before,
    after: decision.payment,
    events: decision.events,
    announcements: announcementsOfPayment(before, decision.payment),
  };
}

async function reloaded(engine: Pick<Engine, 'journal'>, payment: Payment): Promise<Payment> {
  const current = await engine.journal.findPayment(payment.merchantId, payment.id);
  if (current === null) throw new Error(`payment ${payment.id} has vanished from the journal`);
  return current;
}
