import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { takeFolderLock } from './folder-lock.mjs';

/** The data folder cannot be had: another process works on it, or it cannot be written. One line. */
export class DataFolderLockError extends Error {
  /** The living process that holds the folder, when that is the reason. */
  readonly heldBy: number | undefined;

  constructor(message: string, options?: { heldBy?: number; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DataFolderLockError';
    this.heldBy = options?.heldBy;
  }
}

export interface DataFolderLock {
  /** Lets the next start have the folder. Also done when the process ends in whatever way. */
  readonly release: () => void;
}

/**
 * Makes the data folder if there is none and takes it for this process alone: two gateways that each
 * supervise the same database would stop and start it under each other.
 *
 * Throws `DataFolderLockError`.
 */
export function lockDataFolder(dataDir: string): DataFolderLock {
  try {
    makeDataFolder(dataDir);
    const lock = takeFolderLock(dataDir, 'lock');
    if (lock.heldBy !== undefined) {
      throw new DataFolderLockError(
        `the data folder ${dataDir} is in use by process ${lock.heldBy}: stop that one, or choose another folder with SHOUDAN_DATA_DIR`,
        { heldBy: lock.heldBy },
      );
    }
    const releaseOnce = () => {
      process.off('exit', releaseOnce);
      lock.release();
    };
    process.on('exit', releaseOnce);
    return { release: releaseOnce };
  } catch (error) {
    if (error instanceof DataFolderLockError) throw error;
    throw new DataFolderLockError(dataFolderFailure(dataDir, error), { cause: error });
  }
}

/** Makes the folder, and those above it, if it is not there. Throws the file system's own error. */
export function makeDataFolder(path: string): void {
  try {
    // Not by `recursive`, which reports a read-only file system as a missing folder.
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeDataFolder(dirname(path));
    mkdirSync(path);
  }
}

/** One line about a data folder that cannot be made or written. */
export function dataFolderFailure(dataDir: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const advice = code === 'ENOSPC' ? 'make room on its disk' : 'make it writable for this user';
  return `the data folder ${dataDir} cannot be written (${code}): ${advice}, or choose another with SHOUDAN_DATA_DIR`;
}
