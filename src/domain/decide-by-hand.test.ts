import { describe, expect, it } from 'vitest';
import { paymentResolutionObstacle, refundResolutionObstacle } from './decide-by-hand.ts';
import { decidePayment } from './decide-payment.ts';
import { decideRefund } from './decide-refund.ts';
import { writtenEvidence } from './inputs.fixture.ts';
import type { AttentionReason, Payment } from './payment.ts';
import { paymentDefects } from './payment-audit.fixture.ts';
import {
  everyPayment,
  examplePayment,
  examplePolicy,
  exampleRefund,
  noon,
  reversing,
} from './payments.fixture.ts';
import type { Refund } from './refund.ts';

function attended<Row extends Payment | Refund>(row: Row, reason: AttentionReason): Row {
  return { ...row, attention: { reason, since: noon } };
}

function resolved(payment: Payment, as: 'given_back' | 'noted') {
  return decidePayment(payment, { kind: 'resolved_by_hand', as, ...writtenEvidence }, examplePolicy, noon);
}

function refundResolved(refund: Refund, as: 'succeeded' | 'failed' | 'noted') {
  return decideRefund(refund, { kind: 'resolved_by_hand', as, ...writtenEvidence }, examplePolicy, noon);
}

const audited = {
  type: 'ResolvedByHand',
  data: { by: writtenEvidence.by, evidence: writtenEvidence.evidence },
};

// proves RES-13, RES-19
describe('a payment that a person resolves', () => {
  it.each([...everyPayment])(
    '%s: only where it needs attention, and never to a success',
    (_name, payment) => {
      for (const as of ['given_back', 'noted'] as const) {
        const calm = { ...payment, attention: null };
        expect(resolved(calm, as)).toEqual({ payment: calm, events: [] });
        const asking = attended(payment, 'cancel_unresolved');
        const { payment: after, events } = resolved(asking, as);
        const obstacle = paymentResolutionObstacle(asking, as);
        expect(events.length > 0).toBe(obstacle === null);
        expect(paymentDefects(after)).toEqual([]);
        if (payment.state !== 'succeeded') expect(after.state).not.toBe('succeeded');
        if (obstacle === null) {
          expect(after.attention).toBeNull();
          expect(events[0]).toMatchObject(audited);
          if (as === 'noted') expect(after).toEqual({ ...asking, attention: null });
          else expect(after).toMatchObject({ reversal: { state: 'effected' }, nextStep: null });
        }
      }
    },
  );

  it('given back is known to the wallet, and with a partial refund on it all of it is refunded', () => {
    const watching = examplePayment({ state: 'cancelled_provisionally', reversal: reversing('watching') });
    expect(resolved(attended(watching, 'cancel_unresolved'), 'given_back').payment).toMatchObject({
      knownToWallet: true,
      cancelledBy: 'cancel',
    });
    const partly = examplePayment({
      state: 'reversing',
      reversal: reversing('cancelling'),
      refunded: 4_000n,
      refundReserved: 4_000n,
    });
    expect(resolved(attended(partly, 'cancel_unresolved'), 'given_back').payment).toMatchObject({
      cancelledBy: 'refund',
      refunded: partly.amount.minor,
      refundReserved: partly.amount.minor,
    });
  });

  it('given back while its remainder was being refunded: all of it is refunded', () => {
    const refunding = [...everyPayment.values()].filter(({ reversal }) => reversal?.state === 'refunding');
    expect(refunding.length).toBeGreaterThan(0);
    for (const payment of refunding) {
      const { payment: after } = resolved(attended(payment, 'refund_unresolved'), 'given_back');
      expect(after).toMatchObject({ refunded: payment.amount.minor, refundReserved: payment.amount.minor });
    }
  });

  it('whose refunds are under way waits for those', () => {
    const settling = [...everyPayment.values()].find(({ reversal }) => reversal?.state === 'settling');
    if (settling === undefined) throw new Error('no example settles');
    const asking = attended(settling, 'refund_unresolved');
    expect(paymentResolutionObstacle(asking, 'given_back')).toContain('resolve those first');
    expect(resolved(asking, 'given_back')).toEqual({ payment: asking, events: [] });
  });

  it('whose merchant could not be told is noted by a person alone', () => {
    const paid = [...everyPayment.values()].find(({ state }) => state === 'succeeded');
    if (paid === undefined) throw new Error('no example succeeded');
    const { payment, events } = resolved(attended(paid, 'delivery_exhausted'), 'noted');
    expect(payment).toEqual({ ...paid, attention: null });
    expect(events.map(({ type }) => type)).toEqual(['ResolvedByHand', 'AttentionEnded']);
  });
});

// proves RES-13
describe('a refund that a person resolves', () => {
  const unresolved = attended(exampleRefund({ state: 'unknown', tries: 9 }), 'refund_unresolved');

  it('as succeeded or as failed ends so, with who said it and why', () => {
    const done = refundResolved(unresolved, 'succeeded');
    expect(done.refund).toMatchObject({ state: 'succeeded', nextStep: null, attention: null, failure: null });
    expect(done.events[0]).toMatchObject(audited);
    expect(done.events.map(({ type }) => type)).toEqual(['ResolvedByHand', 'RefundFound']);
    const not = refundResolved(unresolved, 'failed');
    expect(not.refund).toMatchObject({ state: 'failed', nextStep: null, attention: null });
    expect(not.refund.failure?.code).toBe('refund_refused');
    expect(not.events.map(({ type }) => type)).toEqual(['ResolvedByHand', 'RefundFailureFound']);
  });

  it('before its first call was ever answered fails by way of the missing answer', () => {
    const held = attended(exampleRefund(), 'refund_unresolved');
    expect(refundResolved(held, 'failed').events.map(({ type }) => type)).toEqual([
      'ResolvedByHand',
      'RefundAnswerMissing',
      'RefundFailureFound',
    ]);
  });

  it('that needs no attention stays as it is, and one that has ended can only be noted', () => {
    for (const as of ['succeeded', 'failed', 'noted'] as const) {
      expect(refundResolved(exampleRefund(), as)).toEqual({ refund: exampleRefund(), events: [] });
    }
    expect(refundResolutionObstacle(unresolved, 'noted')).toContain('still works on it');
    const failed = exampleRefund({ state: 'failed', nextStep: null });
    const late = decideRefund(
      failed,
      { kind: 'refund_answered', answer: { kind: 'refunded' } },
      examplePolicy,
      noon,
    );
    expect(late.events).toEqual([
      { type: 'RefundEvidenceAfterFailure', data: { refund_id: failed.id, value: '3000' } },
      { type: 'AttentionRaised', data: { refund_id: failed.id, reason: 'refunded_after_failure' } },
    ]);
    expect(late.refund).toEqual(attended(failed, 'refunded_after_failure'));
    expect(refundResolved(late.refund, 'succeeded').events).toEqual([]);
    expect(refundResolved(late.refund, 'noted').refund).toEqual(failed);
  });
});
