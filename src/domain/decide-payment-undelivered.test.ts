import { expect, test } from 'vitest';
import { notFound, nothingNamed } from './inputs.fixture.ts';
import { paidPayment, secondsAfter } from './payments.fixture.ts';
import { begin, cancelRequested, happens, type Story, step } from './story.fixture.ts';

/** A payment that nobody ever knew, its watch over, the look a day later ahead. */
function watchedToTheEnd(): Story {
  let story = step(happens(begin(), cancelRequested), { cancel: nothingNamed });
  while (story.payment.state !== 'cancelled' && story.waits.length < 100) {
    story = step(story, { inquire: notFound, cancel: nothingNamed });
  }
  return story;
}

// proves NOT-03
test('a delivery that was given up stays in sight while the payment goes on', () => {
  const exhausted = happens(watchedToTheEnd(), { kind: 'delivery_exhausted' });
  const reason = 'delivery_exhausted';
  expect(exhausted.payment.attention?.reason).toBe(reason);
  const looked = step(exhausted, { inquire: notFound });
  expect(looked.payment.nextStep).toBeNull();
  expect(looked.payment.attention?.reason).toBe(reason);
});

// proves NOT-03
test('a delivery that was given up is seen although something else asks for attention first', () => {
  const since = secondsAfter(-60);
  const attention = { reason: 'cancel_unresolved', since } as const;
  const told = happens(begin(paidPayment({ attention })), { kind: 'delivery_exhausted' });
  expect(told.payment.attention?.reason).toBe('delivery_exhausted');
  const again = happens(told, { kind: 'delivery_exhausted' }, secondsAfter(60));
  expect(again.payment).toEqual(told.payment);
});

// proves NOT-03
test('a delivery that arrives after all ends the alert that it was given up, and no other', () => {
  const told = happens(begin(paidPayment({})), { kind: 'delivery_exhausted' });
  const arrived = happens(told, { kind: 'delivery_made_good' });
  expect(arrived.payment.attention).toBeNull();
  expect(arrived.events.at(-1)).toMatchObject({ type: 'AttentionEnded' });
  const attention = { reason: 'cancel_unresolved', since: secondsAfter(-60) } as const;
  const other = begin(paidPayment({ attention }));
  expect(happens(other, { kind: 'delivery_made_good' }).payment.attention).toEqual(attention);
});
