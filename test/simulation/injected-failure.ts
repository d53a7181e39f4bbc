import type { World } from './world.ts';

/** A failure that the simulation made: the only kind that the gateway's code may throw on. */
export class InjectedFailure extends Error {}

/** An error that reached the edge of a process: made by the simulation, or a mistake of the gateway's own. */
export function noteError(world: World, process: string, error: unknown): void {
  world.trace.add(process, 'error', error);
  if (error instanceof InjectedFailure) return;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  world.violations.push({ invariant: 'own-mistake', detail });
}
