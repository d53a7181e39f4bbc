import { decidePayment, type PaymentInput } from './decide-payment.ts';
import type { Payment, TimelineEvent } from './payment.ts';
import { examplePayment, examplePolicy, noon } from './payments.fixture.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
} from './wallet-answer.ts';

/*
 * The life of one payment told step by step, for tests: what happens, what comes of it, how long the waits are.
 */

/** A payment's story: what happened, when, and what became of it. Steps happen exactly when they are due. */
export interface Story {
  readonly payment: Payment;
  readonly now: Date;
  readonly events: readonly TimelineEvent[];
  /** Seconds between the steps that were performed. */
  readonly waits: readonly number[];
}

export function begin(payment: Payment = examplePayment()): Story {
  return { payment, now: noon, events: [], waits: [] };
}

export function happens(story: Story, input: PaymentInput, now: Date = story.now): Story {
  const { payment, events } = decidePayment(story.payment, input, examplePolicy, now);
  return { ...story, payment, now, events: [...story.events, ...events] };
}

export const payAnswered = (answer: PayAnswer): PaymentInput => ({ kind: 'pay_answered', answer });
export const cancelRequested: PaymentInput = { kind: 'cancel_requested' };

export interface Answers {
  readonly inquire?: InquiryAnswer;
  readonly cancel?: CancelAnswer;
  readonly refund?: RefundAnswer;
  readonly inquire_refund?: RefundInquiryAnswer;
}

/** Performs the step that is due, when it is due; the wallet must have an answer to just that call. */
export function step(story: Story, answers: Answers): Story {
  const { nextStep } = story.payment;
  if (nextStep === null) throw new Error('nothing is due');
  const waited = {
    ...story,
    waits: [...story.waits, (nextStep.dueAt.getTime() - story.now.getTime()) / 1000],
  };
  const { action } = nextStep;
  const missing = (): never => {
    throw new Error(`${action} is due, and the story has no answer to it`);
  };
  switch (action) {
    case 'inquire':
      return happens(
        waited,
        { kind: 'inquiry_answered', answer: answers.inquire ?? missing() },
        nextStep.dueAt,
      );
    case 'cancel':
      return happens(
        waited,
        { kind: 'cancel_answered', answer: answers.cancel ?? missing() },
        nextStep.dueAt,
      );
    case 'refund':
      return happens(
        waited,
        { kind: 'reversal_refund_answered', answer: answers.refund ?? missing() },
        nextStep.dueAt,
      );
    case 'inquire_refund':
      return happens(
        waited,
        { kind: 'reversal_refund_inquired', answer: answers.inquire_refund ?? missing() },
        nextStep.dueAt,
      );
    case 'await_refunds':
      return happens(waited, { kind: 'refunds_awaited' }, nextStep.dueAt);
  }
}

export function steps(story: Story, times: number, answers: Answers): Story {
  let now = story;
  for (let n = 0; n < times; n += 1) now = step(now, answers);
  return now;
}

export function eventTypes(story: Story): string[] {
  return story.events.map((event) => event.type);
}
