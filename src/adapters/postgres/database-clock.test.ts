import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase } from '../../../test/database/test-database.ts';
import { type Database, openDatabase } from './database.ts';
import { type DatabaseClock, openDatabaseClock } from './database-clock.ts';

const noon = Date.parse('2026-07-01T12:00:00Z');
const hourMs = 3_600_000;

/** A database and a process whose clocks a test moves; the process's host thinks what it likes. */
function trial() {
  const state = {
    databaseMs: noon,
    monotonicMs: 5_000,
    connectMs: 0,
    askMs: 0,
    answerMs: 0,
    failing: false,
    hangs: null as Promise<void> | null,
    samples: 0,
    released: [] as boolean[],
  };
  const pass = (ms: number): void => {
    state.databaseMs += ms;
    state.monotonicMs += ms;
  };
  vi.spyOn(performance, 'now').mockImplementation(() => state.monotonicMs);
  const database = {
    async connect() {
      pass(state.connectMs);
      return {
        async query() {
          state.samples += 1;
          await state.hangs;
          if (state.failing) throw new Error('the database is away');
          pass(state.askMs);
          const now = new Date(state.databaseMs);
          pass(state.answerMs);
          return { rows: [{ now }] };
        },
        release: (broken: boolean) => state.released.push(broken),
      };
    },
  };
  return { state, pass, database: database as unknown as Database };
}

/** How far the clock is behind the database's; negative when it is ahead. */
function behindMs(clock: DatabaseClock, state: { readonly databaseMs: number }): number {
  return state.databaseMs - clock.now().getTime();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'], now: noon + 7 * hourMs });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the database’s clock, as a process knows it', () => {
  it('is the database’s time, however wrong the host’s clock is and whenever that jumps', async () => {
    const { state, pass, database } = trial();
    const clock = await openDatabaseClock(database);
    expect(clock.now()).toEqual(new Date(noon));
    pass(90_000);
    vi.setSystemTime(noon - 30 * hourMs);
    expect(clock.now()).toEqual(new Date(noon + 90_000));
    await clock.sample();
    expect(behindMs(clock, state)).toBe(0);
    expect(clock.monotonicMs()).toBe(95_000);
    clock.stop();
  });

  it.each([
    { connectMs: 0, askMs: 40, answerMs: 0 },
    { connectMs: 0, askMs: 0, answerMs: 40 },
    { connectMs: 0, askMs: 20, answerMs: 20 },
    { connectMs: 4_000, askMs: 3, answerMs: 2 },
  ])(
    'is never ahead of the database, and at most a round trip behind: $connectMs, $askMs, $answerMs ms',
    async (legs) => {
      const { state, database } = trial();
      Object.assign(state, legs);
      const clock = await openDatabaseClock(database);
      expect(behindMs(clock, state)).toBeGreaterThanOrEqual(0);
      expect(behindMs(clock, state)).toBeLessThanOrEqual(legs.askMs + legs.answerMs);
      clock.stop();
    },
  );

  it('a slow answer that contradicts nothing moves nothing', async () => {
    const { state, pass, database } = trial();
    const clock = await openDatabaseClock(database);
    pass(10_000);
    Object.assign(state, { askMs: 100, answerMs: 900 });
    await clock.sample();
    expect(behindMs(clock, state)).toBe(0);
    clock.stop();
  });

  it('a faster answer brings it closer', async () => {
    const { state, database } = trial();
    Object.assign(state, { askMs: 100, answerMs: 900 });
    const clock = await openDatabaseClock(database);
    expect(behindMs(clock, state)).toBe(900);
    Object.assign(state, { askMs: 2, answerMs: 1 });
    await clock.sample();
    expect(behindMs(clock, state)).toBe(1);
    clock.stop();
  });

  it('goes with a database whose clock runs slower or faster, and is never ahead by more than the drift between samples', async () => {
    const { state, pass, database } = trial();
    Object.assign(state, { askMs: 1, answerMs: 1 });
    const clock = await openDatabaseClock(database);
    for (const driftMs of [-5, -5, 5, 5, -5]) {
      pass(10_000);
      state.databaseMs += driftMs;
      expect(Math.abs(behindMs(clock, state))).toBeLessThanOrEqual(7);
      await clock.sample();
      expect(behindMs(clock, state)).toBeGreaterThanOrEqual(-1);
      expect(behindMs(clock, state)).toBeLessThanOrEqual(2);
    }
    clock.stop();
  });

  it.each([-hourMs, hourMs])(
    'a database whose clock jumps by %i ms is followed at the next sample',
    async (jumpMs) => {
      const { state, pass, database } = trial();
      const clock = await openDatabaseClock(database);
      pass(1_000);
      state.databaseMs += jumpMs;
      expect(behindMs(clock, state)).toBe(jumpMs);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(state.samples).toBe(2);
      expect(behindMs(clock, state)).toBe(0);
      clock.stop();
    },
  );

  it('goes by what another question has told, without asking', async () => {
    const { state, pass, database } = trial();
    const clock = await openDatabaseClock(database);
    state.databaseMs -= hourMs;
    const askedAtMs = state.monotonicMs;
    pass(3);
    clock.heard({ askedAtMs, answeredAtMs: state.monotonicMs, toldMs: state.databaseMs - 1 });
    expect(behindMs(clock, state)).toBe(1);
    expect(state.samples).toBe(1);
    clock.stop();
  });

  it('goes on while the database is away, and asks again', async () => {
    const { state, pass, database } = trial();
    const clock = await openDatabaseClock(database, 1_000);
    state.failing = true;
    pass(5_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(state.samples).toBe(6);
    expect(clock.now()).toEqual(new Date(noon + 5_000));
    // A connection that failed is not used again.
    expect(state.released).toEqual([false, true, true, true, true, true]);
    await expect(clock.sample()).rejects.toThrow('the database is away');
    state.failing = false;
    state.databaseMs += hourMs;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(behindMs(clock, state)).toBe(0);
    clock.stop();
  });

  it('asks a database that does not answer one question at a time', async () => {
    const { state, pass, database } = trial();
    const clock = await openDatabaseClock(database);
    const hanging = Promise.withResolvers<void>();
    state.hangs = hanging.promise;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(state.samples).toBe(2);
    state.hangs = null;
    hanging.resolve();
    pass(30_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(state.samples).toBe(3);
    expect(behindMs(clock, state)).toBe(0);
    clock.stop();
  });

  it('without the database’s time there is no clock', async () => {
    const { state, database } = trial();
    state.failing = true;
    await expect(openDatabaseClock(database)).rejects.toThrow('the database is away');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('asks no more once it is stopped', async () => {
    const { state, database } = trial();
    const clock = await openDatabaseClock(database, 1_000);
    clock.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.samples).toBe(1);
  });
});

it('sleeps for as long as was asked, or until it is woken', async () => {
  vi.useRealTimers();
  const { database } = trial();
  vi.restoreAllMocks();
  const clock = await openDatabaseClock(database);
  const startMs = performance.now();
  await clock.sleep(30);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(29);
  const waking = new AbortController();
  const asleep = clock.sleep(60_000, waking.signal);
  waking.abort();
  await asleep;
  await clock.sleep(60_000, waking.signal);
  expect(performance.now() - startMs).toBeLessThan(30_000);
  clock.stop();
});

it('on PostgreSQL, what a process records as due now is due there now', async () => {
  vi.useRealTimers();
  const testDatabase = await createTestDatabase();
  const database = openDatabase({
    url: testDatabase.url,
    poolSize: 1,
    applicationName: 'clock',
    onIdleError: () => {},
  });
  try {
    const clock = await openDatabaseClock(database);
    for (let count = 0; count < 50; count += 1) {
      if (count % 10 === 0) await clock.sample();
      const { rows } = await database.query<{ readonly due: boolean; readonly behind: number }>(
        `select $1::timestamptz <= clock_timestamp() as due,
                extract(epoch from clock_timestamp() - $1::timestamptz)::float8 as behind`,
        [clock.now()],
      );
      expect(rows[0]?.due).toBe(true);
      expect(rows[0]?.behind).toBeLessThan(10);
    }
    clock.stop();
  } finally {
    await database.end();
    await testDatabase.drop();
  }
});
