import { describe, expect, it } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { decideRefund } from './decide-refund.ts';
import { fastTriesMs } from './decide-trouble.ts';
import { later, noAnswer, unclear } from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { everyPayment, examplePolicy, exampleRefund, noon } from './payments.fixture.ts';

function decided(payment: Payment, input: PaymentInput) {
  return decidePayment(payment, input, examplePolicy, noon);
}

function cancelling(): Payment {
  const found = [...everyPayment.values()].find(({ nextStep }) => nextStep?.action === 'cancel');
  if (found === undefined) throw new Error('no example is to be cancelled');
  return { ...found, attention: null };
}

// proves RES-13, CAN-03
describe('a step that cannot be taken', () => {
  it('counts no try and keeps its time, whether its call cannot leave or the gateway fails', () => {
    for (const [name, payment] of everyPayment) {
      for (const kind of ['held_up', 'step_failed'] as const) {
        const { payment: after } = decided(payment, { kind });
        expect({ ...after, attention: payment.attention }, `${name} ${kind}`).toEqual(payment);
        if (payment.nextStep === null) expect(after).toBe(payment);
        else expect(after.attention).not.toBeNull();
      }
    }
  });

  it('names what stays unresolved meanwhile', () => {
    const { payment, events } = decided(cancelling(), { kind: 'held_up' });
    expect(payment.attention).toEqual({ reason: 'cancel_unresolved', since: noon });
    expect(events).toEqual([{ type: 'AttentionRaised', data: { reason: 'cancel_unresolved' } }]);
    expect(decided(payment, { kind: 'held_up' })).toEqual({ payment, events: [] });
    expect(decideRefund(exampleRefund(), { kind: 'held_up' }, examplePolicy, noon).refund).toEqual(
      exampleRefund({ attention: { reason: 'refund_unresolved', since: noon } }),
    );
  });

  it('because the gateway fails needs attention until it is taken, whatever it is answered', () => {
    const { payment } = decided(cancelling(), { kind: 'step_failed' });
    expect(payment.attention?.reason).toBe('step_failing');
    const answered = decided(payment, { kind: 'cancel_answered', answer: noAnswer() });
    expect(answered.payment.attention).toBeNull();
    expect(answered.events).toContainEqual({ type: 'AttentionEnded', data: { reason: 'step_failing' } });
    const refund = decideRefund(exampleRefund(), { kind: 'step_failed' }, examplePolicy, noon).refund;
    expect(refund.attention?.reason).toBe('step_failing');
    const answer = { kind: 'refund_answered', answer: noAnswer() } as const;
    expect(decideRefund(refund, answer, examplePolicy, noon).refund.attention).toBeNull();
  });

  it('is put before people when it is held up for longer than the fast tries take', () => {
    expect(fastTriesMs(examplePolicy.cancelRetry)).toBe(55_000);
  });
});

// proves RES-19
describe('what asks for attention', () => {
  it('says by which answer it came to that: the wallet’s own words, or why there is none', () => {
    const tired = { ...cancelling(), tries: 9 };
    const asked = (input: PaymentInput) =>
      decided(tired, input).events.find(({ type }) => type === 'AttentionRaised')?.data;
    expect(asked({ kind: 'cancel_answered', answer: noAnswer('timeout') })).toEqual({
      reason: 'cancel_unresolved',
      answer: 'timeout',
      detail: 'timeout in a test',
    });
    expect(asked({ kind: 'cancel_answered', answer: unclear })).toEqual({
      reason: 'cancel_unresolved',
      answer: 'unclear',
      wallet_code: 'ACQ.SYSTEM_ERROR',
      detail: 'system error',
    });
  });

  it('of a refund names the refund', () => {
    const refund = exampleRefund();
    const { events } = decideRefund(refund, { kind: 'refund_answered', answer: later }, examplePolicy, noon);
    expect(events).toContainEqual({
      type: 'AttentionRaised',
      data: {
        refund_id: refund.id,
        reason: 'refund_unresolved',
        answer: 'later',
        wallet_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
        detail: 'the position is too small',
      },
    });
  });
});
