import { describe, expect, test } from 'vitest';
import {
  awaitingPayer,
  closed,
  effectedClosed,
  effectedRefunded,
  later,
  noAnswer,
  notFound,
  paid,
  refused,
  unclear,
} from './inputs.fixture.ts';
import { holdsOrder } from './payment.ts';
import { examplePayment, noon, paidPayment, secondsAfter } from './payments.fixture.ts';
import {
  begin,
  cancelRequested,
  eventTypes,
  happens,
  payAnswered,
  type Story,
  step,
  steps,
} from './story.fixture.ts';

describe('the answer to pay', () => {
  // proves RES-01
  test('"paid" makes a payment-code payment succeed at once, with the id that the wallet gave it', () => {
    const story = happens(begin(), payAnswered(paid));
    expect(story.payment).toMatchObject({
      state: 'succeeded',
      walletTransactionId: paid.walletTransactionId,
      nextStep: null,
    });
    expect(story.events).toEqual([
      { type: 'PaymentSucceeded', data: { wallet_transaction_id: paid.walletTransactionId } },
    ]);
  });

  // proves RES-02, RES-08
  test.each([
    ['a system error', unclear],
    ['a timeout', noAnswer('timeout')],
    ['a lost connection', noAnswer('connection_lost')],
    ['a page that no wallet sends', noAnswer('malformed')],
  ])('%s is unknown, never failed, and inquired at once', (_what, answer) => {
    const { payment } = happens(begin(), payAnswered(answer), secondsAfter(2));
    expect(payment).toMatchObject({
      state: 'unknown',
      failure: null,
      nextStep: { action: 'inquire', dueAt: secondsAfter(2) },
    });
  });

  // proves RES-14
  test('one that cannot be trusted is no answer, and the timeline says so', () => {
    const story = happens(begin(), payAnswered(noAnswer('untrusted')));
    expect(story.payment.state).toBe('unknown');
    expect(eventTypes(story)).toEqual(['UntrustedAnswer', 'WalletAnswerMissing']);
  });

  // proves RES-18
  test.each([
    ['payer', 'payment_declined', /another way to pay/],
    ['merchant', 'payment_rejected', /Correct/],
    ['operator', 'wallet_configuration', /acquirer must act/],
  ] as const)(
    'a definite refusal goes to the till at once, with advice for the %s',
    (remedy, code, advice) => {
      const { payment } = happens(begin(), payAnswered(refused(remedy)));
      expect(payment).toMatchObject({
        state: 'failed',
        nextStep: null,
        failure: { code, walletCode: 'ACQ.BUYER_BALANCE_NOT_ENOUGH', message: 'not enough money' },
      });
      expect(payment.failure?.advice).toMatch(advice);
    },
  );

  test('a call that never left the process is a failure that charged nothing', () => {
    const { payment } = happens(begin(), payAnswered(noAnswer('not_sent')));
    expect(payment).toMatchObject({ state: 'failed', failure: { code: 'wallet_unreachable' } });
  });

  // proves RES-18
  test('a refusal of what the wallet has shown to know speaks of the repeat and leads to an inquiry', () => {
    const asked = happens(begin(), payAnswered(awaitingPayer));
    const { payment } = happens(asked, payAnswered(refused('payer')));
    expect(payment).toMatchObject({ state: 'awaiting_payer', nextStep: { action: 'inquire', dueAt: noon } });
  });
});

describe('inquiries', () => {
  // proves RES-03, RES-05, ACQ-06
  test('go on every 5 s, twelve times, and are followed by the cancel at once', () => {
    const story = steps(happens(begin(), payAnswered(noAnswer())), 12, { inquire: notFound });
    expect(story.waits).toEqual([0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
    expect(story.payment).toMatchObject({
      state: 'reversing',
      reversal: { state: 'cancelling', by: 'gateway' },
      nextStep: { action: 'cancel', dueAt: story.now },
      failure: { code: 'not_confirmed_in_time' },
    });
  });

  // proves RES-08
  test('go on for a payer who is asked for a password, then cancel', () => {
    const story = steps(happens(begin(), payAnswered(awaitingPayer)), 12, { inquire: awaitingPayer });
    expect(story.waits).toEqual(Array.from({ length: 12 }, () => 5));
    expect(story.payment).toMatchObject({
      state: 'reversing',
      nextStep: { action: 'cancel', dueAt: story.now },
    });
    const ended = step(story, { cancel: effectedClosed });
    expect(ended.payment).toMatchObject({ state: 'cancelled', cancelledBy: 'cancel' });
    // proves PAY-19
    expect(ended.payment.failure?.advice).toMatch(/confirm quickly/);
  });

  test('end early when the payment expires', () => {
    const expiring = examplePayment({ state: 'unknown', expiresAt: secondsAfter(12) });
    const story = steps(begin(expiring), 4, { inquire: notFound });
    expect(story.waits).toEqual([0, 5, 5, 5]);
    expect(story.payment).toMatchObject({ state: 'reversing', nextStep: { action: 'cancel' } });
  });

  // proves RES-04
  test.each([
    ['paid', paid, 'succeeded', 'SuccessFound'],
    ['closed', closed, 'failed', 'FailureFound'],
    ['failed', { kind: 'failed', code: 'X', message: 'x' }, 'failed', 'FailureFound'],
  ] as const)('that find the payment %s end it', (_word, answer, state, event) => {
    const story = step(happens(begin(), payAnswered(noAnswer())), { inquire: answer });
    expect(story.payment).toMatchObject({ state, nextStep: null });
    expect(eventTypes(story).at(-1)).toBe(event);
    expect(holdsOrder(story.payment)).toBe(state === 'succeeded');
  });

  test('find what only the second look shows', () => {
    const story = happens(begin(), payAnswered(noAnswer()));
    expect(step(steps(story, 2, { inquire: notFound }), { inquire: paid }).payment.state).toBe('succeeded');
  });

  test('that the wallet refuses because of its configuration are shown to an operator until they work', () => {
    const story = step(happens(begin(), payAnswered(noAnswer())), { inquire: refused('operator') });
    expect(story.payment.attention?.reason).toBe('refused_by_wallet_configuration');
    const found = step(story, { inquire: paid });
    expect(found.payment.attention).toBeNull();
    expect(eventTypes(found).slice(-2)).toEqual(['SuccessFound', 'AttentionEnded']);
  });

  test('guard the call: they begin although its answer was never recorded', () => {
    const story = step(begin(), { inquire: notFound });
    expect(story.events).toEqual([{ type: 'WalletAnswerMissing', data: { answer: 'never_recorded' } }]);
    expect(story.payment).toMatchObject({ state: 'unknown', nextStep: { dueAt: secondsAfter(5) } });
  });
});

describe('the cancel', () => {
  const cancelling = (): Story => happens(begin(), cancelRequested);

  // proves RES-06, CAN-01, CAN-03
  test('is repeated for ever, ever more slowly, and people are told after a minute', () => {
    const minute = steps(cancelling(), 6, { cancel: noAnswer('not_sent') });
    expect(minute.waits).toEqual([0, 5, 10, 10, 10, 10]);
    expect(minute.payment.attention).toBeNull();
    const longer = step(minute, { cancel: unclear });
    expect(longer.payment.attention).toEqual({ reason: 'cancel_unresolved', since: longer.now });
    const muchLonger = steps(longer, 500, { cancel: noAnswer() });
    expect(muchLonger.payment.nextStep?.action).toBe('cancel');
    expect(muchLonger.waits.at(-1)).toBe(600);
    expect(eventTypes(muchLonger).filter((type) => type === 'AttentionRaised')).toHaveLength(1);
    const done = step(muchLonger, { cancel: effectedRefunded });
    expect(done.payment).toMatchObject({ state: 'cancelled', attention: null, nextStep: null });
  });

  test('that the wallet puts off is shown to people at once', () => {
    expect(step(cancelling(), { cancel: later }).payment.attention?.reason).toBe('cancel_unresolved');
  });

  // proves ACQ-04
  test.each([
    ['submitted', examplePayment()],
    ['awaiting the payer', examplePayment({ state: 'awaiting_payer', knownToWallet: true })],
    ['unknown', examplePayment({ state: 'unknown' })],
    ['succeeded', paidPayment()],
  ])('of the merchant begins whatever has become of the payment: %s', (_word, payment) => {
    const { payment: after } = happens(begin(payment), cancelRequested);
    expect(after).toMatchObject({
      state: 'reversing',
      reversal: { state: 'cancelling', by: 'merchant' },
      nextStep: { action: 'cancel', dueAt: noon },
      failure: null,
    });
  });

  test('of the merchant changes nothing when it comes again or too late', () => {
    const again = happens(cancelling(), cancelRequested);
    expect(again.payment).toEqual(cancelling().payment);
    const failed = examplePayment({ state: 'failed', nextStep: null });
    expect(happens(begin(failed), cancelRequested).payment).toBe(failed);
  });

  // proves RES-09
  test('decides, when evidence of payment comes after it has begun', () => {
    const evident = happens(cancelling(), payAnswered(paid));
    expect(evident.payment).toMatchObject({ state: 'reversing', paidEvidence: true });
    const done = step(evident, { cancel: effectedRefunded });
    expect(done.payment).toMatchObject({ state: 'cancelled', reversal: { state: 'effected' } });
  });

  // proves RES-09
  test('evidence of a success that is known already changes nothing', () => {
    const succeeded = paidPayment();
    for (const input of [payAnswered(paid), { kind: 'inquiry_answered', answer: paid } as const]) {
      const story = happens(begin(succeeded), input);
      expect(story.payment).toEqual(succeeded);
      expect(story.events).toEqual([]);
    }
  });
});
