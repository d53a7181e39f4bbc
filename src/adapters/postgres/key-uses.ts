import type { Database } from './database.ts';

/** How long what was used is gathered before it is written. */
const gatheredForMs = 5_000;
/** How far apart two writes of one key's last use are, by however many processes it is used in. */
const apartMs = 60_000;
/** Keys whose last write is remembered; of more, those that were written longest ago are asked about again. */
const capacity = 10_000;

/** A process's own time. */
export interface Timer {
  nowMs(): number;
  later(ms: number, act: () => void): void;
}

const processTimer: Timer = {
  nowMs: () => performance.now(),
  // Nothing waits for it, the end of the process neither.
  later: (ms, act) => void setTimeout(act, ms).unref(),
};

export interface KeyUses {
  /** The key of this hash, in hex, was used now. Nobody waits for what becomes of it. */
  note(keyHash: string): void;
}

/**
 * Keeps when API keys were last used, some seconds later and to the minute: one statement for all that were used meanwhile,
 * on nobody's way. What a process had not yet written when it ended, or could not, is not known: it is for people who
 * wonder whether a key is still in use, and nothing is decided by it.
 */
export function noteKeyUses(database: Pick<Database, 'query'>, timer: Timer = processTimer): KeyUses {
  const notedAtMs = new Map<string, number>();
  let gathered: string[] = [];

  function note(keyHash: string): void {
    const nowMs = timer.nowMs();
    const before = notedAtMs.get(keyHash);
    if (before !== undefined && nowMs - before < apartMs) return;
    notedAtMs.delete(keyHash);
    notedAtMs.set(keyHash, nowMs);
    const [oldest] = notedAtMs.keys();
    if (notedAtMs.size > capacity && oldest !== undefined) notedAtMs.delete(oldest);
    if (gathered.length === 0) timer.later(gatheredForMs, write);
    gathered.push(keyHash);
  }

  function write(): void {
    const hashes = gathered;
    gathered = [];
    writeUses(database, hashes).catch(() => {
      for (const hash of hashes) notedAtMs.delete(hash);
    });
  }

  return { note };
}

/** Another process may be writing the same keys: what it has locked is left to it. */
async function writeUses(database: Pick<Database, 'query'>, keyHashes: readonly string[]): Promise<void> {
  await database.query({
    name: 'write_key_uses',
    text: `with stale as (
             select k.key_hash from api_keys k
             where k.key_hash = any($1::bytea[])
               and (k.last_used_at is null or k.last_used_at < clock_timestamp() - $2 * interval '1 ms')
             for update skip locked),
           stale_of_channels as (
             select k.key_hash from channel_keys k
             where k.key_hash = any($1::bytea[])
               and (k.last_used_at is null or k.last_used_at < clock_timestamp() - $2 * interval '1 ms')
             for update skip locked),
           written as (
             update api_keys set last_used_at = clock_timestamp() where key_hash in (select key_hash from stale))
           update channel_keys set last_used_at = clock_timestamp()
           where key_hash in (select key_hash from stale_of_channels)`,
    // Less by what the row of the same key may have come sooner this time.
    values: [keyHashes.map((hash) => Buffer.from(hash, 'hex')), apartMs - gatheredForMs],
  });
}
