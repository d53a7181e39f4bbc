import { describe, expect, test } from 'vitest';
import { decidePayment } from './decide-payment.ts';
import { awaitingPayer, contradictory, notPaid, paid } from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { isOpen } from './payment.ts';
import { everyPayment, examplePolicy, noon, secondsAfter } from './payments.fixture.ts';
import type { NotifiedOutcome } from './wallet-answer.ts';

function told(payment: Payment, outcome: NotifiedOutcome) {
  return decidePayment(payment, { kind: 'notified', outcome }, examplePolicy, noon);
}

const named = (name: string): Payment => {
  const payment = everyPayment.get(name);
  if (payment === undefined) throw new Error(`no example payment is called ${name}`);
  return payment;
};

const open = [...everyPayment].filter(([, payment]) => isOpen(payment));
const others = [...everyPayment].filter(([, payment]) => !isOpen(payment));

describe('a notification of success', () => {
  // proves RES-11, NOT-05
  test.each(open)('makes a payment that is %s succeed', (_, payment) => {
    const { payment: after } = told(payment, { ...paid, paidAt: secondsAfter(-1) });
    expect(after).toMatchObject({ state: 'succeeded', nextStep: null, paidAt: secondsAfter(-1) });
  });

  // proves RES-09, RES-11
  test('that is repeated after success changes nothing at all', () => {
    const first = told(named('issued'), { ...paid, paidAt: secondsAfter(-1) }).payment;
    const repeat = told(first, { ...paid, paidAt: secondsAfter(-1) });
    expect(repeat.payment).toBe(first);
    expect(repeat.events).toEqual([]);
  });

  // money case 5
  test('that names another transaction of a paid payment changes nothing but that people are told, once', () => {
    const other = { ...paid, walletTransactionId: '2026030222001409001400000099' };
    const { payment: after } = told(named('succeeded'), other);
    expect(after).toEqual({
      ...named('succeeded'),
      attention: { reason: 'second_wallet_transaction', since: noon },
    });
    expect(told(after, other).payment).toBe(after);
  });

  // proves RES-09
  test('while a paid payment is undone, or after it was, changes nothing: the reversal’s result decides', () => {
    const known = others.filter(([, { paidEvidence, reversal }]) => paidEvidence && reversal !== null);
    expect(known.length).toBeGreaterThan(8);
    for (const [name, payment] of known) {
      const { payment: after, events } = told(payment, paid);
      expect(after, name).toBe(payment);
      expect(events, name).toEqual([]);
    }
  });

  // money case 5
  test('that names another transaction of a payment which is undone is told to people', () => {
    const undone = named('cancelled, given back');
    const { payment: after } = told(undone, { ...paid, walletTransactionId: '2026030222001409001400000099' });
    expect(after).toEqual({ ...undone, attention: { reason: 'second_wallet_transaction', since: noon } });
  });

  test('that is repeated while a cancel waits for its next try does not put it off', () => {
    const waiting = {
      ...named('cancelling, payer seen'),
      nextStep: { action: 'cancel', dueAt: secondsAfter(7) },
    } as const;
    const first = told(waiting, paid).payment;
    expect(told(first, paid).payment.nextStep).toEqual(first.nextStep);
  });

  // money case 5
  test.each(['failed', 'cancelled, never sent', 'cancelled, closed unpaid', 'cancelled, never found'])(
    'on a payment that is %s never flips it back: it is inquired, undone, and people are told',
    (name) => {
      const { payment: after } = told(named(name), paid);
      expect(after.state).toBe(named(name).state);
      expect(after).toMatchObject({
        paidEvidence: true,
        reversal: { state: 'cancelling' },
        nextStep: { action: 'inquire', dueAt: noon },
        attention: { reason: 'paid_after_end' },
      });
    },
  );

  test('on a payment that is watched brings the cancel at once', () => {
    expect(told(named('watched, inquiring'), paid).payment).toMatchObject({
      reversal: { state: 'cancelling' },
      nextStep: { action: 'cancel', dueAt: noon },
    });
  });
});

describe('a notification that the payment failed or was closed', () => {
  // proves RES-17
  test.each(open)('leads to an inquiry at once when the payment is %s, and to nothing else', (_, payment) => {
    const later = { ...payment, nextStep: { action: 'inquire', dueAt: secondsAfter(60) } } as const;
    const { payment: after, events } = told(later, notPaid);
    expect(after).toEqual({ ...later, nextStep: { action: 'inquire', dueAt: noon } });
    expect(events).toEqual([{ type: 'NotPaidNotified', data: { code: notPaid.code } }]);
  });

  test.each(others)('changes nothing when the payment is %s', (_, payment) => {
    const { payment: after, events } = told(payment, notPaid);
    expect(after).toBe(payment);
    expect(events).toEqual([]);
  });

  test('does not put off an inquiry that is due, however often it is repeated', () => {
    const due = { ...named('issued'), nextStep: { action: 'inquire', dueAt: secondsAfter(-9) } } as const;
    const { payment: after, events } = told(due, notPaid);
    expect(after.nextStep).toEqual(due.nextStep);
    // What the wallet has said first stands on the timeline all the same.
    expect(events).toEqual([{ type: 'NotPaidNotified', data: { code: notPaid.code } }]);
  });
});

describe('a notification of failure that is sent again and again', () => {
  const again = (payment: Payment, toldSecondsAgo: number) =>
    decidePayment(
      payment,
      { kind: 'notified', outcome: notPaid, failureToldAt: secondsAfter(-toldSecondsAgo) },
      examplePolicy,
      noon,
    );
  const intervalSeconds = examplePolicy.inquiryIntervalMs / 1_000;
  const waiting = (seconds: number): Payment => ({
    ...named('issued'),
    nextStep: { action: 'inquire', dueAt: secondsAfter(seconds) },
  });

  // proves RES-17
  test('brings no more inquiries than the policy makes while a payer is active', () => {
    const soon = again(waiting(intervalSeconds + 60), 1);
    expect(soon.payment.nextStep).toEqual({ action: 'inquire', dueAt: secondsAfter(intervalSeconds - 1) });
    expect(soon.events.map(({ type }) => type)).toEqual(['NotPaidNotified']);
    const repeat = again(soon.payment, 1);
    expect(repeat.payment).toBe(soon.payment);
    expect(repeat.events).toEqual([]);
  });

  test('is looked into at once again when the time between two inquiries has passed', () => {
    expect(again(waiting(60), intervalSeconds).payment.nextStep).toEqual({ action: 'inquire', dueAt: noon });
  });
});

describe('a notification that contradicts what was asked for', () => {
  // proves NOT-01
  test.each([...everyPayment])(
    'changes nothing of a payment that is %s but the time of the next look',
    (_, payment) => {
      const { payment: after, events } = told(payment, contradictory);
      expect({ ...after, nextStep: null }).toEqual({ ...payment, nextStep: null });
      if (!isOpen(payment)) expect(after.nextStep).toEqual(payment.nextStep);
      expect(events.map(({ type }) => type)).toEqual(['ContradictoryNotification']);
    },
  );
});

test('a notification that the payer has come is old news once the payment is not open any more', () => {
  for (const [name, payment] of others) expect(told(payment, awaitingPayer).payment, name).toBe(payment);
  expect(told(named('issued'), awaitingPayer).payment.state).toBe('awaiting_payer');
});
