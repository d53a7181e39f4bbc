import { expect, test } from 'vitest';
import { horizonOf } from './decide-reversal.ts';
import {
  attemptFailed,
  awaitingPayer,
  cancelledAtWallet,
  closed,
  noAnswer,
  notFound,
  nothingNamed,
  paid,
} from './inputs.fixture.ts';
import { examplePolicy, secondsAfter } from './payments.fixture.ts';
import { begin, cancelRequested, happens, type Story, step } from './story.fixture.ts';
import type { InquiryAnswer } from './wallet-answer.ts';

/** A payment that nobody ever knew, its watch over, the look a day later ahead. */
function watchedToTheEnd(): Story {
  let story = step(happens(begin(), cancelRequested), { cancel: nothingNamed });
  while (story.payment.state !== 'cancelled' && story.waits.length < 100) {
    story = step(story, { inquire: notFound, cancel: nothingNamed });
  }
  return story;
}

// proves RES-20
test('the look a day after the horizon is not used up by an older inquiry’s answer', () => {
  const over = watchedToTheEnd();
  const look = over.payment.nextStep;
  const horizon = horizonOf(over.payment, examplePolicy);
  expect(look?.action).toBe('inquire');
  expect(look?.dueAt.getTime()).toBeGreaterThanOrEqual(horizon.getTime() + examplePolicy.finalLookMs);
  for (const answer of [noAnswer(), notFound]) {
    for (const recordedAt of [secondsAfter(30, over.now), look?.dueAt]) {
      const input = { kind: 'inquiry_answered', answer, askedAt: over.now } as const;
      expect(happens(over, input, recordedAt).payment).toEqual(over.payment);
    }
  }
});

// proves RES-13
test('a look that is not answered is repeated, comes before people, and leaves them once it is', () => {
  let story = watchedToTheEnd();
  for (let n = 0; n <= examplePolicy.cancelRetry.fastTries; n += 1)
    story = step(story, { inquire: noAnswer() });
  expect(story.payment).toMatchObject({
    state: 'cancelled',
    nextStep: { action: 'inquire' },
    attention: { reason: 'inquiry_unresolved' },
  });
  const answered = step(story, { inquire: notFound });
  expect(answered.payment).toMatchObject({ state: 'cancelled', nextStep: null, attention: null });
});

test('evidence of payment before that look is acted upon at once', () => {
  const over = watchedToTheEnd();
  const found = happens(over, { kind: 'inquiry_answered', answer: paid }, secondsAfter(30, over.now));
  expect(found.payment).toMatchObject({
    state: 'cancelled',
    reversal: { state: 'cancelling' },
    nextStep: { action: 'inquire', dueAt: secondsAfter(30, over.now) },
  });
});

test('a payer who is seen before that look is looked for at once, and an end that is told then needs no look', () => {
  const over = watchedToTheEnd();
  const hear = (answer: InquiryAnswer) =>
    happens(over, { kind: 'inquiry_answered', answer, askedAt: over.now }, secondsAfter(30, over.now))
      .payment;
  expect(hear(awaitingPayer)).toMatchObject({
    state: 'cancelled',
    knownToWallet: true,
    reversal: { state: 'cancelling' },
    nextStep: { action: 'inquire', dueAt: secondsAfter(30, over.now) },
  });
  for (const end of [closed, cancelledAtWallet, attemptFailed]) {
    expect(hear(end)).toMatchObject({ state: 'cancelled', nextStep: null });
  }
});

// proves RES-20
test('once the wallet shows a payment that was watched, nothing found to cancel ends it no more', () => {
  const watching = step(happens(begin(), cancelRequested), { cancel: nothingNamed });
  const found = step(watching, { inquire: { ...awaitingPayer, walletTransactionId: 'W1' } });
  expect(found.payment).toMatchObject({
    knownToWallet: true,
    walletTransactionId: 'W1',
    reversal: { state: 'cancelling' },
    nextStep: { action: 'cancel' },
  });
  const again = step(found, { cancel: nothingNamed });
  expect(again.payment).toMatchObject({ reversal: { state: 'cancelling' }, nextStep: { action: 'inquire' } });
  const other = { ...awaitingPayer, walletTransactionId: 'W2' };
  expect(step(again, { inquire: other }).payment.walletTransactionId).toBe('W1');
});

// proves RES-20
test('the watch ends with a cancel from after the horizon, not with one that was answered after it', () => {
  const watching = step(happens(begin(), cancelRequested), { cancel: nothingNamed });
  const horizon = horizonOf(watching.payment, examplePolicy);
  const before = secondsAfter(-1, horizon);
  const inquired = happens(watching, { kind: 'inquiry_answered', answer: notFound }, before);
  expect(inquired.payment.nextStep?.action).toBe('cancel');
  const input = { kind: 'cancel_answered', answer: nothingNamed } as const;
  const early = happens(inquired, { ...input, askedAt: before }, secondsAfter(2, horizon));
  expect(early.payment).toMatchObject({
    state: 'cancelled_provisionally',
    reversal: { state: 'watching' },
    nextStep: { action: 'inquire' },
  });
  const last = happens(inquired, { ...input, askedAt: horizon }, secondsAfter(2, horizon));
  expect(last.payment).toMatchObject({ state: 'cancelled', reversal: { state: 'baseless' } });
});
