import { minorUnitDigits } from '../../domain/money.ts';
import type { WalletName } from '../../domain/wallets.ts';
import type { GivenTo } from './commands.ts';
import { usageError } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/** What an account has besides keys and address, each for one wallet alone; `null` is not set. */
export interface AccountOptions {
  readonly sellerId: string | null;
  readonly settlementCurrency: string | null;
  readonly merchantRegion: string | null;
  readonly keyVersion: number | null;
}

type OptionName = 'seller-id' | 'settlement-currency' | 'merchant-region' | 'key-version';

/**
 * What `account add` was told of a wallet's own options: `null` takes one away, one that is left out stays as it is.
 * Throws a usage error that names the option and the value.
 */
export function accountOptions(
  wallet: WalletName,
  options: GivenTo<'account add'>['options'],
): Partial<AccountOptions> {
  const given = (option: OptionName, of: WalletName, isUsable: (text: string) => boolean, form: string) => {
    const text = options[option];
    if (text === undefined) return undefined;
    if (wallet !== of) {
      throw usageError(`--${option} is for ${of} alone: leave it out for ${wallet}`, 'account add');
    }
    if (text === '') return null;
    if (isUsable(text)) return text;
    throw usageError(`--${option} ${printable(text)} is not ${form}`, 'account add');
  };
  const sellerId = given('seller-id', 'alipay_open', (text) => /^\d{16}$/.test(text), '16 digits');
  const settlementCurrency = given(
    'settlement-currency',
    'alipay_plus',
    (text) => minorUnitDigits(text) !== null,
    'an ISO 4217 code such as USD',
  );
  const merchantRegion = given(
    'merchant-region',
    'alipay_plus',
    (text) => /^[A-Z]{2}$/.test(text),
    'two capital letters',
  );
  const keyVersion = given(
    'key-version',
    'alipay_plus',
    (text) => /^[1-9]\d{0,8}$/.test(text),
    'a number from 1 to 999999999',
  );
  return {
    ...(sellerId === undefined ? {} : { sellerId }),
    ...(settlementCurrency === undefined ? {} : { settlementCurrency }),
    ...(merchantRegion === undefined ? {} : { merchantRegion }),
    ...(keyVersion === undefined ? {} : { keyVersion: keyVersion === null ? null : Number(keyVersion) }),
  };
}

/** What people read of one option; `unset` is what it means that it is not set. */
interface ShownOption {
  readonly label: string;
  readonly value: string | null;
  readonly unset: string;
}

export function shownOptions(wallet: WalletName, options: AccountOptions): readonly ShownOption[] {
  switch (wallet) {
    case 'alipay_open':
      return [{ label: 'seller id', value: options.sellerId, unset: 'not compared' }];
    case 'alipay_plus':
      return [
        { label: 'settled in', value: options.settlementCurrency, unset: 'what the one contract says' },
        { label: 'region', value: options.merchantRegion, unset: 'not named' },
        { label: 'key version', value: options.keyVersion?.toString() ?? null, unset: '1' },
      ];
    default:
      return wallet satisfies never;
  }
}
