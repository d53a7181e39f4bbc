import type { Database } from './postgres/database.ts';

/** A figure that is too high from `highMs` on, and fine again only at `lowMs`, so that it does not flutter between. */
export interface Watermark {
  readonly highMs: number;
  readonly lowMs: number;
}

/** How late this process is. Figures are those of the last half second. */
export interface ProcessLoad {
  /** How late timers come: everything here waits that long at each of its turns. */
  eventLoopDelayMs(): number;
  /** How long a statement waits for a connection of the pool. */
  databaseWaitMs(): number;
  /** What is too high, if anything. */
  strain(): 'event_loop' | 'database' | null;
  stop(): void;
}

export interface ProcessLoadOptions {
  readonly database: Pick<Database, 'connect'>;
  readonly monotonicMs?: () => number;
  readonly eventLoop?: Watermark;
  readonly databaseWait?: Watermark;
}

const tickMs = 100;
const ticksRemembered = 5;

/** A payment has some ten turns: from here on they alone take two seconds of its time. */
const eventLoopWatermark: Watermark = { highMs: 200, lowMs: 50 };
/** A payment records twice; a queue of half a second in front of the database is longer than all the rest of it. */
const databaseWatermark: Watermark = { highMs: 500, lowMs: 100 };

/**
 * Watches the event loop and the wait for a database connection, which is what a payment meets in this process before
 * its wallet is asked. The median of the last ticks counts: one pause of the garbage collector is no overload. A database
 * that cannot be reached is none either: whoever asks it is told so.
 */
export function watchProcessLoad(options: ProcessLoadOptions): ProcessLoad {
  const { database, monotonicMs = () => performance.now() } = options;
  const lateMs: number[] = [];
  const waitMs: number[] = [];
  let probing: number | null = null;
  const loop = overWatermark(options.eventLoop ?? eventLoopWatermark);
  const wait = overWatermark(options.databaseWait ?? databaseWatermark);
  let tickDueMs = monotonicMs() + tickMs;

  const timer = setInterval(() => {
    const nowMs = monotonicMs();
    remember(lateMs, Math.max(0, nowMs - tickDueMs));
    tickDueMs = nowMs + tickMs;
    if (probing === null) void probe();
    loop.see(median(lateMs));
    wait.see(databaseWaitMs());
  }, tickMs);
  timer.unref();

  /** Takes a place in the same queue as everybody, and gives it back at once. */
  async function probe(): Promise<void> {
    const beganMs = monotonicMs();
    probing = beganMs;
    try {
      const connection = await database.connect();
      connection.release();
      remember(waitMs, monotonicMs() - beganMs);
    } catch {
      remember(waitMs, 0);
    } finally {
      probing = null;
    }
  }

  function databaseWaitMs(): number {
    const pendingMs = probing === null ? 0 : monotonicMs() - probing;
    return Math.max(median(waitMs), pendingMs);
  }

  return {
    eventLoopDelayMs: () => median(lateMs),
    databaseWaitMs,
    strain: () => (loop.isOver() ? 'event_loop' : wait.isOver() ? 'database' : null),
    stop: () => clearInterval(timer),
  };
}

/** Whether the figure is over its watermark, by what was seen of it. */
export function overWatermark({ highMs, lowMs }: Watermark): { see(ms: number): void; isOver(): boolean } {
  let over = false;
  return {
    see(ms) {
      over = over ? ms > lowMs : ms >= highMs;
    },
    isOver: () => over,
  };
}

function remember(figures: number[], figure: number): void {
  figures.push(figure);
  if (figures.length > ticksRemembered) figures.shift();
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;
}
