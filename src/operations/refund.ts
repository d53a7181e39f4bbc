import { decidePayment } from '../domain/decide-payment.ts';
import { idCore, idRandomBytes } from '../domain/ids.ts';
import { formatDecimal, type Money } from '../domain/money.ts';
import { type Payment, publicStatus } from '../domain/payment.ts';
import type { Refund } from '../domain/refund.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import { amountStepOf } from '../domain/wallets.ts';
import type { IdempotencyKey } from '../ports/journal.ts';
import type { Merchant } from '../ports/merchant-directory.ts';
import { type Engine, leaseMs } from './engine.ts';
import { keyReused } from './pay.ts';
import { performRefundStep } from './perform.ts';
import { paymentRecord, policyOf, published } from './record.ts';

export interface RefundCommand {
  readonly paymentId: string;
  readonly amount: { readonly currency: string; readonly minor: bigint };
  readonly reason: string | null;
  readonly merchantRefundNo: string | null;
}

export type RefundResult =
  | { readonly kind: 'refund'; readonly refund: Refund; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A refund that is recorded, with the first call for it still under way. */
export type BegunRefund =
  | {
      readonly kind: 'refund';
      /** As it was recorded. */
      readonly refund: Refund;
      /** As it stands after the first call; rejects when its answer could not be recorded. */
      readonly answered: Promise<Refund>;
      readonly replayed: boolean;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Gives back part or all of a paid payment. What fits is accepted and reserved on the payment before any call, so
 * that no race can give back more than was received (money case 6); the calls are spaced as the wallet wants. What
 * does not fit is refused and leaves no trace.
 *
 * Refusals: amount_not_positive, payment_not_found, payment_not_refundable, refund_currency_mismatch, amount_not_payable,
 * refund_exceeds_remaining, refund_no_reused, idempotency_key_reused. RES-12.
 */
export async function refund(
  engine: Engine,
  merchant: Pick<Merchant, 'id' | 'shortNo'>,
  command: RefundCommand,
  key: IdempotencyKey | null,
): Promise<RefundResult> {
  const begun = await beginRefund(engine, merchant, command, key);
  if (begun.kind === 'refused') return begun;
  return { kind: 'refund', refund: await begun.answered, replayed: begun.replayed };
}

/** {@link refund}, resolved as soon as it is recorded. Whoever takes `answered` must handle its rejection. */
export async function beginRefund(
  engine: Engine,
  merchant: Pick<Merchant, 'id' | 'shortNo'>,
  command: RefundCommand,
  key: IdempotencyKey | null,
): Promise<BegunRefund> {
  if (command.amount.minor <= 0n) {
    return refused(
      refusal(
        'amount_not_positive',
        'amount.value',
        `${command.amount.minor}`,
        `amount.value is ${command.amount.minor}: send a positive integer of the currency's minor unit.`,
      ),
    );
  }
  for (;;) {
    const payment = await engine.journal.findPayment(merchant.id, command.paymentId);
    if (payment === null) {
      return refused(
        refusal(
          'payment_not_found',
          'id',
          command.paymentId,
          `No payment ${command.paymentId} is known: check the id.`,
        ),
      );
    }
    const attempt = await accept(engine, merchant, payment, command, key);
    if (attempt !== 'conflict') return attempt;
  }
}

async function accept(
  engine: Engine,
  merchant: Pick<Merchant, 'id' | 'shortNo'>,
  payment: Payment,
  command: RefundCommand,
  key: IdempotencyKey | null,
): Promise<BegunRefund | 'conflict'> {
  const obstacle = refundObstacle(payment, command.amount);
  if (obstacle !== null) return repeatOr(engine, payment, command, key, obstacle);
  const now = engine.clock.now();
  const policy = await policyOf(engine, payment);
  const id = `re_${idCore(merchant.shortNo, now, engine.entropy.bytes(idRandomBytes))}`;
  const amountMinor = command.amount.minor;
  const created: Refund = {
    merchantId: merchant.id,
    id,
    paymentId: payment.id,
    merchantRefundNo: command.merchantRefundNo,
    amount: command.amount,
    reason: command.reason,
    state: 'accepted',
    failure: null,
    nextStep: { action: 'refund', dueAt: now },
    tries: 0,
    attention: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  const reserved = decidePayment(payment, { kind: 'refund_accepted', amountMinor }, policy, now);
  const record = paymentRecord(payment, {
    payment: reserved.payment,
    events: [
      ...reserved.events,
      { type: 'RefundAccepted', data: { refund_id: id, value: amountMinor.toString() } },
    ],
  });
  const result = await engine.journal.acceptRefund(created, record, key);
  switch (result.kind) {
    case 'accepted':
      published(engine, result.refund, false);
      return {
        kind: 'refund',
        refund: result.refund,
        answered: advanced(engine, result.refund),
        replayed: false,
      };
    case 'replayed':
      return resting(result.refund);
    case 'key_reused':
      return refused(keyReused(key));
    case 'refund_no_taken':
      return sameRefund(result.by, command) ? resting(result.by) : refused(refundNoReused(result.by));
    case 'conflict':
      return 'conflict';
    default:
      return result satisfies never;
  }
}

/** Makes the refund's call at once when nobody else does: a caller's request waits in no queue. */
async function advanced(engine: Engine, accepted: Refund): Promise<Refund> {
  const claimed = await engine.due.claimRefund(accepted.merchantId, accepted.id, leaseMs);
  return claimed === null ? accepted : performRefundStep(engine, claimed);
}

/** A refund that was accepted before; nobody is called now. */
function resting(accepted: Refund): BegunRefund {
  return { kind: 'refund', refund: accepted, answered: Promise.resolve(accepted), replayed: true };
}

/** Why a payment cannot give back this amount now; `null` when it can. */
export function refundObstacle(payment: Payment, amount: Money): Refusal | null {
  if (payment.state !== 'succeeded') {
    return refusal(
      'payment_not_refundable',
      'id',
      payment.id,
      `Payment ${payment.id} is ${publicStatus(payment)}: only a succeeded payment can be refunded` +
        `${publicStatus(payment) === 'processing' ? '; wait for its result, or cancel it' : ''}.`,
      { payment_status: publicStatus(payment) },
    );
  }
  if (amount.currency !== payment.amount.currency) {
    return refusal(
      'refund_currency_mismatch',
      'amount.currency',
      amount.currency,
      `amount.currency ${amount.currency} differs from the payment's ${payment.amount.currency}: send that one.`,
    );
  }
  const step = amountStepOf(payment.wallet, amount.currency);
  if (amount.minor % step !== 0n) {
    return refusal(
      'amount_not_payable',
      'amount.value',
      `${amount.minor}`,
      `amount.value ${amount.minor} is no multiple of ${step}, and no smaller ${amount.currency} circulates: round it.`,
    );
  }
  const remaining = payment.amount.minor - payment.refundReserved;
  if (amount.minor > remaining) {
    return refusal(
      'refund_exceeds_remaining',
      'amount.value',
      `${amount.minor}`,
      `amount.value ${amount.minor} is more than the ${remaining} that remain of payment ${payment.id} ` +
        `(${formatDecimal(payment.amount)} ${payment.amount.currency}): send at most ${remaining}.`,
      { remaining: `${remaining}` },
    );
  }
  return null;
}

/** A repeat of an accepted refund is answered with that refund, whatever its payment has become. */
async function repeatOr(
  engine: Pick<Engine, 'journal'>,
  payment: Payment,
  command: RefundCommand,
  key: IdempotencyKey | null,
  obstacle: Refusal,
): Promise<BegunRefund> {
  if (key !== null) {
    const repeat = await engine.journal.findRefundOfKey(payment.merchantId, key);
    if (repeat.kind === 'replayed') return resting(repeat.refund);
    if (repeat.kind === 'key_reused') return refused(keyReused(key));
  }
  if (command.merchantRefundNo !== null) {
    const refunds = await engine.journal.findRefundsOfPayment(payment.merchantId, payment.id);
    const same = refunds.find((candidate) => candidate.merchantRefundNo === command.merchantRefundNo);
    if (same !== undefined) {
      return sameRefund(same, command) ? resting(same) : refused(refundNoReused(same));
    }
  }
  return refused(obstacle);
}

function sameRefund(existing: Refund, command: RefundCommand): boolean {
  return (
    existing.paymentId === command.paymentId &&
    existing.amount.currency === command.amount.currency &&
    existing.amount.minor === command.amount.minor
  );
}

function refundNoReused(existing: Refund): Refusal {
  return refusal(
    'refund_no_reused',
    'merchant_refund_no',
    existing.merchantRefundNo,
    `merchant_refund_no ${existing.merchantRefundNo ?? ''} stands for refund ${existing.id} of another amount: ` +
      'use a new number for a new refund.',
    { refund_id: existing.id },
  );
}

function refused(reason: Refusal): BegunRefund {
  return { kind: 'refused', refusal: reason };
}
