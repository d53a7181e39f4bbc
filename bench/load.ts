export interface LoadResult {
  readonly payments: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Keeps `callers` calls under way for `seconds` and measures each. A call that throws ends the run. */
export async function load(
  callers: number,
  seconds: number,
  call: (sequence: number) => Promise<void>,
): Promise<LoadResult> {
  const timesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  let sequence = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const beganMs = performance.now();
      sequence += 1;
      await call(sequence);
      timesMs.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const tookSeconds = (performance.now() - startMs) / 1_000;
  timesMs.sort((a, b) => a - b);
  return {
    payments: timesMs.length,
    seconds: tookSeconds,
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
  };
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
