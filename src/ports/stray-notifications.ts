import type { WalletName } from '../domain/wallets.ts';

/** A verified notification of a payment that nobody here knows. */
export interface StrayNotification {
  readonly wallet: WalletName;
  readonly account: string;
  readonly requestId: string;
  /** What it says, for people. */
  readonly says: string;
  /** The bytes as received. */
  readonly raw: Uint8Array;
}

/**
 * Notifications that belong to no payment: after a restore the wallet may have charged a payer for a payment that this
 * database does not know. Money case 10.
 */
export interface StrayNotifications {
  /** Keeps it durably, in an operator's sight; a repeat is counted. */
  keep(stray: StrayNotification): Promise<void>;
}
