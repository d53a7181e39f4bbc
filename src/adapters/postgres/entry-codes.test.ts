import { randomBytes } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { merchantShortNoOfEntryCode } from '../../domain/ids.ts';
import { createSealing } from '../sealing.ts';
import { createEntryCode, listEntryCodes, setEntryCodeEnabled } from './entry-codes.ts';
import { createMerchantDirectory } from './merchant-directory.ts';
import { saveMerchant } from './merchant-records.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';

const sealing = createSealing(randomBytes(32));
const { database } = await openedTestDatabase();

beforeAll(async () => {
  for (const id of ['M1', 'M2']) {
    await saveMerchant(database, sealing, {
      id,
      name: 'Tea House',
      mcc: '5812',
      notifyUrl: null,
      orderCodes: { scene: 'counter', expiryMs: 120_000 },
      stores: ['S1', ...(id === 'M2' ? ['S2'] : [])].map((store) => {
        return { id: store, name: 'Central', mcc: '5499', terminalIds: [] };
      }),
      bindings: [],
    });
  }
});

// proves PAY-01
it('a store’s code carries its merchant’s short number and is found by the directory', async () => {
  const made = await createEntryCode(database, { merchantId: 'M1', storeId: 'S1', currency: 'USD' });
  const code = made?.code ?? '';
  const directory = createMerchantDirectory(database, sealing);
  const merchant = await directory.find('M1');
  expect(merchantShortNoOfEntryCode(code)).toBe(merchant?.shortNo);
  expect(await directory.findEntryCode('M1', code)).toEqual({
    merchantId: 'M1',
    code,
    storeId: 'S1',
    currency: 'USD',
    disabledAt: null,
  });
  expect(await directory.findEntryCode('M2', code)).toBeNull();
  expect(merchant).toMatchObject({
    mcc: '5812',
    orderCodes: { scene: 'counter', expiryMs: 120_000 },
    stores: [{ id: 'S1', name: 'Central', mcc: '5499' }],
  });
});

it('a store that is not the merchant’s gets none', async () => {
  expect(await createEntryCode(database, { merchantId: 'M1', storeId: 'S9', currency: 'USD' })).toBeNull();
  expect(await createEntryCode(database, { merchantId: 'M9', storeId: 'S1', currency: 'USD' })).toBeNull();
  expect(await createEntryCode(database, { merchantId: 'M1', storeId: 'S2', currency: 'USD' })).toBeNull();
});

it('two codes of one store are two, and the newest is listed first', async () => {
  const wanted = { merchantId: 'M2', storeId: 'S2', currency: 'USD' } as const;
  const [first, second] = [await createEntryCode(database, wanted), await createEntryCode(database, wanted)];
  expect(second?.code).not.toBe(first?.code);
  expect(await listEntryCodes(database, 'M2', 'S2')).toEqual([second, first]);
});

it('a code is taken out of use and back into it, by its own merchant alone, and never vanishes', async () => {
  const made = await createEntryCode(database, { merchantId: 'M2', storeId: 'S1', currency: 'JPY' });
  const code = made?.code ?? '';
  expect(await setEntryCodeEnabled(database, 'M1', code, false)).toBeNull();
  const disabled = await setEntryCodeEnabled(database, 'M2', code, false);
  expect(disabled?.disabledAt).toBeInstanceOf(Date);
  expect((await setEntryCodeEnabled(database, 'M2', code, false))?.disabledAt).toEqual(disabled?.disabledAt);
  expect(await listEntryCodes(database, 'M2', 'S1')).toEqual([disabled]);
  expect(await listEntryCodes(database, 'M2', null)).toContainEqual(disabled);
  expect(await listEntryCodes(database, 'M2', 'S3')).toEqual([]);
  expect((await setEntryCodeEnabled(database, 'M2', code, true))?.disabledAt).toBeNull();
});
