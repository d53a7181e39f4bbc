/**
 * When a living process started, as a text that is only good for comparing: a process id that was given to
 * another process since then has another start time. Undefined for a process that is gone or a zombie.
 */
export function startTimeOf(pid: number): string | undefined;

/** The parent's id of a process, undefined when there is no such process. */
export function parentOf(pid: number): number | undefined;

/**
 * Whether a process runs. A zombie does not: it has ended and only waits for somebody to notice, which in a
 * container may be never. With `startTime` (from `startTimeOf`) a process that got the id later does not count.
 */
export function isAlive(pid: number, startTime?: string): boolean;
