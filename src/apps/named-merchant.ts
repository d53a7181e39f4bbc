import type { Queryable } from '../adapters/postgres/database.ts';
import {
  findRegisteredMerchant,
  type RegisteredMerchant,
} from '../adapters/postgres/registered-merchants.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { printable } from '../inbound/cli/terminal-text.ts';

/** The merchant that a command names; one that nobody registered is a failure that says where to look. */
export async function namedMerchant(database: Queryable, merchantId: string): Promise<RegisteredMerchant> {
  const merchant = await findRegisteredMerchant(database, merchantId);
  if (merchant !== null) return merchant;
  throw new CommandFailure(
    exitCodes.failed,
    `no merchant ${printable(merchantId)} is registered: \`shoudan merchant list\` shows those that are`,
  );
}
