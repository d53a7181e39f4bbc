import type { CommandName } from './commands.ts';
import { usageError } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/** The seconds of `--wait`; `undefined` leaves it to the gateway. Throws a usage error. */
export function waitSeconds(command: CommandName, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,3}$/.test(text) && Number(text) <= 120) return Number(text);
  throw usageError(`--wait ${printable(text)} is no number of seconds from 0 to 120`, command);
}
