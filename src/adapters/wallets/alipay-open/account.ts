import type { KeyObject } from 'node:crypto';
import { readPrivateKey, readPublicKey, type SignType } from '../../../protocols/alipay-open/signature.ts';

/** An application at the Open Platform, as somebody has configured it. */
export interface AlipayOpenAccount {
  readonly name: string;
  readonly appId: string;
  /** E.g. `https://openapi.alipay.com/gateway.do`. */
  readonly gatewayUrl: string;
  /** The application's private key: a key object, PEM, or the bare base64 of the platform's key tool. */
  readonly privateKey: KeyObject | string;
  /** The platform's public key for this application. */
  readonly walletPublicKey: KeyObject | string;
  /** Its further public keys, while one is changed for another: what any of them has signed is the platform's word. */
  readonly furtherWalletKeys?: readonly (KeyObject | string)[] | undefined;
  /** `RSA2` unless the application still uses the legacy `RSA`. */
  readonly signType?: SignType | undefined;
  /** Token of the merchant or bank that authorised this application to act for it. */
  readonly appAuthToken?: string | undefined;
  /** PID of whoever is paid; a notification that names another is not trusted. Not compared without it. Rule NOT-05. */
  readonly sellerId?: string | null | undefined;
  /** Our own address for notifications of payments; none are asked for without it. Rule PAY-14. */
  readonly notifyUrl?: string | undefined;
}

/** An account with its keys parsed and its address taken apart: done once, since parsing costs more than signing. */
export interface PreparedAccount {
  readonly source: AlipayOpenAccount;
  readonly origin: string;
  readonly path: string;
  readonly privateKey: KeyObject;
  /** Every key of the wallet's that is accepted. */
  readonly walletKeys: readonly KeyObject[];
  readonly signType: SignType;
}

/** Smallest key, in bits, that `RSA2` allows. */
const rsa2ModulusMin = 2048;

/** @throws RangeError naming the account and what is wrong with it, without any of a key's text. */
export function prepareAccount(source: AlipayOpenAccount): PreparedAccount {
  const wrong = (what: string): RangeError => new RangeError(`wallet account ${source.name}: ${what}`);
  if (source.appId === '') throw wrong('appId is missing');
  const url = URL.canParse(source.gatewayUrl) ? new URL(source.gatewayUrl) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.username !== '') {
    throw wrong('gatewayUrl is not an http or https address without query');
  }
  const signType = source.signType ?? 'RSA2';
  let privateKey: KeyObject;
  let walletKeys: readonly KeyObject[];
  try {
    privateKey = readPrivateKey(source.privateKey);
    walletKeys = [source.walletPublicKey, ...(source.furtherWalletKeys ?? [])].map(readPublicKey);
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : 'a key cannot be read');
  }
  if (signType === 'RSA2' && (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < rsa2ModulusMin) {
    throw wrong(`RSA2 needs a private key of ${rsa2ModulusMin} bits or more`);
  }
  return { source, origin: url.origin, path: url.pathname, privateKey, walletKeys, signType };
}

/** Whether a prepared account still is what is configured. A look-up may give a new object each time. */
export function isSameAccount(a: AlipayOpenAccount, b: AlipayOpenAccount): boolean {
  return (
    a.appId === b.appId &&
    a.gatewayUrl === b.gatewayUrl &&
    a.privateKey === b.privateKey &&
    a.walletPublicKey === b.walletPublicKey &&
    a.furtherWalletKeys === b.furtherWalletKeys &&
    a.signType === b.signType &&
    a.appAuthToken === b.appAuthToken &&
    a.sellerId === b.sellerId &&
    a.notifyUrl === b.notifyUrl
  );
}
