import type { KeyObject } from 'node:crypto';
import { bases } from '../../../protocols/alipay-plus/endpoints.ts';
import { readPrivateKey, readPublicKey } from '../../../protocols/alipay-plus/keys.ts';

/** A client of AMS, as somebody has configured it. */
export interface AlipayPlusAccount {
  readonly name: string;
  /** Issued with the key pair; a sandbox's begins with `SANDBOX_`. */
  readonly clientId: string;
  /**
   * Scheme and host, e.g. `https://open-sea-global.alipay.com`. A path, such as `/ams/sandbox`, stands for `/ams`
   * before every call's `/api/v1/`.
   */
  readonly gatewayUrl: string;
  /** Our private key: a key object, PEM, or the bare base64 of the vendor's console. */
  readonly privateKey: KeyObject | string;
  /** The vendor's public key for this client. */
  readonly walletPublicKey: KeyObject | string;
  /** Its further public keys, while one is changed for another: what any of them has signed is the vendor's word. */
  readonly furtherWalletKeys?: readonly (KeyObject | string)[] | undefined;
  /** Our own address for notifications as the wallet must call it. Without a query. Rule PAY-14. */
  readonly notifyUrl: string;
  /** Which of the client's keys signs; 1 unless it has had others. */
  readonly keyVersion?: number | null | undefined;
  /** Needed where more than one settlement contract exists. */
  readonly settlementCurrency?: string | null | undefined;
  /** Two letters; needed by some regions' gateways. */
  readonly merchantRegion?: string | null | undefined;
}

/** An account with its keys parsed and its addresses taken apart: done once, since parsing costs more than signing. */
export interface PreparedAccount {
  readonly source: AlipayPlusAccount;
  readonly origin: string;
  /** What stands before every call's `/api/v1/`. */
  readonly base: string;
  /** Path of the notify URL, which its notifications are signed with. */
  readonly notifyPath: string;
  readonly privateKey: KeyObject;
  /** Every key of the wallet's that is accepted. */
  readonly walletKeys: readonly KeyObject[];
}

/** Smallest key, in bits, that AMS takes. */
const modulusMin = 2048;

/** @throws RangeError naming the account and what is wrong with it, without any of a key's text. */
export function prepareAccount(source: AlipayPlusAccount): PreparedAccount {
  const wrong = (what: string): RangeError => new RangeError(`wallet account ${source.name}: ${what}`);
  if (!/^[\w-]+$/.test(source.clientId)) throw wrong('clientId is missing or holds what no header takes');
  const gateway = plainAddress(source.gatewayUrl);
  if (gateway === null) throw wrong('gatewayUrl is not an http or https address without query');
  const notify = plainAddress(source.notifyUrl);
  if (notify === null) throw wrong('notifyUrl is not an http or https address without query');
  let privateKey: KeyObject;
  let walletKeys: readonly KeyObject[];
  try {
    privateKey = readPrivateKey(source.privateKey);
    walletKeys = [source.walletPublicKey, ...(source.furtherWalletKeys ?? [])].map(readPublicKey);
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : 'a key cannot be read');
  }
  if ((privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < modulusMin) {
    throw wrong(`a private key of ${modulusMin} bits or more is needed`);
  }
  const base = gateway.pathname.replace(/\/+$/, '') || bases.production;
  return { source, origin: gateway.origin, base, notifyPath: notify.pathname, privateKey, walletKeys };
}

/** Whether a prepared account still is what is configured. A look-up may give a new object each time. */
export function isSameAccount(a: AlipayPlusAccount, b: AlipayPlusAccount): boolean {
  return (
    a.clientId === b.clientId &&
    a.gatewayUrl === b.gatewayUrl &&
    a.privateKey === b.privateKey &&
    a.walletPublicKey === b.walletPublicKey &&
    a.furtherWalletKeys === b.furtherWalletKeys &&
    a.notifyUrl === b.notifyUrl &&
    a.keyVersion === b.keyVersion &&
    a.settlementCurrency === b.settlementCurrency &&
    a.merchantRegion === b.merchantRegion
  );
}

/** The account prepared, made again only when it is no longer what was configured. */
export function createPreparedAccounts(
  account: (name: string) => AlipayPlusAccount,
): (name: string) => PreparedAccount {
  const prepared = new Map<string, PreparedAccount>();
  return (name) => {
    const source = account(name);
    const known = prepared.get(name);
    if (known !== undefined && (known.source === source || isSameAccount(known.source, source))) return known;
    const made = prepareAccount(source);
    prepared.set(name, made);
    return made;
  };
}

function plainAddress(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  return url.search === '' && url.hash === '' && url.username === '' && url.password === '' ? url : null;
}
