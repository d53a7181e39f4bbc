import { idOfKey } from '../adapters/postgres/api-keys.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { printable } from '../inbound/cli/terminal-text.ts';

/** By its id, or by the key itself when that is all that was found. */
export function namedKeyId(key: string): string {
  return key.startsWith('sk_') ? idOfKey(key) : key.toLowerCase();
}

export function unknownKey(id: string): CommandFailure {
  return new CommandFailure(
    exitCodes.failed,
    `no API key ${printable(id)} is known: \`shoudan merchant key list\` shows their ids`,
  );
}
