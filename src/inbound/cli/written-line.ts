import type { CommandName } from './commands.ts';
import { usageError } from './exit-codes.ts';

/** A line that those who look later understand: 1 to `lengthMax` characters. Throws a usage error that names the option. */
export function writtenLine(command: CommandName, option: string, text: string, lengthMax: number): string {
  const line = text.trim();
  if (line.length <= lengthMax && /^[^\p{Cc}\p{Cs}]+$/u.test(line)) return line;
  throw usageError(`--${option} must be 1 to ${lengthMax} characters on one line`, command);
}
