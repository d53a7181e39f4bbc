import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something that another process does has happened; fails, saying what it waited for, after 20 s. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error(`waited in vain: ${what}`);
    await delay(10);
  }
}
