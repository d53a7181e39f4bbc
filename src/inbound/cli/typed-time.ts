import type { CommandName } from './commands.ts';
import { usageError } from './exit-codes.ts';

/** An instant, which only its zone makes one. Throws a usage error that names the option. */
export function typedTime(command: CommandName, option: string, text: string): Date {
  const time = new Date(text);
  if (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(time.getTime())
  ) {
    return time;
  }
  throw usageError(`--${option} must be a time with its zone, as in 2026-03-02T09:30:00+08:00`, command);
}
