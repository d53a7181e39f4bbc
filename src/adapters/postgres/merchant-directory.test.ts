import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { QueryConfig } from 'pg';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { policyFor } from '../../domain/policy.ts';
import { createSealing, SealingError } from '../sealing.ts';
import { createChannelKey, idOfKey, revokeApiKey } from './api-keys.ts';
import { createChannel, moveChannel } from './channels.ts';
import { type Database, inTransaction } from './database.ts';
import { createMerchantDirectory } from './merchant-directory.ts';
import { createApiKey, isLiveKey, type MerchantRecord, saveMerchant } from './merchant-records.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';
import { changePolicyOverrides } from './policy-overrides.ts';
import { addSigner, removeSigner, requireSignature } from './request-signers.ts';
import { saveWalletAccount } from './wallet-accounts.ts';

const sealing = createSealing(randomBytes(32));
const { database } = await openedTestDatabase();

beforeAll(async () => {
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_open',
    name: 'sandbox',
    appId: '2026',
    gatewayUrl: 'https://wallet.example/gateway.do',
    privateKey: 'private',
    walletPublicKey: 'public',
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

let merchants = 0;
function merchantRecord(changes: Partial<MerchantRecord> = {}): MerchantRecord {
  merchants += 1;
  return {
    id: `M${merchants}`,
    name: 'Tea House',
    mcc: '5499',
    notifyUrl: 'https://merchant.example/hook',
    orderCodes: { scene: 'counter', expiryMs: 90_000 },
    stores: [
      { id: 'S2', name: 'Second', mcc: null, terminalIds: [] },
      { id: 'S1', name: 'First', mcc: '5812', terminalIds: ['T1', 'T2'] },
    ],
    bindings: [
      { wallet: 'alipay_open', currency: 'CNY', account: 'sandbox', subMerchantId: `208800${merchants}` },
    ],
    ...changes,
  };
}

/** Lets what was remembered grow old, on the process's own clock. */
function letSecondsPass(seconds: number): void {
  vi.restoreAllMocks();
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + seconds * 1_000);
}

/** The statements that the directory sends, by name. */
function countingStatements(): { readonly database: Database; readonly sent: string[] } {
  const sent: string[] = [];
  const counting = {
    query: (statement: QueryConfig) => {
      sent.push(statement.name ?? '');
      return database.query(statement);
    },
  };
  return { database: counting as unknown as Database, sent };
}

describe('a merchant', () => {
  it('is found by its id and by its short number, with its stores and bindings', async () => {
    const record = merchantRecord();
    await saveMerchant(database, sealing, record);
    const directory = createMerchantDirectory(database, sealing);
    const merchant = await directory.find(record.id);
    expect(merchant).toEqual({
      id: record.id,
      shortNo: expect.any(Number),
      name: 'Tea House',
      channels: [],
      mcc: '5499',
      stores: [
        { id: 'S1', name: 'First', mcc: '5812' },
        { id: 'S2', name: 'Second', mcc: null },
      ],
      bindings: record.bindings,
      orderCodes: { scene: 'counter', expiryMs: 90_000 },
      policyOverrides: {},
      notifyUrl: 'https://merchant.example/hook',
    });
    expect(await directory.findByShortNo(merchant?.shortNo ?? 0)).toEqual(merchant);
  });

  it('may have neither stores nor bindings', async () => {
    const record = merchantRecord({ stores: [], bindings: [], notifyUrl: null });
    await saveMerchant(database, sealing, record);
    expect(await createMerchantDirectory(database, sealing).find(record.id)).toMatchObject({
      stores: [],
      bindings: [],
      notifyUrl: null,
    });
  });

  // proves ONB-04
  it('knows the channel that brought it and all above that one, and a move is seen within seconds', async () => {
    const source = '2088000000000001';
    await createChannel(database, { id: 'top', name: 'Top', parent: null, source });
    await createChannel(database, { id: 'mid', name: 'Mid', parent: 'top', source });
    await createChannel(database, { id: 'low', name: 'Low', parent: 'mid', source });
    const record = merchantRecord({ channelId: 'low' });
    await saveMerchant(database, sealing, record);
    const counted = countingStatements();
    const directory = createMerchantDirectory(counted.database, sealing);
    const channels = async () => (await directory.find(record.id))?.channels;
    expect(await channels()).toEqual(['low', 'mid', 'top']);
    expect(counted.sent).toEqual(['find_merchant_by_id']);
    await inTransaction(database, (connection) => moveChannel(connection, 'mid', null));
    letSecondsPass(6);
    expect(await channels()).toEqual(['low', 'mid']);
    // Who says nothing of the channel leaves it, and `null` makes the merchant the acquirer's own.
    const { channelId: _, ...silent } = record;
    await saveMerchant(database, sealing, silent);
    letSecondsPass(12);
    expect(await channels()).toEqual(['low', 'mid']);
    await saveMerchant(database, sealing, { ...record, channelId: null });
    letSecondsPass(18);
    expect(await channels()).toEqual([]);
  });

  it('that nobody registered is not found', async () => {
    const directory = createMerchantDirectory(database, sealing);
    expect(await directory.find('nobody')).toBeNull();
    expect(await directory.findByShortNo(34_000_000_000)).toBeNull();
    await expect(directory.deliverySecret('nobody')).rejects.toThrow(
      'merchant nobody has no delivery secret',
    );
  });

  it('overrides its policy, amounts beyond a double included', async () => {
    const record = merchantRecord();
    await saveMerchant(database, sealing, record);
    const cancelRetry = { firstMs: 1_000, nextMs: 2_000, fastTries: 3, maxMs: 60_000 };
    const override = { payAnswerMs: 25_000, cancelRetry, amountMaxMinor: 9_007_199_254_740_993n };
    const overrides = { alipay_open: { payment_code: override } };
    await changePolicyOverrides(database, record.id, () => overrides);
    const merchant = await createMerchantDirectory(database, sealing).find(record.id);
    expect(merchant?.policyOverrides).toEqual(overrides);
    expect(policyFor('alipay_open', 'payment_code', merchant?.policyOverrides)).toEqual({
      ...policyFor('alipay_open', 'payment_code'),
      ...override,
    });
  });

  it('is remembered for seconds, and a change is seen after them', async () => {
    const record = merchantRecord();
    await saveMerchant(database, sealing, record);
    const counted = countingStatements();
    const directory = createMerchantDirectory(counted.database, sealing);
    await Promise.all([directory.find(record.id), directory.find(record.id)]);
    await saveMerchant(database, sealing, { ...record, name: 'Coffee House' });
    expect((await directory.find(record.id))?.name).toBe('Tea House');
    expect(counted.sent).toEqual(['find_merchant_by_id']);
    letSecondsPass(5.1);
    expect((await directory.find(record.id))?.name).toBe('Coffee House');
    expect(counted.sent).toHaveLength(2);
  });

  it('a look-up that failed is not remembered', async () => {
    const record = merchantRecord();
    await saveMerchant(database, sealing, record);
    let failing = true;
    const flaky = {
      query: (statement: QueryConfig) =>
        failing ? Promise.reject(new Error('connection terminated')) : database.query(statement),
    };
    const directory = createMerchantDirectory(flaky as unknown as Database, sealing);
    await expect(directory.find(record.id)).rejects.toThrow('connection terminated');
    failing = false;
    expect((await directory.find(record.id))?.id).toBe(record.id);
  });

  it('what is remembered is bounded: the oldest goes first', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(0);
    const empty = vi.fn(async () => ({ rows: [] }));
    const directory = createMerchantDirectory({ query: empty } as unknown as Database, sealing);
    for (let count = 0; count <= 10_000; count += 1) await directory.findKey(`sk_${count}`);
    expect(empty).toHaveBeenCalledTimes(10_001);
    await directory.findKey('sk_10000');
    await directory.findKey('sk_1');
    expect(empty).toHaveBeenCalledTimes(10_001);
    await directory.findKey('sk_0');
    expect(empty).toHaveBeenCalledTimes(10_002);
  });
});

describe('an API key', () => {
  it('speaks for its merchant, or for the acquirer', async () => {
    const record = merchantRecord();
    await saveMerchant(database, sealing, record);
    const own = await createApiKey(database, {
      environment: 'sandbox',
      merchantId: record.id,
      label: 'till',
    });
    const acquirer = await createApiKey(database, { environment: 'sandbox', merchantId: null, label: 'ops' });
    const directory = createMerchantDirectory(database, sealing);
    expect(own).toMatch(/^sk_sandbox_[\w-]{32}$/);
    expect(await directory.findKey(own)).toMatchObject({
      scope: { kind: 'merchant', merchantId: record.id },
    });
    expect(await directory.findKey(acquirer)).toMatchObject({ scope: { kind: 'acquirer' } });
    expect(own).not.toBe(acquirer);
  });

  // proves ONB-04
  it('may speak for a channel, and is nobody’s to a process of the version before', async () => {
    await createChannel(database, {
      id: 'north',
      name: 'North',
      parent: null,
      source: '2088000000000001',
    });
    const key = { environment: 'sandbox', channelId: 'north', label: 'till' };
    const [first, second] = [await createChannelKey(database, key), await createChannelKey(database, key)];
    const directory = createMerchantDirectory(database, sealing);
    expect(await directory.findKey(first)).toMatchObject({ scope: { kind: 'channel', channelId: 'north' } });
    expect(await directory.findKey(second)).toMatchObject({ scope: { kind: 'channel', channelId: 'north' } });
    // That version takes every row here without a merchant for a key of the acquirer.
    const { rows } = await database.query(
      'select scope, merchant_id from api_keys where key_hash = $1 and revoked_at is null',
      [createHash('sha256').update(first).digest()],
    );
    expect(rows).toEqual([]);
    expect(await revokeApiKey(database, idOfKey(first))).toMatchObject({
      scope: 'channel',
      channelId: 'north',
      merchantId: null,
      label: 'till',
      revokedAt: expect.any(Date),
    });
    letSecondsPass(6);
    expect(await directory.findKey(first)).toBeNull();
    expect(await directory.findKey(second)).toMatchObject({ scope: { kind: 'channel', channelId: 'north' } });
  });

  it('that is unknown, changed by one character, or a stored hash itself, speaks for nobody', async () => {
    const apiKey = await createApiKey(database, { environment: 'sandbox', merchantId: null, label: 'ops' });
    const hash = createHash('sha256').update(apiKey).digest();
    const directory = createMerchantDirectory(database, sealing);
    for (const wrong of ['', 'sk_sandbox_unknown', apiKey.slice(0, -1), `${apiKey}x`, apiKey.toUpperCase()]) {
      expect(await directory.findKey(wrong)).toBeNull();
    }
    expect(await directory.findKey(hash.toString('hex'))).toBeNull();
    expect(await isLiveKey(database, 'sk_sandbox_unknown')).toBe(false);
  });

  it('is kept as a hash alone', async () => {
    const apiKey = await createApiKey(database, { environment: 'sandbox', merchantId: null, label: 'kept' });
    const { rows } = await database.query(`select k::text as row from api_keys k where label = 'kept'`);
    expect(rows).toHaveLength(1);
    expect(rows[0].row).not.toContain(apiKey);
    expect(rows[0].row).not.toContain(Buffer.from(apiKey).toString('hex'));
  });

  it('signs with each nonce once, in whatever process, and another key may use the same', async () => {
    const made = { environment: 'sandbox', merchantId: null, label: 'ops' };
    const [first, second] = [await createApiKey(database, made), await createApiKey(database, made)];
    const [here, there] = [
      createMerchantDirectory(database, sealing),
      createMerchantDirectory(database, sealing),
    ];
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? here : there).useNonce(first, 'n-1')),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await there.useNonce(second, 'n-1')).toBe(true);
    expect(await here.useNonce(first, 'n-2')).toBe(true);
  });

  it('has several signers side by side, until one is removed, and may demand them', async () => {
    const apiKey = await createApiKey(database, { environment: 'sandbox', merchantId: null, label: 'ops' });
    const apiKeyId = idOfKey(apiKey);
    const { publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const directory = () => createMerchantDirectory(database, sealing).findKey(apiKey);
    expect(await directory()).toMatchObject({ signers: [], signatureRequired: false });
    await inTransaction(database, async (connection) => {
      for (const keyid of ['old', 'new']) {
        expect(await addSigner(connection, { apiKeyId, keyid, publicKey: pem })).toBe(true);
      }
      expect(await addSigner(connection, { apiKeyId, keyid: 'old', publicKey: pem })).toBe(false);
      await requireSignature(connection, apiKeyId, true);
    });
    const known = await directory();
    expect(known?.signers.map(({ keyid }) => keyid).toSorted()).toEqual(['new', 'old']);
    expect(known?.signers.every((signer) => signer.publicKey === pem)).toBe(true);
    expect(known?.signatureRequired).toBe(true);
    await inTransaction(database, async (connection) => {
      expect(await removeSigner(connection, { apiKeyId, keyid: 'old' })).toBe(true);
      expect(await removeSigner(connection, { apiKeyId, keyid: 'old' })).toBe(false);
      expect(await addSigner(connection, { apiKeyId, keyid: 'old', publicKey: pem })).toBe(false);
    });
    expect((await directory())?.signers.map(({ keyid }) => keyid)).toEqual(['new']);
  });

  it('that is revoked is refused within seconds', async () => {
    const apiKey = await createApiKey(database, { environment: 'sandbox', merchantId: null, label: 'ops' });
    const directory = createMerchantDirectory(database, sealing);
    expect(await directory.findKey(apiKey)).toMatchObject({ scope: { kind: 'acquirer' } });
    expect(await isLiveKey(database, apiKey)).toBe(true);
    await revokeApiKey(database, idOfKey(apiKey));
    expect(await isLiveKey(database, apiKey)).toBe(false);
    letSecondsPass(5.1);
    expect(await directory.findKey(apiKey)).toBeNull();
  });
});

describe('the secret that signs a merchant’s deliveries', () => {
  it('is made once, sealed at rest, and the same whenever it is read', async () => {
    const record = merchantRecord();
    const first = await saveMerchant(database, sealing, record);
    const again = await saveMerchant(database, sealing, { ...record, name: 'Coffee House' });
    expect(first).toEqual({ deliverySecret: expect.stringMatching(/^whsec_[\w+/]{43}=$/), isNew: true });
    expect(again).toEqual({ deliverySecret: first.deliverySecret, isNew: false });
    const directory = createMerchantDirectory(database, sealing);
    expect(await directory.deliverySecret(record.id)).toBe(first.deliverySecret);
    const { rows } = await database.query<{ readonly delivery_secret: Buffer }>(
      'select delivery_secret from merchants where id = $1',
      [record.id],
    );
    expect(rows[0]?.delivery_secret.includes(first.deliverySecret)).toBe(false);
    expect(rows[0]?.delivery_secret.includes(first.deliverySecret.slice(6))).toBe(false);
  });

  it('that was copied from another merchant’s row, or sealed under another master key, is not used', async () => {
    const [one, two] = [merchantRecord(), merchantRecord()];
    await saveMerchant(database, sealing, one);
    await saveMerchant(database, sealing, two);
    await database.query(
      `update merchants set delivery_secret = (select delivery_secret from merchants where id = $1) where id = $2`,
      [one.id, two.id],
    );
    await expect(createMerchantDirectory(database, sealing).deliverySecret(two.id)).rejects.toThrow(
      SealingError,
    );
    const stranger = createSealing(randomBytes(32));
    await expect(createMerchantDirectory(database, stranger).deliverySecret(one.id)).rejects.toThrow(
      'SHOUDAN_MASTER_KEY',
    );
  });
});

it('a merchant whose binding is refused leaves nothing behind', async () => {
  const record = merchantRecord();
  const bindings = [{ wallet: 'alipay_open', currency: 'CNY', account: 'nobody', subMerchantId: null }];
  await expect(saveMerchant(database, sealing, { ...record, bindings })).rejects.toThrow();
  expect(await createMerchantDirectory(database, sealing).find(record.id)).toBeNull();
});
