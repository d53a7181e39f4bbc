/** Something that happens at a time of the virtual clock. */
export interface Timer {
  readonly atMs: number;
  readonly seq: number;
  readonly idle: boolean;
  run: (() => void) | null;
}

export interface Limits {
  readonly untilMs: number;
  readonly events: number;
}

export interface Scheduler {
  /** Virtual time: milliseconds since the epoch. */
  nowMs(): number;
  /**
   * Has `run` happen after `delayMs` (an integer ≥ 0), after everything that was scheduled before for the same time.
   * An `idle` timer does not keep the run going: a loop's poll, say.
   */
  after(delayMs: number, run: () => void, idle?: boolean): Timer;
  cancel(timer: Timer): void;
  /**
   * Lets virtual time go on, event by event, until nothing but idle timers is left and `isQuiet` agrees, or until a
   * limit is reached: in time, or in events, for what turns in circles without time going on. After each event every promise that can settle has settled before the next event happens.
   */
  run(isQuiet: () => boolean, limits: Limits): Promise<'quiet' | 'limit'>;
  /** Events that have happened. */
  happened(): number;
}

/** One virtual clock with its queue, ordered by time and then by when an event was scheduled. */
export function createScheduler(startMs: number): Scheduler {
  let nowMs = startMs;
  let seq = 0;
  let busy = 0;
  let happened = 0;
  const heap: Timer[] = [];

  const cancel = (timer: Timer): void => {
    if (timer.run === null) return;
    timer.run = null;
    if (!timer.idle) busy -= 1;
  };

  return {
    nowMs: () => nowMs,
    after(delayMs, run, idle = false) {
      if (delayMs < 0) throw new RangeError(`nothing can happen ${-delayMs} ms ago`);
      seq += 1;
      const timer: Timer = { atMs: nowMs + delayMs, seq, idle, run };
      if (!idle) busy += 1;
      push(heap, timer);
      return timer;
    },
    cancel,
    async run(isQuiet, limits) {
      // From here on this runs as a microtask, and a tick comes only after all of those.
      await drained();
      for (;;) {
        const timer = pop(heap);
        if (timer === undefined) return 'quiet';
        const { run } = timer;
        if (run === null) continue;
        if (timer.atMs > limits.untilMs || happened >= limits.events) return 'limit';
        nowMs = timer.atMs;
        happened += 1;
        cancel(timer);
        run();
        await drained();
        if (busy === 0 && isQuiet()) return 'quiet';
      }
    },
    happened: () => happened,
  };
}

/** Resolves when no promise is left that could settle: a tick is taken only after all microtasks. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq);
}

function push(heap: Timer[], timer: Timer): void {
  let index = heap.length;
  heap.push(timer);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex] as Timer;
    if (!isBefore(timer, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = timer;
}

function pop(heap: Timer[]): Timer | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let childIndex = 2 * index + 1;
    if (childIndex >= heap.length) break;
    const right = heap[childIndex + 1];
    if (right !== undefined && isBefore(right, heap[childIndex] as Timer)) childIndex += 1;
    const child = heap[childIndex] as Timer;
    if (!isBefore(child, last)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
  return first;
}
