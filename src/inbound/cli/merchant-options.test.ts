import { expect, it } from 'vitest';
import type { GivenTo } from './commands.ts';
import { merchantWish, mergedMerchant } from './merchant-options.ts';

type Options = GivenTo<'merchant add'>['options'];

const nothing: Options = {
  id: 'M1',
  name: undefined,
  mcc: undefined,
  store: [],
  'store-mcc': [],
  terminal: [],
  bind: [],
  channel: undefined,
  source: undefined,
  'order-codes': undefined,
  'order-code-expiry': undefined,
  'notify-url': undefined,
  by: undefined,
  json: false,
};

const anyUrl = (): string | null => null;
const wishOf = (options: Partial<Options>) => merchantWish({ ...nothing, ...options }, anyUrl);

it('reads stores, terminals and bindings', () => {
  const wish = wishOf({
    name: 'Shop',
    mcc: '5812',
    store: ['S1:Front: Gate'],
    'store-mcc': ['S1:5814'],
    terminal: ['S1:T1'],
    bind: ['alipay_open:CNY:main:2088', 'alipay_open:CNY:second', 'alipay_open:CNY:third:'],
    'order-codes': 'Stall without a scanner',
    'order-code-expiry': '90',
    'notify-url': '',
    channel: 'north',
    source: '2088000000000001',
  });
  expect(wish).toEqual({
    id: 'M1',
    channelId: 'north',
    source: '2088000000000001',
    name: 'Shop',
    mcc: '5812',
    notifyUrl: null,
    orderCodeScene: 'Stall without a scanner',
    orderCodeExpiryMs: 90_000,
    stores: [{ id: 'S1', name: 'Front: Gate' }],
    storeMccs: [{ storeId: 'S1', mcc: '5814' }],
    terminals: [{ storeId: 'S1', terminalId: 'T1' }],
    bindings: [
      { wallet: 'alipay_open', currency: 'CNY', account: 'main', subMerchantId: '2088' },
      { wallet: 'alipay_open', currency: 'CNY', account: 'second', subMerchantId: null },
      { wallet: 'alipay_open', currency: 'CNY', account: 'third', subMerchantId: null },
    ],
  });
});

it.each<[string, Partial<Options>, string]>([
  ['an id with a dash', { id: 'M-1' }, '--id M-1 is not 1 to 32 digits and letters'],
  ['an id that is too long', { id: 'M'.repeat(33) }, 'is not 1 to 32 digits and letters'],
  ['a name with a line break', { name: 'a\nb' }, '--name a\\u{a}b is not 1 to 256 characters'],
  [
    'a channel with a blank',
    { channel: 'the north' },
    '--channel the north is not 1 to 32 digits and letters',
  ],
  ['a source that is no PID', { source: '2088' }, '--source 2088 is not the 16 digits of a PID'],
  ['a category of words', { mcc: 'food' }, '--mcc food is not the four digits'],
  ['a category of a store without a store', { 'store-mcc': ['5812'] }, '--store-mcc 5812 is not STORE:MCC'],
  ['a category of a store of letters', { 'store-mcc': ['S1:abcd'] }, '--store-mcc S1:abcd is not STORE:MCC'],
  ['a scene of blanks', { 'order-codes': ' ' }, '--order-codes   is not 1 to 256 characters'],
  [
    'an order code that lives too shortly',
    { 'order-codes': 'x', 'order-code-expiry': '59' },
    'no number of seconds from 60',
  ],
  [
    'an order code that lives too long',
    { 'order-codes': 'x', 'order-code-expiry': '7201' },
    'seconds from 60 to 7200',
  ],
  [
    'an expiry of codes that are turned off',
    { 'order-codes': '', 'order-code-expiry': '60' },
    "--order-codes '' turns order codes off",
  ],
  ['a store without a name', { store: ['S1'] }, '--store S1 is not ID:NAME'],
  ['a store with an empty name', { store: ['S1:'] }, '--store S1: is not ID:NAME'],
  ['a terminal without a store', { terminal: ['T1'] }, '--terminal T1 is not STORE:TERMINAL'],
  ['a terminal that DE41 cannot carry', { terminal: ['S1:T12345678'] }, 'a terminal of 1 to 8'],
  ['a currency that the wallet cannot carry', { bind: ['alipay_open:USD:main'] }, 'does not take'],
  ['an smid that is too long', { bind: [`alipay_open:CNY:main:${'2'.repeat(33)}`] }, 'names an smid'],
  ['a binding without an account', { bind: ['alipay_open:CNY'] }, 'is not WALLET:CURRENCY:ACCOUNT:SMID'],
  ['a binding with too much', { bind: ['alipay_open:CNY:a:b:c'] }, 'is not WALLET:CURRENCY:ACCOUNT:SMID'],
  ['an unknown wallet', { bind: ['alipay:CNY:a'] }, 'names a wallet that is none of alipay_open'],
  ['an unknown currency', { bind: ['alipay_open:RMB:a'] }, 'names a currency that is no ISO 4217 code'],
])('%s is refused by the option and the value', (_, options, message) => {
  expect(() => wishOf(options)).toThrow(message);
});

it('a URL that deliveries must not go to is refused with the reason', () => {
  const options = { ...nothing, 'notify-url': 'http://10.0.0.1/' };
  expect(() => merchantWish(options, () => 'must begin with https://')).toThrow(
    '--notify-url http://10.0.0.1/ must begin with https://',
  );
});

const known = {
  name: 'Shop',
  mcc: '5812',
  notifyUrl: 'https://example.com/n',
  orderCodes: { scene: 'counter', expiryMs: 300_000 },
  stores: [{ id: 'S1', name: 'Gate', mcc: '5814', terminalIds: ['T1'] }],
};

it('what is not given stays as it is', () => {
  expect(mergedMerchant(wishOf({}), known)).toEqual({ id: 'M1', ...known, bindings: [] });
});

it('what is given is added or renamed', () => {
  const wish = wishOf({
    name: 'New Shop',
    mcc: '5411',
    store: ['S1:Front Gate', 'S2:Back Gate'],
    'store-mcc': ['S2:5462'],
    terminal: ['S1:T1', 'S1:T2', 'S2:T3'],
    'order-codes': 'delivery',
    'notify-url': 'https://example.com/m',
  });
  expect(mergedMerchant(wish, known)).toEqual({
    id: 'M1',
    name: 'New Shop',
    mcc: '5411',
    notifyUrl: 'https://example.com/m',
    orderCodes: { scene: 'delivery', expiryMs: 300_000 },
    stores: [
      { id: 'S1', name: 'Front Gate', mcc: '5814', terminalIds: ['T1', 'T2'] },
      { id: 'S2', name: 'Back Gate', mcc: '5462', terminalIds: ['T3'] },
    ],
    bindings: [],
  });
  expect(mergedMerchant(wishOf({ 'notify-url': '' }), known).notifyUrl).toBeNull();
});

// proves PAY-16
it('order codes are off until somebody has named the scene that needs them, and short-lived then', () => {
  const orderCodes = (options: Partial<Options>, before: typeof known | null = null) =>
    mergedMerchant(wishOf({ name: 'Shop', ...options }), before).orderCodes;
  expect(orderCodes({})).toBeNull();
  expect(orderCodes({ 'order-codes': 'counter' })).toEqual({ scene: 'counter', expiryMs: 120_000 });
  expect(() => orderCodes({ 'order-code-expiry': '60' })).toThrow('needs --order-codes with the scene');
  expect(orderCodes({ 'order-code-expiry': '60' }, known)).toEqual({ scene: 'counter', expiryMs: 60_000 });
  expect(orderCodes({ 'order-codes': '' }, known)).toBeNull();
});

it('a new merchant needs a name, and a terminal its store', () => {
  expect(() => mergedMerchant(wishOf({}), null)).toThrow('merchant M1 is new and needs --name');
  expect(() => mergedMerchant(wishOf({ 'store-mcc': ['S9:5812'] }), known)).toThrow(
    'merchant M1 has no store S9 for category 5812: add --store S9:NAME',
  );
  expect(() => mergedMerchant(wishOf({ terminal: ['S9:T1'] }), known)).toThrow(
    'merchant M1 has no store S9 for terminal T1: add --store S9:NAME',
  );
});
