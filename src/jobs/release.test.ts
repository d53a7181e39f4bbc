import { describe, expect, it, vi } from 'vitest';
import { createDueRows } from '../adapters/memory/due-rows.ts';
import type { Payment } from '../domain/payment.ts';
import type { Outage } from '../ports/wallet-directory.ts';
import { startReleases } from './release.ts';
import { createTrial, settled, type Trial } from './trial-engine.fixture.ts';

function startTrial(batch = 50, batchEveryMs = 250) {
  const trial = createTrial();
  const errors: unknown[] = [];
  let outage: Outage | null = null;
  const releaseHeld = vi.spyOn(trial.engine.due, 'releaseHeld');
  const engine = { ...trial.engine, wallets: { ...trial.engine.wallets, outage: () => outage } };
  const releases = startReleases(engine, { batch, batchEveryMs, onError: (error) => errors.push(error) });
  return {
    trial,
    releases,
    errors,
    releaseHeld,
    fallSilent: (silent: boolean) => {
      outage = silent ? { refusesForS: 5 } : null;
    },
  };
}

/** Payments that wait for their account, each with a window that ends before the last one's. */
async function hold(trial: Trial, count: number, account = 'sandbox'): Promise<Payment[]> {
  const held: Payment[] = [];
  for (let number = 0; number < count; number += 1) {
    const payment = await trial.openPayment(600_000, { account });
    await trial.engine.due.hold({
      kind: 'payment',
      merchantId: 'M0001',
      id: payment.id,
      version: payment.version,
      wallet: 'alipay_open',
      account,
      dueAt: payment.nextStep?.dueAt ?? trial.clock.now(),
      windowEndsAt: new Date(trial.clock.now().getTime() - number * 1_000),
    });
    held.push(payment);
  }
  return held;
}

function dueNow(trial: Trial): string[] {
  const now = trial.clock.now();
  return [...trial.memory.records.payments.values()]
    .filter(({ nextStep }) => nextStep !== null && nextStep.dueAt <= now)
    .map(({ id }) => id);
}

// proves CAN-01
describe('when an account answers again', () => {
  it('the steps that wait for it come at once, so many at a time, the oldest window end first', async () => {
    const { trial, releases } = startTrial(20, 250);
    const held = await hold(trial, 50);
    const others = await hold(trial, 3, 'other');
    releases.heard('alipay_open', 'sandbox', 'answered_again');
    await settled();
    const oldest = held.map(({ id }) => id).reverse();
    expect(dueNow(trial).sort()).toEqual(oldest.slice(0, 20).sort());
    await trial.clock.advance(249);
    expect(dueNow(trial)).toHaveLength(20);
    await trial.clock.advance(1);
    expect(dueNow(trial).sort()).toEqual(oldest.slice(0, 40).sort());
    await trial.clock.advance(1_000);
    expect(dueNow(trial)).toHaveLength(50);
    for (const { id } of others) expect(dueNow(trial)).not.toContain(id);
  });

  it('a wall of ten thousand comes back at two hundred a second', async () => {
    const { trial, releases } = startTrial();
    await hold(trial, 10_000);
    for (let tenth = 0; tenth < 100; tenth += 1) {
      releases.heard('alipay_open', 'sandbox', tenth % 2 === 0 ? 'answered_again' : 'answered');
      await trial.clock.advance(100);
    }
    expect(dueNow(trial).length).toBeLessThanOrEqual(2_050);
    expect(dueNow(trial).length).toBeGreaterThanOrEqual(2_000);
    await releases.stop();
  });

  it('two processes that release at once share each batch, and go on until none waits', async () => {
    const { trial, releases, releaseHeld } = startTrial();
    await hold(trial, 400);
    // The other process is half a batch ahead each time.
    const { releaseHeld: real } = createDueRows(trial.memory.records);
    releaseHeld.mockImplementation(async (wallet, account, limit) => {
      await real(wallet, account, limit / 2);
      return real(wallet, account, limit / 2);
    });
    releases.heard('alipay_open', 'sandbox', 'answered_again');
    await trial.clock.advance(5_000);
    expect(dueNow(trial)).toHaveLength(400);
  });

  it('what was held a moment after the others were released follows soon, although nobody calls', async () => {
    const { trial, releases, fallSilent } = startTrial();
    await hold(trial, 30);
    fallSilent(true);
    releases.heard('alipay_open', 'sandbox', 'silence');
    await trial.clock.advance(1_500);
    fallSilent(false);
    releases.heard('alipay_open', 'sandbox', 'answered_again');
    await trial.clock.advance(400);
    expect(dueNow(trial)).toHaveLength(30);
    await hold(trial, 120);
    await trial.clock.advance(2_000);
    expect(dueNow(trial)).toHaveLength(150);
  });

  it('and falls silent once more, the rest go on waiting', async () => {
    const { trial, releases, fallSilent } = startTrial(10);
    await hold(trial, 50);
    releases.heard('alipay_open', 'sandbox', 'answered_again');
    fallSilent(true);
    await trial.clock.advance(60_000);
    expect(dueNow(trial).length).toBeLessThanOrEqual(10);
    fallSilent(false);
    releases.heard('alipay_open', 'sandbox', 'answered_again');
    await trial.clock.advance(2_000);
    expect(dueNow(trial)).toHaveLength(50);
  });
});

// proves CAN-01
describe('while an account is silent', () => {
  it('one step at a time is sent ahead, the oldest window end first, ever less often, until it answers', async () => {
    const { trial, releases, releaseHeld, fallSilent } = startTrial();
    const held = await hold(trial, 400);
    fallSilent(true);
    for (let count = 0; count < 10; count += 1) releases.heard('alipay_open', 'sandbox', 'silence');
    await trial.clock.advance(1_999);
    expect(dueNow(trial)).toEqual([]);
    await trial.clock.advance(1);
    expect(dueNow(trial)).toEqual([held.at(-1)?.id]);
    await trial.clock.advance(58_000);
    expect(dueNow(trial).length).toBeGreaterThan(15);
    expect(dueNow(trial).length).toBeLessThanOrEqual(30);
    await trial.clock.advance(240_000);
    const calls = releaseHeld.mock.calls.length;
    await trial.clock.advance(150_000);
    expect(releaseHeld.mock.calls.length - calls).toBe(10);
    fallSilent(false);
    await trial.clock.advance(60_000);
    expect(dueNow(trial)).toHaveLength(400);
  });

  it('the next outage is looked into as soon as the first one was', async () => {
    const { trial, releases, fallSilent } = startTrial();
    await hold(trial, 400);
    fallSilent(true);
    releases.heard('alipay_open', 'sandbox', 'silence');
    await trial.clock.advance(3_600_000 / 12);
    fallSilent(false);
    releases.heard('alipay_open', 'sandbox', 'answered_again');
    await trial.clock.advance(60_000);
    const others = await hold(trial, 10);
    fallSilent(true);
    releases.heard('alipay_open', 'sandbox', 'silence');
    await trial.clock.advance(2_000);
    expect(dueNow(trial)).toContain(others.at(-1)?.id);
  });

  it('one is sent ahead although none waited yet when the first was to go, and no call is heard since', async () => {
    const { trial, releases, fallSilent } = startTrial();
    fallSilent(true);
    releases.heard('alipay_open', 'sandbox', 'silence');
    await trial.clock.advance(3_000);
    await hold(trial, 10);
    await trial.clock.advance(2_000);
    expect(dueNow(trial)).toHaveLength(1);
  });

  it('is looked for in a long outage although none waits at times, also after the journal was away', async () => {
    const { trial, releases, releaseHeld, fallSilent } = startTrial();
    await hold(trial, 30);
    fallSilent(true);
    releases.heard('alipay_open', 'sandbox', 'silence');
    await trial.clock.advance(180_000);
    expect(dueNow(trial)).toHaveLength(30);
    await hold(trial, 1);
    await trial.clock.advance(15_000);
    expect(dueNow(trial)).toHaveLength(31);
    releaseHeld.mockRejectedValue(new Error('the database is away'));
    await trial.clock.advance(180_000);
    releaseHeld.mockRestore();
    await trial.clock.advance(16_000);
    await hold(trial, 1);
    await trial.clock.advance(16_000);
    expect(dueNow(trial)).toHaveLength(32);
  });

  it('a journal that is away meanwhile ends no search', async () => {
    const { trial, releases, releaseHeld, errors, fallSilent } = startTrial();
    await hold(trial, 10);
    fallSilent(true);
    releaseHeld.mockRejectedValueOnce(new Error('the database is away'));
    releases.heard('alipay_open', 'sandbox', 'silence');
    await trial.clock.advance(4_000);
    expect(errors).toHaveLength(1);
    expect(dueNow(trial)).toHaveLength(1);
  });

  it('nobody is looked for any more where nothing waits for a minute', async () => {
    const { trial, releases, releaseHeld, fallSilent } = startTrial();
    fallSilent(true);
    releases.heard('alipay_open', 'sandbox', 'silence');
    await trial.clock.advance(90_000);
    const looks = releaseHeld.mock.calls.length;
    expect(looks).toBeLessThanOrEqual(30);
    await trial.clock.advance(3_600_000);
    expect(releaseHeld).toHaveBeenCalledTimes(looks);
  });
});

describe('answers in ordinary times', () => {
  it('look rarely for what other processes have left waiting', async () => {
    const { trial, releases, releaseHeld } = startTrial();
    for (let second = 0; second < 120; second += 1) {
      releases.heard('alipay_open', 'sandbox', 'answered');
      await trial.clock.advance(1_000);
    }
    expect(releaseHeld).toHaveBeenCalledTimes(4);
  });

  it('after a silence each look soon, and at most once a second', async () => {
    const { trial, releases, releaseHeld } = startTrial();
    for (let tenth = 0; tenth < 100; tenth += 1) {
      releases.heard('alipay_open', 'sandbox', tenth % 2 === 0 ? 'answered_again' : 'answered');
      await trial.clock.advance(100);
    }
    expect(releaseHeld.mock.calls.length).toBeGreaterThanOrEqual(8);
    expect(releaseHeld.mock.calls.length).toBeLessThanOrEqual(11);
  });

  it('a journal that is away is told of, and the next answer tries again', async () => {
    const { trial, releases, releaseHeld, errors } = startTrial();
    await hold(trial, 1);
    releaseHeld.mockRejectedValueOnce(new Error('the database is away'));
    releases.heard('alipay_open', 'sandbox', 'answered_again');
    await trial.clock.advance(1_000);
    expect(errors).toEqual([new Error('the database is away')]);
    // Any answer will do: what was not done then is done now.
    releases.heard('alipay_open', 'sandbox', 'answered');
    await trial.clock.advance(0);
    expect(dueNow(trial)).toHaveLength(1);
  });

  it('once all was released look rarely again', async () => {
    const { trial, releases, releaseHeld } = startTrial();
    releases.heard('alipay_open', 'sandbox', 'answered_again');
    for (let second = 0; second < 120; second += 1) {
      await trial.clock.advance(1_000);
      releases.heard('alipay_open', 'sandbox', 'answered');
    }
    expect(releaseHeld.mock.calls.length).toBeLessThanOrEqual(5);
  });

  it('that come after the end release nothing', async () => {
    const { trial, releases, releaseHeld } = startTrial();
    await releases.stop();
    for (const heard of ['answered_again', 'silence'] as const)
      releases.heard('alipay_open', 'sandbox', heard);
    await trial.clock.advance(60_000);
    expect(releaseHeld).not.toHaveBeenCalled();
  });
});
