import { type PolicyOverride, type PolicyOverrides, productsOf } from './policy.ts';
import { type WalletName, walletNames } from './wallets.ts';

/** The same override for every product of every wallet, on top of `overrides`. */
export function onEveryProduct(override: PolicyOverride, overrides: PolicyOverrides = {}): PolicyOverrides {
  const ofWallet = (wallet: WalletName) =>
    Object.fromEntries(
      productsOf(wallet).map((product) => [product, { ...overrides[wallet]?.[product], ...override }]),
    );
  return Object.fromEntries(walletNames.map((wallet) => [wallet, ofWallet(wallet)]));
}
