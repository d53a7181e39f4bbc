import type { OrderCodePermission } from '../../domain/accept-payment.ts';
import { minorUnitDigits } from '../../domain/money.ts';
import { orderCodeExpiryMsDefault } from '../../domain/policy.ts';
import { isWalletName, takesCurrency, type WalletName, walletNames } from '../../domain/wallets.ts';
import type { GivenTo } from './commands.ts';
import { CommandFailure, exitCodes, usageError } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/** A merchant as the options of `merchant add` describe it: whole for a new one, what is to change for another. */
export interface MerchantWish {
  readonly id: string;
  readonly name: string | undefined;
  readonly mcc: string | undefined;
  /** `null` takes it away, `undefined` leaves it. */
  readonly notifyUrl: string | null | undefined;
  /** `null` turns order codes off, `undefined` leaves them. PAY-16. */
  readonly orderCodeScene: string | null | undefined;
  readonly orderCodeExpiryMs: number | undefined;
  readonly stores: readonly { readonly id: string; readonly name: string }[];
  readonly storeMccs: readonly { readonly storeId: string; readonly mcc: string }[];
  readonly terminals: readonly { readonly storeId: string; readonly terminalId: string }[];
  readonly bindings: readonly Binding[];
  /** `null` makes it the acquirer's own, `undefined` leaves it where it is. ONB-04. */
  readonly channelId: string | null | undefined;
  /** For all of its wallets that ask for one. ONB-02. */
  readonly source: string | undefined;
}

export interface Binding {
  readonly wallet: WalletName;
  readonly currency: string;
  readonly account: string;
  readonly subMerchantId: string | null;
}

interface Store {
  readonly id: string;
  readonly name: string;
  /** `null`: the merchant's. */
  readonly mcc: string | null;
  readonly terminalIds: readonly string[];
}

/** What is known of a merchant that is registered already. */
export interface KnownMerchant {
  readonly name: string;
  readonly mcc: string | null;
  readonly notifyUrl: string | null;
  /** `null`: order codes are off. */
  readonly orderCodes: OrderCodePermission | null;
  readonly stores: readonly Store[];
}

export interface WholeMerchant extends KnownMerchant {
  readonly id: string;
  /** Those that were wished for: others stay as they are. */
  readonly bindings: readonly Binding[];
}

/** The form of ids that travel on wires: merchants, stores, channels. */
export const idForm = /^[0-9A-Za-z]{1,32}$/;
const terminalForm = /^[0-9A-Za-z]{1,8}$/;
export const nameForm = /^[^\p{Cc}\p{Cs}]{1,256}$/u;
/** A wallet's number of a business (PID). */
export const sourceForm = /^\d{16}$/;
const mccForm = /^\d{4}$/;

/** Anybody who sees an order code can pay it, so its life is short. PAY-16. */
const orderCodeExpirySeconds = { min: 60, max: 7_200 };

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
  if (options.mcc !== undefined && !mccForm.test(options.mcc)) {
    throw unusable('mcc', options.mcc, 'is not the four digits of an ISO 18245 category');
  }
  const { channel, source } = options;
  if (channel !== undefined && channel !== '' && !idForm.test(channel)) {
    throw unusable('channel', channel, 'is not 1 to 32 digits and letters');
  }
  if (source !== undefined && !sourceForm.test(source)) {
    throw unusable('source', source, 'is not the 16 digits of a PID');
  }
  return {
    id: options.id,
    channelId: channel === '' ? null : channel,
    source,
    name: options.name,
    mcc: options.mcc,
    notifyUrl: notifyUrlOf(options['notify-url'], complaintAboutUrl),
    ...orderCodesOf(options['order-codes'], options['order-code-expiry']),
    stores: options.store.map(storeOf),
    storeMccs: options['store-mcc'].map(storeMccOf),
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

/** Turning order codes on asks for the scene that needs them. PAY-16. */
function orderCodesOf(
  scene: string | undefined,
  expiry: string | undefined,
): Pick<MerchantWish, 'orderCodeScene' | 'orderCodeExpiryMs'> {
  if (scene !== undefined && scene !== '' && !(nameForm.test(scene) && scene.trim() !== '')) {
    throw unusable('order-codes', scene, 'is not 1 to 256 characters without control characters');
  }
  if (scene === '' && expiry !== undefined) {
    throw usageError("--order-codes '' turns order codes off: leave --order-code-expiry out", 'merchant add');
  }
  const { min, max } = orderCodeExpirySeconds;
  if (expiry !== undefined && !(/^\d{1,4}$/.test(expiry) && Number(expiry) >= min && Number(expiry) <= max)) {
    throw unusable('order-code-expiry', expiry, `is no number of seconds from ${min} to ${max}`);
  }
  return {
    orderCodeScene: scene === '' ? null : scene,
    orderCodeExpiryMs: expiry === undefined ? undefined : Number(expiry) * 1000,
  };
}

function storeMccOf(text: string): MerchantWish['storeMccs'][number] {
  const [storeId = '', mcc = '', ...rest] = text.split(':');
  if (!idForm.test(storeId) || !mccForm.test(mcc) || rest.length > 0) {
    throw unusable('store-mcc', text, 'is not STORE:MCC with four digits of an ISO 18245 category');
  }
  return { storeId, mcc };
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
    const before = stores.get(id);
    stores.set(id, {
      id,
      name: storeName,
      mcc: before?.mcc ?? null,
      terminalIds: before?.terminalIds ?? [],
    });
  }
  for (const { storeId, mcc } of wish.storeMccs) {
    stores.set(storeId, { ...storeNamed(wish, stores, storeId, `category ${mcc}`), mcc });
  }
  for (const { storeId, terminalId } of wish.terminals) {
    const store = storeNamed(wish, stores, storeId, `terminal ${terminalId}`);
    stores.set(storeId, { ...store, terminalIds: [...new Set([...store.terminalIds, terminalId])] });
  }
  return {
    id: wish.id,
    name,
    mcc: wish.mcc ?? known?.mcc ?? null,
    orderCodes: mergedOrderCodes(wish, known?.orderCodes ?? null),
    notifyUrl: wish.notifyUrl === undefined ? (known?.notifyUrl ?? null) : wish.notifyUrl,
    stores: [...stores.values()],
    bindings: wish.bindings,
  };
}

function storeNamed(
  wish: MerchantWish,
  stores: ReadonlyMap<string, Store>,
  storeId: string,
  what: string,
): Store {
  const store = stores.get(storeId);
  if (store !== undefined) return store;
  throw new CommandFailure(
    exitCodes.failed,
    `merchant ${wish.id} has no store ${storeId} for ${what}: add --store ${storeId}:NAME`,
  );
}

function mergedOrderCodes(
  { orderCodeScene, orderCodeExpiryMs }: MerchantWish,
  known: OrderCodePermission | null,
): OrderCodePermission | null {
  if (orderCodeScene === null) return null;
  const scene = orderCodeScene ?? known?.scene;
  if (scene !== undefined) {
    return { scene, expiryMs: orderCodeExpiryMs ?? known?.expiryMs ?? orderCodeExpiryMsDefault };
  }
  if (orderCodeExpiryMs === undefined) return null;
  throw usageError(
    '--order-code-expiry needs --order-codes with the scene that needs them: they are off',
    'merchant add',
  );
}

function unusable(option: string, value: string, why: string): CommandFailure {
  return usageError(`--${option} ${printable(value)} ${why}`, 'merchant add');
}
