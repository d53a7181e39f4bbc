import { afterEach, describe, expect, it, vi } from 'vitest';
import { paid } from '../domain/inputs.fixture.ts';
import type { InquiryAnswer } from '../domain/wallet-answer.ts';
import { leaseMs } from '../operations/engine.ts';
import type { DueRow } from '../ports/due-rows.ts';
import { type DueLoop, type DueLoopOptions, startDueLoop } from './due-loop.ts';
import { createTrial, settled, type Trial } from './trial-engine.fixture.ts';

const pollMs = 500;
const running: { readonly loop: DueLoop; readonly trial: Trial }[] = [];
afterEach(async () => {
  for (const { loop, trial } of running.splice(0)) {
    const stopped = loop.stop();
    await trial.clock.advance(60_000);
    await stopped;
  }
});

function startLoop(trial: Trial, options: Partial<DueLoopOptions> = {}) {
  const errors: { readonly message: string; readonly row: DueRow | null }[] = [];
  const loop = startDueLoop(trial.engine, {
    concurrency: 8,
    pollMs,
    onError: (error, row) => errors.push({ message: error instanceof Error ? error.message : '', row }),
    ...options,
  });
  running.push({ loop, trial });
  return { loop, errors };
}

/** Inquiries that wait until a test answers them. */
function heldInquiries(trial: Trial): { readonly answer: (() => void)[] } {
  const answer: (() => void)[] = [];
  trial.wallet.inquire.mockImplementation(
    () => new Promise<InquiryAnswer>((resolve) => answer.push(() => resolve(paid))),
  );
  return { answer };
}

describe('the due loop', () => {
  it('performs a step when it falls due, not sooner, without waiting for the poll', async () => {
    const trial = createTrial();
    const now = await trial.openPayment(0);
    const soon = await trial.openPayment(240);
    startLoop(trial);
    await trial.clock.advance(0);
    expect((await trial.payment(now.id)).state).toBe('succeeded');
    await trial.clock.advance(239);
    expect((await trial.payment(soon.id)).state).toBe('submitted');
    await trial.clock.advance(1);
    expect((await trial.payment(soon.id)).state).toBe('succeeded');
  });

  it('looks rarely while nothing is due, and says at every look that it is alive', async () => {
    const trial = createTrial();
    const onLook = vi.fn();
    const claimDue = vi.spyOn(trial.engine.due, 'claimDue');
    await trial.openPayment(3_600_000);
    startLoop(trial, { onLook });
    await trial.clock.advance(60_000);
    expect(claimDue.mock.calls.length).toBeGreaterThanOrEqual(60_000 / pollMs);
    expect(claimDue.mock.calls.length).toBeLessThanOrEqual(60_000 / pollMs + 2);
    expect(onLook).toHaveBeenCalledTimes(claimDue.mock.calls.length);
  });

  it('finds what another process has recorded by the poll at the latest', async () => {
    const trial = createTrial();
    startLoop(trial);
    await trial.clock.advance(10);
    const { id } = await trial.openPayment(0);
    await trial.clock.advance(pollMs);
    expect((await trial.payment(id)).state).toBe('succeeded');
  });

  it('performs at once what this process says is due now', async () => {
    const trial = createTrial();
    const { loop } = startLoop(trial, { pollMs: 60_000 });
    await trial.clock.advance(10);
    const { id } = await trial.openPayment(0);
    loop.wake(trial.clock.now());
    await trial.clock.advance(0);
    expect((await trial.payment(id)).state).toBe('succeeded');
  });

  it('performs at its time what this process says will be due', async () => {
    const trial = createTrial();
    const { loop } = startLoop(trial, { pollMs: 60_000 });
    await trial.clock.advance(10);
    const later = await trial.openPayment(5_000);
    loop.wake(new Date(trial.clock.now().getTime() + 5_000));
    await trial.clock.advance(4_999);
    expect((await trial.payment(later.id)).state).toBe('submitted');
    await trial.clock.advance(1);
    expect((await trial.payment(later.id)).state).toBe('succeeded');
  });

  it('misses nothing that is recorded while it is looking', async () => {
    const trial = createTrial();
    const { nextDueAt } = trial.engine.due;
    let recorded: string | null = null;
    const recordOnce = async (): Promise<void> => {
      if (recorded !== null) return;
      recorded = (await trial.openPayment(0)).id;
      loop.wake(trial.clock.now());
    };
    // Recorded right after the claim and the plan have read.
    vi.spyOn(trial.engine.due, 'nextDueAt').mockImplementation(async () => {
      const at = await nextDueAt();
      await recordOnce();
      return at;
    });
    const { loop } = startLoop(trial, { pollMs: 60_000 });
    await trial.clock.advance(150);
    expect(recorded).not.toBeNull();
    expect((await trial.payment(recorded ?? '')).state).toBe('succeeded');
  });

  // proves RES-13
  it('takes over a step whose lease ran out, because the process that had it died', async () => {
    const trial = createTrial();
    const { id } = await trial.openPayment(0);
    expect(await trial.engine.due.claimPayment('M0001', id, leaseMs)).not.toBeNull();
    startLoop(trial);
    await trial.clock.advance(leaseMs - 1);
    expect((await trial.payment(id)).state).toBe('submitted');
    await trial.clock.advance(1);
    expect((await trial.payment(id)).state).toBe('succeeded');
  });

  it('two loops share the work and no step is performed twice', async () => {
    const trial = createTrial();
    for (let count = 0; count < 40; count += 1) await trial.openPayment(count * 10);
    startLoop(trial, { concurrency: 3 });
    startLoop(trial, { concurrency: 3 });
    await trial.clock.advance(2_000);
    expect(trial.wallet.inquire).toHaveBeenCalledTimes(40);
  });

  it('keeps to its bound, and takes the next row as soon as a place is free', async () => {
    const trial = createTrial();
    const held = heldInquiries(trial);
    for (let count = 0; count < 7; count += 1) await trial.openPayment(0);
    startLoop(trial, { concurrency: 4, pollMs: 60_000 });
    // The fourth place stays free for another merchant.
    for (const begun of [3, 4, 5, 6, 7]) {
      await trial.clock.advance(0);
      expect(held.answer).toHaveLength(begun);
      held.answer[begun - 3]?.();
    }
    for (const answer of held.answer) answer();
    await trial.clock.advance(0);
    expect(trial.wallet.inquire).toHaveBeenCalledTimes(7);
  });

  // proves CAN-03, RES-13
  it('ten thousand steps of an account that hangs keep no step of another account waiting', async () => {
    const trial = createTrial();
    const calls = { silent: 0, sandbox: 0 };
    trial.wallet.inquire.mockImplementation(({ account }) => {
      calls[account === 'silent' ? 'silent' : 'sandbox'] += 1;
      return account === 'silent' ? new Promise<InquiryAnswer>(() => {}) : Promise.resolve(paid);
    });
    for (let count = 0; count < 10_000; count += 1) await trial.openPayment(0, { account: 'silent' });
    startLoop(trial, { concurrency: 8 });
    await trial.clock.advance(100);
    expect(calls.silent).toBe(6);
    for (let count = 1; count <= 20; count += 1) {
      const { id } = await trial.openPayment(0);
      await trial.clock.advance(pollMs);
      expect((await trial.payment(id)).state).toBe('succeeded');
    }
    running.splice(0);
  });

  it('endpoints that hang keep no inquiry waiting, however many deliveries are due before it', async () => {
    const trial = createTrial();
    const hanging: (() => void)[] = [];
    trial.send.mockImplementation(
      () => new Promise((resolve) => hanging.push(() => resolve({ kind: 'accepted' }))),
    );
    for (let count = 0; count < 30; count += 1) {
      await trial.announceSuccess({ notifyUrl: `https://m${count}.example/notify` });
    }
    startLoop(trial, { concurrency: 8 });
    await trial.clock.advance(1_000);
    // Half of the places are for deliveries, and one of those stays free for another merchant's.
    expect(hanging).toHaveLength(3);
    const { id } = await trial.openPayment(0);
    await trial.clock.advance(pollMs);
    expect((await trial.payment(id)).state).toBe('succeeded');
    // A place that is free again goes to the next delivery at once.
    hanging[0]?.();
    await trial.clock.advance(0);
    expect(hanging).toHaveLength(4);
    trial.send.mockResolvedValue({ kind: 'accepted' });
    for (const end of hanging) end();
    await trial.clock.advance(leaseMs);
    expect(trial.send).toHaveBeenCalledTimes(31);
  });

  it('looks at a measured pace while deliveries that are due find no place', async () => {
    const trial = createTrial();
    trial.send.mockImplementation(() => new Promise(() => {}));
    for (let count = 0; count < 10; count += 1) {
      await trial.announceSuccess({ notifyUrl: `https://m${count}.example/notify` });
    }
    const claimDue = vi.spyOn(trial.engine.due, 'claimDue');
    const loop = startDueLoop(trial.engine, { concurrency: 4, pollMs, onError: () => {} });
    await trial.clock.advance(10_000);
    // Two looks for each plan, ten plans a second.
    expect(claimDue.mock.calls.length).toBeLessThanOrEqual(210);
    expect(trial.send).toHaveBeenCalledTimes(2);
    void loop.stop();
    await settled();
  });
});

describe('when something goes wrong', () => {
  // proves RES-13
  it('a step that cannot be performed is told of, keeps nobody else from theirs, and is tried again', async () => {
    const trial = createTrial();
    const broken = await trial.openPayment(0);
    const { nextStep } = broken;
    trial.wallet.inquire.mockRejectedValueOnce(new Error('no alipay_open account is named sandbox'));
    const { errors } = startLoop(trial);
    await trial.clock.advance(0);
    const other = await trial.openPayment(0);
    await trial.clock.advance(pollMs);
    expect((await trial.payment(other.id)).state).toBe('succeeded');
    expect(errors).toMatchObject([
      {
        message: 'no alipay_open account is named sandbox',
        row: { kind: 'payment', payment: { id: broken.id } },
      },
    ]);
    expect(await trial.payment(broken.id)).toMatchObject({ state: 'submitted', nextStep, version: 1 });
    await trial.clock.advance(leaseMs);
    expect((await trial.payment(broken.id)).state).toBe('succeeded');
    expect(errors).toHaveLength(1);
  });

  it('a database that is away is asked at the pace of the poll, and work goes on when it is back', async () => {
    const trial = createTrial();
    const { id } = await trial.openPayment(0);
    const claimDue = vi
      .spyOn(trial.engine.due, 'claimDue')
      .mockRejectedValue(new Error('connect ECONNREFUSED'));
    const onLook = vi.fn();
    const { errors } = startLoop(trial, { onLook });
    await trial.clock.advance(30_000);
    expect(errors.length).toBeGreaterThanOrEqual(60);
    expect(errors.length).toBeLessThanOrEqual(62);
    expect(errors[0]).toEqual({ message: 'connect ECONNREFUSED', row: null });
    expect(onLook).toHaveBeenCalledTimes(errors.length);
    claimDue.mockRestore();
    await trial.clock.advance(pollMs);
    expect((await trial.payment(id)).state).toBe('succeeded');
  });

  it('a plan that fails costs no more than a poll', async () => {
    const trial = createTrial();
    vi.spyOn(trial.engine.due, 'nextDueAt').mockRejectedValueOnce(new Error('connection terminated'));
    const { errors } = startLoop(trial);
    await trial.clock.advance(0);
    expect(errors).toEqual([{ message: 'connection terminated', row: null }]);
    const { id } = await trial.openPayment(0);
    await trial.clock.advance(pollMs);
    expect((await trial.payment(id)).state).toBe('succeeded');
  });
});

describe('stopping', () => {
  it('takes no more rows and ends when those under way have ended', async () => {
    const trial = createTrial();
    const held = heldInquiries(trial);
    await trial.openPayment(0);
    await trial.openPayment(0);
    const { loop } = startLoop(trial);
    await trial.clock.advance(0);
    expect(held.answer).toHaveLength(2);
    let stopped = false;
    const stopping = loop.stop().then(() => {
      stopped = true;
    });
    const late = await trial.openPayment(0);
    loop.wake(trial.clock.now());
    held.answer[0]?.();
    await trial.clock.advance(10_000);
    expect(stopped).toBe(false);
    held.answer[1]?.();
    await trial.clock.advance(0);
    await stopping;
    expect(held.answer).toHaveLength(2);
    expect((await trial.payment(late.id)).state).toBe('submitted');
  });

  it('is immediate while nothing is under way, and may be asked for twice', async () => {
    const trial = createTrial();
    const { loop } = startLoop(trial, { pollMs: 60_000 });
    await trial.clock.advance(0);
    await Promise.all([loop.stop(), loop.stop()]);
  });

  it('leaves no row claimed that nobody works on', async () => {
    const trial = createTrial();
    const { claimDue } = trial.engine.due;
    const claiming = Promise.withResolvers<void>();
    vi.spyOn(trial.engine.due, 'claimDue').mockImplementation(async (...args) => {
      const rows = await claimDue(...args);
      await claiming.promise;
      return rows;
    });
    const { id } = await trial.openPayment(0);
    const { loop } = startLoop(trial);
    await settled();
    const stopping = loop.stop();
    claiming.resolve();
    await trial.clock.advance(0);
    await stopping;
    expect((await trial.payment(id)).state).toBe('succeeded');
  });
});
