import { describe, expect, it } from 'vitest';
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
