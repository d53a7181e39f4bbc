import type { WalletName } from '../domain/wallets.ts';
import type { Settings } from './settings.ts';

/*
 * The addresses that others are given. A proxy decides what they begin with; what follows is this gateway's.
 */

/** Where a wallet sends the notifications of an account's payments. PAY-14. */
export function notifyUrlOf(
  settings: Pick<Settings, 'publicUrl'>,
  wallet: WalletName,
  account: string,
): string {
  return `${settings.publicUrl}/notify/${wallet}/${account}`;
}

/** What a store's entry code says: the page that its payers see. PAY-01. */
export function entryCodeUrl(settings: Pick<Settings, 'publicUrl'>, code: string): string {
  return `${settings.publicUrl}/c/${code}`;
}
