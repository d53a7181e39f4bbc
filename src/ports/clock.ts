/**
 * Two clocks, never mixed. Money case 12.
 *
 * `now` is the database's clock: due times, leases, windows and everything that is decided. `monotonicMs` is the
 * process's own, on the scale of `performance.now()`: deadlines inside one process and nothing else.
 */
export interface Clock {
  now(): Date;
  monotonicMs(): number;
  /** Resolves after at least `ms`, or as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
