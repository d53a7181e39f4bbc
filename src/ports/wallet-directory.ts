import type { WalletName } from '../domain/wallets.ts';
import type { WalletGateway } from './wallet.ts';

/** A wallet account that does not answer, as far as this process knows: several calls in a row went unanswered. */
export interface Outage {
  /** When a new payment may be tried again, in seconds; `null`: one may be tried now. */
  readonly refusesForS: number | null;
}

/** What a call told of its account: an answer, the first one after a silence, or one more silence of an account in outage. */
export type Heard = 'answered' | 'answered_again' | 'silence';

/** The way to each wallet. */
export interface WalletDirectory {
  gateway(wallet: WalletName): WalletGateway;
  /** Whether this account has stopped answering; left out where nobody keeps count. Money case 14. */
  outage?(wallet: WalletName, account: string): Outage | null;
}
