import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { DueRows } from '../ports/due-rows.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { CancelJournal, PaymentJournal, RefundJournal } from '../ports/journal.ts';
import type { MerchantDirectory } from '../ports/merchant-directory.ts';
import type { Report } from '../ports/report.ts';
import type { WalletDirectory } from '../ports/wallet-directory.ts';

/** What the operations need from outside. Each takes the parts that it uses. */
export interface Engine {
  readonly journal: PaymentJournal & RefundJournal & CancelJournal;
  readonly due: DueRows;
  readonly merchants: MerchantDirectory;
  readonly wallets: WalletDirectory;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly changes: Changes;
  /** 1 in earnest; larger in trials, where every wait of every policy shrinks by it. */
  readonly policySpeed: number;
  readonly report: Report;
}

/** Longest time that a claimed row is left to its claimant: more than any guarded call, at most 30 s. */
export const leaseMs = 15_000;
