import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DataFolderLockError,
  dataFolderFailure,
  makeDataFolder,
} from '../adapters/processes/data-folder-lock.ts';
import { createSealing, type Sealing } from '../adapters/sealing.ts';
import { type Settings, SettingsError } from './settings.ts';

/**
 * The key that every secret at rest is sealed under. In the sandbox it is made once and kept in the data folder;
 * production is given one and makes none.
 */
export function masterKeyOf(settings: Settings): Uint8Array {
  if (settings.masterKey !== null) return settings.masterKey;
  if (settings.environment === 'production')
    throw new Error('production settings were read without a master key');
  const path = join(settings.dataDir, 'master.key');
  const text = readIfThere(path) ?? makeKey(settings.dataDir, path);
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new SettingsError(
      `${path} does not hold 64 hex digits: restore it, or start with a new data folder.`,
    );
  }
  return Buffer.from(text, 'hex');
}

/** Seals with the master key, and opens what one of the further ones has sealed too. */
export function sealingOf(settings: Settings): Sealing {
  return createSealing(masterKeyOf(settings), settings.furtherMasterKeys);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Of two processes that make the key at once, the first link stands and both read it; nobody reads half a key. */
function makeKey(dataDir: string, path: string): string {
  const draft = `${path}.${process.pid}`;
  try {
    makeDataFolder(dataDir);
    writeFileSync(draft, randomBytes(32).toString('hex'), { mode: 0o600 });
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw new DataFolderLockError(dataFolderFailure(dataDir, error), { cause: error });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}
