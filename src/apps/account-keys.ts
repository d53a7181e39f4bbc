import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { WalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { prepareAccount as prepareOpenAccount } from '../adapters/wallets/alipay-open/account.ts';
import { prepareAccount as preparePlusAccount } from '../adapters/wallets/alipay-plus/account.ts';
import type { WalletName } from '../domain/wallets.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { printable } from '../inbound/cli/terminal-text.ts';
import { notifyUrlOf } from './public-urls.ts';
import type { Settings } from './settings.ts';

/** The two keys of an account that a person gives, as its wallet's adapter reads them. */
export interface PreparedKeys {
  readonly privateKey: KeyObject;
  readonly walletPublicKey: KeyObject;
}

/** The account's keys as its wallet's adapter will use them. Throws what `complain` makes of that adapter's objection. */
export function preparedKeys(
  account: WalletAccount & { readonly wallet: WalletName },
  settings: Pick<Settings, 'publicUrl'>,
  complain: (complaint: string) => CommandFailure,
): PreparedKeys {
  try {
    return prepared(account, settings);
  } catch (error) {
    if (error instanceof RangeError) throw complain(error.message);
    throw error;
  }
}

function prepared(
  account: WalletAccount & { readonly wallet: WalletName },
  settings: Pick<Settings, 'publicUrl'>,
): PreparedKeys {
  const notifyUrl = notifyUrlOf(settings, account.wallet, account.name);
  switch (account.wallet) {
    case 'alipay_open':
      return keysOf(prepareOpenAccount({ ...account, notifyUrl }));
    case 'alipay_plus':
      return keysOf(preparePlusAccount({ ...account, clientId: account.appId, notifyUrl }));
    default:
      return account.wallet satisfies never;
  }
}

function keysOf(made: {
  readonly privateKey: KeyObject;
  readonly walletKeys: readonly KeyObject[];
}): PreparedKeys {
  const [walletPublicKey] = made.walletKeys;
  if (walletPublicKey === undefined) throw new Error('an account was prepared without a key of its wallet');
  return { privateKey: made.privateKey, walletPublicKey };
}

/** The text of a file that an option names. */
export function textOfFile(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new CommandFailure(exitCodes.failed, `--${option} ${printable(path)} cannot be read (${reason})`);
  }
}

export function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** Enough of the SHA-256 of a public key, or of a private one's public half, to compare it with what the wallet shows. */
export function fingerprintOf(key: string): string {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex').slice(0, 16)}`;
}

/** A public key as the wallets' consoles take it: the base64 of its SPKI, on one line and without PEM's frame. */
export function consoleFormOf(publicKey: string): string {
  return createPublicKey(publicKey).export({ type: 'spki', format: 'der' }).toString('base64');
}
