import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { everyPaymentInput, inWords } from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { decisionDefects } from './payment-audit.fixture.ts';
import { everyPayment, noon } from './payments.fixture.ts';
import { type PaymentPolicy, policyFor, productsOf } from './policy.ts';
import { walletNames } from './wallets.ts';

/** Whatever the wallet and the network say, in whatever order, at whatever time: the rules hold after every step. */

interface Stride {
  readonly input: PaymentInput;
  /** Milliseconds since the stride before; half of the strides come exactly when the next step is due. */
  readonly afterMs: number | 'when due';
}

const strides = fc.array(
  fc.record({
    input: fc.constantFrom(...everyPaymentInput.filter((input) => !input.kind.startsWith('refund_'))),
    afterMs: fc.oneof(fc.constant('when due' as const), fc.integer({ min: 0, max: 900_000 })),
  }),
  { maxLength: 60, size: 'max' },
);

/** Refunds come only as the refund operations make them. */
const refundInput = (payment: Payment, nth: number): PaymentInput | null => {
  const remaining = payment.amount.minor - payment.refundReserved;
  if (payment.state === 'succeeded' && remaining > 0n && nth % 3 === 0) {
    return { kind: 'refund_accepted', amountMinor: nth % 2 === 0 ? remaining : (remaining + 1n) / 2n };
  }
  if (payment.openRefunds === 0 || nth % 5 !== 0) return null;
  const open = payment.refundReserved - payment.refunded;
  const amountMinor = payment.openRefunds === 1 ? open : open / BigInt(payment.openRefunds);
  return { kind: 'refund_ended', amountMinor, succeeded: nth % 2 === 0 };
};

/** The policy of every product: some end by a count of inquiries, some by the close time, some cancel what has failed. */
const policies = walletNames.flatMap((wallet) =>
  productsOf(wallet).map((product) => policyFor(wallet, product)),
);

function walk(start: Payment, policy: PaymentPolicy, path: readonly Stride[]): void {
  let payment = start;
  let now = noon;
  const told: string[] = [];
  path.forEach(({ input, afterMs }, nth) => {
    const due = payment.nextStep?.dueAt ?? now;
    now = afterMs === 'when due' ? new Date(Math.max(due.getTime(), now.getTime())) : later(now, afterMs);
    const happens = refundInput(payment, nth) ?? input;
    const decision = decidePayment(payment, happens, policy, now);
    told.push(`${inWords(happens)} → ${decision.payment.state}/${decision.payment.reversal?.state ?? ''}`);
    expect(decisionDefects(payment, happens, decision, now), told.join('\n')).toEqual([]);
    payment = decision.payment;
  });
}

function later(from: Date, ms: number): Date {
  return new Date(from.getTime() + ms);
}

describe('any inputs in any order', () => {
  // proves RES-10, RES-13
  test('keep every rule from the beginning of a payment', () => {
    const start = everyPayment.get('submitted');
    if (start === undefined) throw new Error('no example of a submitted payment');
    fc.assert(
      fc.property(fc.constantFrom(...policies), strides, (policy, path) => walk(start, policy, path)),
      { numRuns: 2_000 },
    );
  });

  test('keep every rule from wherever a payment stands', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...everyPayment.values()),
        fc.constantFrom(...policies),
        strides,
        (start, policy, path) => walk(start, policy, path),
      ),
      { numRuns: 2_000 },
    );
  });
});
