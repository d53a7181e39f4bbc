import { findChannel, type ListedChannel } from '../adapters/postgres/channels.ts';
import type { Queryable } from '../adapters/postgres/database.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { printable } from '../inbound/cli/terminal-text.ts';

/** The channel that an option names; one that nobody added is a failure that says where to look. */
export async function namedChannel(
  database: Queryable,
  option: 'id' | 'parent' | 'to' | 'channel',
  channelId: string,
): Promise<ListedChannel> {
  const channel = await findChannel(database, channelId);
  if (channel !== null) return channel;
  throw new CommandFailure(
    exitCodes.failed,
    `--${option} ${printable(channelId)} is no channel: \`shoudan channel list\` shows those that there are`,
  );
}

/** The same, when something is to stand below it or to speak for it: it must not be closed. */
export async function openChannel(
  database: Queryable,
  option: 'id' | 'parent' | 'to' | 'channel',
  channelId: string,
): Promise<ListedChannel> {
  const channel = await namedChannel(database, option, channelId);
  if (channel.closedAt === null) return channel;
  throw new CommandFailure(
    exitCodes.failed,
    `--${option} ${channelId} is closed since ${channel.closedAt.toISOString()}, for good: name another channel`,
  );
}
