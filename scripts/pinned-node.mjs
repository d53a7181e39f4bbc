import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The oldest Node that may start the scripts, and the oldest that may run the project itself. */
export const oldestStarter = [20, 0];
export const oldestRuntime = [22, 18];

/** Whether the Node that runs this is older than `[major, minor]`. */
export function tooOld([major, minor]) {
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

/**
 * The Node that the lock file pins, as a path, where it is installed; else the one that runs this, when it is new
 * enough. Throws an error of one line when neither will do.
 */
export function chooseNode(root) {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(pinned)) return realpathSync(pinned);
  return ownNode(`there is no pinned Node for ${process.platform}-${process.arch}`);
}

/** The Node that runs this, if the project can run on it; `why` says what was the matter with the pinned one. */
export function ownNode(why) {
  if (!tooOld(oldestRuntime)) return process.execPath;
  throw new Error(
    `${why} and this Node is ${process.versions.node}: install Node ${oldestRuntime.join('.')} or newer`,
  );
}
