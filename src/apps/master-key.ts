import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  try {
    // Exclusive: of two processes that start at once, one makes the key and both read it.
    writeFileSync(path, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new SettingsError(
      `${path} does not hold 64 hex digits: restore it, or start with a new data folder.`,
    );
  }
  return Buffer.from(text, 'hex');
}
