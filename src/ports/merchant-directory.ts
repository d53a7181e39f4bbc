import type { OrderCodePermission } from '../domain/accept-payment.ts';
import type { PolicyOverrides } from '../domain/policy.ts';
import type { WalletName } from '../domain/wallets.ts';

/** What a merchant may take payments with. */
export interface WalletBinding {
  readonly wallet: WalletName;
  /** Name of the wallet account that is used. */
  readonly account: string;
  /** The merchant's id at the wallet (smid); `null` until it is onboarded. PAY-09. */
  readonly subMerchantId: string | null;
  readonly currency: string;
}

export interface Store {
  readonly id: string;
  readonly name: string;
  /** ISO 18245, four digits; `null`: the merchant's. */
  readonly mcc: string | null;
}

export interface Merchant {
  readonly id: string;
  /** Carried by every id that is made for this merchant. */
  readonly shortNo: number;
  readonly name: string;
  /** The channel that brought it and all above that one, the nearest first; none: it is the acquirer's own. ONB-04. */
  readonly channels: readonly string[];
  /** ISO 18245, four digits; `null` until somebody has said. */
  readonly mcc: string | null;
  readonly stores: readonly Store[];
  readonly bindings: readonly WalletBinding[];
  /** `null`: the merchant shows no order codes. PAY-16. */
  readonly orderCodes: OrderCodePermission | null;
  readonly policyOverrides: PolicyOverrides;
  /** Where deliveries go when a payment names no `notify_url`. */
  readonly notifyUrl: string | null;
}

/** A store's static code, which payers scan. PAY-01. */
export interface EntryCode {
  readonly merchantId: string;
  /** As it stands in the address `/c/<code>`. */
  readonly code: string;
  readonly storeId: string;
  /** What the payer enters an amount of. */
  readonly currency: string;
  readonly disabledAt: Date | null;
}

/** Who a bearer key speaks for: every merchant, those of a channel's branch, or one. ONB-04. */
export type KeyScope =
  | { readonly kind: 'acquirer' }
  | { readonly kind: 'channel'; readonly channelId: string }
  | { readonly kind: 'merchant'; readonly merchantId: string };

/** A key that is known and not revoked. */
export interface ApiKey {
  readonly scope: KeyScope;
  /** How many requests a second it may make; `null`: what every key may. */
  readonly requestsPerS: number | null;
  /** Who may sign its requests, several side by side. */
  readonly signers: readonly RequestSigner[];
  /** A request that none of them has signed is refused. */
  readonly signatureRequired: boolean;
}

export interface RequestSigner {
  /** What signatures call it. */
  readonly keyid: string;
  /** PEM: Ed25519, P-256 or RSA. */
  readonly publicKey: string;
}

/** Merchants, and the keys that speak for them. Answers may be some seconds old. */
export interface MerchantDirectory {
  find(merchantId: string): Promise<Merchant | null>;
  findByShortNo(shortNo: number): Promise<Merchant | null>;
  findEntryCode(merchantId: string, code: string): Promise<EntryCode | null>;
  /** An API key that is used now, `null` for an unknown or revoked one. */
  findKey(apiKey: string): Promise<ApiKey | null>;
  /** Whether this key's requests have not been signed with this nonce before, in whatever process. From now on they have. */
  useNonce(apiKey: string, nonce: string): Promise<boolean>;
  /** The secret that signs the merchant's deliveries, in the form `whsec_…`. */
  deliverySecret(merchantId: string): Promise<string>;
}
