import type { AttentionReason, PaymentAction, TimelineEvent } from './payment.ts';
import { attentionEnded, attentionRaised, type Draft, type EventData } from './payment-changes.ts';
import type { RetryPace } from './policy.ts';
import type { RefundAction } from './refund.ts';

/*
 * Steps that could not be taken: their calls could not leave, or the gateway itself failed. Neither counts as a try, since
 * nobody was asked anything; both end up in an operator's sight. RES-13, CAN-03.
 */

/** What stays unresolved while this step's calls cannot leave. */
const unresolved: { readonly [action in PaymentAction | RefundAction]: AttentionReason } = {
  inquire: 'inquiry_unresolved',
  cancel: 'cancel_unresolved',
  refund: 'refund_unresolved',
  inquire_refund: 'refund_unresolved',
  await_refunds: 'refund_unresolved',
};

export function unresolvedReason(action: PaymentAction | RefundAction): AttentionReason {
  return unresolved[action];
}

/** How long the fast tries of a pace take: what is held up for longer than that needs attention. RES-06, RES-12. */
export function fastTriesMs(pace: RetryPace): number {
  return pace.firstMs + pace.nextMs * (pace.fastTries - 1);
}

export function heldUp(draft: Draft, now: Date): Draft {
  const { nextStep } = draft.payment;
  return nextStep === null ? draft : attentionRaised(draft, unresolvedReason(nextStep.action), now);
}

export function stepFailed(draft: Draft, now: Date): Draft {
  return draft.payment.nextStep === null ? draft : attentionRaised(draft, 'step_failing', now);
}

/** What asks for people's attention says by which answer it came to that. RES-19. */
export function withLastAnswer(
  events: readonly TimelineEvent[],
  answer: LastAnswer,
): readonly TimelineEvent[] {
  if (!events.some(({ type }) => type === 'AttentionRaised')) return events;
  const data = answerData(answer);
  return events.map((event) =>
    event.type === 'AttentionRaised' ? { ...event, data: { ...event.data, ...data } } : event,
  );
}

/** An answer as far as people can use it: its kind, the wallet's own words, or why there is none. */
interface LastAnswer {
  readonly kind: string;
  readonly code?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly detail?: string;
}

function answerData({ kind, code, message, reason, detail }: LastAnswer): EventData {
  return {
    answer: reason ?? kind,
    ...(code === undefined ? {} : { wallet_code: code }),
    ...(message === undefined && detail === undefined ? {} : { detail: message ?? detail ?? null }),
  };
}

/** A step was taken: whatever kept it from that is gone. */
export function stepWorks(draft: Draft): Draft {
  return draft.payment.attention?.reason === 'step_failing' ? attentionEnded(draft) : draft;
}
