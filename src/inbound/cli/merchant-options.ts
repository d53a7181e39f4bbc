import { minorUnitDigits } from '../../domain/money.ts';
import { isWalletName, takesCurrency, type WalletName, walletNames } from '../../domain/wallets.ts';
import type { GivenTo } from './commands.ts';
import { CommandFailure, exitCodes, usageError } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/** A merchant as the options of `merchant add` describe it: whole for a new one, what is to change for another. */
export interface MerchantWish {
  readonly id: string;
  readonly name: string | undefined;
  /** `null` takes it away, `undefined` leaves it. */
  readonly notifyUrl: string | null | undefined;
  readonly stores: readonly { readonly id: string; readonly name: string }[];
  readonly terminals: readonly { readonly storeId: string; readonly terminalId: string }[];
  readonly bindings: readonly Binding[];
}

interface Binding {
  readonly wallet: WalletName;
  readonly currency: string;
  readonly account: string;
  readonly subMerchantId: string | null;
}

interface Store {
  readonly id: string;
  readonly name: string;
  readonly terminalIds: readonly string[];
}

/** What is known of a merchant that is registered already. */
export interface KnownMerchant {
  readonly name: string;
  readonly notifyUrl: string | null;
  readonly stores: readonly Store[];
}

export interface WholeMerchant extends KnownMerchant {
  readonly id: string;
  /** Those that were wished for: others stay as they are. */
  readonly bindings: readonly Binding[];
}

const idForm = /^[0-9A-Za-z]{1,32}$/;
const terminalForm = /^[0-9A-Za-z]{1,8}$/;
const nameForm = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

/**
 * Reads the options of `merchant add`. `complaintAboutUrl` says what stands against a URL that deliveries would go to.
 * Throws a usage error that names the option and the value.
 */
export function merchantWish(
  options: GivenTo<'merchant add'>['options'],
  complaintAboutUrl: (url: string) => string | null,
): MerchantWish {
  if (!idForm.test(options.id)) throw unusable('id', options.id, 'is not 1 to 32 digits and letters');
  if (options.name !== undefined && !nameForm.test(options.name)) {
    throw unusable('name', options.name, 'is not 1 to 256 characters without control characters');
  }
  return {
    id: options.id,
    name: options.name,
    notifyUrl: notifyUrlOf(options['notify-url'], complaintAboutUrl),
    stores: options.store.map(storeOf),
    terminals: options.terminal.map(terminalOf),
    bindings: options.bind.map(bindingOf),
  };
}

function notifyUrlOf(
  url: string | undefined,
  complaintAboutUrl: (url: string) => string | null,
): string | null | undefined {
  if (url === undefined) return undefined;
  if (url === '') return null;
  const complaint = complaintAboutUrl(url);
  if (complaint !== null) throw unusable('notify-url', url, complaint);
  return url;
}

function storeOf(text: string): MerchantWish['stores'][number] {
  const [id = '', ...rest] = text.split(':');
  const name = rest.join(':');
  if (!idForm.test(id) || !nameForm.test(name)) {
    throw unusable('store', text, 'is not ID:NAME with an id of 1 to 32 digits and letters');
  }
  return { id, name };
}

function terminalOf(text: string): MerchantWish['terminals'][number] {
  const [storeId = '', terminalId = '', ...rest] = text.split(':');
  if (!idForm.test(storeId) || !terminalForm.test(terminalId) || rest.length > 0) {
    throw unusable('terminal', text, 'is not STORE:TERMINAL with a terminal of 1 to 8 digits and letters');
  }
  return { storeId, terminalId };
}

function bindingOf(text: string): Binding {
  const [wallet = '', currency = '', account = '', smid, ...rest] = text.split(':');
  if (account === '' || rest.length > 0) throw unusable('bind', text, 'is not WALLET:CURRENCY:ACCOUNT:SMID');
  if (!isWalletName(wallet)) {
    throw unusable('bind', text, `names a wallet that is none of ${walletNames.join(', ')}`);
  }
  if (minorUnitDigits(currency) === null) {
    throw unusable('bind', text, 'names a currency that is no ISO 4217 code such as CNY');
  }
  if (!takesCurrency(wallet, currency))
    throw unusable('bind', text, `names a currency that ${wallet} does not take`);
  if (smid !== undefined && smid !== '' && !idForm.test(smid)) {
    throw unusable('bind', text, 'names an smid that cannot be one');
  }
  return { wallet, currency, account, subMerchantId: smid === undefined || smid === '' ? null : smid };
}

/** The merchant to save: what was wished for on top of what is known. Throws when a new one lacks its name. */
export function mergedMerchant(wish: MerchantWish, known: KnownMerchant | null): WholeMerchant {
  const name = wish.name ?? known?.name;
  if (name === undefined) {
    throw usageError(`merchant ${wish.id} is new and needs --name`, 'merchant add');
  }
  const stores = new Map<string, Store>(known?.stores.map((store) => [store.id, store]));
  for (const { id, name: storeName } of wish.stores) {
    stores.set(id, { id, name: storeName, terminalIds: stores.get(id)?.terminalIds ?? [] });
  }
  for (const { storeId, terminalId } of wish.terminals) {
    const store = stores.get(storeId);
    if (store === undefined) {
      throw new CommandFailure(
        exitCodes.failed,
        `merchant ${wish.id} has no store ${storeId} for terminal ${terminalId}: add --store ${storeId}:NAME`,
      );
    }
    stores.set(storeId, { ...store, terminalIds: [...new Set([...store.terminalIds, terminalId])] });
  }
  return {
    id: wish.id,
    name,
    notifyUrl: wish.notifyUrl === undefined ? (known?.notifyUrl ?? null) : wish.notifyUrl,
    stores: [...stores.values()],
    bindings: wish.bindings,
  };
}

function unusable(option: string, value: string, why: string): CommandFailure {
  return usageError(`--${option} ${printable(value)} ${why}`, 'merchant add');
}
