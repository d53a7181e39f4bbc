import { userInfo } from 'node:os';
import type { Operator } from '../adapters/postgres/operator-actions.ts';
import type { AuditedCommand } from '../inbound/cli/commands.ts';
import { writtenLine } from '../inbound/cli/written-line.ts';

/** Longest name of an operator. */
const nameMax = 100;

/** Who does what a command changes: `--by`, else the machine's user. Nothing proves a name; the machine's own log may. */
export function operatorOf(command: AuditedCommand, by: string | undefined): Operator {
  return { by: by === undefined ? machineUser() : writtenLine(command, 'by', by, nameMax), means: 'cli' };
}

/** A container may run as a number that has no name. Never what the environment says, which anybody may set. */
function machineUser(): string {
  try {
    return userInfo().username.slice(0, nameMax);
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
