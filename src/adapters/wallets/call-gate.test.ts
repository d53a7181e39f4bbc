import { describe, expect, it, vi } from 'vitest';
import { createCallGate } from './call-gate.ts';

const never = Number.POSITIVE_INFINITY;

function gate(concurrency: number, reserved = 0) {
  return createCallGate({ concurrency, reserved, monotonicMs: () => performance.now() });
}

/** Admissions in the order in which they happen. */
function watch(
  order: string[],
  name: string,
  entry: Promise<(() => void) | null>,
): Promise<(() => void) | null> {
  return entry.then((leave) => {
    order.push(leave === null ? `${name} gave up` : name);
    return leave;
  });
}

describe('calls to one account', () => {
  it('wait for a place in the order in which they came', async () => {
    const { enter } = gate(1);
    const order: string[] = [];
    const first = await enter('payment', never);
    const second = watch(order, 'second', enter('payment', never));
    const third = watch(order, 'third', enter('payment', never));
    first?.();
    (await second)?.();
    (await third)?.();
    expect(order).toEqual(['second', 'third']);
  });

  it('of several merchants go in turn, however many of one wait', async () => {
    const { enter } = gate(1);
    const order: string[] = [];
    const first = await enter('payment', never, 'A');
    const waits = ['A1', 'A2', 'A3', 'A4', 'B1', 'B2', 'C1'].map((name) =>
      watch(order, name, enter('payment', never, name.slice(0, 1))).then((leave) => leave?.()),
    );
    const late = watch(order, 'A5 gave up', enter('payment', performance.now() + 5, 'A'));
    expect(await late).toBeNull();
    first?.();
    await Promise.all(waits);
    expect(order.slice(1)).toEqual(['A1', 'B1', 'C1', 'A2', 'B2', 'A3', 'A4']);
  });

  it('leave no timer behind', async () => {
    vi.useFakeTimers();
    try {
      const { enter } = createCallGate({ concurrency: 1, reserved: 0, monotonicMs: () => 0 });
      const first = await enter('payment', 5_000);
      const second = enter('payment', 5_000);
      first?.();
      (await second)?.();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('give up when no place is free in time, and take none later', async () => {
    const { enter } = gate(1);
    const first = await enter('payment', never);
    expect(await enter('payment', performance.now() + 20)).toBeNull();
    expect(await enter('payment', performance.now() - 1)).toBeNull();
    first?.();
    expect(await enter('payment', never)).not.toBeNull();
  });

  it('give back one place, however often they leave', async () => {
    const { enter } = gate(1);
    const first = await enter('payment', never);
    first?.();
    first?.();
    expect(await enter('payment', never)).not.toBeNull();
    expect(await enter('payment', performance.now() + 5)).toBeNull();
  });
});

describe('resolutions', () => {
  it('find a place when payments have taken all of theirs', async () => {
    const { enter } = gate(4, 1);
    for (let i = 0; i < 3; i++) expect(await enter('payment', never)).not.toBeNull();
    expect(await enter('payment', performance.now() + 5)).toBeNull();
    expect(await enter('resolution', performance.now() + 5)).not.toBeNull();
    expect(await enter('resolution', performance.now() + 5)).toBeNull();
  });

  it('go before payments that came earlier', async () => {
    const { enter } = gate(1);
    const order: string[] = [];
    const first = await enter('payment', never);
    const payment = watch(order, 'payment', enter('payment', never));
    const resolution = watch(order, 'resolution', enter('resolution', never));
    first?.();
    (await resolution)?.();
    (await payment)?.();
    expect(order).toEqual(['resolution', 'payment']);
  });
});
