import type { Changes } from '../ports/changes.ts';

export interface LocalChanges extends Changes {
  /** Called with every due time that this process records. */
  onDue(listener: (dueAt: Date) => void): void;
}

/** Changes of this process, handed over in memory. Other processes' changes are found by reading again. */
export function createChanges(): LocalChanges {
  const waiting = new Map<string, Set<() => void>>();
  const dueListeners: ((dueAt: Date) => void)[] = [];
  return {
    publish(id, dueAt) {
      if (dueAt !== null) for (const listener of dueListeners) listener(dueAt);
      const waiters = waiting.get(id);
      if (waiters === undefined) return;
      waiting.delete(id);
      for (const wake of waiters) wake();
    },
    next(id, ms) {
      return new Promise((resolve) => {
        const waiters = waiting.get(id) ?? new Set();
        waiting.set(id, waiters);
        const wake = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        const timer = setTimeout(() => {
          waiters.delete(wake);
          if (waiters.size === 0 && waiting.get(id) === waiters) waiting.delete(id);
          resolve(false);
        }, ms);
        waiters.add(wake);
      });
    },
    onDue(listener) {
      dueListeners.push(listener);
    },
  };
}
