import { type RefundResolution, refundResolutionObstacle, type WrittenEvidence } from './decide-by-hand.ts';
import { unresolvedReason, withLastAnswer } from './decide-trouble.ts';
import { eventOfMove } from './lifecycle.ts';
import type { AttentionReason, Failure, TimelineEvent } from './payment.ts';
import { later } from './payment-changes.ts';
import { type PaymentPolicy, retryDelayMs } from './policy.ts';
import { type Refund, type RefundAction, type RefundState, refundMoves } from './refund.ts';
import type { RefundAnswer, RefundInquiryAnswer } from './wallet-answer.ts';

export type RefundInput =
  | { readonly kind: 'refund_answered'; readonly answer: RefundAnswer }
  /**
   * `askedAt`: when the call was begun, on the database's clock; just now when it is left out. What a wallet does not
   * find says nothing of what arrives later, however late its answer is recorded. Money case 6.
   */
  | { readonly kind: 'refund_inquired'; readonly answer: RefundInquiryAnswer; readonly askedAt?: Date }
  /** As of a payment's step: the calls could not leave, or the gateway itself cannot take the step. */
  | { readonly kind: 'held_up' }
  | { readonly kind: 'step_failed' }
  /** A person has decided, with written evidence, what the gateway could not. RES-13, RES-19. */
  | ({ readonly kind: 'resolved_by_hand'; readonly as: RefundResolution } & WrittenEvidence);

export interface RefundDecision {
  /** The refund as it shall be; its `version` and `updatedAt` are set where it is recorded. */
  readonly refund: Refund;
  readonly events: readonly TimelineEvent[];
}

/**
 * What becomes of a refund when the wallet answers, or does not. The same id and amount are repeated until the
 * wallet is clear; a refusal counts only once a refund inquiry has confirmed that nothing of this id moved,
 * since a repeat may be refused because the first call took effect. RES-12, money case 6.
 */
export function decideRefund(
  refund: Refund,
  input: RefundInput,
  policy: PaymentPolicy,
  now: Date,
): RefundDecision {
  if (input.kind === 'resolved_by_hand') return resolvedByHand(refund, input);
  if (refund.state === 'succeeded') return { refund, events: [] };
  if (refund.state === 'failed') return afterFailure(refund, input, now);
  switch (input.kind) {
    case 'held_up':
      return attended({ refund, events: [] }, now, unresolvedReason('refund'));
    case 'step_failed':
      return attended({ refund, events: [] }, now, 'step_failing');
    case 'refund_answered':
      return noted(input, answered(stepWorks(refund), input.answer, policy, now));
    case 'refund_inquired':
      return noted(input, inquired(stepWorks(refund), input.answer, policy, now, input.askedAt ?? now));
    default:
      return input satisfies never;
  }
}

/**
 * The wallet's word that a refund which had failed has given money back after all. What was told stands, and its reserve
 * may be spent by now: people compare it with the wallet's bill. Money case 6.
 */
function afterFailure(refund: Refund, input: RefundInput, now: Date): RefundDecision {
  if (!('answer' in input) || input.answer.kind !== 'refunded' || refund.attention !== null) {
    return { refund, events: [] };
  }
  const data = { refund_id: refund.id, value: refund.amount.minor.toString() };
  return attended(
    { refund, events: [{ type: 'RefundEvidenceAfterFailure', data }] },
    now,
    'refunded_after_failure',
  );
}

/** What a person has decided about a refund; what cannot be decided so changes nothing. */
function resolvedByHand(
  refund: Refund,
  { as, by, evidence }: Extract<RefundInput, { readonly kind: 'resolved_by_hand' }>,
): RefundDecision {
  if (refundResolutionObstacle(refund, as) !== null) return { refund, events: [] };
  const data = { refund_id: refund.id, as, by, evidence, reason: refund.attention?.reason ?? null };
  const resolved: RefundDecision = { refund, events: [{ type: 'ResolvedByHand', data }] };
  switch (as) {
    case 'noted':
      return { ...resolved, refund: { ...refund, attention: null } };
    case 'succeeded':
      return after(resolved, ended(refund, 'succeeded'));
    case 'failed': {
      const failure = refund.failure ?? refusedByHand;
      // Nobody was answered yet: the failure is found without a refusal before it.
      const asked = unknown({ ...refund, failure });
      return after(resolved, asked, ended(asked.refund, 'failed'));
    }
    default:
      return as satisfies never;
  }
}

const refusedByHand: Failure = {
  code: 'refund_refused',
  walletCode: null,
  message: 'The wallet has told in writing that nothing was given back.',
  advice: 'Nothing was given back. Make a new refund once the cause is gone, or ask the acquirer.',
};

/** One decision after another: the events of all, the refund of the last. */
function after(...decisions: readonly [RefundDecision, ...RefundDecision[]]): RefundDecision {
  const last = decisions.at(-1) ?? decisions[0];
  return { refund: last.refund, events: decisions.flatMap(({ events }) => events) };
}

/** A step was taken: whatever kept it from that is gone. */
function stepWorks(refund: Refund): Refund {
  return refund.attention?.reason === 'step_failing' ? { ...refund, attention: null } : refund;
}

function answered(refund: Refund, answer: RefundAnswer, policy: PaymentPolicy, now: Date): RefundDecision {
  switch (answer.kind) {
    case 'refunded':
      return ended(refund, 'succeeded');
    case 'repeated':
      return inquiredLater(
        moved(refund, refund.state === 'accepted' ? 'unknown' : refund.state),
        policy,
        now,
      );
    case 'spent':
    case 'refused': {
      const failure = refusalOf(answer);
      const refused = refund.state === 'refused' ? { refund, events: [] } : moved(refund, 'refused');
      return inquiredLater({ ...refused, refund: { ...refused.refund, failure } }, policy, now);
    }
    case 'later':
      return again(attended(unknown(refund), now), 'refund', policy, now);
    case 'unclear':
    case 'no_answer':
      return again(unknown(refund), 'refund', policy, now);
    default:
      return answer satisfies never;
  }
}

function inquired(
  refund: Refund,
  answer: RefundInquiryAnswer,
  policy: PaymentPolicy,
  now: Date,
  askedAt: Date,
): RefundDecision {
  switch (answer.kind) {
    case 'refunded':
      return ended(refund, 'succeeded');
    case 'failed': {
      const told = { ...refund, failure: refund.failure ?? refusalOf(answer) };
      // Nobody has asked yet about a refund whose first call is still to be answered: look again.
      if (refund.state === 'accepted') return inquiredLater(moved(told, 'refused'), policy, now);
      return ended(told, 'failed');
    }
    case 'not_found':
      if (refund.state === 'refused' && isConfirmed(refund, policy, askedAt)) return ended(refund, 'failed');
      if (refund.state === 'refused') return again({ refund, events: [] }, 'inquire_refund', policy, now);
      return again({ refund, events: [] }, 'refund', policy, now);
    case 'refused':
    case 'unclear':
    case 'no_answer':
      return again({ refund, events: [] }, 'inquire_refund', policy, now);
    default:
      return answer satisfies never;
  }
}

function refusalOf(answer: {
  readonly kind: 'refused' | 'spent' | 'failed';
  readonly code: string;
  readonly message: string;
}): Failure {
  const advice =
    answer.kind === 'refused'
      ? 'Nothing was given back. Settle with the payer outside the wallet, or ask the acquirer.'
      : 'Nothing was given back. Make a new refund once the cause is gone, or ask the acquirer.';
  return { code: 'refund_refused', walletCode: answer.code, message: answer.message, advice };
}

/** How much longer than the call's limit the record of its answer may take; both together are shorter than a lease. */
const recordSlackMs = 2_000;

/**
 * Whether nothing of a refused refund can move any more. The first call's own refusal can stand by itself; after an
 * unanswered call that may only be late, the wallet is asked until the grace has passed. An answer that came no sooner
 * than a lease ends may be a second call's, after a process that died before it could record the first. Money case 6.
 */
function isConfirmed(refund: Refund, policy: PaymentPolicy, askedAt: Date): boolean {
  const { tries, createdAt, updatedAt } = refund;
  const isOfFirstCall = tries <= 1 && updatedAt <= later(createdAt, policy.callLimitMs + recordSlackMs);
  return isOfFirstCall || askedAt >= later(createdAt, policy.expiryGraceMs);
}

function unknown(refund: Refund): RefundDecision {
  return refund.state === 'accepted' ? moved(refund, 'unknown') : { refund, events: [] };
}

function moved(refund: Refund, to: RefundState): RefundDecision {
  if (refund.state === to) return { refund, events: [] };
  const type = eventOfMove(refundMoves, refund.state, to);
  return {
    refund: { ...refund, state: to },
    events: [{ type, data: { refund_id: refund.id, value: refund.amount.minor.toString() } }],
  };
}

function ended(refund: Refund, to: 'succeeded' | 'failed'): RefundDecision {
  const { refund: final, events } = moved(refund, to);
  const failure = to === 'succeeded' ? null : final.failure;
  return { refund: { ...final, failure, nextStep: null, tries: 0, attention: null }, events };
}

function again(
  decision: RefundDecision,
  action: RefundAction,
  policy: PaymentPolicy,
  now: Date,
): RefundDecision {
  const { refund } = decision;
  const tries = refund.tries + 1;
  const waiting = {
    ...decision,
    refund: {
      ...refund,
      tries,
      nextStep: { action, dueAt: later(now, retryDelayMs(policy.refundRetry, tries)) },
    },
  };
  return tries > policy.refundRetry.fastTries ? attended(waiting, now) : waiting;
}

function inquiredLater(decision: RefundDecision, policy: PaymentPolicy, now: Date): RefundDecision {
  const { refund } = decision;
  return {
    ...decision,
    refund: {
      ...refund,
      tries: refund.tries + 1,
      nextStep: { action: 'inquire_refund', dueAt: later(now, policy.refundInquiryDelayMs) },
    },
  };
}

function attended(
  decision: RefundDecision,
  now: Date,
  reason: AttentionReason = 'refund_unresolved',
): RefundDecision {
  if (decision.refund.attention !== null) return decision;
  const { refund } = decision;
  return {
    refund: { ...refund, attention: { reason, since: now } },
    events: [...decision.events, { type: 'AttentionRaised', data: { refund_id: refund.id, reason } }],
  };
}

function noted(
  { kind, answer }: Extract<RefundInput, { readonly answer: unknown }>,
  decision: RefundDecision,
): RefundDecision {
  const told = { ...decision, events: withLastAnswer(decision.events, answer) };
  if (answer.kind !== 'no_answer' || answer.reason !== 'untrusted') return told;
  const call = kind === 'refund_answered' ? 'refund' : 'inquire_refund';
  const event: TimelineEvent = { type: 'UntrustedAnswer', data: { call, detail: answer.detail } };
  return { ...told, events: [event, ...told.events] };
}
