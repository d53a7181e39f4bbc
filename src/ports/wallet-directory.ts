import type { WalletName } from '../domain/wallets.ts';
import type { WalletGateway } from './wallet.ts';

/** The way to each wallet. */
export interface WalletDirectory {
  gateway(wallet: WalletName): WalletGateway;
}
