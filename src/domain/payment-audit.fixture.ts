import type { PaymentDecision, PaymentInput } from './decide-payment.ts';
import {
  type AttentionReason,
  isOpen,
  type Payment,
  type PaymentAction,
  paymentMoves,
  reversalMoves,
} from './payment.ts';
import { refundMoves } from './refund.ts';

/*
 * What must hold of every payment and of every decision about one, written down a second time and without use of
 * the deciding code, for tests. Each function returns sentences about what is wrong; none means all is well.
 */

const actionsOf: { readonly [reversal: string]: readonly PaymentAction[] } = {
  cancelling: ['cancel', 'inquire'],
  watching: ['inquire', 'cancel'],
  settling: ['await_refunds'],
  refunding: ['refund', 'inquire_refund', 'inquire'],
  baseless: ['inquire'],
};

/** The last of a reversal's refund ids is reached after a month of doubling waits. */
const longestWaitMs = 31 * 86_400_000;

/** What asks for people because of a step that is ahead: with the step it is settled. */
const troublesOfSteps: readonly (AttentionReason | undefined)[] = [
  'cancel_unresolved',
  'refund_unresolved',
  'inquiry_unresolved',
  'refused_by_wallet_configuration',
  'paid_after_end',
  'step_failing',
];

const activeReversals: readonly string[] = ['cancelling', 'watching', 'settling', 'refunding'];

/** What is wrong with a payment as it would stand in the journal. */
export function paymentDefects(payment: Payment): string[] {
  const defects: string[] = [];
  const must = (holds: boolean, sentence: string): void => {
    if (!holds) defects.push(sentence);
  };
  const { state, nextStep } = payment;
  const reversal = payment.reversal?.state ?? null;
  const active = reversal !== null && activeReversals.includes(reversal);

  must(payment.refunded >= 0n, 'refunded is negative');
  must(payment.refunded <= payment.refundReserved, 'more is refunded than was reserved');
  must(payment.refundReserved <= payment.amount.minor, 'more is reserved than was received');
  must(payment.openRefunds >= 0, 'open refunds are negative');
  must(
    payment.openRefunds === 0 || payment.refundReserved > payment.refunded,
    'an open refund reserves nothing',
  );
  must(!payment.paidEvidence || payment.knownToWallet, 'paid, yet unknown to the wallet');

  if (isOpen(payment)) {
    must(nextStep?.action === 'inquire', 'an open payment has no inquiry ahead');
    must(reversal === null, 'an open payment has a reversal');
    must(!payment.paidEvidence, 'an open payment has evidence of payment');
  }
  if (state === 'issued') {
    must(payment.payerAction !== null, 'issued without a URL or code');
  }
  if (state === 'succeeded') {
    must(payment.paidEvidence, 'succeeded without evidence of payment');
    must(reversal === null, 'a succeeded payment has a reversal');
    must(nextStep === null, 'a succeeded payment has a step ahead');
  }
  if (state === 'reversing' || state === 'cancelled_provisionally') {
    must(active, `${state} without a reversal under way`);
  }
  if (state === 'cancelled_provisionally') must(reversal !== 'settling', 'refunds of what was never paid');
  if (active) {
    must(nextStep !== null, 'a reversal under way has no step ahead');
  } else if (reversal !== 'baseless' && !isOpen(payment)) {
    // A failure that an inquiry found is followed by one cancel where the wallet takes it. RES-04.
    const lastCancel = state === 'failed' && reversal === null && nextStep?.action === 'cancel';
    must(nextStep === null || lastCancel, 'an ended payment has a step ahead');
  }
  if (nextStep !== null && reversal !== null) {
    must(
      actionsOf[reversal]?.includes(nextStep.action) === true,
      `${reversal} with the step ${nextStep.action}`,
    );
  }
  const isCancelled = state === 'cancelled' || state === 'cancelled_provisionally';
  must(isCancelled === (payment.cancelledBy !== null), `${state}, and cancelled by ${payment.cancelledBy}`);
  must(state !== 'failed' || payment.failure !== null, 'failed without a reason');
  must(
    payment.cancelledBy !== 'refund' || !isCancelled || payment.refunded === payment.amount.minor,
    'cancelled by refund, and not all of it is refunded',
  );
  if (reversal === 'settling') must(payment.openRefunds > 0, 'settling without an open refund');
  if (reversal === 'refunding') {
    must(payment.openRefunds === 0, 'the remainder is refunded while a refund is open');
    must(payment.refunded < payment.amount.minor, 'a refund of nothing');
    must(payment.paidEvidence, 'refunding what was never paid');
  }
  if (payment.paidEvidence) {
    must(reversal !== 'baseless', 'paid, yet its reversal is baseless');
    must(reversal !== 'watching', 'paid, yet watched as if nothing were there');
    must(!isEndedUnpaid(payment), 'paid, yet ended with nothing given back and nothing under way');
  }
  return defects;
}

function isEndedUnpaid(payment: Payment): boolean {
  return (payment.state === 'failed' || payment.state === 'cancelled') && payment.reversal === null;
}

/** What is wrong with a decision: with its payment, with the moves that its events tell of, with what it forgot. */
export function decisionDefects(
  before: Payment,
  input: PaymentInput,
  decision: PaymentDecision,
  now: Date,
): string[] {
  const after = decision.payment;
  const defects = paymentDefects(after);
  const must = (holds: boolean, sentence: string): void => {
    if (!holds) defects.push(sentence);
  };
  const types = decision.events.map((event) => event.type);
  must(
    followed(paymentMoves, before.state, types) === after.state,
    `events ${types.join(', ')} do not lead from ${before.state} to ${after.state}`,
  );
  const started = before.reversal?.state ?? (after.reversal === null ? null : 'cancelling');
  must(
    (started === null ? null : followed(reversalMoves, started, types)) === (after.reversal?.state ?? null),
    `events ${types.join(', ')} do not lead from ${before.reversal?.state} to ${after.reversal?.state}`,
  );
  must(after.paidEvidence || !before.paidEvidence, 'evidence of payment was unset');
  must(after.knownToWallet || !before.knownToWallet, 'that the wallet knows the payment was forgotten');
  must(after.refunded >= before.refunded, 'money given back was forgotten');
  must(
    before.walletTransactionId === null || after.walletTransactionId !== null,
    "the wallet's id was forgotten",
  );
  must(before.payerAction === null || after.payerAction !== null, 'the URL or code was forgotten');
  must(before.paidAt === null || after.paidAt !== null, 'when it was paid was forgotten');
  must(after.version === before.version, 'the version was changed by a decision');
  must(
    after.attention === null || before.attention !== null || types.includes('AttentionRaised'),
    'attention was raised without an event',
  );
  must(
    types.includes('UntrustedAnswer') === isUntrusted(input),
    'an answer that cannot be trusted stands on the timeline, and no other',
  );
  must(
    after.nextStep !== null || !troublesOfSteps.includes(after.attention?.reason),
    `${after.attention?.reason} with no step ahead`,
  );
  must(
    before.attention === null || after.attention !== null || types.includes('AttentionEnded'),
    'attention ended without an event',
  );
  must(
    before.attention?.reason !== 'delivery_exhausted' ||
      after.attention?.reason === 'delivery_exhausted' ||
      input.kind === 'delivery_made_good' ||
      input.kind === 'resolved_by_hand',
    'a merchant that could not be told was forgotten',
  );
  must(
    after.nextStep === null ||
      after.nextStep === before.nextStep ||
      after.nextStep.dueAt.getTime() <= Math.max(now.getTime(), before.expiresAt.getTime()) + longestWaitMs,
    'a step that is put off for longer than anything waits',
  );
  if (after.nextStep !== null && answersStep(before, input)) {
    must(after.nextStep.dueAt >= now, 'the step that was done is followed by one that was due before');
    // The look that finds a payment which had ended is repeated at once, once: the answer may be an old one.
    const found = before.reversal?.state === 'baseless' && after.reversal?.state === 'cancelling';
    must(
      found || after.nextStep.dueAt > now || after.nextStep.action !== before.nextStep?.action,
      'the step that was done is due again without a wait',
    );
  }
  return defects;
}

function isUntrusted(input: PaymentInput): boolean {
  return 'answer' in input && input.answer.kind === 'no_answer' && input.answer.reason === 'untrusted';
}

const answeredBy: { readonly [action in PaymentAction]: PaymentInput['kind'] } = {
  inquire: 'inquiry_answered',
  cancel: 'cancel_answered',
  refund: 'reversal_refund_answered',
  inquire_refund: 'reversal_refund_inquired',
  await_refunds: 'refunds_awaited',
};

/** Whether this input is the outcome of the step that the payment was due for. */
export function answersStep(payment: Payment, input: PaymentInput): boolean {
  return payment.nextStep !== null && answeredBy[payment.nextStep.action] === input.kind;
}

type Edges = { readonly [from: string]: { readonly [to: string]: string } };

/** The state that the events lead to, when each edge among them starts where the one before ended. */
function followed(table: Edges, start: string, types: readonly string[]): string | null {
  let state = start;
  for (const type of types) {
    const edge = edgeOf(table, type);
    if (edge === null) continue;
    if (edge.from !== state) return null;
    state = edge.to;
  }
  return state;
}

function edgeOf(table: Edges, type: string): { from: string; to: string } | null {
  for (const [from, moves] of Object.entries(table)) {
    for (const [to, event] of Object.entries(moves)) if (event === type) return { from, to };
  }
  return null;
}

/** Names that two edges of the lifecycles share; an event must name one edge. */
export function sharedEventNames(): string[] {
  const names = [paymentMoves, reversalMoves, refundMoves].flatMap((table: Edges) =>
    Object.values(table).flatMap((moves) => Object.values(moves)),
  );
  return names.filter((name, index) => names.indexOf(name) !== index);
}
