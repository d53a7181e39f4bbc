import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Connection, Database } from './postgres/database.ts';
import { overWatermark, watchProcessLoad } from './process-load.ts';

afterEach(() => {
  vi.useRealTimers();
});

const connection = { release: () => {} } as Connection;

/** A pool whose connections take as long as they are told to. */
function slowPool() {
  const pool = { waitMs: 0, broken: false };
  const connect = async (): Promise<Connection> => {
    if (pool.broken) throw new Error('connection refused');
    if (pool.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, pool.waitMs));
    return connection;
  };
  return Object.assign(pool, { database: { connect } as unknown as Pick<Database, 'connect'> });
}

it('a figure is over from its high mark on, until it has come down to the low one', () => {
  const { see, isOver } = overWatermark({ highMs: 200, lowMs: 50 });
  const seen = [199, 200, 100, 51, 50, 199].map((ms) => {
    see(ms);
    return isOver();
  });
  expect(seen).toEqual([false, true, true, true, false, false]);
});

describe('the load of this process', () => {
  it('a queue in front of the database is seen while it stands, and forgotten when it has gone', async () => {
    vi.useFakeTimers();
    const pool = slowPool();
    const load = watchProcessLoad({ database: pool.database, monotonicMs: () => Date.now() });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([load.strain(), load.databaseWaitMs()]).toEqual([null, 0]);
    pool.waitMs = 5_000;
    await vi.advanceTimersByTimeAsync(900);
    expect(load.strain()).toBe('database');
    pool.waitMs = 0;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(load.strain()).toBeNull();
    load.stop();
  });

  it('a database that is away is no overload', async () => {
    vi.useFakeTimers();
    const pool = slowPool();
    pool.broken = true;
    const load = watchProcessLoad({ database: pool.database, monotonicMs: () => Date.now() });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(load.strain()).toBeNull();
    load.stop();
  });

  it('one long turn of the event loop is no overload, many of them are', async () => {
    vi.useFakeTimers();
    let heldUpMs = 0;
    const load = watchProcessLoad({
      database: slowPool().database,
      monotonicMs: () => Date.now() + heldUpMs,
    });
    const turn = async (lateMs: number): Promise<void> => {
      heldUpMs += lateMs;
      await vi.advanceTimersByTimeAsync(100);
    };
    for (let count = 0; count < 5; count += 1) await turn(0);
    await turn(900);
    await turn(0);
    expect([load.strain(), load.eventLoopDelayMs()]).toEqual([null, 0]);
    for (let count = 0; count < 3; count += 1) await turn(250);
    expect([load.strain(), load.eventLoopDelayMs()]).toEqual(['event_loop', 250]);
    for (let count = 0; count < 4; count += 1) await turn(0);
    expect(load.strain()).toBeNull();
    load.stop();
  });
});
