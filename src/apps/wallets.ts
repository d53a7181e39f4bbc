import type { AccountBook, WalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import type { AlipayOpenAccount } from '../adapters/wallets/alipay-open/account.ts';
import { createAlipayOpenGateway } from '../adapters/wallets/alipay-open/gateway.ts';
import { createAlipayOpenNotificationReader } from '../adapters/wallets/alipay-open/notifications.ts';
import type { AlipayPlusAccount } from '../adapters/wallets/alipay-plus/account.ts';
import { createAlipayPlusGateway } from '../adapters/wallets/alipay-plus/gateway.ts';
import { createAlipayPlusNotificationReader } from '../adapters/wallets/alipay-plus/notifications.ts';
import { readingStorableTexts, withStorableTexts } from '../adapters/wallets/storable-texts.ts';
import type { WalletName } from '../domain/wallets.ts';
import type { WalletGateway } from '../ports/wallet.ts';
import type { Heard, WalletDirectory } from '../ports/wallet-directory.ts';
import type { NotificationReader } from '../ports/wallet-notifications.ts';
import { notifyUrlOf } from './public-urls.ts';

/** Every wallet's adapter: how it is called, and how its notifications are read. */
export interface Wallets extends WalletDirectory {
  readonly readers: { readonly [wallet in WalletName]: NotificationReader };
  /** Has this called at the end of each call that tells something of its account. */
  onHeard(listener: HeardListener): void;
  /** Lets running calls end, then closes the connections. */
  close(): Promise<void>;
}

export type HeardListener = (wallet: WalletName, account: string, heard: Heard) => void;

/** The wallets on the accounts of `book`; `publicUrl` is where they reach this gateway. PAY-14. */
export function openWallets(book: Pick<AccountBook, 'account'>, publicUrl: string): Wallets {
  const notifyUrl = (wallet: WalletName, name: string) => notifyUrlOf({ publicUrl }, wallet, name);
  const alipayOpenAccount = asConfigured(book, 'alipay_open', (account): AlipayOpenAccount => {
    return { ...account, notifyUrl: notifyUrl('alipay_open', account.name) };
  });
  const alipayPlusAccount = asConfigured(book, 'alipay_plus', (account): AlipayPlusAccount => {
    return { ...account, clientId: account.appId, notifyUrl: notifyUrl('alipay_plus', account.name) };
  });
  const clocks = { wallClock: () => new Date(), monotonicMs: () => performance.now() };
  const listeners = new Set<HeardListener>();
  const hearing = (wallet: WalletName) => (account: string, heard: Heard) => {
    for (const listener of listeners) listener(wallet, account, heard);
  };
  const gateways = {
    alipay_open: createAlipayOpenGateway({
      account: alipayOpenAccount,
      onHeard: hearing('alipay_open'),
      ...clocks,
    }),
    alipay_plus: createAlipayPlusGateway({
      account: alipayPlusAccount,
      onHeard: hearing('alipay_plus'),
      ...clocks,
    }),
  } satisfies { readonly [wallet in WalletName]: WalletGateway };
  const callable = {
    alipay_open: withStorableTexts(gateways.alipay_open),
    alipay_plus: withStorableTexts(gateways.alipay_plus),
  } satisfies { readonly [wallet in WalletName]: WalletGateway };
  return {
    gateway: (wallet) => callable[wallet],
    outage: (wallet, account) => gateways[wallet].outage(account),
    onHeard: (listener) => listeners.add(listener),
    readers: {
      alipay_open: readingStorableTexts(createAlipayOpenNotificationReader({ account: alipayOpenAccount })),
      alipay_plus: readingStorableTexts(
        createAlipayPlusNotificationReader({ account: alipayPlusAccount, wallClock: clocks.wallClock }),
      ),
    },
    async close() {
      await Promise.all(Object.values(gateways).map((gateway) => gateway.close()));
    },
  };
}

/** The book's account in a wallet's own form; an unchanged one stays the same object, so that keys are parsed once. */
function asConfigured<Account>(
  book: Pick<AccountBook, 'account'>,
  wallet: WalletName,
  form: (account: WalletAccount) => Account,
): (name: string) => Account {
  const known = new Map<string, { readonly source: WalletAccount; readonly account: Account }>();
  return (name) => {
    const source = book.account(wallet, name);
    const before = known.get(name);
    if (before?.source === source) return before.account;
    const account = form(source);
    known.set(name, { source, account });
    return account;
  };
}
