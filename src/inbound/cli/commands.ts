import type { CommandSpec, Given } from './command-spec.ts';
import { accountCommands } from './commands/account.ts';
import { auditCommands } from './commands/audit.ts';
import { channelCommands } from './commands/channel.ts';
import { codeCommands } from './commands/code.ts';
import { deliveryCommands } from './commands/delivery.ts';
import { inspectionCommands } from './commands/inspection.ts';
import { merchantCommands } from './commands/merchant.ts';
import { merchantKeyCommands } from './commands/merchant-key.ts';
import { merchantPolicyCommands } from './commands/merchant-policy.ts';
import { paymentCommands } from './commands/payment.ts';
import { processCommands } from './commands/process.ts';
import { unknownPaymentCommands } from './commands/unknown-payment.ts';

/** Every command, by the words that call it. The one list: help, parsing and the tests of `docs/cli.md` read it. */
export const commands = {
  ...processCommands,
  ...accountCommands,
  ...channelCommands,
  ...merchantCommands,
  ...merchantPolicyCommands,
  ...merchantKeyCommands,
  ...codeCommands,
  ...paymentCommands,
  ...inspectionCommands,
  ...deliveryCommands,
  ...unknownPaymentCommands,
  ...auditCommands,
} as const satisfies { readonly [words: string]: CommandSpec };

export type CommandName = keyof typeof commands;

/** Commands whose doing stands in the audit log. */
export type AuditedCommand = {
  [Name in CommandName]: (typeof commands)[Name]['effect'] extends 'audited' ? Name : never;
}[CommandName];

export type GivenTo<Name extends CommandName> = Given<(typeof commands)[Name]>;

export const commandNames = Object.keys(commands) as CommandName[];

export function specOf(name: CommandName): CommandSpec {
  return commands[name];
}
