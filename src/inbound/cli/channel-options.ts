import type { AuditedCommand, GivenTo } from './commands.ts';
import { usageError } from './exit-codes.ts';
import { idForm, nameForm, sourceForm } from './merchant-options.ts';
import { printable } from './terminal-text.ts';

/** A channel as the options of `channel add` describe it. */
export interface ChannelWish {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  /** `null`: directly below the acquirer. */
  readonly parent: string | null;
}

/** Reads the options of `channel add`. Throws a usage error that names the option and the value. */
export function channelWish(options: GivenTo<'channel add'>['options']): ChannelWish {
  const { id, name, source, parent } = options;
  if (!idForm.test(id)) throw unusable('channel add', 'id', id, 'is not 1 to 32 digits and letters');
  channelChanges('channel add', { name, source });
  return { id, name, source, parent: parent === undefined || parent === '' ? null : parent };
}

/** What `channel set` changes; `undefined` leaves it. */
export interface ChannelChanges {
  readonly name?: string;
  readonly source?: string;
}

/** Checks a name and a source, where they are given. Throws a usage error that names the option and the value. */
export function channelChanges(
  command: 'channel add' | 'channel set',
  { name, source }: { readonly name: string | undefined; readonly source: string | undefined },
): ChannelChanges {
  if (name !== undefined && !(nameForm.test(name) && name.trim() !== '')) {
    throw unusable(command, 'name', name, 'is not 1 to 256 characters without control characters');
  }
  if (source !== undefined && !sourceForm.test(source)) {
    throw unusable(command, 'source', source, 'is not the 16 digits of a PID');
  }
  return { ...(name === undefined ? {} : { name }), ...(source === undefined ? {} : { source }) };
}

function unusable(command: AuditedCommand, option: string, value: string, why: string) {
  return usageError(`--${option} ${printable(value)} ${why}`, command);
}
