import { describe, expect, it } from 'vitest';
import type { NoAnswer, NoAnswerReason } from '../../domain/wallet-answer.ts';
import { createAccountLine } from './account-line.ts';

const limit = { sendBeforeMs: Number.POSITIVE_INFINITY, answerBeforeMs: Number.POSITIVE_INFINITY };
const answered = { kind: 'paid' } as const;

function silence(reason: NoAnswerReason): NoAnswer {
  return { kind: 'no_answer', reason, detail: '' };
}

function trial(concurrency = 64) {
  let nowMs = 0;
  const heard: string[] = [];
  const line = createAccountLine({
    name: 'main',
    concurrency,
    monotonicMs: () => nowMs,
    onHeard: (how) => heard.push(how),
  });
  const called: string[] = [];
  const call = async (purpose: 'payment' | 'resolution', answer: NoAnswer | typeof answered, name = '') =>
    line.call(purpose, limit, async () => {
      called.push(name);
      return answer;
    });
  return { line, heard, called, call, pass: (ms: number) => (nowMs += ms) };
}

async function silenced(reason: NoAnswerReason = 'timeout') {
  const made = trial();
  for (let n = 0; n < 20; n += 1) await made.call('resolution', silence(reason));
  return made;
}

describe('the line to an account', () => {
  it.each(['timeout', 'connection_lost', 'malformed', 'not_sent'] as const)(
    'is cut by %s again and again: nobody is called, and the call says that it was not sent',
    async (reason) => {
      const { line, call, called } = await silenced(reason);
      called.length = 0;
      expect(line.outage()).toEqual({ refusesForS: 5 });
      expect(await call('resolution', answered)).toMatchObject({ kind: 'no_answer', reason: 'not_sent' });
      expect(called).toEqual([]);
    },
  );

  it('is not cut by answers that cannot be trusted, nor by refusals and system errors', async () => {
    const { line, call } = await silenced('untrusted');
    expect(line.outage()).toBeNull();
    for (let n = 0; n < 40; n += 1) {
      await line.call('payment', limit, async () => ({ kind: 'unclear' }));
      await line.call('payment', limit, async () => ({ kind: 'refused', reason: 'no money' }));
    }
    expect(line.outage()).toBeNull();
    expect(await call('payment', answered)).toEqual(answered);
  });

  // proves CAN-01
  it('is found again by a probe, and whoever listens is told that an answer came after silence', async () => {
    const { line, call, heard, pass } = await silenced();
    pass(1_000);
    expect(await call('resolution', answered)).toEqual(answered);
    expect(line.outage()).toBeNull();
    expect(await call('payment', answered)).toEqual(answered);
    expect(heard.slice(-3)).toEqual(['silence', 'answered_again', 'answered']);
  });

  it('waits for a place no longer than the call may take, and that says nothing of the account', async () => {
    const { line, heard } = trial(1);
    const first = Promise.withResolvers<typeof answered>();
    const begun = line.call('resolution', limit, () => first.promise);
    for (let n = 0; n < 40; n += 1) {
      const late = { sendBeforeMs: 0, answerBeforeMs: Number.POSITIVE_INFINITY };
      expect(await line.call('resolution', late, async () => answered)).toMatchObject({ reason: 'not_sent' });
    }
    expect(line.outage()).toBeNull();
    first.resolve(answered);
    expect(await begun).toEqual(answered);
    expect(heard).toEqual(['answered']);
  });

  it('seems silent after three calls in a row without an answer, and refuses nothing for that', async () => {
    const { line, call } = trial();
    for (const seems of [null, null, { refusesForS: null }]) {
      await call('resolution', silence('timeout'));
      expect(line.outage()).toEqual(seems);
    }
    expect(await call('payment', answered)).toEqual(answered);
    expect(line.outage()).toBeNull();
  });

  it('tells nobody of one unanswered call or two', async () => {
    const { call, heard } = trial();
    await call('resolution', silence('timeout'));
    await call('resolution', silence('timeout'));
    expect(heard).toEqual([]);
    await call('resolution', silence('timeout'));
    expect(heard).toEqual(['silence']);
  });

  it('is cut although one answer in five came just before the last silence', async () => {
    const { line, call } = trial();
    for (let n = 1; n <= 25; n += 1) await call('resolution', n % 5 === 4 ? answered : silence('timeout'));
    expect(line.outage()).toEqual({ refusesForS: 5 });
  });

  it('keeps a quarter of its places for calls other than pay', async () => {
    const { line } = trial(8);
    const slow = Promise.withResolvers<typeof answered>();
    const payments = Array.from({ length: 6 }, () => line.call('payment', limit, () => slow.promise));
    const now = { sendBeforeMs: 0, answerBeforeMs: 0 };
    expect(await line.call('payment', now, async () => answered)).toMatchObject({ reason: 'not_sent' });
    expect(await line.call('resolution', now, async () => answered)).toEqual(answered);
    slow.resolve(answered);
    expect(await Promise.all(payments)).toHaveLength(6);
  });

  it('lets merchants take turns, whose calls wait for a place', async () => {
    const { line } = trial(1);
    const first = Promise.withResolvers<typeof answered>();
    const begun = line.call('resolution', limit, () => first.promise);
    const order: string[] = [];
    const waits = ['0000001', '0000001', '0000002'].map((shortNo, index) => {
      const send = async () => {
        order.push(`${index} of ${shortNo}`);
        return answered;
      };
      return line.call('resolution', limit, send, `P${shortNo}${'0'.repeat(24)}`);
    });
    first.resolve(answered);
    await Promise.all([begun, ...waits]);
    expect(order).toEqual(['0 of 0000001', '2 of 0000002', '1 of 0000001']);
  });

  it('gives its place back when a call throws', async () => {
    const { line, call } = trial(1);
    const broken = line.call('resolution', limit, () => Promise.reject(new Error('unreadable key')));
    await expect(broken).rejects.toThrow('unreadable key');
    expect(await call('resolution', answered)).toEqual(answered);
  });
});
