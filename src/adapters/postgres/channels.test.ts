import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSealing } from '../sealing.ts';
import {
  closeChannel,
  createChannel,
  findChannel,
  listChannels,
  lockChannels,
  moveChannel,
  setChannel,
} from './channels.ts';
import { inTransaction } from './database.ts';
import { saveMerchant } from './merchant-records.ts';
import { correctSources } from './merchant-sources.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import { findRegisteredMerchant, listMerchants } from './registered-merchants.ts';
import { saveWalletAccount } from './wallet-accounts.ts';

const sealing = createSealing(randomBytes(32));
const { database } = await openedTestDatabase();
const source = '2088000000000001';

beforeEach(async () => {
  await database.query('truncate merchants, channels, wallet_accounts cascade');
});

async function channel(id: string, parent: string | null = null): Promise<void> {
  expect(await createChannel(database, { id, name: `Channel ${id}`, parent, source })).toBe(true);
}

async function merchant(id: string, channelId: string | null, sources: readonly (string | null)[] = []) {
  const currencies = ['CNY', 'USD', 'JPY'];
  await saveMerchant(database, sealing, {
    id,
    name: id,
    channelId,
    mcc: null,
    notifyUrl: null,
    orderCodes: null,
    stores: [],
    bindings: sources.map((one, index) => ({
      wallet: 'alipay_open',
      currency: currencies[index] ?? '',
      account: 'main',
      subMerchantId: null,
      source: one,
    })),
  });
}

function moved(id: string, parent: string | null): Promise<void> {
  return inTransaction(database, (connection) => moveChannel(connection, id, parent));
}

// proves ONB-04
describe('channels', () => {
  it('form a tree of any depth, shown from its top downwards', async () => {
    await channel('B');
    await channel('A');
    await channel('A2', 'A');
    await channel('A1', 'A');
    let parent = 'A1';
    for (let depth = 0; depth < 60; depth += 1) {
      await channel(`D${depth}`, parent);
      parent = `D${depth}`;
    }
    const listed = await listChannels(database);
    expect(listed.map(({ id }) => id).filter((id) => !id.startsWith('D'))).toEqual(['A', 'A1', 'A2', 'B']);
    expect((await findChannel(database, 'D59'))?.path).toEqual([
      'A',
      'A1',
      ...Array.from({ length: 60 }, (_, depth) => `D${depth}`),
    ]);
    expect(await findChannel(database, 'nobody')).toBeNull();
  });

  it('count what stands directly below them', async () => {
    await channel('A');
    await channel('A1', 'A');
    await channel('A2', 'A');
    await merchant('M1', 'A');
    await merchant('M2', 'A1');
    await inTransaction(database, (connection) => closeChannel(connection, 'A2'));
    expect(await findChannel(database, 'A')).toMatchObject({
      name: 'Channel A',
      parent: null,
      path: ['A'],
      closedAt: null,
      channelCount: 1,
      merchantCount: 1,
    });
    expect((await findChannel(database, 'A2'))?.closedAt).toEqual(expect.any(Date));
  });

  it('keep their ids to themselves, and need a parent that is there', async () => {
    await channel('A');
    expect(await createChannel(database, { id: 'A', name: 'Another', parent: null, source })).toBe(false);
    expect((await findChannel(database, 'A'))?.name).toBe('Channel A');
    await expect(createChannel(database, { id: 'B', name: 'B', parent: 'X', source })).rejects.toThrow();
  });

  it.each([
    ['an id that no wire carries', { id: 'A-1', name: 'A', source }],
    ['no name', { id: 'A', name: '', source }],
    ['a source that is no PID', { id: 'A', name: 'A', source: '2088' }],
  ])('are refused by the database with %s', async (_what, fields) => {
    await expect(createChannel(database, { parent: null, ...fields })).rejects.toThrow(/check constraint/);
  });

  it('move with everything that is below them', async () => {
    await channel('A');
    await channel('B');
    await channel('A1', 'A');
    await channel('A11', 'A1');
    await moved('A1', 'B');
    expect((await findChannel(database, 'A11'))?.path).toEqual(['B', 'A1', 'A11']);
    await moved('A1', null);
    expect((await findChannel(database, 'A11'))?.path).toEqual(['A1', 'A11']);
  });

  it.each(['A', 'A1', 'A11'])('are never put below themselves: A below %s', async (below) => {
    await channel('A');
    await channel('A1', 'A');
    await channel('A11', 'A1');
    await expect(moved('A', below)).rejects.toThrow('channel A cannot be below itself');
    await expect(createChannel(database, { id: 'Z', name: 'Z', parent: 'Z', source })).rejects.toThrow(
      'channel Z cannot be below itself',
    );
    expect((await findChannel(database, 'A11'))?.path).toEqual(['A', 'A1', 'A11']);
  });

  it('make no ring when two are put below each other at once', async () => {
    await channel('A');
    await channel('B');
    const first = await database.connect();
    try {
      await first.query('begin');
      await moveChannel(first, 'A', 'B');
      const second = moved('B', 'A').catch((error: Error) => error);
      // The second waits for what becomes of the first.
      expect(await Promise.race([second, first.query('select pg_sleep(0.2)').then(() => 'waits')])).toBe(
        'waits',
      );
      await first.query('commit');
      expect(await second).toMatchObject({ message: 'channel B cannot be below itself' });
    } finally {
      first.release();
    }
    expect((await listChannels(database)).map(({ path }) => path)).toEqual([['B'], ['B', 'A']]);
  });

  it('stay one tree under any moves at once', async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `C${index}`);
    for (const id of ids) await channel(id);
    const moves = Array.from({ length: 120 }, (_, index) => {
      const [id = '', parent = ''] = [ids[index % 8], ids[(index * 5 + Math.floor(index / 8)) % 8]];
      return inTransaction(database, async (connection) => {
        await lockChannels(connection);
        await moveChannel(connection, id, parent);
      });
    });
    const ended = await Promise.allSettled(moves);
    expect(ended.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(ended.some(({ status }) => status === 'rejected')).toBe(true);
    // What stood in a ring would be reached from no top.
    expect(await listChannels(database)).toHaveLength(8);
  });
});

describe('merchants of a branch', () => {
  it('are listed a page at a time', async () => {
    await channel('A');
    await channel('A1', 'A');
    await channel('B');
    await merchant('M1', 'A');
    await merchant('M2', 'A1');
    await merchant('M3', 'B');
    await merchant('M4', null);
    const of = async (channelId: string | null, after = '') =>
      (await listMerchants(database, after, 10, channelId)).map(({ id }) => id);
    expect(await of(null)).toEqual(['M1', 'M2', 'M3', 'M4']);
    expect(await of('A')).toEqual(['M1', 'M2']);
    expect(await of('A', 'M1')).toEqual(['M2']);
    expect(await of('A1')).toEqual(['M2']);
    expect(await of('nobody')).toEqual([]);
  });
});

// proves ONB-02
describe('the source of a channel’s merchants', () => {
  it('is corrected for all of them where it was the channel’s, and nowhere else', async () => {
    await saveWalletAccount(database, sealing, {
      wallet: 'alipay_open',
      name: 'main',
      appId: '2021000000000001',
      gatewayUrl: 'https://wallet.example/gateway.do',
      privateKey: 'private',
      walletPublicKey: 'public',
    });
    const [right, other] = ['2088000000000002', '2088000000000009'];
    await channel('A');
    await channel('A1', 'A');
    await merchant('M1', 'A', [source, source]);
    await merchant('M2', 'A', [other, source]);
    await merchant('M3', 'A', [other]);
    await merchant('M4', 'A1', [source]);
    await merchant('M5', null, [source]);
    const corrected = await inTransaction(database, async (connection) => {
      await setChannel(connection, { id: 'A', name: 'New', source: right });
      return correctSources(connection, { from: source, to: right, of: { kind: 'channel', channelId: 'A' } });
    });
    expect(corrected.map(({ merchantId }) => merchantId)).toEqual(['M1', 'M2']);
    expect(await findChannel(database, 'A')).toMatchObject({ name: 'New', source: right });
    const sources = async (id: string) =>
      (await findRegisteredMerchant(database, id))?.bindings.map((binding) => binding.source);
    expect(await sources('M1')).toEqual([right, right]);
    expect(await sources('M2')).toEqual([other, right]);
    expect(await sources('M3')).toEqual([other]);
    expect(await sources('M4')).toEqual([source]);
    expect(await sources('M5')).toEqual([source]);
  });
});
