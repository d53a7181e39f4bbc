import { cancelWindowEnd } from '../domain/cancel-window.ts';
import { fastTriesMs } from '../domain/decide-trouble.ts';
import type { NextStep, Payment } from '../domain/payment.ts';
import { later } from '../domain/payment-changes.ts';
import type { PaymentPolicy } from '../domain/policy.ts';
import type { Refund } from '../domain/refund.ts';
import type { HeldStep } from '../ports/due-rows.ts';
import type { Engine } from './engine.ts';
import { recordPaymentInput, recordRefundInput } from './record.ts';

/*
 * Steps whose calls cannot leave. Nobody was asked anything, so no try counts and the pace stays where it is: the step waits
 * for its account, is tried again soon, and sooner when the account answers somebody. What waits for longer than its fast
 * tries would have taken stands in an operator's sight. CAN-01, CAN-03, money case 14.
 */

/** While an account is known to be silent each step is tried so many times less often: its release brings it forward. */
const patience = 6;
/**
 * And the longer it is held the less often still, each time after this share of that: of a hundred thousand that pile up in an hour few
 * fall due by themselves, during the outage and when it ends.
 */
const heldShare = 0.1;

/** A payment whose step's call could not leave; its lease ends. */
export async function heldPayment(engine: Engine, payment: Payment, policy: PaymentPolicy): Promise<Payment> {
  const told = isHeldLong(engine, payment, policy)
    ? await recordPaymentInput(engine, payment, { kind: 'held_up' }, policy)
    : payment;
  await putOffHeld(engine, payment, heldStepOf('payment', told, told), policy);
  return told;
}

/** The same of a refund. */
export async function heldRefund(
  engine: Engine,
  refund: Refund,
  payment: Payment,
  policy: PaymentPolicy,
): Promise<Refund> {
  const told = isHeldLong(engine, refund, policy)
    ? await recordRefundInput(engine, refund, { kind: 'held_up' }, policy)
    : refund;
  await putOffHeld(engine, refund, heldStepOf('refund', told, payment), policy);
  return told;
}

/** The row's step as it waits for its payment's account; `null` when it has none. */
export function heldStepOf(
  kind: HeldStep['kind'],
  { merchantId, id, version, nextStep }: Pick<HeldStep, 'merchantId' | 'id' | 'version'> & Step,
  { wallet, account, createdAt }: Pick<Payment, 'wallet' | 'account' | 'createdAt'>,
): HeldStep | null {
  if (nextStep === null) return null;
  const windowEndsAt = cancelWindowEnd(wallet, createdAt);
  return { kind, merchantId, id, version, wallet, account, dueAt: nextStep.dueAt, windowEndsAt };
}

/**
 * A step that went unanswered while its account seems silent, and is next tried at a slow pace: its time stays, unless the
 * account answers sooner. A step that alone goes unanswered keeps its pace.
 */
export async function waitForAccount(
  engine: Pick<Engine, 'due' | 'wallets' | 'clock'>,
  step: HeldStep | null,
  policy: PaymentPolicy,
): Promise<void> {
  if (step === null || isAnswering(engine, step)) return;
  const isSlow = step.dueAt > later(engine.clock.now(), policy.cancelRetry.nextMs);
  if (isSlow) await engine.due.hold(step);
}

type Step = { readonly nextStep: NextStep<string> | null };

/** Has a step whose call could not leave wait for its account, unless the row has moved on to another step. */
export async function putOffHeld(
  engine: Pick<Engine, 'due' | 'wallets' | 'clock' | 'changes'>,
  { nextStep, updatedAt }: Step & Pick<Payment, 'updatedAt'>,
  step: HeldStep | null,
  policy: PaymentPolicy,
): Promise<void> {
  // Somebody has recorded something since: the step that follows from it is another one.
  if (step === null || step.dueAt.getTime() !== nextStep?.dueAt.getTime()) return;
  const now = engine.clock.now();
  const { firstMs, maxMs } = policy.cancelRetry;
  const slowMs = Math.min((now.getTime() - updatedAt.getTime()) * heldShare, maxMs);
  const dueAt = later(now, isAnswering(engine, step) ? firstMs : Math.max(firstMs * patience, slowMs));
  await engine.due.hold({ ...step, dueAt });
  engine.changes.publish(step.id, dueAt);
}

function isAnswering({ wallets }: Pick<Engine, 'wallets'>, { wallet, account }: HeldStep): boolean {
  return (wallets.outage?.(wallet, account) ?? null) === null;
}

/** Whether the row has waited for longer than its fast tries would have taken, and nobody was told. */
export function isHeldLong(
  { clock }: Pick<Engine, 'clock'>,
  { attention, updatedAt }: Pick<Payment | Refund, 'attention' | 'updatedAt'>,
  policy: PaymentPolicy,
): boolean {
  return attention === null && clock.now() >= later(updatedAt, fastTriesMs(policy.cancelRetry));
}
