import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { everyPaymentInput } from './inputs.fixture.ts';
import type { Payment } from './payment.ts';
import { everyPayment, examplePolicy, noon } from './payments.fixture.ts';

/*
 * The whole of decide-payment as a table, to be read by people. For each payment: what comes → what becomes of it,
 * as `state/reversal, next step, ! what needs attention`. `noted` changes only what is known of the payment, and
 * what is not in the table changes nothing at all. `provisional` is `cancelled_provisionally`.
 */

/** Words that stand for several. */
const groups: { readonly [word: string]: readonly string[] } = {
  found: ['pay: paid', 'pay: awaiting payer', 'inquiry: paid', 'inquiry: awaiting payer'],
  'inquiry: ended': ['inquiry: closed', 'inquiry: cancelled'],
  'cancel: undone': ['cancel: refunded', 'cancel: cancelled'],
  'never charged': ['pay: refused', 'pay: not sent'],
  'inquiry: in vain': ['inquiry: not found', 'inquiry: refused', ...withoutWord('inquiry')],
  'inquiry: no word': ['inquiry: refused', 'inquiry: refused, operator', ...withoutWord('inquiry')],
  'cancel: no word': withoutWord('cancel'),
  'refund: no word': withoutWord('refund'),
  'refund inquiry: no word': ['refund inquiry: refused', ...withoutWord('refund inquiry')],
};

function withoutWord(call: string): string[] {
  return ['unclear', 'not sent', 'silence'].map((answer) => `${call}: ${answer}`);
}

const table: { readonly [payment: string]: { readonly [inputs: string]: string } } = {
  submitted: {
    'pay: paid | inquiry: paid': 'succeeded',
    'pay: awaiting payer | inquiry: awaiting payer': 'awaiting_payer, inquire in 5 s',
    'never charged | inquiry: closed | inquiry: failed': 'failed',
    'pay: unclear | pay: silence': 'unknown, inquire in 0 s',
    'inquiry: in vain': 'unknown, inquire in 5 s',
    'inquiry: refused, operator': 'unknown, inquire in 5 s, ! refused_by_wallet_configuration',
    'cancel: closed | cancel: undone': 'noted',
    'cancel requested': 'reversing/cancelling, cancel in 0 s',
    'pay: issued | pay: issued, known': 'issued, inquire in 5 s',
    'inquiry: cancelled': 'cancelled',
  },
  'unknown, nothing seen': {
    'pay: paid | inquiry: paid': 'succeeded',
    'pay: awaiting payer': 'awaiting_payer, inquire in 0 s',
    'never charged | inquiry: closed | inquiry: failed': 'failed',
    'inquiry: awaiting payer': 'awaiting_payer, inquire in 5 s',
    'inquiry: in vain': 'unknown, inquire in 5 s',
    'inquiry: refused, operator': 'unknown, inquire in 5 s, ! refused_by_wallet_configuration',
    'cancel: closed | cancel: undone': 'noted',
    'cancel requested': 'reversing/cancelling, cancel in 0 s',
    'pay: issued | pay: issued, known': 'issued, inquire in 5 s',
    'inquiry: cancelled': 'cancelled',
  },
  'unknown, last inquiry': {
    'pay: paid | inquiry: paid': 'succeeded',
    'pay: awaiting payer': 'awaiting_payer, inquire in 0 s',
    'never charged | inquiry: closed | inquiry: failed': 'failed',
    'inquiry: awaiting payer | inquiry: in vain | cancel requested': 'reversing/cancelling, cancel in 0 s',
    'inquiry: refused, operator': 'reversing/cancelling, cancel in 0 s, ! refused_by_wallet_configuration',
    'cancel: closed | cancel: undone': 'noted',
    'pay: issued | pay: issued, known': 'issued, inquire in 5 s',
    'inquiry: cancelled': 'cancelled',
  },
  'unknown, past its expiry': {
    'pay: paid | inquiry: paid': 'succeeded',
    'pay: awaiting payer': 'awaiting_payer, inquire in 0 s',
    'never charged | inquiry: closed | inquiry: failed': 'failed',
    'inquiry: awaiting payer | inquiry: in vain | cancel requested': 'reversing/cancelling, cancel in 0 s',
    'inquiry: refused, operator': 'reversing/cancelling, cancel in 0 s, ! refused_by_wallet_configuration',
    'cancel: closed | cancel: undone': 'noted',
    'pay: issued | pay: issued, known': 'issued, inquire in 5 s',
    'inquiry: cancelled': 'cancelled',
  },
  'awaiting payer': {
    'pay: paid | inquiry: paid': 'succeeded',
    'never charged': 'noted',
    'inquiry: awaiting payer | inquiry: in vain': 'awaiting_payer, inquire in 5 s',
    'inquiry: closed | inquiry: failed': 'failed',
    'inquiry: refused, operator': 'awaiting_payer, inquire in 5 s, ! refused_by_wallet_configuration',
    'cancel requested': 'reversing/cancelling, cancel in 0 s',
    'pay: issued | pay: issued, known': 'noted',
    'inquiry: cancelled': 'cancelled',
  },
  issued: {
    'never charged': 'failed',
    'cancel: closed | cancel: undone': 'noted',
    'pay: paid | inquiry: paid': 'succeeded',
    'pay: awaiting payer': 'awaiting_payer, inquire in 5 s',
    'pay: issued | pay: issued, known': 'noted',
    'inquiry: awaiting payer': 'awaiting_payer, inquire in 5 s',
    'inquiry: closed | inquiry: failed': 'failed',
    'inquiry: cancelled': 'cancelled',
    'inquiry: in vain': 'issued, inquire in 5 s',
    'inquiry: refused, operator': 'issued, inquire in 5 s, ! refused_by_wallet_configuration',
    'cancel requested': 'reversing/cancelling, cancel in 0 s',
  },
  'issued, known to the wallet': {
    'pay: paid | inquiry: paid': 'succeeded',
    'pay: issued | pay: issued, known': 'noted',
    'inquiry: closed | inquiry: failed': 'failed',
    'inquiry: cancelled': 'cancelled',
    'inquiry: awaiting payer | inquiry: in vain': 'issued, inquire in 5 s',
    'inquiry: refused, operator': 'issued, inquire in 5 s, ! refused_by_wallet_configuration',
    'cancel requested': 'reversing/cancelling, cancel in 0 s',
  },
  succeeded: {
    'inquiry: ended | inquiry: failed': 'succeeded, ! closed_after_success',
    'cancel requested': 'reversing/cancelling, cancel in 0 s',
  },
  'succeeded, partly refunded': {
    'inquiry: ended | inquiry: failed': 'succeeded, ! closed_after_success',
    'cancel requested': 'reversing/refunding, refund in 0 s',
  },
  'succeeded, refund open': {
    'cancel requested': 'reversing/settling, await_refunds in 10 s',
    'refund ended: succeeded | refund ended: failed': 'noted',
  },
  'succeeded, wholly refunded': {
    'cancel requested': 'cancelled/effected',
  },
  'cancelling, nothing seen': {
    'found | pay: issued, known': 'noted',
    'never charged': 'cancelled/baseless',
    'inquiry: ended | inquiry: failed | cancel: closed | cancel: undone': 'cancelled/effected',
    'cancel: nothing named': 'provisional/watching, inquire in 5 s',
    'cancel: refund instead': 'reversing/cancelling, inquire in 0 s',
    'cancel: later': 'reversing/cancelling, cancel in 5 s, ! cancel_unresolved',
    'cancel: no word': 'reversing/cancelling, cancel in 5 s',
  },
  'cancelling, payer seen': {
    'found | cancel: no word': 'reversing/cancelling, cancel in 10 s',
    'inquiry: ended | inquiry: failed | cancel: closed | cancel: undone': 'cancelled/effected',
    'cancel: nothing named | cancel: refund instead': 'reversing/cancelling, inquire in 10 s',
    'cancel: later': 'reversing/cancelling, cancel in 10 s, ! cancel_unresolved',
  },
  'cancelling, paid': {
    found: 'noted',
    'inquiry: ended | cancel: undone': 'cancelled/effected',
    'cancel: closed | cancel: nothing named': 'reversing/cancelling, inquire in 0 s',
    'cancel: refund instead': 'reversing/refunding, refund in 0 s',
    'cancel: later': 'reversing/cancelling, cancel in 5 s, ! cancel_unresolved',
    'cancel: no word': 'reversing/cancelling, cancel in 5 s',
  },
  'cancelling, paid, inquiring': {
    found: 'reversing/cancelling, cancel in 10 s',
    'inquiry: ended | cancel: undone': 'cancelled/effected',
    'inquiry: failed | inquiry: not found': 'reversing/cancelling, cancel in 10 s',
    'inquiry: no word | cancel: closed | cancel: nothing named': 'reversing/cancelling, inquire in 10 s',
    'cancel: refund instead': 'reversing/refunding, refund in 0 s',
    'cancel: later': 'reversing/cancelling, inquire in 0 s, ! cancel_unresolved',
  },
  'cancelling, window passed': {
    'pay: paid | inquiry: paid': 'reversing/refunding, refund in 0 s',
    'pay: awaiting payer | inquiry: awaiting payer | pay: issued, known':
      'reversing/cancelling, cancel in 10 s',
    'never charged': 'cancelled/baseless',
    'inquiry: ended | inquiry: failed | cancel: closed | cancel: undone': 'cancelled/effected',
    'inquiry: not found | cancel: nothing named': 'provisional/watching, inquire in 5 s',
    'inquiry: no word | cancel: refund instead': 'reversing/cancelling, inquire in 10 s',
    'cancel: later': 'reversing/cancelling, inquire in 0 s, ! cancel_unresolved',
  },
  'cancelling, window passed, nothing ever found': {
    'pay: paid | inquiry: paid': 'reversing/refunding, refund in 0 s',
    'pay: awaiting payer | inquiry: awaiting payer | pay: issued, known':
      'reversing/cancelling, cancel in 10 s',
    'never charged': 'cancelled/baseless',
    'inquiry: ended | inquiry: failed | cancel: closed | cancel: undone': 'cancelled/effected',
    'inquiry: not found | cancel: nothing named': 'provisional/watching, inquire in 5 s',
    'inquiry: no word | cancel: refund instead': 'reversing/cancelling, inquire in 10 s',
    'cancel: later': 'reversing/cancelling, inquire in 0 s, ! cancel_unresolved',
  },
  'settling, refund open': {
    'cancel: undone': 'cancelled/effected',
    'cancel: refund instead': 'noted',
    'refund ended: succeeded': 'reversing/refunding, refund in 0 s',
    'refund ended: failed': 'reversing/cancelling, cancel in 0 s',
    'refunds awaited': 'reversing/settling, await_refunds in 5 s',
  },
  'settling, one refund done and one open': {
    'cancel: undone': 'cancelled/effected',
    'cancel: refund instead': 'noted',
    'refund ended: succeeded | refund ended: failed': 'reversing/refunding, refund in 0 s',
    'refunds awaited': 'reversing/settling, await_refunds in 160 s, ! refund_unresolved',
  },
  'refunding all': {
    'inquiry: ended | cancel: undone | refund: refunded | refund inquiry: refunded': 'cancelled/effected',
    'refund: repeated': 'reversing/refunding, inquire_refund in 10 s',
    'refund: later': 'reversing/refunding, refund in 5 s, ! refund_unresolved',
    'refund: refused': 'reversing/refunding, inquire_refund in 10 s, ! refund_unresolved',
    'refund: no word': 'reversing/refunding, refund in 5 s',
    'refund inquiry: not found': 'reversing/refunding, inquire in 5 s',
    'refund inquiry: no word': 'reversing/refunding, inquire_refund in 5 s',
    'refund inquiry: failed': 'reversing/refunding, inquire in 5 s',
    'refund: spent': 'reversing/refunding, inquire_refund in 10 s, ! refund_unresolved',
  },
  'refunding the rest': {
    'inquiry: ended | cancel: undone | refund: refunded | refund inquiry: refunded': 'cancelled/effected',
    'cancel: refund instead': 'noted',
    'refund: repeated | refund inquiry: no word': 'reversing/refunding, inquire_refund in 10 s',
    'refund: later': 'reversing/refunding, refund in 10 s, ! refund_unresolved',
    'refund: refused': 'reversing/refunding, inquire_refund in 10 s, ! refund_unresolved',
    'refund: no word': 'reversing/refunding, refund in 10 s',
    'refund inquiry: not found': 'reversing/refunding, inquire in 10 s',
    'refund inquiry: failed': 'reversing/refunding, inquire in 10 s',
    'refund: spent': 'reversing/refunding, inquire_refund in 10 s, ! refund_unresolved',
  },
  'refunding, refund inquired': {
    'inquiry: ended | cancel: undone | refund: refunded | refund inquiry: refunded': 'cancelled/effected',
    'refund: repeated | refund inquiry: no word': 'reversing/refunding, inquire_refund in 10 s',
    'refund: later': 'reversing/refunding, refund in 10 s, ! refund_unresolved',
    'refund: refused': 'reversing/refunding, inquire_refund in 10 s, ! refund_unresolved',
    'refund: no word': 'reversing/refunding, refund in 10 s',
    'refund inquiry: not found': 'reversing/refunding, inquire in 10 s',
    'refund inquiry: failed': 'reversing/refunding, inquire in 10 s',
    'refund: spent': 'reversing/refunding, inquire_refund in 10 s, ! refund_unresolved',
  },
  'refunding, payment inquired': {
    found: 'reversing/refunding, refund in 0 s',
    'inquiry: ended | cancel: undone | refund: refunded | refund inquiry: refunded': 'cancelled/effected',
    'inquiry: failed | inquiry: not found | inquiry: no word | refund inquiry: not found':
      'reversing/refunding, inquire in 10 s',
    'refund: repeated | refund inquiry: no word': 'reversing/refunding, inquire_refund in 10 s',
    'refund: later': 'reversing/refunding, refund in 10 s, ! refund_unresolved',
    'refund: refused': 'reversing/refunding, inquire_refund in 10 s, ! refund_unresolved',
    'refund: no word': 'reversing/refunding, refund in 10 s',
    'refund inquiry: failed': 'reversing/refunding, inquire in 10 s',
    'refund: spent': 'reversing/refunding, inquire_refund in 10 s, ! refund_unresolved',
  },
  'watched, inquiring': {
    'found | pay: issued, known': 'provisional/cancelling, cancel in 0 s',
    'never charged': 'cancelled/baseless',
    'inquiry: ended | inquiry: failed | cancel: closed | cancel: undone': 'cancelled/effected',
    'inquiry: not found': 'provisional/watching, cancel in 0 s',
    'inquiry: no word': 'provisional/watching, inquire in 10 s',
    'cancel: refund instead': 'provisional/cancelling, inquire in 10 s',
    'cancel: later': 'provisional/watching, inquire in 0 s, ! cancel_unresolved',
  },
  'watched, cancelling': {
    'found | pay: issued, known': 'provisional/cancelling, cancel in 0 s',
    'never charged': 'cancelled/baseless',
    'inquiry: ended | inquiry: failed | cancel: closed | cancel: undone': 'cancelled/effected',
    'cancel: nothing named': 'provisional/watching, inquire in 15 s',
    'cancel: refund instead': 'provisional/cancelling, inquire in 10 s',
    'cancel: later': 'provisional/watching, cancel in 10 s, ! cancel_unresolved',
    'cancel: no word': 'provisional/watching, cancel in 10 s',
  },
  'watched, cancelling after the horizon': {
    'found | pay: issued, known': 'provisional/cancelling, cancel in 0 s',
    'never charged': 'cancelled/baseless',
    'inquiry: ended | inquiry: failed | cancel: closed | cancel: undone': 'cancelled/effected',
    'cancel: nothing named': 'cancelled/baseless, inquire in a day',
    'cancel: refund instead': 'provisional/cancelling, inquire in 10 s',
    'cancel: later': 'provisional/watching, cancel in 10 s, ! cancel_unresolved',
    'cancel: no word': 'provisional/watching, cancel in 10 s',
  },
  'provisional, found paid': {
    found: 'noted',
    'inquiry: ended | cancel: undone': 'cancelled/effected',
    'cancel: closed | cancel: nothing named': 'provisional/cancelling, inquire in 0 s',
    'cancel: refund instead': 'provisional/refunding, refund in 0 s',
    'cancel: later': 'provisional/cancelling, cancel in 5 s, ! cancel_unresolved',
    'cancel: no word': 'provisional/cancelling, cancel in 5 s',
  },
  'provisional, payer seen': {
    found: 'noted',
    'inquiry: ended | inquiry: failed | cancel: closed | cancel: undone': 'cancelled/effected',
    'cancel: nothing named | cancel: refund instead': 'provisional/cancelling, inquire in 0 s',
    'cancel: later': 'provisional/cancelling, cancel in 5 s, ! cancel_unresolved',
    'cancel: no word': 'provisional/cancelling, cancel in 5 s',
  },
  'provisional, refunding': {
    'inquiry: ended | cancel: undone | refund: refunded | refund inquiry: refunded': 'cancelled/effected',
    'refund: repeated': 'provisional/refunding, inquire_refund in 10 s',
    'refund: later': 'provisional/refunding, refund in 5 s, ! refund_unresolved',
    'refund: refused': 'provisional/refunding, inquire_refund in 10 s, ! refund_unresolved',
    'refund: no word': 'provisional/refunding, refund in 5 s',
    'refund inquiry: not found': 'provisional/refunding, inquire in 5 s',
    'refund inquiry: no word': 'provisional/refunding, inquire_refund in 5 s',
    'refund inquiry: failed': 'provisional/refunding, inquire in 5 s',
    'refund: spent': 'provisional/refunding, inquire_refund in 10 s, ! refund_unresolved',
  },
  failed: {
    'found | pay: issued, known': 'failed/cancelling, inquire in 0 s, ! paid_after_end',
    'cancel: closed | cancel: undone': 'noted',
  },
  'failed, payer seen at the wallet': {
    found: 'failed/cancelling, inquire in 0 s, ! paid_after_end',
  },
  'failed, evidence of payment': {
    found: 'failed/cancelling, cancel in 0 s, ! paid_after_end',
    'inquiry: ended | cancel: undone': 'failed/effected',
    'inquiry: failed | inquiry: not found': 'failed/cancelling, cancel in 5 s, ! paid_after_end',
    'inquiry: no word': 'failed/cancelling, inquire in 5 s, ! paid_after_end',
    'cancel: closed | cancel: nothing named': 'noted',
    'cancel: refund instead': 'failed/refunding, refund in 0 s, ! paid_after_end',
  },
  'failed, being undone': {
    'found | cancel: no word': 'failed/cancelling, cancel in 10 s',
    'inquiry: ended | cancel: undone': 'failed/effected',
    'cancel: closed | cancel: nothing named': 'failed/cancelling, inquire in 10 s',
    'cancel: refund instead': 'failed/refunding, refund in 0 s',
    'cancel: later': 'failed/cancelling, cancel in 10 s, ! cancel_unresolved',
  },
  'failed, undone': {
    found: 'failed/cancelling, inquire in 0 s, ! paid_after_end',
  },
  'cancelled, never sent': {
    'found | pay: issued, known': 'cancelled/cancelling, inquire in 0 s, ! paid_after_end',
    'cancel: closed | cancel: undone': 'noted',
  },
  'cancelled, closed unpaid': {
    found: 'cancelled/cancelling, inquire in 0 s, ! paid_after_end',
  },
  'cancelled, given back': {
    found: 'cancelled/cancelling, inquire in 0 s, ! paid_after_end',
  },
  'cancelled, refunded': {
    found: 'cancelled/cancelling, inquire in 0 s, ! paid_after_end',
  },
  'cancelled, never found': {
    'found | pay: issued, known': 'cancelled/cancelling, inquire in 0 s, ! paid_after_end',
    'cancel: closed | cancel: undone': 'noted',
  },
  'cancelled, never found, final look due': {
    'found | pay: issued, known': 'cancelled/cancelling, inquire in 0 s, ! paid_after_end',
    'inquiry: ended | inquiry: failed | inquiry: not found': 'cancelled/baseless',
    'inquiry: no word': 'cancelled/baseless, inquire in 5 s',
    'cancel: closed | cancel: undone': 'noted',
  },
  'cancelled, evidence of payment': {
    found: 'cancelled/cancelling, cancel in 0 s, ! paid_after_end',
    'inquiry: ended | cancel: undone': 'cancelled/effected',
    'inquiry: failed | inquiry: not found': 'cancelled/cancelling, cancel in 5 s, ! paid_after_end',
    'inquiry: no word': 'cancelled/cancelling, inquire in 5 s, ! paid_after_end',
    'cancel: closed | cancel: nothing named': 'noted',
    'cancel: refund instead': 'cancelled/refunding, refund in 0 s, ! paid_after_end',
  },
  'cancelled and refunded, evidence of payment, window passed': {
    'found | inquiry: ended | cancel: undone | cancel: refund instead': 'cancelled/effected',
    'inquiry: failed | inquiry: not found | inquiry: no word': 'cancelled/cancelling, inquire in 5 s',
    'cancel: closed | cancel: nothing named': 'noted',
    'cancel: later': 'cancelled/cancelling, inquire in 0 s, ! cancel_unresolved',
  },
};

const calls = {
  pay_answered: 'pay',
  inquiry_answered: 'inquiry',
  cancel_answered: 'cancel',
  reversal_refund_answered: 'refund',
  reversal_refund_inquired: 'refund inquiry',
} as const;

/** The word of the table for an input; `null` for inputs that have tests of their own. */
function wordOf(payment: Payment, input: PaymentInput): string | null {
  switch (input.kind) {
    case 'refund_accepted':
    case 'delivery_exhausted':
    case 'delivery_made_good':
    case 'notified':
    case 'payer_seen':
    case 'undelivered':
    case 'held_up':
    case 'step_failed':
    case 'resolved_by_hand':
      return null;
    case 'refund_ended':
      if (payment.openRefunds === 0) return null;
      return `refund ended: ${input.succeeded ? 'succeeded' : 'failed'}`;
    case 'cancel_requested':
    case 'refunds_awaited':
      return input.kind.replace('_', ' ');
    default:
      return `${calls[input.kind]}: ${answerWord(input)}`;
  }
}

function answerWord({ kind, answer }: Extract<PaymentInput, { answer: unknown }>): string {
  if (answer.kind === 'no_answer') return answer.reason === 'not_sent' ? 'not sent' : 'silence';
  if (answer.kind === 'effected') return answer.action;
  if (answer.kind === 'issued') return answer.known ? 'issued, known' : 'issued';
  const word = answer.kind.replaceAll('_', ' ');
  const operator = kind === 'inquiry_answered' && answer.kind === 'refused' && answer.remedy === 'operator';
  return operator ? `${word}, operator` : word;
}

function outcome(before: Payment, after: Payment): string {
  const text = inWords(after);
  if (text !== inWords(before)) return text;
  return isDeepStrictEqual(before, after) ? 'unchanged' : 'noted';
}

function inWords({ state, reversal, nextStep, attention }: Payment): string {
  const where = state === 'cancelled_provisionally' ? 'provisional' : state;
  const seconds = nextStep === null ? 0 : (nextStep.dueAt.getTime() - noon.getTime()) / 1000;
  return [
    reversal === null ? where : `${where}/${reversal.state}`,
    ...(nextStep === null ? [] : [`${nextStep.action} in ${seconds === 86_400 ? 'a day' : `${seconds} s`}`]),
    ...(attention === null ? [] : [`! ${attention.reason}`]),
  ].join(', ');
}

function expanded(row: { readonly [inputs: string]: string }): Map<string, string> {
  const outcomes = new Map<string, string>();
  for (const [inputs, outcomeText] of Object.entries(row)) {
    for (const word of inputs.split(' | ').flatMap((one) => groups[one] ?? [one])) {
      expect(outcomes.has(word), `${word} stands twice`).toBe(false);
      outcomes.set(word, outcomeText);
    }
  }
  return outcomes;
}

describe('what becomes of a payment', () => {
  test('the table speaks of every payment', () => {
    expect(Object.keys(table)).toEqual([...everyPayment.keys()]);
  });

  test.each([...everyPayment])('%s', (name, payment) => {
    const expected = expanded(table[name] ?? {});
    const words = new Set<string>();
    for (const input of everyPaymentInput) {
      const word = wordOf(payment, input);
      if (word === null) continue;
      words.add(word);
      const { payment: after } = decidePayment(payment, input, examplePolicy, noon);
      expect(`${word} → ${outcome(payment, after)}`).toBe(`${word} → ${expected.get(word) ?? 'unchanged'}`);
    }
    expect([...expected.keys()].filter((word) => !words.has(word))).toEqual([]);
  });
});
