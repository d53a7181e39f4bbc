import { expect, it } from 'vitest';
import type { GivenTo } from './commands.ts';
import { merchantWish, mergedMerchant } from './merchant-options.ts';

type Options = GivenTo<'merchant add'>['options'];

const nothing: Options = {
  id: 'M1',
  name: undefined,
  store: [],
  terminal: [],
  bind: [],
  'notify-url': undefined,
  json: false,
};

const anyUrl = (): string | null => null;
const wishOf = (options: Partial<Options>) => merchantWish({ ...nothing, ...options }, anyUrl);

it('reads stores, terminals and bindings', () => {
  const wish = wishOf({
    name: 'Shop',
    store: ['S1:Front: Gate'],
    terminal: ['S1:T1'],
    bind: ['alipay_open:CNY:main:2088', 'alipay_open:CNY:second', 'alipay_open:CNY:third:'],
    'notify-url': '',
  });
  expect(wish).toEqual({
    id: 'M1',
    name: 'Shop',
    notifyUrl: null,
    stores: [{ id: 'S1', name: 'Front: Gate' }],
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
  notifyUrl: 'https://example.com/n',
  stores: [{ id: 'S1', name: 'Gate', terminalIds: ['T1'] }],
};

it('what is not given stays as it is', () => {
  expect(mergedMerchant(wishOf({}), known)).toEqual({ id: 'M1', ...known, bindings: [] });
});

it('what is given is added or renamed', () => {
  const wish = wishOf({
    name: 'New Shop',
    store: ['S1:Front Gate', 'S2:Back Gate'],
    terminal: ['S1:T1', 'S1:T2', 'S2:T3'],
    'notify-url': 'https://example.com/m',
  });
  expect(mergedMerchant(wish, known)).toEqual({
    id: 'M1',
    name: 'New Shop',
    notifyUrl: 'https://example.com/m',
    stores: [
      { id: 'S1', name: 'Front Gate', terminalIds: ['T1', 'T2'] },
      { id: 'S2', name: 'Back Gate', terminalIds: ['T3'] },
    ],
    bindings: [],
  });
  expect(mergedMerchant(wishOf({ 'notify-url': '' }), known).notifyUrl).toBeNull();
});

it('a new merchant needs a name, and a terminal its store', () => {
  expect(() => mergedMerchant(wishOf({}), null)).toThrow('merchant M1 is new and needs --name');
  expect(() => mergedMerchant(wishOf({ terminal: ['S9:T1'] }), known)).toThrow(
    'merchant M1 has no store S9 for terminal T1: add --store S9:NAME',
  );
});
