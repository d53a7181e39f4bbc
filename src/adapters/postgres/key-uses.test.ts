import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSealing } from '../sealing.ts';
import { createChannelKey, idOfKey, listApiKeys } from './api-keys.ts';
import { createChannel } from './channels.ts';
import type { Database } from './database.ts';
import { noteKeyUses, type Timer } from './key-uses.ts';
import { createMerchantDirectory, hashOfKey } from './merchant-directory.ts';
import { createApiKey } from './merchant-records.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';

const { database } = await openedTestDatabase();
const sealing = createSealing(randomBytes(32));

/** A process whose time passes when it is told to. */
function handTimer() {
  let nowMs = 0;
  let waiting: { readonly atMs: number; readonly act: () => void }[] = [];
  const timer: Timer = {
    nowMs: () => nowMs,
    later: (ms, act) => void waiting.push({ atMs: nowMs + ms, act }),
  };
  return {
    timer,
    pass(ms: number): void {
      nowMs += ms;
      const due = waiting.filter(({ atMs }) => atMs <= nowMs);
      waiting = waiting.filter(({ atMs }) => atMs > nowMs);
      for (const { act } of due) act();
    },
  };
}

function acquirerKey(): Promise<string> {
  return createApiKey(database, { environment: 'sandbox', merchantId: null, label: 'ops' });
}

/** A database that tells what it was sent, and when that has ended. */
function heard(send: Database['query'] = database.query.bind(database)) {
  const sent: Promise<unknown>[] = [];
  const names: string[] = [];
  const query = (statement: { readonly name: string }) => {
    names.push(statement.name);
    const result = (send as (statement: object) => Promise<unknown>)(statement);
    sent.push(result);
    return result;
  };
  return {
    database: { query } as unknown as Database,
    writes: () => names.filter((name) => name === 'write_key_uses').length,
    ended: () => Promise.allSettled(sent),
  };
}

async function lastUsedAt(apiKey: string): Promise<Date | null | undefined> {
  return (await listApiKeys(database, {})).find(({ id }) => id === idOfKey(apiKey))?.lastUsedAt;
}

function hexOf(apiKey: string): string {
  return hashOfKey(apiKey).toString('hex');
}

describe('when a key was last used', () => {
  it('is written some seconds later, all that were used meanwhile in one statement', async () => {
    await createChannel(database, { id: 'A', name: 'A', parent: null, source: '2088000000000001' });
    const ours = await acquirerKey();
    const channels = await createChannelKey(database, { environment: 'sandbox', channelId: 'A', label: 'x' });
    const unused = await acquirerKey();
    const listening = heard();
    const { timer, pass } = handTimer();
    const uses = noteKeyUses(listening.database, timer);
    const directory = createMerchantDirectory(database, sealing, uses);
    await directory.findKey(ours);
    await directory.findKey(channels);
    await directory.findKey('sk_sandbox_nobodys');
    expect(listening.writes()).toBe(0);
    expect(await lastUsedAt(ours)).toBeNull();
    pass(5_000);
    await listening.ended();
    expect(listening.writes()).toBe(1);
    expect(await lastUsedAt(ours)).toEqual(expect.any(Date));
    expect(await lastUsedAt(channels)).toEqual(expect.any(Date));
    expect(await lastUsedAt(unused)).toBeNull();
  });

  it('is written once a minute, however often the key is used, by whichever process', async () => {
    const apiKey = await acquirerKey();
    const [one, two] = [heard(), heard()];
    const { timer, pass } = handTimer();
    const [here, there] = [noteKeyUses(one.database, timer), noteKeyUses(two.database, timer)];
    for (let second = 0; second < 59; second += 1) {
      here.note(hexOf(apiKey));
      pass(1_000);
    }
    await one.ended();
    expect(one.writes()).toBe(1);
    const first = await lastUsedAt(apiKey);
    there.note(hexOf(apiKey));
    pass(5_000);
    await two.ended();
    expect(await lastUsedAt(apiKey)).toEqual(first);
    await database.query(`update api_keys set last_used_at = last_used_at - interval '61 s'`);
    here.note(hexOf(apiKey));
    pass(5_000);
    await one.ended();
    expect(one.writes()).toBe(2);
    expect((await lastUsedAt(apiKey))?.getTime()).toBeGreaterThanOrEqual(first?.getTime() ?? Infinity);
  });

  it('waits for nobody who has the key’s row locked', async () => {
    const apiKey = await acquirerKey();
    const revoking = await database.connect();
    try {
      await revoking.query('begin');
      await revoking.query('select from api_keys where key_hash = $1 for update', [hashOfKey(apiKey)]);
      const listening = heard();
      const { timer, pass } = handTimer();
      noteKeyUses(listening.database, timer).note(hexOf(apiKey));
      pass(5_000);
      await listening.ended();
      expect(await lastUsedAt(apiKey)).toBeNull();
    } finally {
      await revoking.query('rollback');
      revoking.release();
    }
  });

  it('is written at its next use when the database could not be asked, and nobody is told', async () => {
    const apiKey = await acquirerKey();
    let down = true;
    const send = (statement: object) =>
      down ? Promise.reject(new Error('connection refused')) : database.query(statement as never);
    const listening = heard(send as unknown as Database['query']);
    const { timer, pass } = handTimer();
    const uses = noteKeyUses(listening.database, timer);
    uses.note(hexOf(apiKey));
    pass(5_000);
    await listening.ended();
    expect(await lastUsedAt(apiKey)).toBeNull();
    down = false;
    uses.note(hexOf(apiKey));
    pass(5_000);
    await listening.ended();
    expect(await lastUsedAt(apiKey)).toEqual(expect.any(Date));
  });
});
