import type { PolicyOverride } from '../domain/policy.ts';
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

export interface Merchant {
  readonly id: string;
  /** Carried by every id that is made for this merchant. */
  readonly shortNo: number;
  readonly name: string;
  readonly storeIds: readonly string[];
  readonly bindings: readonly WalletBinding[];
  readonly policyOverride: PolicyOverride;
  /** Where deliveries go when a payment names no `notify_url`. */
  readonly notifyUrl: string | null;
}

/** Who a bearer key speaks for. */
export type KeyScope =
  | { readonly kind: 'acquirer' }
  | { readonly kind: 'merchant'; readonly merchantId: string };

/** Merchants, and the keys that speak for them. Answers may be some seconds old. */
export interface MerchantDirectory {
  find(merchantId: string): Promise<Merchant | null>;
  findByShortNo(shortNo: number): Promise<Merchant | null>;
  /** The scope of an API key, `null` for an unknown or revoked one. */
  scopeOfKey(apiKey: string): Promise<KeyScope | null>;
  /** The secret that signs the merchant's deliveries, in the form `whsec_…`. */
  deliverySecret(merchantId: string): Promise<string>;
}
