import { describe, expect, test } from 'vitest';
import { eventOfMove, isFinal, type MoveTable } from './lifecycle.ts';
import { paymentMoveEvent, paymentMoves, reversalMoveEvent, reversalMoves } from './payment.ts';
import { sharedEventNames } from './payment-audit.fixture.ts';
import { refundMoves } from './refund.ts';

const tables: readonly (readonly [name: string, table: MoveTable, first: string])[] = [
  ['payment', paymentMoves, 'submitted'],
  ['reversal', reversalMoves, 'cancelling'],
  ['refund', refundMoves, 'accepted'],
];

describe.each(tables)('the lifecycle of a %s', (_name, table, first) => {
  const states = Object.keys(table);

  test('every move leads to a state of the table', () => {
    for (const moves of Object.values(table)) {
      for (const to of Object.keys(moves)) expect(states).toContain(to);
    }
  });

  test('every state can be reached from the first', () => {
    const reached = new Set([first]);
    for (const state of reached) for (const to of Object.keys(table[state] ?? {})) reached.add(to);
    expect([...reached].sort()).toEqual([...states].sort());
  });

  test('events are named in the past tense, a word or more in one', () => {
    for (const moves of Object.values(table)) {
      for (const event of Object.values(moves)) expect(event).toMatch(/^([A-Z][a-z]+)+$/);
    }
  });
});

test('an event names one move of one lifecycle', () => {
  expect(sharedEventNames()).toEqual([]);
});

describe('final states', () => {
  test.each([
    ['payment', paymentMoves, ['failed', 'cancelled']],
    ['refund', refundMoves, ['succeeded', 'failed']],
    ['reversal', reversalMoves, []],
  ] as const)('of a %s', (_name, table: MoveTable, finals) => {
    expect(Object.keys(table).filter((state) => isFinal(table, state))).toEqual(finals);
  });

  test('a state that nobody knows leads nowhere', () => {
    expect(isFinal(paymentMoves, 'lost')).toBe(true);
  });
});

describe('a move that the table does not list is our own mistake', () => {
  test('it throws and names both states', () => {
    expect(() => paymentMoveEvent('cancelled', 'succeeded')).toThrow('no move from cancelled to succeeded');
    expect(() => paymentMoveEvent('failed', 'succeeded')).toThrow('no move from failed to succeeded');
    expect(() => reversalMoveEvent('refunding', 'watching')).toThrow('no move from refunding to watching');
    expect(() => eventOfMove(refundMoves, 'accepted', 'failed')).toThrow('no move from accepted to failed');
  });

  test('and a listed one gives its event', () => {
    expect(paymentMoveEvent('unknown', 'succeeded')).toBe('SuccessFound');
    expect(reversalMoveEvent('watching', 'baseless')).toBe('NothingEverFound');
  });
});

/** Money once cancelled or failed stays so; only evidence reopens the reversal beside it. Money case 5. */
test('nothing leads from an ended payment back to a success', () => {
  const reached = new Set<string>(['reversing']);
  for (const state of reached) {
    for (const to of Object.keys((paymentMoves as MoveTable)[state] ?? {})) reached.add(to);
  }
  expect(reached.has('succeeded')).toBe(false);
});
