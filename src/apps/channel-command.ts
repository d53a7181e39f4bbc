import { revokeKeysOfChannel } from '../adapters/postgres/api-keys.ts';
import {
  closeChannel as close,
  createChannel,
  type ListedChannel,
  listChannels,
  lockChannels,
  moveChannel as move,
  setChannel as set,
} from '../adapters/postgres/channels.ts';
import { correctSources } from '../adapters/postgres/merchant-sources.ts';
import { type AuditDocument, withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import { channelChanges, channelWish } from '../inbound/cli/channel-options.ts';
import type { AuditedCommand, GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { fields, jsonText, table } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { loggedMerchants } from './merchant-source-command.ts';
import { namedChannel, openChannel } from './named-channel.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan channel add`. */
export async function addChannel({ options }: GivenTo<'channel add'>, terminal: Terminal): Promise<number> {
  const wish = channelWish(options);
  const operator = operatorOf('channel add', options.by);
  const channel = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      await lockChannels(connection);
      if (wish.parent !== null) await openChannel(connection, 'parent', wish.parent);
      if (!(await createChannel(connection, wish))) {
        throw new CommandFailure(
          exitCodes.failed,
          `--id ${wish.id} is a channel already: \`shoudan channel set\` changes it, \`shoudan channel move\` puts it elsewhere`,
        );
      }
      const result = await namedChannel(connection, 'id', wish.id);
      return { result, action: actionOf('channel add', wish.id, null, result) };
    }),
  );
  return answer(terminal, options.json, channel);
}

/** `shoudan channel list`. */
export async function listAllChannels(
  { options }: GivenTo<'channel list'>,
  terminal: Terminal,
): Promise<number> {
  const channels = await withDatabase(readSettings(terminal.env), listChannels);
  if (options.json) terminal.out(jsonText({ data: channels.map(channelDocument) }));
  else if (channels.length === 0) terminal.out('no channel yet: `shoudan channel add`\n');
  else {
    const rows = channels.map((channel) => [
      '  '.repeat(channel.path.length - 1) + channel.id,
      channel.name,
      channel.source,
      `${channel.channelCount}`,
      `${channel.merchantCount}`,
      channel.closedAt?.toISOString() ?? '',
    ]);
    terminal.out(table(['id', 'name', 'source', 'channels', 'merchants', 'closed'], rows));
  }
  return exitCodes.done;
}

/** `shoudan channel show`. */
export async function showChannel({ options }: GivenTo<'channel show'>, terminal: Terminal): Promise<number> {
  const channel = await withDatabase(readSettings(terminal.env), (database) =>
    namedChannel(database, 'id', options.id),
  );
  return answer(terminal, options.json, channel);
}

/** `shoudan channel set`: a source that was wrong is corrected for all that the channel has brought. ONB-02. */
export async function setChannel({ options }: GivenTo<'channel set'>, terminal: Terminal): Promise<number> {
  const changes = channelChanges('channel set', options);
  if (changes.name === undefined && changes.source === undefined) {
    throw usageError('channel set needs --name or --source', 'channel set');
  }
  const operator = operatorOf('channel set', options.by);
  const { channel, corrected } = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      await lockChannels(connection);
      const before = await namedChannel(connection, 'id', options.id);
      await set(connection, { ...before, ...changes });
      const channel = await namedChannel(connection, 'id', options.id);
      const corrected =
        channel.source === before.source
          ? []
          : await correctSources(connection, {
              from: before.source,
              to: channel.source,
              of: { kind: 'channel', channelId: options.id },
            });
      const more = corrected.length === 0 ? {} : loggedMerchants(corrected);
      return {
        result: { channel, corrected },
        action: actionOf('channel set', options.id, before, channel, more),
      };
    }),
  );
  if (options.json) {
    terminal.out(
      jsonText({
        ...channelDocument(channel),
        corrected_merchants: corrected.map(({ merchantId }) => merchantId),
      }),
    );
    return exitCodes.done;
  }
  terminal.out(channelText(channel));
  if (changes.source !== undefined)
    terminal.out(`\nthe source of ${corrected.length} merchants was corrected\n`);
  return exitCodes.done;
}

/** `shoudan channel move`. */
export async function moveChannel({ options }: GivenTo<'channel move'>, terminal: Terminal): Promise<number> {
  const parent = options.to === '' ? null : options.to;
  const operator = operatorOf('channel move', options.by);
  const channel = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      await lockChannels(connection);
      const before = await openChannel(connection, 'id', options.id);
      const above = parent === null ? null : await openChannel(connection, 'to', parent);
      if (above?.path.includes(before.id) === true) {
        throw new CommandFailure(
          exitCodes.failed,
          `--to ${above.id} is ${above.id === before.id ? 'the channel itself' : `below channel ${before.id}`}, and no channel is below itself: name another one`,
        );
      }
      await move(connection, before.id, parent);
      const result = await namedChannel(connection, 'id', options.id);
      return { result, action: actionOf('channel move', options.id, before, result) };
    }),
  );
  return answer(terminal, options.json, channel);
}

/** `shoudan channel close`: nobody speaks for it any more. Safe to repeat. */
export async function closeChannel(
  { options }: GivenTo<'channel close'>,
  terminal: Terminal,
): Promise<number> {
  const operator = operatorOf('channel close', options.by);
  const { channel, revoked } = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      await lockChannels(connection);
      const before = await namedChannel(connection, 'id', options.id);
      if (before.closedAt !== null) return { result: { channel: before, revoked: 0 }, action: null };
      if (before.channelCount + before.merchantCount > 0) {
        throw new CommandFailure(
          exitCodes.failed,
          `--id ${before.id} has ${before.channelCount} channels and ${before.merchantCount} merchants below it: put them ` +
            'elsewhere first (`shoudan channel move --to`, `shoudan merchant add --channel`)',
        );
      }
      await close(connection, before.id);
      const revoked = await revokeKeysOfChannel(connection, before.id);
      const channel = await namedChannel(connection, 'id', before.id);
      return {
        result: { channel, revoked },
        action: actionOf('channel close', before.id, before, channel, { revoked_keys: revoked }),
      };
    }),
  );
  if (options.json) terminal.out(jsonText({ ...channelDocument(channel), revoked_keys: revoked }));
  else terminal.out(`channel ${channel.id} is closed, and ${revoked} of its keys are revoked\n`);
  return exitCodes.done;
}

function answer(terminal: Terminal, json: boolean, channel: ListedChannel): number {
  terminal.out(json ? jsonText(channelDocument(channel)) : channelText(channel));
  return exitCodes.done;
}

function actionOf(
  action: AuditedCommand,
  channelId: string,
  before: ListedChannel | null,
  after: ListedChannel,
  more: AuditDocument = {},
) {
  return {
    action,
    merchantId: null,
    subject: 'channel' as const,
    subjectId: channelId,
    note: null,
    before: before === null ? null : channelState(before),
    after: { ...channelState(after), ...more },
  };
}

function channelState({ name, parent, source, closedAt }: ListedChannel): AuditDocument {
  return { name, parent, source, closed_at: closedAt?.toISOString() ?? null };
}

function channelText(channel: ListedChannel): string {
  return fields([
    ['channel', channel.id],
    ['name', channel.name],
    ['source', channel.source],
    ['place', ['acquirer', ...channel.path].join(' > ')],
    ['channels', `${channel.channelCount}`],
    ['merchants', `${channel.merchantCount}`],
    ['created', channel.createdAt.toISOString()],
    ['closed', channel.closedAt?.toISOString() ?? null],
  ]);
}

function channelDocument(channel: ListedChannel) {
  return {
    id: channel.id,
    name: channel.name,
    source: channel.source,
    parent: channel.parent,
    path: channel.path,
    channel_count: channel.channelCount,
    merchant_count: channel.merchantCount,
    created_at: channel.createdAt.toISOString(),
    closed_at: channel.closedAt?.toISOString() ?? null,
  };
}
