import type { CommandName } from './commands.ts';
import { usageError } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/** The requests a second of `--rate N/s`; `null`, for an empty one, leaves it to the setting. Throws a usage error. */
export function keyRate(text: string, command: CommandName): number | null {
  if (text === '') return null;
  const [, digits = ''] = /^(\d{1,6})(?:\/s)?$/.exec(text) ?? [];
  const rate = Number(digits);
  if (rate >= 1 && rate <= 100_000) return rate;
  throw usageError(`--rate ${printable(text)} is no rate from 1/s to 100000/s, such as 50/s`, command);
}
