import { describe, expect, test } from 'vitest';
import { announcementsOfPayment } from './announcement.ts';
import { horizonOf } from './decide-reversal.ts';
import {
  cancelledAtWallet,
  closed,
  effectedClosed,
  effectedRefunded,
  noAnswer,
  notFound,
  nothingNamed,
  paid,
  refundInstead,
  refused,
} from './inputs.fixture.ts';
import { holdsOrder, type Payment, publicStatus } from './payment.ts';
import {
  exampleHorizon,
  examplePayment,
  examplePolicy,
  noon,
  paidPayment,
  reversingPayment,
  secondsAfter,
} from './payments.fixture.ts';
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
import type { CancelAnswer, InquiryAnswer } from './wallet-answer.ts';

// proves RES-20
describe('money case 1: nothing to cancel is not cancelled', () => {
  const provisional = (): Story => step(happens(begin(), cancelRequested), { cancel: nothingNamed });

  test('the payment is cancelled provisionally, shown as cancelled, and holds its order', () => {
    const { payment } = provisional();
    expect(payment).toMatchObject({ state: 'cancelled_provisionally', reversal: { state: 'watching' } });
    expect(publicStatus(payment)).toBe('cancelled');
    expect(holdsOrder(payment)).toBe(true);
  });

  test('it is inquired and cancelled in turn until the horizon, then once more after a day', () => {
    let story = provisional();
    while (story.payment.state === 'cancelled_provisionally' && story.waits.length < 100) {
      story = step(story, { inquire: notFound, cancel: nothingNamed });
    }
    expect(horizonOf(story.payment, examplePolicy)).toEqual(exampleHorizon);
    expect(story.now).toEqual(exampleHorizon);
    expect(story.waits).toEqual([0, 5, 0, 15, 0, 15, 0, 15, 0, 30, 0, 60, 0, 120, 0, 120, 0, 120, 0, 70, 0]);
    expect(story.payment).toMatchObject({
      state: 'cancelled',
      cancelledBy: 'cancel',
      reversal: { state: 'baseless' },
      nextStep: { action: 'inquire', dueAt: secondsAfter(86_400, exampleHorizon) },
      attention: null,
    });
    expect(holdsOrder(story.payment)).toBe(false);
    const looked = step(story, { inquire: notFound });
    expect(looked.payment.nextStep).toBeNull();
  });

  test('a call that arrives late and is paid is given back, and the merchant hears nothing new', () => {
    const before = provisional();
    const found = step(before, { inquire: paid });
    expect(found.payment).toMatchObject({
      state: 'cancelled_provisionally',
      reversal: { state: 'cancelling' },
      nextStep: { action: 'cancel', dueAt: found.now },
    });
    const done = step(found, { cancel: effectedRefunded });
    expect(done.payment).toMatchObject({ state: 'cancelled', nextStep: null });
    expect(announcementsOfPayment(before.payment, done.payment)).toEqual([]);
  });

  test('an inquiry that says closed ends the watch', () => {
    expect(step(provisional(), { inquire: closed }).payment).toMatchObject({
      state: 'cancelled',
      cancelledBy: 'close',
      nextStep: null,
    });
  });

  test('so does the word that the call never left, or was refused', () => {
    for (const answer of [noAnswer('not_sent'), refused('payer')]) {
      expect(happens(provisional(), payAnswered(answer)).payment).toMatchObject({
        state: 'cancelled',
        reversal: { state: 'baseless' },
        nextStep: null,
      });
    }
  });

  test('a wallet that stays silent past the horizon is asked until it speaks', () => {
    const silent = steps(provisional(), 40, { inquire: noAnswer(), cancel: noAnswer() });
    expect(silent.now.getTime()).toBeGreaterThan(exampleHorizon.getTime());
    expect(silent.payment).toMatchObject({
      state: 'cancelled_provisionally',
      nextStep: { action: 'inquire' },
    });
    expect(silent.payment.attention?.reason).toBe('inquiry_unresolved');
  });
});

describe('money case 5: evidence of payment', () => {
  test.each([
    ['failed', examplePayment({ state: 'failed', nextStep: null })],
    ['cancelled', examplePayment({ state: 'cancelled', cancelledBy: 'cancel', nextStep: null })],
  ])(
    'on a %s payment: inquired, reversed by itself, shown to people; never flipped back',
    (state, payment) => {
      const evident = happens(begin(payment), payAnswered(paid));
      expect(evident.payment).toMatchObject({
        state,
        reversal: { state: 'cancelling', by: 'gateway' },
        nextStep: { action: 'inquire', dueAt: noon },
        attention: { reason: 'paid_after_end' },
      });
      const done = step(step(evident, { inquire: paid }), { cancel: effectedRefunded });
      expect(done.payment).toMatchObject({
        state,
        reversal: { state: 'effected' },
        nextStep: null,
        attention: null,
      });
      expect(eventTypes(done)).toEqual([
        'PaymentEvidenceAfterEnd',
        'AttentionRaised',
        'ReversalTookEffect',
        'AttentionEnded',
      ]);
    },
  );

  test('is not outweighed by "not found", "nothing named" or "closed unpaid"', () => {
    let story = happens(happens(begin(), cancelRequested), payAnswered(paid));
    for (const answers of [
      { cancel: nothingNamed },
      { inquire: notFound },
      { cancel: nothingNamed },
      { inquire: refused('payer') },
      { inquire: paid },
      { cancel: effectedClosed },
    ]) {
      story = step(story, answers);
      expect(story.payment).toMatchObject({ state: 'reversing', paidEvidence: true });
    }
    expect(step(story, { inquire: closed }).payment.state).toBe('cancelled');
  });

  test('is not outweighed by a refusal of the call or by the word that it never left', () => {
    const evident = happens(happens(begin(), cancelRequested), payAnswered(paid));
    for (const answer of [refused('payer'), noAnswer('not_sent')]) {
      expect(happens(evident, payAnswered(answer)).payment).toEqual(evident.payment);
    }
  });
});

describe('money case 6: what is given back', () => {
  test('is reserved when a refund is accepted, kept when it succeeds, released when it fails', () => {
    const reserved = happens(begin(paidPayment()), { kind: 'refund_accepted', amountMinor: 4_000n });
    expect(reserved.payment).toMatchObject({ refundReserved: 4_000n, refunded: 0n, openRefunds: 1 });
    const done = happens(reserved, { kind: 'refund_ended', amountMinor: 4_000n, succeeded: true });
    expect(done.payment).toMatchObject({ refundReserved: 4_000n, refunded: 4_000n, openRefunds: 0 });
    const failed = happens(reserved, { kind: 'refund_ended', amountMinor: 4_000n, succeeded: false });
    expect(failed.payment).toMatchObject({ refundReserved: 0n, refunded: 0n, openRefunds: 0 });
    for (const { payment } of [reserved, done, failed]) expect(payment.state).toBe('succeeded');
  });

  test('is the whole amount when the reversal was a refund', () => {
    const barred = step(happens(begin(paidPayment()), cancelRequested), { cancel: refundInstead });
    const done = step(barred, { refund: { kind: 'refunded' } });
    expect(done.payment).toMatchObject({ refunded: 10_000n, refundReserved: 10_000n, cancelledBy: 'refund' });
  });
});

describe('money case 7: a partial refund, then a cancel', () => {
  test('refunds the remainder at once when the refund is done: the wallet would refuse a cancel', () => {
    const partly = paidPayment({ refunded: 3_000n, refundReserved: 3_000n });
    const story = happens(begin(partly), cancelRequested);
    expect(story.payment).toMatchObject({
      reversal: { state: 'refunding', by: 'merchant' },
      nextStep: { action: 'refund', dueAt: noon },
    });
    expect(step(story, { refund: { kind: 'refunded' } }).payment).toMatchObject({
      state: 'cancelled',
      cancelledBy: 'refund',
      refunded: 10_000n,
    });
  });

  const settling = (): Story =>
    happens(begin(paidPayment({ refundReserved: 3_000n, openRefunds: 1 })), cancelRequested);

  test('waits for a refund that is under way, and goes on as soon as it has ended', () => {
    expect(settling().payment).toMatchObject({
      reversal: { state: 'settling' },
      nextStep: { action: 'await_refunds', dueAt: secondsAfter(10) },
    });
    const done = happens(settling(), { kind: 'refund_ended', amountMinor: 3_000n, succeeded: true });
    expect(done.payment).toMatchObject({ reversal: { state: 'refunding' }, nextStep: { dueAt: noon } });
    const failed = happens(settling(), { kind: 'refund_ended', amountMinor: 3_000n, succeeded: false });
    expect(failed.payment).toMatchObject({
      reversal: { state: 'cancelling' },
      nextStep: { action: 'cancel' },
    });
  });

  test('is shown to people when the refund does not end', () => {
    const waiting = steps(settling(), 7, {});
    expect(waiting.payment.attention?.reason).toBe('refund_unresolved');
    expect(waiting.payment.nextStep?.action).toBe('await_refunds');
  });

  test('is done at once when refunds have given everything back', () => {
    const whole = paidPayment({ refunded: 10_000n, refundReserved: 10_000n });
    expect(happens(begin(whole), cancelRequested).payment).toMatchObject({
      state: 'cancelled',
      cancelledBy: 'refund',
      nextStep: null,
    });
  });
});

// proves RES-07
describe('past the cancel window', () => {
  const barred = (): Story => step(happens(begin(), cancelRequested), { cancel: refundInstead });

  test('the wallet alone says that it has passed; then an inquiry decides', () => {
    expect(barred().payment).toMatchObject({
      nextStep: { action: 'inquire' },
      reversal: { refundInstead: true },
    });
    const refunding = step(barred(), { inquire: paid });
    expect(refunding.payment).toMatchObject({
      reversal: { state: 'refunding' },
      nextStep: { action: 'refund' },
    });
    expect(step(barred(), { inquire: closed }).payment).toMatchObject({ state: 'cancelled', nextStep: null });
  });

  // proves RES-12
  test('the refund is repeated with the same id and amount, first after 5 s, and people are told', () => {
    const refunding = step(barred(), { inquire: paid });
    const silent = steps(refunding, 7, { refund: noAnswer() });
    expect(silent.waits.slice(-7)).toEqual([0, 5, 10, 10, 10, 10, 10]);
    expect(silent.payment.attention?.reason).toBe('refund_unresolved');
    expect(silent.payment.refunded).toBe(0n);
  });

  test('a refused refund is inquired, and only what the wallet does not have is sent again', () => {
    const refusedOnce = step(step(barred(), { inquire: paid }), { refund: refused('merchant') });
    expect(refusedOnce.payment).toMatchObject({
      nextStep: { action: 'inquire_refund' },
      attention: { reason: 'refund_unresolved' },
    });
    const amount = paid.amount;
    const done = step(refusedOnce, { inquire_refund: { kind: 'refunded', amount } });
    expect(done.payment).toMatchObject({ state: 'cancelled', cancelledBy: 'refund', attention: null });
  });
});

describe('the wallet’s word on a payment that is being undone', () => {
  const known = { knownToWallet: true, paidEvidence: true, walletTransactionId: '1' } as const;
  const asked = (payment: Payment, answer: InquiryAnswer): Payment =>
    happens(begin(payment), { kind: 'inquiry_answered', answer }).payment;

  test('says by what it was undone: paid and closed is cancelled, and never paid is closed', () => {
    const cancelling = reversingPayment('cancelling', 'inquire', { knownToWallet: true });
    expect(asked(cancelling, closed)).toMatchObject({ state: 'cancelled', cancelledBy: 'close' });
    expect(asked({ ...cancelling, ...known }, closed)).toMatchObject({ cancelledBy: 'cancel', refunded: 0n });
  });

  // money case 13
  test('counts the whole amount as refunded when a refund of ours was on its way, unless it names a cancel', () => {
    const refunding = reversingPayment('refunding', 'inquire', known);
    expect(asked(refunding, closed)).toMatchObject({ cancelledBy: 'refund', refunded: 10_000n });
    expect(asked(refunding, cancelledAtWallet)).toMatchObject({ cancelledBy: 'cancel', refunded: 0n });
  });

  test('that there is none does not outweigh that it knew the payment: it is cancelled again, and not only watched', () => {
    const cancelling = reversingPayment('cancelling', 'inquire', { knownToWallet: true });
    expect(asked(cancelling, notFound)).toMatchObject({
      state: 'reversing',
      reversal: { state: 'cancelling' },
      nextStep: { action: 'cancel', dueAt: noon },
    });
  });

  test('that a cancel gave money back is evidence that the payer had paid', () => {
    const cancelling = begin(reversingPayment('cancelling', 'cancel'));
    const effected = (answer: CancelAnswer): Payment =>
      happens(cancelling, { kind: 'cancel_answered', answer }).payment;
    expect(effected(effectedRefunded)).toMatchObject({ state: 'cancelled', paidEvidence: true });
    expect(effected(effectedClosed)).toMatchObject({ state: 'cancelled', paidEvidence: false });
  });
});

describe('attention', () => {
  // proves RES-13
  test('is raised once with its reason and since when, whatever else goes wrong', () => {
    const exhausted = happens(begin(paidPayment()), { kind: 'delivery_exhausted' });
    expect(exhausted.payment.attention).toEqual({ reason: 'delivery_exhausted', since: noon });
    const again = happens(exhausted, { kind: 'delivery_exhausted' }, secondsAfter(60));
    expect(again.payment.attention).toEqual(exhausted.payment.attention);
    expect(eventTypes(again)).toEqual(['AttentionRaised']);
  });

  test('is raised when a success turns out closed although nothing was refunded', () => {
    const input = { kind: 'inquiry_answered', answer: closed } as const;
    expect(happens(begin(paidPayment()), input).payment.attention?.reason).toBe('closed_after_success');
    const refunded = paidPayment({ refunded: 10_000n, refundReserved: 10_000n });
    expect(happens(begin(refunded), input).payment).toEqual(refunded);
  });
});
