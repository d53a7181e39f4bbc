import type { Delivery } from '../domain/delivery.ts';
import { leaseMs } from '../operations/engine.ts';
import { performPaymentStep, performRefundStep } from '../operations/perform.ts';
import { performStrayCancelStep } from '../operations/stray-cancel.ts';
import type { DueRow } from '../ports/due-rows.ts';
import { type DeliverEngine, deliver, putOff, sendWithinMs } from './deliver.ts';
import { createDeliveryPlaces } from './delivery-places.ts';
import { createFailingSteps } from './failing-steps.ts';

export interface DueLoopOptions {
  /** Rows worked on at the same time by this process. */
  readonly concurrency: number;
  /** Longest wait between two looks, for work that another process recorded. */
  readonly pollMs: number;
  /** Called when a step could not be performed at all; it is tried again, see `failing-steps.ts`. */
  readonly onError: (error: unknown, row: DueRow | null) => void;
  /** Called after every look, with the time on the process's clock: the loop is alive. */
  readonly onLook?: () => void;
  /** Performs a step, and whatever else shall be known of it. */
  readonly around?: (row: DueRow, perform: () => Promise<void>) => Promise<void>;
}

export interface DueLoop {
  /** Something fell due, or will at this time on the database's clock: no need to wait for the next look. */
  wake(dueAt: Date): void;
  /** Takes no more rows and waits for those under way. */
  stop(): Promise<void>;
}

/** The next due time of all rows is asked for at most this often. */
const planEveryMs = 100;

/**
 * The one loop that makes things happen later: claims due rows and performs their steps. Any number of processes
 * may run it. It sleeps until the next row known to fall due, at most `pollMs`, and is woken by this process's
 * own commits. Nothing here is remembered across a crash, because every row is its own timer. RES-13, CAN-01.
 */
export function startDueLoop(engine: DeliverEngine, options: DueLoopOptions): DueLoop {
  const around = options.around ?? ((_row, work) => work());
  let running = 0;
  let delivering = 0;
  // Half of the places at most: endpoints that hang must never keep an inquiry or a cancel waiting.
  const deliveryPlaces = Math.max(1, Math.floor(options.concurrency / 2));
  /** Rows worked on, by lane: a merchant or account that piles up never gets all places. */
  const underWay = new Map<string, number>();
  /** The last look left something due behind: its lane was full. */
  let leftBehind = false;
  const failing = createFailingSteps(engine);
  const places = createDeliveryPlaces(deliveryPlaces, engine.endpointPolicy);
  let stopping = false;
  let nextWakeMs = 0;
  let plannedAtMs = Number.NEGATIVE_INFINITY;
  let sleeping = new AbortController();
  let settled = Promise.withResolvers<void>();

  const look = async (): Promise<void> => {
    while (!stopping) {
      const free = options.concurrency - running;
      let claimed = 0;
      if (free > 0) {
        try {
          nextWakeMs = engine.clock.monotonicMs() + options.pollMs;
          const sendByMs = engine.clock.monotonicMs() + sendWithinMs;
          const rows = await engine.due.claimDue(free, leaseMs, {
            deliveryLimit: Math.min(free, deliveryPlaces - delivering),
            underWay,
          });
          claimed = rows.length;
          for (const row of rows) void work(row, sendByMs);
          if (claimed < free) await plan();
        } catch (error) {
          options.onError(error, null);
          nextWakeMs = engine.clock.monotonicMs() + options.pollMs;
        }
      }
      options.onLook?.();
      // A full claim means that more rows may be due right now.
      if (claimed === free && claimed > 0 && running < options.concurrency) continue;
      await rest();
    }
  };

  /** When to look again for what others have recorded. Under load this process's own commits wake it anyway. */
  const plan = async (): Promise<void> => {
    const nowMs = engine.clock.monotonicMs();
    if (nowMs < plannedAtMs + planEveryMs) {
      nextWakeMs = Math.min(nextWakeMs, plannedAtMs + planEveryMs);
      return;
    }
    plannedAtMs = nowMs;
    const dueAt = await engine.due.nextDueAt();
    if (dueAt !== null) wakeAt(dueAt);
    leftBehind = dueAt !== null && dueAt <= engine.clock.now();
  };

  const wakeAt = (dueAt: Date): void => {
    const inMs = Math.max(0, dueAt.getTime() - engine.clock.now().getTime());
    nextWakeMs = Math.min(nextWakeMs, engine.clock.monotonicMs() + inMs);
  };

  const rest = async (): Promise<void> => {
    const ms = running >= options.concurrency ? options.pollMs : nextWakeMs - engine.clock.monotonicMs();
    if (ms > 0 && !stopping) {
      await engine.clock.sleep(ms, sleeping.signal);
    }
    if (sleeping.signal.aborted) sleeping = new AbortController();
  };

  const work = async (row: DueRow, sendByMs: number): Promise<void> => {
    const isDelivery = row.kind === 'delivery';
    running += 1;
    if (isDelivery) delivering += 1;
    for (const lane of row.lanes) underWay.set(lane, (underWay.get(lane) ?? 0) + 1);
    try {
      await around(row, () => perform(row, sendByMs));
      failing.worked(row);
    } catch (error) {
      options.onError(error, row);
      await failing.failed(row).catch((failure: unknown) => options.onError(failure, row));
    } finally {
      running -= 1;
      if (isDelivery) delivering -= 1;
      for (const lane of row.lanes) leaveLane(lane);
      if (running === 0) settled.resolve();
      const placeIsFree = running === options.concurrency - 1;
      if (placeIsFree || leftBehind || (isDelivery && delivering === deliveryPlaces - 1)) sleeping.abort();
    }
  };

  const leaveLane = (lane: string): void => {
    const left = (underWay.get(lane) ?? 0) - 1;
    if (left > 0) underWay.set(lane, left);
    else underWay.delete(lane);
  };

  const perform = async (row: DueRow, sendByMs: number): Promise<void> => {
    switch (row.kind) {
      case 'payment':
        await performPaymentStep(engine, row.payment);
        return;
      case 'refund':
        await performRefundStep(engine, row.refund);
        return;
      case 'stray_cancel':
        await performStrayCancelStep(engine, row.cancel);
        return;
      case 'delivery':
        await tryDelivery(row.delivery, sendByMs);
        return;
      default:
        row satisfies never;
    }
  };

  const tryDelivery = async (delivery: Delivery, sendByMs: number): Promise<void> => {
    const place = places.take(delivery);
    if (place === null) {
      await putOff(engine, delivery, places.isHampered(delivery));
      return;
    }
    const begunMs = engine.clock.monotonicMs();
    try {
      await deliver(engine, delivery, sendByMs);
    } finally {
      place.giveBack(engine.clock.monotonicMs() - begunMs);
    }
  };

  const looking = look();
  return {
    wake(dueAt) {
      const before = nextWakeMs;
      wakeAt(dueAt);
      if (nextWakeMs < before) sleeping.abort();
    },
    async stop() {
      stopping = true;
      sleeping.abort();
      await looking;
      while (running > 0) {
        settled = Promise.withResolvers<void>();
        await settled.promise;
      }
    },
  };
}
