import type { EntryCode, KeyScope, Merchant, MerchantDirectory } from '../../ports/merchant-directory.ts';

export interface KnownMerchant {
  readonly merchant: Merchant;
  readonly deliverySecret: string;
}

/** A fixed list of merchants, of the keys that speak for them and of their stores' codes. */
export function createMerchantDirectory(
  known: readonly KnownMerchant[],
  scopes: ReadonlyMap<string, KeyScope> = new Map(),
  entryCodes: readonly EntryCode[] = [],
): MerchantDirectory {
  const byId = new Map(known.map((entry) => [entry.merchant.id, entry]));
  const byShortNo = new Map(known.map((entry) => [entry.merchant.shortNo, entry]));
  const nonces = new Set<string>();
  return {
    async find(merchantId) {
      return byId.get(merchantId)?.merchant ?? null;
    },
    async findByShortNo(shortNo) {
      return byShortNo.get(shortNo)?.merchant ?? null;
    },
    async findEntryCode(merchantId, code) {
      return entryCodes.find((one) => one.merchantId === merchantId && one.code === code) ?? null;
    },
    async findKey(apiKey) {
      const scope = scopes.get(apiKey);
      return scope === undefined
        ? null
        : { scope, requestsPerS: null, signers: [], signatureRequired: false };
    },
    async useNonce(apiKey, nonce) {
      const used = `${apiKey} ${nonce}`;
      if (nonces.has(used)) return false;
      nonces.add(used);
      return true;
    },
    async deliverySecret(merchantId) {
      const entry = byId.get(merchantId);
      if (entry === undefined) throw new Error(`merchant ${merchantId} is not in the directory`);
      return entry.deliverySecret;
    },
  };
}
