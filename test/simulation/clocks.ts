import type { WalletName } from '../../src/domain/wallets.ts';
import type { Random } from './random.ts';

/*
 * Clocks that are wrong. True time is the scheduler's: what goes on in the world, on the payers' phones, in the network. The
 * database's clock, each process's and each wallet's show something else. Money case 12.
 */

export interface ClockFaults {
  readonly database: {
    /** How far it is ahead of true time at the start. */
    readonly aheadMs: number;
    /** By how much it runs too fast, in millionths. */
    readonly driftPpm: number;
    readonly steps: readonly ClockStep[];
  };
  /** By how much a process's monotonic clock runs too fast or too slowly at most, in millionths. */
  readonly processDriftPpmMax: number;
  /** How far each wallet's clock is ahead of true time. */
  readonly walletAheadMs: { readonly [wallet in WalletName]: number };
}

/** The database's clock is set, or another server takes over whose clock is another one. */
export interface ClockStep {
  /** After the start. */
  readonly afterMs: number;
  readonly byMs: number;
}

/** Clock faults as they are counted. */
export const clockFaultNames = {
  back: 'the database’s clock goes back',
  ahead: 'the database’s clock goes ahead',
  farAhead: 'the database’s clock goes far ahead',
  databaseDrifts: 'the database’s clock runs too fast or too slowly',
  processDrifts: 'a process’s clock runs too fast or too slowly',
  walletIsOff: 'a wallet’s clock is wrong',
  believesOldTime: 'a process goes by a time that the database’s clock has left',
} as const;

export const soundClocks: ClockFaults = {
  database: { aheadMs: 0, driftPpm: 0, steps: [] },
  processDriftPpmMax: 0,
  walletAheadMs: { alipay_open: 0, alipay_plus: 0 },
};

const secondMs = 1_000;
const hourMs = 60 * 60 * secondMs;

/**
 * Steps ahead shorten every wait that is under way by as much. What of the horizon's grace no delay in the network takes is
 * theirs: see `docs/adr-010-what-a-wrong-clock-may-cost.md`.
 */
export const stepAheadMsMax = 20 * secondMs;

/** A wallet's clock may be wrong by so much: it closes that much sooner or later than it was told. */
const walletAheadMsMax = 50 * secondMs;

/** Most steps hit what is under way when they come early. */
const stepsUntilMs = 10 * 60 * secondMs;

export function drawClockFaults(random: Random, faultsEndMs: number): ClockFaults {
  const steps: ClockStep[] = [];
  const stepAt = (byMs: number): ClockStep => ({
    afterMs: random.magnitude(secondMs, Math.min(faultsEndMs, stepsUntilMs)),
    byMs,
  });
  const count = random.integer(0, 2);
  for (let number = 1; number <= count; number += 1) {
    const choice = random.fraction();
    if (choice < 0.6) steps.push(stepAt(-random.magnitude(secondMs, hourMs)));
    else if (choice < 0.9) steps.push(stepAt(random.magnitude(100, stepAheadMsMax)));
    else steps.push(stepAt(random.magnitude(stepAheadMsMax + 1, hourMs)));
  }
  // Half of the clocks that go back were ahead before, and are right from then on.
  const backMs = steps.reduce((sum, { byMs }) => sum - Math.min(0, byMs), 0);
  const off = (maxMs: number): number =>
    random.chance(0.5) ? random.magnitude(100, maxMs) * random.pick([-1, 1]) : 0;
  return {
    database: {
      aheadMs: random.chance(0.5) ? backMs : 0,
      driftPpm: random.chance(0.5) ? random.integer(-100, 100) : 0,
      steps: steps.toSorted((a, b) => a.afterMs - b.afterMs),
    },
    processDriftPpmMax: random.chance(0.5) ? random.integer(1, 200) : 0,
    walletAheadMs: { alipay_open: off(walletAheadMsMax), alipay_plus: off(walletAheadMsMax) },
  };
}

/** How much sooner than in true time a wait on the database's clock may end: not counting steps far ahead. */
export function shortenedByMs({ database }: ClockFaults): number {
  let aheadMs = 0;
  for (const { byMs } of database.steps) if (byMs > 0 && byMs <= stepAheadMsMax) aheadMs += byMs;
  // What a drift of a hundred millionths adds up to in the longest wait, and a process that is a little ahead.
  return aheadMs + (database.driftPpm === 0 ? 0 : 2 * secondMs);
}

/** No wait on such a clock means anything: what then holds is what holds at rest. */
export function goesFarAhead({ database }: ClockFaults): boolean {
  return database.steps.some(({ byMs }) => byMs > stepAheadMsMax);
}

/** How long leases of before the steps back may last beyond their time. */
export function goesBackMs({ database }: ClockFaults): number {
  return database.steps.reduce((sum, { byMs }) => sum - Math.min(0, byMs), 0);
}

/** The database's clock, as the database reads it. */
export interface DatabaseClock {
  nowMs(): number;
  /** What it shows at a true time; later steps of the plan are known. */
  atMs(trueMs: number): number;
  /** The true time at which it will show this, unless it is set before. */
  whenMs(databaseMs: number): number;
}

export function createDatabaseClock(
  { database }: ClockFaults,
  startMs: number,
  trueNowMs: () => number,
): DatabaseClock {
  const { aheadMs, driftPpm, steps } = database;
  const atMs = (trueMs: number): number => {
    let ms = trueMs + aheadMs;
    if (driftPpm !== 0) ms += Math.floor(((trueMs - startMs) * driftPpm) / 1e6);
    for (const { afterMs, byMs } of steps) if (trueMs >= startMs + afterMs) ms += byMs;
    return ms;
  };
  const nowMs = (): number => atMs(trueNowMs());
  return { nowMs, atMs, whenMs: (databaseMs) => trueNowMs() + databaseMs - nowMs() };
}

/** A wallet's clock: what it is told and tells is in its own time, what happens there in true time. */
export interface WalletClock {
  /** When the wallet's clock shows this. */
  whenMs(date: Date): number;
  /** What the wallet's clock shows then. */
  told(trueMs: number): Date;
}

export function createWalletClock(aheadMs: number): WalletClock {
  return {
    whenMs: (date) => date.getTime() - aheadMs,
    told: (trueMs) => new Date(trueMs + aheadMs),
  };
}
