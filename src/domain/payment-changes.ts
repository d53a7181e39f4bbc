import {
  type AttentionReason,
  type Payment,
  type PaymentAction,
  type PaymentState,
  paymentMoveEvent,
  type ReversalState,
  reversalMoveEvent,
  type TimelineEvent,
} from './payment.ts';
import { type RetryPace, retryDelayMs } from './policy.ts';

/** A payment under decision, with the events that its changes make. Values only: every step returns a new draft. */
export interface Draft {
  readonly payment: Payment;
  readonly events: readonly TimelineEvent[];
}

export type EventData = TimelineEvent['data'];

export function draftOf(payment: Payment): Draft {
  return { payment, events: [] };
}

export function withEvent(draft: Draft, type: TimelineEvent['type'], data: EventData = {}): Draft {
  return { ...draft, events: [...draft.events, { type, data }] };
}

export function withFields(draft: Draft, fields: Partial<Payment>): Draft {
  return { ...draft, payment: { ...draft.payment, ...fields } };
}

export function moved(draft: Draft, to: PaymentState, data: EventData = {}): Draft {
  const event = paymentMoveEvent(draft.payment.state, to);
  return withEvent(withFields(draft, { state: to }), event, data);
}

export function reversalMoved(draft: Draft, to: ReversalState, data: EventData = {}): Draft {
  const { reversal } = draft.payment;
  if (reversal === null) throw new Error(`payment ${draft.payment.id} has no reversal to move to ${to}`);
  if (reversal.state === to) return draft;
  const event = reversalMoveEvent(reversal.state, to);
  return withEvent(withFields(draft, { reversal: { ...reversal, state: to } }), event, data);
}

/** A fresh loop: the step is due after `delayMs` and no try counts yet. */
export function step(draft: Draft, action: PaymentAction, now: Date, delayMs = 0): Draft {
  return withFields(draft, { nextStep: { action, dueAt: later(now, delayMs) }, tries: 0 });
}

/** The loop goes on: one more try is counted, and the pace says how long to wait. */
export function stepAgain(
  draft: Draft,
  action: PaymentAction,
  pace: RetryPace,
  reason: AttentionReason,
  now: Date,
): Draft {
  const tries = draft.payment.tries + 1;
  const waiting = withFields(draft, {
    tries,
    nextStep: { action, dueAt: later(now, retryDelayMs(pace, tries)) },
  });
  return tries > pace.fastTries ? attentionRaised(waiting, reason, now) : waiting;
}

/** At once the first time, then at the retry pace: for two steps that could otherwise chase each other. */
export function stepSoon(
  draft: Draft,
  action: PaymentAction,
  pace: RetryPace,
  reason: AttentionReason,
  now: Date,
): Draft {
  if (draft.payment.tries > 0) return stepAgain(draft, action, pace, reason, now);
  return withFields(draft, { nextStep: { action, dueAt: now }, tries: 1 });
}

export function noStep(draft: Draft): Draft {
  return withFields(draft, { nextStep: null, tries: 0 });
}

export function attentionRaised(draft: Draft, reason: AttentionReason, now: Date): Draft {
  if (draft.payment.attention !== null) return draft;
  return withEvent(withFields(draft, { attention: { reason, since: now } }), 'AttentionRaised', { reason });
}

/**
 * What asked for attention has settled. A delivery that was given up has not: the merchant still does not know,
 * whatever becomes of the payment. NOT-03.
 */
export function attentionEnded(draft: Draft): Draft {
  const { attention } = draft.payment;
  if (attention === null || attention.reason === 'delivery_exhausted') return draft;
  return withEvent(withFields(draft, { attention: null }), 'AttentionEnded', { reason: attention.reason });
}

export function later(from: Date, ms: number): Date {
  return new Date(from.getTime() + ms);
}
