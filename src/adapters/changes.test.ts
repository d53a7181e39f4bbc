import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createChanges } from './changes.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a wait has come to by now; `waiting` while it has not ended. */
async function outcomeOf(wait: Promise<boolean>): Promise<boolean | 'waiting'> {
  return Promise.race([wait, Promise.resolve().then(() => 'waiting' as const)]);
}

describe('changes of this process', () => {
  it('a wait ends at the next change of its id, and its timer goes', async () => {
    const changes = createChanges();
    const wait = changes.next('pay_1', 1_000);
    changes.publish('pay_2', null);
    expect(await outcomeOf(wait)).toBe('waiting');
    changes.publish('pay_1', null);
    expect(await wait).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a wait without a change ends by its time, not sooner', async () => {
    const changes = createChanges();
    const wait = changes.next('pay_1', 1_000);
    vi.advanceTimersByTime(999);
    expect(await outcomeOf(wait)).toBe('waiting');
    vi.advanceTimersByTime(1);
    expect(await wait).toBe(false);
  });

  it('all who wait for one id are told of one change', async () => {
    const changes = createChanges();
    const waits = [changes.next('pay_1', 10), changes.next('pay_1', 500), changes.next('pay_1', 1_000)];
    vi.advanceTimersByTime(10);
    changes.publish('pay_1', null);
    expect(await Promise.all(waits)).toEqual([false, true, true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a change ends the waits of before, not those that begin after it', async () => {
    const changes = createChanges();
    const before = changes.next('pay_1', 1_000);
    changes.publish('pay_1', null);
    const after = changes.next('pay_1', 1_000);
    expect(await before).toBe(true);
    expect(await outcomeOf(after)).toBe('waiting');
    changes.publish('pay_1', null);
    expect(await after).toBe(true);
  });

  it('a wait that times out takes no other’s place', async () => {
    const changes = createChanges();
    const early = changes.next('pay_1', 10);
    changes.publish('pay_1', null);
    // A new round of waiters under the same id; the first round's timer is gone and cannot end it.
    const next = changes.next('pay_1', 1_000);
    const short = changes.next('pay_1', 20);
    vi.advanceTimersByTime(20);
    expect(await early).toBe(true);
    expect(await short).toBe(false);
    changes.publish('pay_1', null);
    expect(await next).toBe(true);
  });

  it('every due time reaches every listener, whether anybody waits or not', () => {
    const changes = createChanges();
    const heard: Date[] = [];
    changes.onDue((dueAt) => heard.push(dueAt));
    changes.onDue((dueAt) => heard.push(dueAt));
    const dueAt = new Date('2026-07-01T00:00:00Z');
    changes.publish('pay_1', dueAt);
    changes.publish('pay_1', null);
    expect(heard).toEqual([dueAt, dueAt]);
  });

  it('waits that timed out and waits that were answered leave nothing behind', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const changes = createChanges();
    const rounds = 20_000;
    const waitMany = async (round: string): Promise<void> => {
      const waits: Promise<boolean>[] = [];
      for (let index = 0; index < rounds; index += 1) {
        const id = `pay_${round}_${index}`;
        waits.push(changes.next(id, 5), changes.next(id, 5));
        if (index % 2 === 0) changes.publish(id, null);
      }
      vi.advanceTimersByTime(5);
      await Promise.all(waits);
    };
    const heapAfterwards = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    await waitMany('first');
    const before = heapAfterwards();
    await waitMany('second');
    const grownBytes = heapAfterwards() - before;
    // An id, its set and two waiters left behind would be some 300 bytes a round.
    expect(grownBytes / rounds).toBeLessThan(60);
    expect(vi.getTimerCount()).toBe(0);
  });
});
