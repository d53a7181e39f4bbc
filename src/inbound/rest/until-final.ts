import { setImmediate } from 'node:timers/promises';
import type { Engine } from '../../operations/engine.ts';

/** A payment or refund that somebody waits for. */
export interface Awaited<Row extends { readonly id: string }> {
  /** As it was last seen. */
  readonly row: Row;
  /** Work of this process on it that is under way; its rejection only means that it brings no news. */
  readonly work: Promise<Row> | null;
  readonly read: () => Promise<Row | null>;
  readonly isFinal: (row: Row) => boolean;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** The caller's connection, or the part of an answer that knows of its end. */
  readonly connection: {
    readonly destroyed: boolean;
    once(event: 'close', listener: () => void): unknown;
    off(event: 'close', listener: () => void): unknown;
  };
}

export interface Waits {
  /**
   * The row as soon as it is final, and at the deadline, when the caller has gone or the gateway closes, as it was
   * last seen. Neither a wallet that hangs nor a database that does keeps it longer. Never rejects.
   */
  untilFinal<Row extends { readonly id: string }>(awaited: Awaited<Row>): Promise<Row>;
  /** Ends every wait, and each one that is begun later, with what was last seen. */
  endAll(): void;
}

/** Another process may have changed the row: without news of our own, look at least this often. */
export const rereadMs = 500;

export function createWaits(
  engine: Pick<Engine, 'changes' | 'clock'>,
  onReadFailed: (error: unknown) => void,
): Waits {
  const open = new Set<() => void>();
  let closing = false;

  async function untilFinal<Row extends { readonly id: string }>(awaited: Awaited<Row>): Promise<Row> {
    const { connection, deadlineMs, isFinal } = awaited;
    let { row } = awaited;
    const restMs = (): number => deadlineMs - engine.clock.monotonicMs();
    if (isFinal(row) || restMs() <= 0 || closing || connection.destroyed) return row;

    const stop = { asked: false };
    const { promise: stopped, resolve: stopAsked } = Promise.withResolvers<null>();
    const end = (): void => {
      stop.asked = true;
      stopAsked(null);
    };
    const over = (): boolean => stop.asked || restMs() <= 0;
    const nextChange = (): Promise<boolean> =>
      engine.changes.next(row.id, Math.min(rereadMs, Math.max(1, Math.ceil(restMs()))));
    open.add(end);
    connection.once('close', end);
    const work = underWay(awaited.work);
    try {
      let change = nextChange();
      for (;;) {
        await Promise.race(work.done ? [change, stopped] : [change, stopped, work.settled]);
        // A change of our own is published just before the work that made it hands the row over: let it.
        if (!work.done && !over()) await setImmediate();
        if (work.news !== null) {
          row = work.news;
          work.news = null;
        } else if (!over()) {
          // Listened for before it is read, so that no change falls in between.
          change = nextChange();
          row = (await Promise.race([readWithin(awaited.read, restMs()), stopped])) ?? row;
        }
        if (isFinal(row) || over()) return row;
      }
    } finally {
      open.delete(end);
      connection.off('close', end);
    }
  }

  async function readWithin<Row>(read: () => Promise<Row | null>, ms: number): Promise<Row | null> {
    const patience = new AbortController();
    try {
      const tooLate = engine.clock.sleep(ms, patience.signal).then(() => null);
      return await Promise.race([read().catch(readFailed), tooLate]);
    } finally {
      patience.abort();
    }
  }

  function readFailed(error: unknown): null {
    onReadFailed(error);
    return null;
  }

  return {
    untilFinal,
    endAll() {
      closing = true;
      for (const end of open) end();
    },
  };
}

interface Work<Row> {
  done: boolean;
  /** What it brought and nobody has taken yet. */
  news: Row | null;
  readonly settled: Promise<void>;
}

function underWay<Row>(promise: Promise<Row> | null): Work<Row> {
  if (promise === null) return { done: true, news: null, settled: Promise.resolve() };
  const work: Work<Row> = {
    done: false,
    news: null,
    settled: promise.then(
      (row) => {
        work.done = true;
        work.news = row;
      },
      () => {
        work.done = true;
      },
    ),
  };
  return work;
}
