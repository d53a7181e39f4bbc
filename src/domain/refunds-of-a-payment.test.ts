import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { decideRefund, type RefundInput } from './decide-refund.ts';
import { everyPaymentInput, everyRefundInput, inWords } from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { paymentDefects } from './payment-audit.fixture.ts';
import { examplePolicy, exampleRefund, noon, paidPayment } from './payments.fixture.ts';
import { publicRefundStatus, type Refund } from './refund.ts';

/*
 * A payment and its refunds together, as the operations keep them: a refund is accepted when it fits, and its end is
 * recorded on the payment, whatever the wallet says to either of them and in whatever order.
 */

interface Books {
  readonly payment: Payment;
  readonly refunds: readonly Refund[];
}

type Happening =
  | { readonly kind: 'refund wanted'; readonly minor: bigint }
  | { readonly kind: 'to a refund'; readonly nth: number; readonly input: RefundInput }
  | { readonly kind: 'to the payment'; readonly input: PaymentInput };

const happenings = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('refund wanted' as const), minor: amounts() }) },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('to a refund' as const),
          nth: fc.nat(9),
          input: fc.constantFrom(...everyRefundInput),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('to the payment' as const),
          input: fc.constantFrom(...everyPaymentInput.filter(({ kind }) => !kind.startsWith('refund_'))),
        }),
      },
    ),
    fc.integer({ min: 0, max: 400_000 }),
  ),
  { maxLength: 60, size: 'max' },
);

function amounts() {
  const { minor } = paidPayment().amount;
  return fc.oneof(fc.bigInt({ min: 1n, max: minor + 1n }), fc.constantFrom(1n, minor / 2n, minor));
}

const isOpen = (refund: Refund): boolean => publicRefundStatus(refund) === 'processing';

function after({ payment, refunds }: Books, happening: Happening, now: Date): Books {
  switch (happening.kind) {
    case 'refund wanted': {
      const amountMinor = happening.minor;
      const fits =
        payment.state === 'succeeded' && amountMinor <= payment.amount.minor - payment.refundReserved;
      if (!fits) return { payment, refunds };
      const accepted = exampleRefund({
        id: `re_${refunds.length}`,
        amount: { ...payment.amount, minor: amountMinor },
        createdAt: now,
        updatedAt: now,
      });
      const reserved = decidePayment(payment, { kind: 'refund_accepted', amountMinor }, examplePolicy, now);
      return { payment: reserved.payment, refunds: [...refunds, accepted] };
    }
    case 'to a refund': {
      const before = refunds[happening.nth];
      if (before === undefined) return { payment, refunds };
      const decided = decideRefund(before, happening.input, examplePolicy, now).refund;
      const changed = decided === before ? before : { ...decided, updatedAt: now };
      const ends = isOpen(before) && !isOpen(changed);
      const input: PaymentInput = {
        kind: 'refund_ended',
        amountMinor: before.amount.minor,
        succeeded: changed.state === 'succeeded',
      };
      return {
        payment: ends ? decidePayment(payment, input, examplePolicy, now).payment : payment,
        refunds: refunds.with(happening.nth, changed),
      };
    }
    case 'to the payment':
      return { payment: decidePayment(payment, happening.input, examplePolicy, now).payment, refunds };
    default:
      return happening satisfies never;
  }
}

function sum(refunds: readonly Refund[]): bigint {
  return refunds.reduce((total, { amount }) => total + amount.minor, 0n);
}

/** What the payment says of its refunds against what they say themselves. */
function differences({ payment, refunds }: Books): string[] {
  const found = paymentDefects(payment);
  const open = refunds.filter(isOpen);
  const done = refunds.filter(({ state }) => state === 'succeeded');
  if (payment.openRefunds !== open.length)
    found.push(`${open.length} refunds are open, it says ${payment.openRefunds}`);
  // A reversal that gave back what remained counts beside the refunds, and then all of it is given back.
  const { minor } = payment.amount;
  const undone = payment.reversal !== null && payment.refunded === minor && payment.refundReserved === minor;
  if (!undone && payment.refunded !== sum(done))
    found.push(`${sum(done)} were refunded, it says ${payment.refunded}`);
  if (!undone && payment.refundReserved !== sum(done) + sum(open))
    found.push(`${sum(done) + sum(open)} are spoken for, it says ${payment.refundReserved}`);
  if (sum(done) + sum(open) > payment.amount.minor) found.push('more is given back than was received');
  return found;
}

// proves RES-12, money case 6, money case 7
test('the payment knows what its refunds have taken of it, whatever happens to any of them', () => {
  fc.assert(
    fc.property(happenings, (path) => {
      let books: Books = { payment: paidPayment(), refunds: [] };
      let now = noon;
      const told: string[] = [];
      for (const [happening, afterMs] of path) {
        now = new Date(now.getTime() + afterMs);
        books = after(books, happening, now);
        told.push('input' in happening ? `${happening.kind}: ${inWords(happening.input)}` : happening.kind);
        expect(differences(books), told.join('\n')).toEqual([]);
      }
    }),
    { numRuns: 3_000 },
  );
});
