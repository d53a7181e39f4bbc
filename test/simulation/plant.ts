import type { CancelJournal, PaymentJournal, RefundJournal } from '../../src/ports/journal.ts';
import type { WalletGateway } from '../../src/ports/wallet.ts';
import type { World } from './world.ts';

export type Journal = PaymentJournal & RefundJournal & CancelJournal;

/**
 * A defect planted between the gateway's code and its ports, to show that the auditor can fail. `sound` plants none.
 */
export interface Plant {
  journal(journal: Journal, world: World): Journal;
  wallet(gateway: WalletGateway, world: World): WalletGateway;
}

export const sound: Plant = {
  journal: (journal) => journal,
  wallet: (gateway) => gateway,
};
