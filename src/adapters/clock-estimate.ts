/** How often a clock is asked for its time: so long one that was set may go unnoticed where nothing else tells of it. */
export const sampleEveryMsDefault = 1_000;

/** One question for a clock's time, with the asking process's monotonic time before and after. */
export interface ClockSample {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  /** What the clock showed in between, its fractions of a millisecond cut off. */
  readonly toldMs: number;
}

/**
 * How far a clock is ahead of the asking process's monotonic one, after one more sample; `NaN` is what was known before the
 * first. A sample gives two bounds, since the clock was read after it was asked for and before its answer arrived. What is known
 * already stays while it lies between them; otherwise the earlier bound is taken. So the estimate is behind by a round
 * trip at most, and ahead by no more than the two clocks have drifted since the last sample. Money case 12.
 */
export function aheadAfterSample(knownMs: number, { askedAtMs, answeredAtMs, toldMs }: ClockSample): number {
  const earliest = toldMs - answeredAtMs;
  const latest = toldMs + 1 - askedAtMs;
  return knownMs >= earliest && knownMs <= latest ? knownMs : earliest;
}
