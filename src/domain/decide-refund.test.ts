import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideRefund, type RefundInput } from './decide-refund.ts';
import {
  everyRefundInput,
  inWords,
  later,
  noAnswer,
  notFound,
  refused,
  spent,
  unclear,
} from './inputs.fixture.ts';
import { examplePolicy, exampleRefund, noon, secondsAfter } from './payments.fixture.ts';
import { publicRefundStatus, type Refund, type RefundState, refundMoves } from './refund.ts';

const refusedFailure = { code: 'refund_refused', walletCode: 'ACQ.X', message: 'no', advice: 'ask' };

const everyRefund: ReadonlyMap<string, Refund> = new Map(
  Object.entries({
    accepted: exampleRefund(),
    'unknown, refund due': exampleRefund({ state: 'unknown', tries: 1 }),
    'unknown, many tries': exampleRefund({ state: 'unknown', tries: 6 }),
    'unknown, inquiry due': exampleRefund({
      state: 'unknown',
      tries: 1,
      nextStep: { action: 'inquire_refund', dueAt: noon },
    }),
    refused: exampleRefund({
      state: 'refused',
      tries: 1,
      failure: refusedFailure,
      nextStep: { action: 'inquire_refund', dueAt: noon },
    }),
    succeeded: exampleRefund({ state: 'succeeded', nextStep: null }),
    failed: exampleRefund({ state: 'failed', nextStep: null, failure: refusedFailure }),
  }),
);

function decide(refund: Refund, input: RefundInput) {
  return decideRefund(refund, input, examplePolicy, noon);
}

function example(name: string): Refund {
  const refund = everyRefund.get(name);
  if (refund === undefined) throw new Error(`no example refund is called ${name}`);
  return refund;
}

/** What a timeline tells of a refund beside its moves. */
const besideMoves = ['AttentionRaised', 'UntrustedAnswer', 'ResolvedByHand', 'RefundEvidenceAfterFailure'];

/** The state that these moves lead to; `null` when one of them does not go on where the one before ended. */
function followed(from: RefundState, events: readonly string[]): string | null {
  let state: string = from;
  for (const type of events) {
    const moves: { readonly [to: string]: string } = refundMoves[state as RefundState];
    const to = Object.keys(moves).find((next) => moves[next] === type);
    if (to === undefined) return null;
    state = to;
  }
  return state;
}

/** What is wrong with a decision about a refund, by rules written down a second time. */
function defects(before: Refund, input: RefundInput, now: Date): string[] {
  const { refund: after, events } = decideRefund(before, input, examplePolicy, now);
  const found: string[] = [];
  const must = (holds: boolean, sentence: string): void => {
    if (!holds) found.push(sentence);
  };
  const moveEvents = events.map((event) => event.type).filter((type) => !besideMoves.includes(type));
  const final = after.state === 'succeeded' || after.state === 'failed';
  must(
    followed(before.state, moveEvents) === after.state,
    `events ${moveEvents.join(', ')} do not lead from ${before.state} to ${after.state}`,
  );
  must((after.nextStep === null) === final, 'a refund has a step ahead exactly while it is not final');
  must(
    !final || after.attention === null || after.attention.reason === 'refunded_after_failure',
    'an ended refund still needs attention',
  );
  must(after.state !== 'failed' || after.failure !== null, 'failed without a reason');
  must(after.state !== 'succeeded' || after.failure === null, 'succeeded with a failure');
  must(
    after.state !== 'failed' ||
      before.state === 'refused' ||
      before.state === 'failed' ||
      input.kind === 'resolved_by_hand' ||
      (input.kind === 'refund_inquired' && input.answer.kind === 'failed'),
    'failed without the refund inquiry that confirms it',
  );
  must(
    before.attention === null ||
      after.attention === null ||
      after.attention === before.attention ||
      before.attention.reason === 'step_failing',
    'attention was raised again',
  );
  must(after.amount === before.amount && after.id === before.id, 'a repeat with another id or amount');
  if (after.nextStep !== null && after.nextStep !== before.nextStep) {
    must(after.nextStep.dueAt > now, 'a step that is due again without a wait');
    must(after.tries === before.tries + 1, 'a try that does not count');
  }
  return found;
}

describe('every refund × every input', () => {
  test.each([...everyRefund])('%s keeps every rule whatever happens', (name, refund) => {
    for (const input of everyRefundInput) {
      const frozen = structuredClone(refund);
      expect(defects(refund, input, noon), `${name} × ${inWords(input)}`).toEqual([]);
      expect(refund).toEqual(frozen);
    }
  });

  // proves RES-12, RES-13
  test('any inputs in any order keep every rule', () => {
    const path = fc.array(
      fc.tuple(fc.constantFrom(...everyRefundInput), fc.integer({ min: 0, max: 900_000 })),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(path, (inputs) => {
        let refund = exampleRefund();
        let nowMs = noon.getTime();
        for (const [input, afterMs] of inputs) {
          nowMs += afterMs;
          expect(defects(refund, input, new Date(nowMs))).toEqual([]);
          refund = decideRefund(refund, input, examplePolicy, new Date(nowMs)).refund;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

const word = 'refund_answered';
const asked = 'refund_inquired';

/** What comes → state, next step, ! what needs attention. What is not in the table changes nothing. */
const table: { readonly [refund: string]: { readonly [input: string]: string } } = {
  accepted: {
    [`${word} refunded`]: 'succeeded',
    [`${word} repeated`]: 'unknown, inquire_refund in 10 s',
    [`${word} later`]: 'unknown, refund in 5 s, ! refund_unresolved',
    [`${word} refused merchant`]: 'refused, inquire_refund in 10 s',
    [`${word} refused operator`]: 'refused, inquire_refund in 10 s',
    [`${word} unclear`]: 'unknown, refund in 5 s',
    [`${word} no_answer`]: 'unknown, refund in 5 s',
    [`${asked} refunded`]: 'succeeded',
    [`${asked} not_found`]: 'accepted, refund in 5 s',
    [`${asked} refused operator`]: 'accepted, inquire_refund in 5 s',
    [`${asked} unclear`]: 'accepted, inquire_refund in 5 s',
    [`${asked} no_answer`]: 'accepted, inquire_refund in 5 s',
    [`${word} spent`]: 'refused, inquire_refund in 10 s',
    [`${asked} failed`]: 'refused, inquire_refund in 10 s',
  },
  'unknown, refund due': {
    [`${word} refunded`]: 'succeeded',
    [`${word} repeated`]: 'unknown, inquire_refund in 10 s',
    [`${word} later`]: 'unknown, refund in 10 s, ! refund_unresolved',
    [`${word} refused merchant`]: 'refused, inquire_refund in 10 s',
    [`${word} refused operator`]: 'refused, inquire_refund in 10 s',
    [`${word} unclear`]: 'unknown, refund in 10 s',
    [`${word} no_answer`]: 'unknown, refund in 10 s',
    [`${asked} refunded`]: 'succeeded',
    [`${asked} not_found`]: 'unknown, refund in 10 s',
    [`${asked} refused operator`]: 'unknown, inquire_refund in 10 s',
    [`${asked} unclear`]: 'unknown, inquire_refund in 10 s',
    [`${asked} no_answer`]: 'unknown, inquire_refund in 10 s',
    [`${word} spent`]: 'refused, inquire_refund in 10 s',
    [`${asked} failed`]: 'failed',
  },
  'unknown, many tries': {
    [`${word} refunded`]: 'succeeded',
    [`${word} repeated`]: 'unknown, inquire_refund in 10 s',
    [`${word} later`]: 'unknown, refund in 20 s, ! refund_unresolved',
    [`${word} refused merchant`]: 'refused, inquire_refund in 10 s',
    [`${word} refused operator`]: 'refused, inquire_refund in 10 s',
    [`${word} unclear`]: 'unknown, refund in 20 s, ! refund_unresolved',
    [`${word} no_answer`]: 'unknown, refund in 20 s, ! refund_unresolved',
    [`${asked} refunded`]: 'succeeded',
    [`${asked} not_found`]: 'unknown, refund in 20 s, ! refund_unresolved',
    [`${asked} refused operator`]: 'unknown, inquire_refund in 20 s, ! refund_unresolved',
    [`${asked} unclear`]: 'unknown, inquire_refund in 20 s, ! refund_unresolved',
    [`${asked} no_answer`]: 'unknown, inquire_refund in 20 s, ! refund_unresolved',
    [`${word} spent`]: 'refused, inquire_refund in 10 s',
    [`${asked} failed`]: 'failed',
  },
  refused: {
    [`${word} refunded`]: 'succeeded',
    [`${word} repeated`]: 'refused, inquire_refund in 10 s',
    [`${word} later`]: 'refused, refund in 10 s, ! refund_unresolved',
    [`${word} refused merchant`]: 'refused, inquire_refund in 10 s',
    [`${word} refused operator`]: 'refused, inquire_refund in 10 s',
    [`${word} unclear`]: 'refused, refund in 10 s',
    [`${word} no_answer`]: 'refused, refund in 10 s',
    [`${asked} refunded`]: 'succeeded',
    [`${asked} not_found`]: 'failed',
    [`${asked} refused operator`]: 'refused, inquire_refund in 10 s',
    [`${asked} unclear`]: 'refused, inquire_refund in 10 s',
    [`${asked} no_answer`]: 'refused, inquire_refund in 10 s',
    [`${word} spent`]: 'refused, inquire_refund in 10 s',
    [`${asked} failed`]: 'failed',
  },
  succeeded: {},
  failed: {
    [`${word} refunded`]: 'failed, ! refunded_after_failure',
    [`${asked} refunded`]: 'failed, ! refunded_after_failure',
  },
};

function outcome({ state, nextStep, attention }: Refund): string {
  const seconds = nextStep === null ? 0 : (nextStep.dueAt.getTime() - noon.getTime()) / 1000;
  return [
    state,
    ...(nextStep === null ? [] : [`${nextStep.action} in ${seconds} s`]),
    ...(attention === null ? [] : [`! ${attention.reason}`]),
  ].join(', ');
}

describe('what becomes of a refund', () => {
  test.each(Object.entries(table))('%s', (name, row) => {
    const refund = example(name);
    for (const input of everyRefundInput) {
      if (!('answer' in input)) continue;
      const key = inWords(input).replace(/no_answer .*/, 'no_answer');
      expect(`${key} → ${outcome(decide(refund, input).refund)}`).toBe(
        `${key} → ${row[key] ?? outcome(refund)}`,
      );
    }
  });

  // proves RES-12
  test('silence is answered with the same refund again, first after 5 s, and people are told after a minute', () => {
    let refund = exampleRefund();
    let now = noon;
    const waits: number[] = [];
    const attended: boolean[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      refund = decideRefund(
        refund,
        { kind: 'refund_answered', answer: noAnswer() },
        examplePolicy,
        now,
      ).refund;
      const dueAt = refund.nextStep?.dueAt ?? now;
      waits.push((dueAt.getTime() - now.getTime()) / 1000);
      attended.push(refund.attention !== null);
      now = dueAt;
    }
    expect(waits).toEqual([5, 10, 10, 10, 10, 10, 20, 40]);
    expect(attended).toEqual([false, false, false, false, false, false, true, true]);
    expect(refund).toMatchObject({
      id: exampleRefund().id,
      amount: exampleRefund().amount,
      state: 'unknown',
    });
  });

  test('money case 6: a refusal is no failure until the wallet has shown that nothing of this id moved', () => {
    const { refund, events } = decide(exampleRefund(), {
      kind: 'refund_answered',
      answer: refused('merchant'),
    });
    expect(publicRefundStatus(refund)).toBe('processing');
    expect(refund.failure).toMatchObject({
      code: 'refund_refused',
      walletCode: 'ACQ.BUYER_BALANCE_NOT_ENOUGH',
    });
    expect(events.map((event) => event.type)).toEqual(['RefundRefused']);
    const failed = decide(refund, { kind: 'refund_inquired', answer: notFound });
    expect(failed.refund).toMatchObject({
      state: 'failed',
      nextStep: null,
      failure: { code: 'refund_refused' },
    });
    expect(failed.events.map((event) => event.type)).toEqual(['RefundFailed']);
  });

  test('money case 6: a repeat that is refused because the first call took effect is a success', () => {
    const once = decide(exampleRefund(), { kind: 'refund_answered', answer: noAnswer() }).refund;
    const twice = decide(once, { kind: 'refund_answered', answer: refused('merchant') }).refund;
    const amount = exampleRefund().amount;
    const found = decide(twice, { kind: 'refund_inquired', answer: { kind: 'refunded', amount } });
    expect(found.refund).toMatchObject({ state: 'succeeded', failure: null, nextStep: null });
    expect(found.events).toEqual([
      { type: 'RefundFoundAfterRefusal', data: { refund_id: found.refund.id, value: '3000' } },
    ]);
  });

  test('what the wallet does not have is refunded again with the same id', () => {
    const { refund } = decide(example('unknown, inquiry due'), { kind: 'refund_inquired', answer: notFound });
    expect(refund).toMatchObject({
      state: 'unknown',
      nextStep: { action: 'refund', dueAt: secondsAfter(10) },
    });
  });

  test('a position that is too small is told to people at once and waited for', () => {
    const { refund } = decide(exampleRefund(), { kind: 'refund_answered', answer: later });
    expect(refund.attention).toEqual({ reason: 'refund_unresolved', since: noon });
    const again = decide(refund, { kind: 'refund_answered', answer: unclear }).refund;
    expect(again.attention).toEqual(refund.attention);
  });

  // proves RES-14
  test('an answer that cannot be trusted counts as none and is put on the timeline', () => {
    const call = decide(exampleRefund(), { kind: 'refund_answered', answer: noAnswer('untrusted') });
    const silent = decide(exampleRefund(), { kind: 'refund_answered', answer: noAnswer('timeout') });
    expect(call.refund).toEqual(silent.refund);
    expect(call.events.map((event) => event.type)).toEqual(['UntrustedAnswer', 'RefundAnswerMissing']);
    const inquiry = decide(call.refund, { kind: 'refund_inquired', answer: noAnswer('untrusted') });
    expect(inquiry.events[0]?.data).toMatchObject({ call: 'inquire_refund' });
  });
});

test.each([
  ['accepted', 'processing'],
  ['unknown', 'processing'],
  ['refused', 'processing'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
] as const satisfies readonly (readonly [RefundState, string])[])(
  'a refund that is %s is shown as %s',
  (state, status) => {
    expect(publicRefundStatus({ state })).toBe(status);
  },
);

// proves RES-12
describe('a refund that was refused after a call without an answer', () => {
  const afterSilence = exampleRefund({
    state: 'refused',
    tries: 3,
    failure: refusedFailure,
    nextStep: { action: 'inquire_refund', dueAt: noon },
  });
  const notThere: RefundInput = { kind: 'refund_inquired', answer: notFound };

  test('has not failed while that call may only be late', () => {
    const { refund } = decideRefund(afterSilence, notThere, examplePolicy, secondsAfter(60));
    expect(refund).toMatchObject({ state: 'refused', nextStep: { action: 'inquire_refund' } });
  });

  test('has not failed by an inquiry from before the grace had passed, however late its answer is recorded', () => {
    const early: RefundInput = { ...notThere, askedAt: secondsAfter(298) };
    const { refund } = decideRefund(afterSilence, early, examplePolicy, secondsAfter(301));
    expect(refund).toMatchObject({ state: 'refused', nextStep: { action: 'inquire_refund' } });
  });

  test('has failed when nothing of it is there after the grace', () => {
    const { refund } = decideRefund(afterSilence, notThere, examplePolicy, secondsAfter(301));
    expect(refund).toMatchObject({ state: 'failed', nextStep: null });
  });
});

// proves RES-12, CAN-05
describe('a refund whose first recorded answer is a refusal', () => {
  const refusedAt = (seconds: number): Refund =>
    exampleRefund({
      state: 'refused',
      tries: 1,
      failure: refusedFailure,
      nextStep: { action: 'inquire_refund', dueAt: secondsAfter(seconds + 10) },
      updatedAt: secondsAfter(seconds),
    });
  const notThere: RefundInput = { kind: 'refund_inquired', answer: notFound };

  test('has failed once the inquiry confirms it, when that came as soon as an answer can', () => {
    const { refund } = decideRefund(refusedAt(3), notThere, examplePolicy, secondsAfter(13));
    expect(refund).toMatchObject({ state: 'failed' });
  });

  test('may have been called before by a process that died, when it came later: the grace has to pass', () => {
    const late = refusedAt(16);
    expect(decideRefund(late, notThere, examplePolicy, secondsAfter(26)).refund).toMatchObject({
      state: 'refused',
      nextStep: { action: 'inquire_refund' },
    });
    expect(decideRefund(late, notThere, examplePolicy, secondsAfter(301)).refund.state).toBe('failed');
  });
});

test.each([
  ['refused for good', refused('merchant'), /outside the wallet/],
  ['failed under its id', spent, /new refund/],
] as const)('a refund that is %s says what its merchant can do now', (_, answer, advice) => {
  const { refund } = decideRefund(exampleRefund(), { kind: 'refund_answered', answer }, examplePolicy, noon);
  expect(refund.failure).toMatchObject({ walletCode: answer.code, message: answer.message });
  expect(refund.failure?.advice).toMatch(advice);
});
