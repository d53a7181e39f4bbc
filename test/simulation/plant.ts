import type { takeNotification } from '../../src/operations/take-notification.ts';
import type { DueRows } from '../../src/ports/due-rows.ts';
import type { CancelJournal, PaymentJournal, RefundJournal } from '../../src/ports/journal.ts';
import type { Merchant } from '../../src/ports/merchant-directory.ts';
import type { WalletGateway } from '../../src/ports/wallet.ts';
import type { Invariant } from './invariants.ts';
import type { ProcessClock } from './process-clock.ts';
import type { moneyCases } from './tally.ts';
import type { World } from './world.ts';

export type Journal = PaymentJournal & RefundJournal & CancelJournal;
export type TakeNotification = typeof takeNotification;

/**
 * A defect planted between the gateway's code and its ports, to show that the auditor can fail. `sound` plants none.
 */
export interface Plant {
  journal(journal: Journal, world: World): Journal;
  due(due: DueRows, world: World): DueRows;
  wallet(gateway: WalletGateway, world: World): WalletGateway;
  /** How the gateway's edge takes a notification. */
  takes(take: TakeNotification): TakeNotification;
  /** The merchant as the gateway has it on record. */
  merchant(merchant: Merchant): Merchant;
  /** What a process takes for the database's time. */
  clock(clock: ProcessClock, world: World): ProcessClock;
}

export interface PlantedDefect extends Plant {
  /** What a gateway with this defect does. */
  readonly does: string;
  /** The case of the design that it gets wrong, where it is one of those. */
  readonly moneyCase?: keyof typeof moneyCases;
  /** The invariants of which at least one must catch it: the money's, not the paperwork's. */
  readonly caughtBy: readonly Invariant[];
}

export const sound: Plant = {
  journal: (journal) => journal,
  due: (due) => due,
  wallet: (gateway) => gateway,
  takes: (take) => take,
  merchant: (merchant) => merchant,
  clock: (clock) => clock,
};
