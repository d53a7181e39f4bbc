import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { announcementsOfPayment } from './announcement.ts';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { decideRefund, type RefundInput } from './decide-refund.ts';
import { type Payment, publicStatus } from './payment.ts';
import { decisionDefects } from './payment-audit.fixture.ts';
import { examplePayment, examplePolicy, exampleRefund, noon, secondsAfter } from './payments.fixture.ts';
import type { Refund } from './refund.ts';
import { exampleWallet, type WalletHabits } from './wallet.fixture.ts';

/*
 * The promise of the whole, in small: one payment, an honest wallet, and a network that loses calls, loses answers
 * and lets answers cross. Time is an argument, so three days pass in no time. At the end nothing is due any more and
 * the payment says what is true: paid once, or not at all.
 */

/** `stalled`: the wallet did it, but the answer is recorded a minute late, after the lease ran out. */
type Fault = 'none' | 'lost' | 'unanswered' | 'stalled' | 'not_sent';

interface Scenario {
  readonly habits: WalletHabits;
  readonly pay: {
    readonly arrivesMs: number | null;
    readonly answerMs: number | null;
    readonly confirmsMs: number | null;
  };
  readonly cancelMs: number | null;
  readonly refundMs: number | null;
  readonly refundMinor: bigint;
  /** What happens to each call of a due step, in turn; afterwards the network is well. */
  readonly faults: readonly Fault[];
}

const expiresAfterMs = 300_000;
const leaseMs = 15_000;
const threeDaysMs = 3 * 86_400_000;

const momentMs = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }),
  fc.integer({ min: 0, max: 120_000 }),
  fc.integer({ min: 0, max: 700_000 }),
);

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  habits: fc.record({
    onPay: fc.constantFrom('paid' as const, 'asked' as const, 'refused' as const),
    cancelBarredFromMs: fc.constantFrom(0, 60_000, threeDaysMs),
    blindInquiries: fc.integer({ min: 0, max: 2 }),
  }),
  pay: fc.record({
    arrivesMs: fc.option(momentMs),
    answerMs: fc.option(momentMs),
    confirmsMs: fc.option(momentMs),
  }),
  cancelMs: fc.option(momentMs),
  refundMs: fc.option(momentMs),
  refundMinor: fc.constantFrom(1n, 3_000n, 10_000n),
  faults: fc.array(fc.constantFrom('none', 'lost', 'unanswered', 'stalled', 'not_sent'), { maxLength: 40 }),
});

interface Ending {
  readonly payment: Payment;
  readonly refund: Refund | null;
  readonly heldMinor: bigint;
  /** Final statuses that the merchant was told, in order. */
  readonly told: readonly string[];
  readonly steps: number;
}

function played(scenario: Scenario): Ending {
  const wallet = exampleWallet(10_000n, scenario.habits);
  const faults = [...scenario.faults];
  const told: string[] = [];
  const events: { atMs: number; run: (atMs: number) => void }[] = [];
  let payment = examplePayment({
    expiresAt: secondsAfter(expiresAfterMs / 1000),
    nextStep: { action: 'inquire', dueAt: secondsAfter(17) },
    createdAt: noon,
  });
  let refund: Refund | null = null;
  let paymentLeasedUntilMs = 0;
  let refundLeasedUntilMs = 0;
  let steps = 0;

  const dateOf = (atMs: number): Date => new Date(noon.getTime() + atMs);
  const at = (atMs: number | null, run: (atMs: number) => void): void => {
    if (atMs !== null) events.push({ atMs, run });
  };
  const record = (input: PaymentInput, atMs: number): void => {
    const before = payment;
    const decision = decidePayment(before, input, examplePolicy, dateOf(atMs));
    expect(decisionDefects(before, input, decision, dateOf(atMs))).toEqual([]);
    payment = decision.payment;
    if (payment !== before) paymentLeasedUntilMs = 0;
    told.push(...announcementsOfPayment(before, payment).map((announcement) => announcement.type));
  };
  const recordRefund = (input: RefundInput, atMs: number): void => {
    if (refund === null) return;
    const before = refund;
    const { refund: after } = decideRefund(before, input, examplePolicy, dateOf(atMs));
    refund = after;
    refundLeasedUntilMs = 0;
    if (after.nextStep !== null || before.nextStep === null) return;
    record(
      { kind: 'refund_ended', amountMinor: after.amount.minor, succeeded: after.state === 'succeeded' },
      atMs,
    );
  };
  /** Makes a call under the next fault and has what comes of it recorded. */
  const call = <Answer>(
    atMs: number,
    ask: (arrivesMs: number) => Answer,
    heard: (
      answer: Answer | { kind: 'no_answer'; reason: 'timeout' | 'not_sent'; detail: string },
      atMs: number,
    ) => void,
  ): void => {
    steps += 1;
    const fault = faults.shift() ?? 'none';
    const silence = {
      kind: 'no_answer',
      reason: fault === 'not_sent' ? 'not_sent' : 'timeout',
      detail: fault,
    } as const;
    if (fault === 'lost' || fault === 'not_sent') {
      at(atMs + 3_000, (then) => heard(silence, then));
      return;
    }
    at(atMs + 50, (arrivesMs) => {
      const answer = ask(arrivesMs);
      if (fault === 'unanswered') at(atMs + 3_000, (then) => heard(silence, then));
      else at(arrivesMs + (fault === 'stalled' ? 60_000 : 50), (then) => heard(answer, then));
    });
  };
  const performPayment = (atMs: number): void => {
    paymentLeasedUntilMs = atMs + leaseMs;
    const remainder = payment.amount.minor - payment.refunded;
    switch (payment.nextStep?.action) {
      case 'inquire':
        call(atMs, wallet.inquire, (answer, then) => record({ kind: 'inquiry_answered', answer }, then));
        break;
      case 'cancel':
        call(atMs, wallet.cancel, (answer, then) => record({ kind: 'cancel_answered', answer }, then));
        break;
      case 'refund':
        call(
          atMs,
          () => wallet.refund('reversal', remainder),
          (answer, then) => record({ kind: 'reversal_refund_answered', answer }, then),
        );
        break;
      case 'inquire_refund':
        call(
          atMs,
          () => wallet.inquireRefund('reversal'),
          (answer, then) => record({ kind: 'reversal_refund_inquired', answer }, then),
        );
        break;
      case 'await_refunds':
        record({ kind: 'refunds_awaited' }, atMs);
        break;
      case undefined:
        break;
    }
  };
  const performRefund = (atMs: number): void => {
    if (refund === null) return;
    refundLeasedUntilMs = atMs + leaseMs;
    const { id, amount, nextStep } = refund;
    if (nextStep?.action === 'refund') {
      call(
        atMs,
        () => wallet.refund(id, amount.minor),
        (answer, then) => recordRefund({ kind: 'refund_answered', answer }, then),
      );
    } else {
      call(
        atMs,
        () => wallet.inquireRefund(id),
        (answer, then) => recordRefund({ kind: 'refund_inquired', answer }, then),
      );
    }
  };

  at(scenario.pay.arrivesMs, (arrivesMs) => {
    const answer = wallet.pay(arrivesMs);
    const { confirmsMs, answerMs } = scenario.pay;
    at(confirmsMs === null ? null : arrivesMs + confirmsMs, () => wallet.confirm());
    at(answerMs === null ? null : arrivesMs + answerMs, (atMs) =>
      record({ kind: 'pay_answered', answer }, atMs),
    );
  });
  at(expiresAfterMs, () => wallet.expire());
  at(scenario.cancelMs, (atMs) => record({ kind: 'cancel_requested' }, atMs));
  at(scenario.refundMs, (atMs) => {
    if (payment.state !== 'succeeded') return;
    record({ kind: 'refund_accepted', amountMinor: scenario.refundMinor }, atMs);
    refund = exampleRefund({
      amount: { currency: 'CNY', minor: scenario.refundMinor },
      nextStep: { action: 'refund', dueAt: dateOf(atMs) },
    });
  });

  const dueMs = (row: Payment | Refund | null, leasedUntilMs: number): number =>
    row?.nextStep == null
      ? Number.POSITIVE_INFINITY
      : Math.max(row.nextStep.dueAt.getTime() - noon.getTime(), leasedUntilMs);

  let nowMs = 0;
  while (nowMs < threeDaysMs && steps < 1_000) {
    events.sort((a, b) => a.atMs - b.atMs);
    const eventMs = events[0]?.atMs ?? Number.POSITIVE_INFINITY;
    const paymentMs = dueMs(payment, paymentLeasedUntilMs);
    const refundMs = dueMs(refund, refundLeasedUntilMs);
    const nextMs = Math.min(eventMs, paymentMs, refundMs);
    if (nextMs === Number.POSITIVE_INFINITY) break;
    nowMs = Math.max(nowMs, nextMs);
    if (eventMs === nextMs) events.shift()?.run(nowMs);
    else if (paymentMs === nextMs) performPayment(nowMs);
    else performRefund(nowMs);
  }
  return { payment, refund, heldMinor: wallet.held(), told, steps };
}

describe('whatever the network loses, delays or lets cross', () => {
  // proves RES-04, RES-07, RES-13, RES-20
  test('every payment ends, and ends as the wallet has it', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const { payment, refund, heldMinor, told, steps } = played(scenario);
        expect(steps).toBeLessThan(200);
        expect(payment.nextStep).toBeNull();
        expect(refund?.nextStep ?? null).toBeNull();
        const status = publicStatus(payment);
        if (status === 'succeeded') expect(heldMinor).toBe(payment.amount.minor - payment.refunded);
        else expect(heldMinor).toBe(0n);
        expect(status).not.toBe('processing');
        expect(told.at(-1)).toBe(`payment.${status}`);
        expect(told.slice(1)).toEqual(told.length > 1 ? ['payment.cancelled'] : []);
        expect(payment.attention).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });
});
