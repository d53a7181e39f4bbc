import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCancelJournal, sendHeldCancels } from '../adapters/postgres/cancel-journal.ts';
import { createDueRows } from '../adapters/postgres/due-rows.ts';
import { saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { saveWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { newStrayCancel, type StrayCancel } from '../domain/stray-cancel.ts';
import { gatewayMetrics } from './metrics.ts';
import { createProcessSignals } from './process-signals.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

const { url, database } = await openedTestDatabase();
const journal = createCancelJournal(database);
const due = createDueRows(database);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-held-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => database.query('truncate held_cancels, stray_cancels'));

function shoudan(words: string | readonly string[]): Promise<Ended> {
  return run(words, { DATABASE_URL: url, SHOUDAN_DATA_DIR: folder });
}

const requestId = 'P0000007000000000000000000000009';
const clear = (...more: readonly string[]) =>
  shoudan(['held', 'clear', requestId, '--note', 'lost in the restore, ticket 4711', ...more]);

async function held(wallets: readonly StrayCancel['wallet'][] = ['alipay_open']): Promise<StrayCancel[]> {
  const now = new Date();
  return journal.holdCancelOfRequest(
    'M1',
    requestId,
    wallets.map((wallet) => newStrayCancel({ merchantId: 'M1', requestId, wallet, account: 'main' }, now)),
  );
}

async function ended(cancel: StrayCancel, state: 'effected' | 'baseless'): Promise<StrayCancel> {
  const recorded = await journal.recordStrayCancel(cancel, {
    ...cancel,
    state: 'cancelled',
    reversal: { ...cancel.reversal, state },
    cancelledBy: 'cancel',
    knownToWallet: state === 'effected',
    nextStep: state === 'effected' ? null : { action: 'inquire', dueAt: new Date(Date.now() + 86_400_000) },
  });
  if (recorded === null) throw new Error('the cancel had moved on');
  return recorded;
}

async function needsAttention(): Promise<number> {
  const { body } = await gatewayMetrics({ database, signals: createProcessSignals() })();
  return Number(/^shoudan_needs_attention\{reason="cancel_of_unknown_request"\} (\d+)/m.exec(body)?.[1] ?? 0);
}

// proves CAN-02
describe('a held cancel of a payment that is not known here', () => {
  it('is listed with its way to each account', async () => {
    const [open, plus] = await held(['alipay_open', 'alipay_plus']);
    if (open === undefined || plus === undefined) throw new Error('nothing was held');
    await ended(open, 'effected');
    await journal.recordStrayCancel(plus, {
      ...plus,
      state: 'cancelled_provisionally',
      reversal: { ...plus.reversal, state: 'watching' },
      nextStep: { action: 'inquire', dueAt: new Date('2026-11-22T01:00:00Z') },
      tries: 2,
    });
    const { out } = await shoudan('held list');
    expect(out).toMatch(/P0000007\S+ {2}\S+Z {2}alipay_open\/main {2}undone at the wallet\n/);
    expect(out).toContain(
      'alipay_plus/main  the wallet does not know it so far, and is asked again; next inquire at 2026-11-22T01:00:00.000Z after 2 tries\n',
    );
    const json = JSON.parse((await shoudan('held list --json')).out);
    expect(json).toMatchObject({
      total: 1,
      data: [
        {
          merchant_id: 'M1',
          payment_request_id: requestId,
          wallets: [
            {
              wallet: 'alipay_open',
              account: 'main',
              status: 'cancelled',
              outcome: 'effected',
              next_step: null,
            },
            { wallet: 'alipay_plus', status: 'cancelled', outcome: 'watching', tries: 2 },
          ],
          cleared_at: null,
          note: null,
        },
      ],
    });
    expect(JSON.parse((await shoudan('inspect attention --json')).out).held_cancels).toMatchObject(json.data);
    const queue = JSON.parse((await shoudan('inspect queue --json')).out);
    expect(queue.steps).toMatchObject([{ kind: 'stray_cancel', step: 'inquire', waiting: 1, due: 1 }]);
    expect(queue.accounts).toMatchObject([{ wallet: 'alipay_plus', account: 'main', waiting: 1 }]);
  });

  it('without an account to go to says so', async () => {
    await held([]);
    expect((await shoudan('held list')).out).toContain('no account to send it to\n');
  });

  it('is cleared with a note once it has ended, and in nobody’s way from then on', async () => {
    const [cancel] = await held();
    if (cancel === undefined) throw new Error('nothing was held');
    await ended(cancel, 'baseless');
    expect(await needsAttention()).toBe(1);
    expect(await clear()).toMatchObject({ exitCode: 0, out: `cleared the cancel of ${requestId}\n` });
    expect((await shoudan('held list')).out).toBe('no held cancel that is not cleared\n');
    expect((await shoudan('held list --all')).out).toMatch(/Z {2}lost in the restore, ticket 4711\n/);
    expect(await needsAttention()).toBe(0);
    // Its last look is made all the same, and a second note changes nothing.
    expect((await journal.findStrayCancel('M1', cancel.id))?.nextStep?.action).toBe('inquire');
    await shoudan(['held', 'clear', requestId, '--note', 'another']);
    expect(JSON.parse((await shoudan('held list --all --json')).out).data).toMatchObject([
      { note: 'lost in the restore, ticket 4711' },
    ]);
  });

  it('stands in sight again when a wallet says something after it was cleared', async () => {
    const [cancel] = await held();
    if (cancel === undefined) throw new Error('nothing was held');
    const baseless = await ended(cancel, 'baseless');
    await clear();
    await journal.recordStrayCancel(baseless, {
      ...baseless,
      attention: { reason: 'paid_after_end', since: new Date() },
      reversal: { ...baseless.reversal, state: 'cancelling' },
    });
    expect((await shoudan('held list')).out).toContain('paid_after_end');
    expect(await needsAttention()).toBe(1);
  });

  it('that is still on its way is cleared only when it is given up, and then nothing more is sent', async () => {
    const [cancel] = await held();
    if (cancel === undefined) throw new Error('nothing was held');
    const refused = await clear();
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toContain('is still on its way to alipay_open/main');
    expect(refused.err).toContain('--give-up');
    expect(await needsAttention()).toBe(1);
    expect(await clear('--give-up')).toMatchObject({ exitCode: 0 });
    expect(await needsAttention()).toBe(0);
    expect((await shoudan('held list --all')).out).toContain('given up by hand');
    expect(await due.claimDue(5, 1_000)).toEqual([]);
    // An answer that is recorded late finds that the row has moved on.
    expect(await journal.recordStrayCancel(cancel, cancel)).toBeNull();
  });

  it.for([
    ['that nobody holds', ['held', 'clear', 'P9', '--note', 'x'], 1, 'no held cancel names P9'],
    ['without a note', ['held', 'clear', requestId], 2, '--note'],
    [
      'with an empty note',
      ['held', 'clear', requestId, '--note', ' '],
      2,
      '--note must be 1 to 500 characters',
    ],
  ] as const)('is not cleared %s', async ([, words, exitCode, line]) => {
    await held();
    const told = await shoudan(words);
    expect(told.exitCode).toBe(exitCode);
    expect(told.err).toContain(line);
    expect(JSON.parse((await shoudan('held list --json')).out).total).toBe(1);
  });

  it('by an older version, which sent it nowhere, is sent off once by the housekeeping of this one', async () => {
    await registerMerchant();
    await database.query('insert into held_cancels (merchant_id, payment_request_id) values ($1, $2)', [
      'M1',
      requestId,
    ]);
    expect(await sendHeldCancels(database)).toBe(1);
    expect(await sendHeldCancels(database)).toBe(0);
    const [row] = await due.claimDue(5, 1_000);
    expect(row).toMatchObject({
      kind: 'stray_cancel',
      cancel: { requestId, wallet: 'alipay_open', account: 'main', nextStep: { action: 'cancel' } },
    });
  });
});

/** With one account, in two currencies. */
async function registerMerchant(): Promise<void> {
  const sealing = createSealing(Buffer.alloc(32, 7));
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_open',
    name: 'main',
    appId: '2021000000000001',
    sellerId: null,
    settlementCurrency: null,
    merchantRegion: null,
    keyVersion: null,
    gatewayUrl: 'https://wallet.example/gateway.do',
    privateKey: 'a private key',
    walletPublicKey: 'a public key',
  });
  await saveMerchant(database, sealing, {
    id: 'M1',
    name: 'Tea House',
    mcc: null,
    notifyUrl: null,
    orderCodes: null,
    stores: [],
    bindings: ['CNY', 'USD'].map((currency) => {
      return { wallet: 'alipay_open', currency, account: 'main', subMerchantId: null };
    }),
  });
}
