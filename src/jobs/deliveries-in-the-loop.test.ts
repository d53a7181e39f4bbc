import { afterEach, describe, expect, it, vi } from 'vitest';
import { type EndpointPolicy, endpointPolicy } from '../domain/endpoint.ts';
import type { Payment } from '../domain/payment.ts';
import type { MerchantMessage, MerchantReply } from '../ports/merchant-endpoint.ts';
import { startDueLoop } from './due-loop.ts';
import { createTrial, type Trial } from './trial-engine.fixture.ts';

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
const dead = 'https://dead.example/notify';
const alive = 'https://alive.example/notify';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

interface Options {
  readonly policy?: EndpointPolicy;
  readonly pollMs?: number;
}

function start(trial: Trial, { policy = endpointPolicy, pollMs = 500 }: Options = {}): void {
  const engine = { ...trial.engine, endpointPolicy: policy };
  const onError = (error: unknown): void => {
    throw error;
  };
  const loop = startDueLoop(engine, { concurrency: 8, pollMs, onError });
  trial.changes.onDue((dueAt) => loop.wake(dueAt));
  stops.push(() => void loop.stop());
}

/** What each endpoint does with a message; the virtual clock says how long it takes. */
function endpoints(trial: Trial, reply: (message: MerchantMessage) => Promise<MerchantReply>): void {
  trial.send.mockImplementation(reply);
}

function sentTo(trial: Trial, url: string): MerchantMessage[] {
  return trial.send.mock.calls.map(([message]) => message).filter((message) => message.url === url);
}

function rowsTo(trial: Trial, url: string) {
  return [...trial.memory.records.deliveries.values()].filter(({ delivery }) => delivery.url === url);
}

/** Takes the message and says nothing until the sender gives up. */
async function silent(trial: Trial, message: MerchantMessage): Promise<MerchantReply> {
  await trial.clock.sleep(message.timeoutMs);
  return { kind: 'failed', reason: 'no answer within 5000 ms' };
}

// proves NOT-03
describe('an endpoint that does not answer', () => {
  it('keeps no other endpoint waiting, of its merchant or of another one', async () => {
    const trial = createTrial();
    endpoints(trial, async (message) =>
      message.url === dead ? silent(trial, message) : { kind: 'accepted' },
    );
    for (let count = 0; count < 300; count += 1) await trial.announceSuccess({ notifyUrl: dead });
    start(trial);
    await trial.clock.advance(30_000);
    for (let count = 0; count < 20; count += 1) {
      await trial.announceSuccess({ notifyUrl: dead });
      await trial.announceSuccess({ notifyUrl: alive });
      trial.changes.publish('pay_new', trial.clock.now());
      await trial.clock.advance(1_000);
      expect(rowsTo(trial, alive).filter(({ state }) => state === 'delivered')).toHaveLength(count + 1);
    }
    // It is tried all the same, at the pace that its own silence sets.
    expect(sentTo(trial, dead).length).toBeGreaterThan(8);
    expect(sentTo(trial, dead).length).toBeLessThan(60);
  });

  it('has its pile cleared away, not claimed message by message', async () => {
    const trial = createTrial();
    endpoints(trial, (message) => silent(trial, message));
    for (let count = 0; count < 300; count += 1) await trial.announceSuccess({ notifyUrl: dead });
    const putOff = vi.spyOn(trial.engine.deliveries, 'recordPutOff');
    start(trial);
    // Until its first tries have shown that it hangs, nothing is known of it.
    await trial.clock.advance(6_000);
    putOff.mockClear();
    await trial.clock.advance(60_000);
    expect(putOff.mock.calls.length).toBeGreaterThan(0);
    expect(putOff.mock.calls.length).toBeLessThan(300);
  });

  it('is told everything within an hour of its return, however much has piled up', async () => {
    const trial = createTrial();
    let isBack = false;
    endpoints(trial, async (message) => (isBack ? { kind: 'accepted' } : silent(trial, message)));
    for (let count = 0; count < 300; count += 1) await trial.announceSuccess({ notifyUrl: dead });
    start(trial);
    await trial.clock.advance(3 * hourMs);
    isBack = true;
    await trial.clock.advance(hourMs + 60_000);
    const left = rowsTo(trial, dead).filter(({ state }) => state !== 'delivered');
    // Those few that have used up their quick tries are on the schedule, like any other.
    expect(left.length).toBeLessThan(30);
    for (const { delivery } of left) expect(delivery.tries).toBeGreaterThan(5);
    expect(trial.memory.records.endpoints.size).toBe(0);
  });
});

// proves NOT-03
describe('a message that nobody takes', () => {
  it('is tried at once and after 1, 2, 4 and 8 seconds, then for a day, and then stands in attention', async () => {
    const trial = createTrial();
    const begunMs = trial.clock.monotonicMs();
    const triedMs: number[] = [];
    endpoints(trial, async () => {
      triedMs.push(trial.clock.monotonicMs() - begunMs);
      return { kind: 'failed', reason: 'the endpoint answered 500' };
    });
    // Nothing but its own publications wakes the loop in time.
    start(trial, { pollMs: 30 * dayMs });
    const payment = await trial.announceSuccess();
    trial.changes.publish(payment.id, trial.clock.now());
    await trial.clock.advance(2 * dayMs);
    const [seconds, minutes, hours] = [1_000, 60_000, hourMs];
    const waits = [4 * minutes, 10 * minutes, 10 * minutes, hours, 2 * hours, 6 * hours, 15 * hours];
    const fast = [0, 1, 2, 4, 8].map((at) => at * seconds);
    const slow = waits.map((_, index) =>
      waits.slice(0, index + 1).reduce((sum, wait) => sum + wait, 8 * seconds),
    );
    expect(triedMs).toEqual([...fast, ...slow]);
    expect((await trial.payment(payment.id)).attention?.reason).toBe('delivery_exhausted');
    expect(new Set(trial.send.mock.calls.map(([message]) => message.messageId)).size).toBe(1);
  });
});

// proves NOT-03
describe('an endpoint that has failed for long', () => {
  /** A shop that sells once an hour, whatever becomes of its endpoint. */
  async function sellsHourly(trial: Trial, hours: number): Promise<Payment[]> {
    const sold: Payment[] = [];
    for (let hour = 0; hour < hours; hour += 1) {
      sold.push(await trial.announceSuccess({ notifyUrl: dead }));
      trial.changes.publish('pay_new', trial.clock.now());
      await trial.clock.advance(hourMs);
    }
    return sold;
  }

  it('is disabled after five days, and nothing is sent to it from then on', async () => {
    const trial = createTrial();
    endpoints(trial, async () => ({ kind: 'failed', reason: 'the endpoint answered 503' }));
    start(trial, { pollMs: hourMs });
    await sellsHourly(trial, 5 * 24 - 1);
    const [endpoint] = trial.memory.records.endpoints.values();
    expect(endpoint?.disabledAt).toBeNull();
    await sellsHourly(trial, 3);
    const [disabled] = trial.memory.records.endpoints.values();
    const disabledAt = disabled?.disabledAt ?? null;
    if (disabled === undefined || disabledAt === null) throw new Error('the endpoint is not disabled');
    const failedMs = disabledAt.getTime() - disabled.failingSince.getTime();
    expect(failedMs).toBeGreaterThanOrEqual(5 * dayMs);
    expect(failedMs).toBeLessThan(5 * dayMs + 2 * hourMs);
    const sent = trial.send.mock.calls.length;
    await sellsHourly(trial, 24);
    expect(trial.send.mock.calls.length).toBe(sent);
    const held = rowsTo(trial, dead).filter(({ state }) => state === 'held');
    expect(held.length).toBeGreaterThanOrEqual(24);
    expect(held.at(-1)?.lastFailure).toBe('the endpoint is disabled');
    expect(rowsTo(trial, dead).some(({ state }) => state === 'pending')).toBe(false);
  });

  it('is not disabled when it has taken a single message in between', async () => {
    const trial = createTrial();
    endpoints(trial, async () => ({ kind: 'failed', reason: 'the endpoint answered 503' }));
    start(trial, { pollMs: hourMs });
    await sellsHourly(trial, 4 * 24);
    trial.send.mockResolvedValueOnce({ kind: 'accepted' });
    await sellsHourly(trial, 4 * 24);
    const [endpoint] = trial.memory.records.endpoints.values();
    expect(endpoint?.disabledAt).toBeNull();
  });

  it('hears everything that was held when somebody enables it, the oldest first and a few a second', async () => {
    const trial = createTrial();
    let isBack = false;
    const arrivals: { readonly id: string; readonly atMs: number }[] = [];
    endpoints(trial, async ({ messageId }) => {
      if (!isBack) return { kind: 'failed', reason: 'the endpoint answered 503' };
      arrivals.push({ id: messageId, atMs: trial.clock.now().getTime() });
      return { kind: 'accepted' };
    });
    const policy = { ...endpointPolicy, disableAfterMs: 2 * hourMs };
    start(trial, { policy });
    await sellsHourly(trial, 4);
    for (let count = 0; count < 40; count += 1) {
      await trial.announceSuccess({ notifyUrl: dead });
      await trial.clock.advance(1_000);
    }
    isBack = true;
    const held = rowsTo(trial, dead).filter(({ state }) => state === 'held');
    expect(held.length).toBeGreaterThan(40);
    const begunMs = trial.clock.now().getTime();
    const { merchantId } = (held[0] ?? never()).delivery;
    const { deliveries } = trial.engine;
    expect(await deliveries.enableEndpoint(merchantId, dead, policy.replayEveryMs)).toBe(held.length);
    trial.changes.publish('evt_enabled', trial.clock.now());
    await trial.clock.advance(held.length * policy.replayEveryMs + 1_000);
    const oldestFirst = held
      .map(({ delivery }) => delivery)
      .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
      .map(({ id }) => id);
    expect(arrivals.map(({ id }) => id)).toEqual(oldestFirst);
    for (const [index, { atMs }] of arrivals.entries()) {
      expect(atMs - begunMs).toBeGreaterThanOrEqual(index * policy.replayEveryMs);
    }
    const types = (await trial.engine.journal.timeline('M0001', held[0]?.delivery.paymentId ?? '')).map(
      ({ type }) => type,
    );
    expect(types).toContain('DeliveryReplayed');
    expect(trial.memory.records.endpoints.size).toBe(0);
  });
});

function never(): never {
  throw new Error('nothing is held');
}

// proves NOT-03
describe('a try that is under way when its event is superseded', () => {
  /** The payment's success is being told when it is cancelled. */
  async function crossing(trial: Trial): Promise<{ readonly payment: Payment; readonly end: () => void }> {
    const sending = Promise.withResolvers<MerchantReply>();
    trial.send.mockImplementationOnce(() => sending.promise);
    start(trial);
    const paid = await trial.announceSuccess({ notifyUrl: alive });
    trial.changes.publish(paid.id, trial.clock.now());
    await trial.clock.advance(0);
    expect(trial.send).toHaveBeenCalledTimes(1);
    const after: Payment = { ...paid, state: 'cancelled', cancelledBy: 'cancel' };
    const recorded = await trial.memory.journal.recordPayment({
      before: paid,
      after,
      events: [],
      announcements: [{ type: 'payment.cancelled', subject: 'payment', subjectId: paid.id, url: alive }],
    });
    if (recorded === null) throw new Error('the payment had moved on');
    trial.changes.publish(paid.id, trial.clock.now());
    return { payment: recorded, end: () => sending.resolve({ kind: 'accepted' }) };
  }

  const typesSent = (trial: Trial): string[] =>
    trial.send.mock.calls.map(([{ body }]) => JSON.parse(body).type);

  it('is waited for: no success arrives after the cancel, and the cancel loses no time', async () => {
    const trial = createTrial();
    const { end } = await crossing(trial);
    await trial.clock.advance(4_000);
    expect(typesSent(trial)).toEqual(['payment.succeeded']);
    end();
    await trial.clock.advance(500);
    expect(typesSent(trial)).toEqual(['payment.succeeded', 'payment.cancelled']);
    const states = rowsTo(trial, alive).map(({ state }) => state);
    expect(states).toEqual(['withdrawn', 'delivered']);
  });

  it('is waited for no longer than its lease lasts, and a process that froze does not send it then', async () => {
    const trial = createTrial();
    const frozen = Promise.withResolvers<void>();
    const { findPayment } = trial.engine.journal;
    vi.spyOn(trial.engine.journal, 'findPayment').mockImplementationOnce(async (...args) => {
      const found = await findPayment(...args);
      await frozen.promise;
      return found;
    });
    start(trial);
    const paid = await trial.announceSuccess({ notifyUrl: alive });
    trial.changes.publish(paid.id, trial.clock.now());
    await trial.clock.advance(0);
    await trial.memory.journal.recordPayment({
      before: paid,
      after: { ...paid, state: 'cancelled', cancelledBy: 'cancel' },
      events: [],
      announcements: [{ type: 'payment.cancelled', subject: 'payment', subjectId: paid.id, url: alive }],
    });
    await trial.clock.advance(10_001);
    frozen.resolve();
    await trial.clock.advance(6_000);
    expect(typesSent(trial)).toEqual(['payment.cancelled']);
  });
});
