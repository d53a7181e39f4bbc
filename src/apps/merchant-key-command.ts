import {
  createChannelKey,
  findApiKey,
  idOfKey,
  type ListedKey,
  limitApiKey,
  listApiKeys,
  revokeApiKey,
} from '../adapters/postgres/api-keys.ts';
import { lockChannels } from '../adapters/postgres/channels.ts';
import type { Connection } from '../adapters/postgres/database.ts';
import { createApiKey } from '../adapters/postgres/merchant-records.ts';
import { withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { keyRate } from '../inbound/cli/key-rate.ts';
import { fields, jsonText, table } from '../inbound/cli/terminal-text.ts';
import { namedKeyId, unknownKey } from './api-key-id.ts';
import type { Terminal } from './command-line.ts';
import { openChannel } from './named-channel.ts';
import { namedMerchant } from './named-merchant.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan merchant key add`: the key is shown once; the database keeps its hash alone. */
export async function addKey({ options }: GivenTo<'merchant key add'>, terminal: Terminal): Promise<number> {
  const { merchant: merchantId = null, channel: channelId = null, label = 'cli' } = options;
  if ([merchantId !== null, channelId !== null, options.acquirer].filter(Boolean).length !== 1) {
    throw usageError(
      'merchant key add needs one of --merchant, --channel and --acquirer: who the key speaks for',
      'merchant key add',
    );
  }
  const requestsPerS = keyRate(options.rate ?? '', 'merchant key add');
  const operator = operatorOf('merchant key add', options.by);
  const settings = readSettings(terminal.env);
  const { environment } = settings;
  return withDatabase(settings, async (database) => {
    if (merchantId !== null) await namedMerchant(database, merchantId);
    const apiKey = await withOperatorAction(database, operator, async (connection) => {
      const result =
        channelId === null
          ? await createApiKey(connection, { environment, merchantId, label, requestsPerS })
          : await channelKey(connection, { environment, channelId, label, requestsPerS });
      const scope = channelId !== null ? 'channel' : merchantId === null ? 'acquirer' : 'merchant';
      return {
        result,
        action: {
          action: 'merchant key add',
          merchantId,
          subject: 'api_key',
          subjectId: idOfKey(result),
          note: null,
          before: null,
          after: {
            scope,
            label,
            requests_per_s: requestsPerS,
            ...(channelId === null ? {} : { channel_id: channelId }),
          },
        },
      };
    });
    const id = idOfKey(apiKey);
    terminal.out(
      options.json
        ? jsonText({
            id,
            api_key: apiKey,
            merchant_id: merchantId,
            channel_id: channelId,
            label,
            requests_per_s: requestsPerS,
          })
        : `${fields([
            ['key', id],
            ['for', holderOf({ merchantId, channelId }) ?? 'the acquirer'],
            ['label', label],
            ['rate', rateText(requestsPerS)],
          ])}\nThe API key, shown this once:\n  ${apiKey}\n`,
    );
    return exitCodes.done;
  });
}

/** A closed channel gets none, and one that is being closed by somebody is waited for. */
async function channelKey(
  connection: Connection,
  key: {
    readonly environment: string;
    readonly channelId: string;
    readonly label: string;
    readonly requestsPerS: number | null;
  },
): Promise<string> {
  await lockChannels(connection);
  await openChannel(connection, 'channel', key.channelId);
  return createChannelKey(connection, key);
}

function holderOf({ merchantId, channelId }: Pick<ListedKey, 'merchantId' | 'channelId'>): string | null {
  if (merchantId !== null) return `merchant ${merchantId}`;
  return channelId === null ? null : `channel ${channelId}`;
}

/** `shoudan merchant key list`. */
export async function listKeys(
  { options }: GivenTo<'merchant key list'>,
  terminal: Terminal,
): Promise<number> {
  const keys = await withDatabase(readSettings(terminal.env), (database) =>
    listApiKeys(database, { merchantId: options.merchant, channelId: options.channel }),
  );
  if (options.json) terminal.out(jsonText({ data: keys.map(keyDocument) }));
  else if (keys.length === 0) terminal.out('no API key yet: `shoudan merchant key add`\n');
  else {
    const rows = keys.map((key) => [
      key.id,
      holderOf(key) ?? 'acquirer',
      key.label,
      rateText(key.requestsPerS),
      key.createdAt.toISOString(),
      key.lastUsedAt?.toISOString() ?? 'never',
      key.revokedAt?.toISOString() ?? '',
    ]);
    terminal.out(table(['key', 'for', 'label', 'rate', 'created', 'last used', 'revoked'], rows));
  }
  return exitCodes.done;
}

function rateText(requestsPerS: number | null): string {
  return requestsPerS === null ? 'default' : `${requestsPerS}/s`;
}

/** `shoudan merchant key limit`. */
export async function limitKey(given: GivenTo<'merchant key limit'>, terminal: Terminal): Promise<number> {
  const id = namedKeyId(given.arguments.key);
  const requestsPerS = keyRate(given.options.rate, 'merchant key limit');
  const operator = operatorOf('merchant key limit', given.options.by);
  const limited = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      const before = await findApiKey(connection, id);
      const result = before === null ? null : await limitApiKey(connection, id, requestsPerS);
      if (before === null || result === null) return { result, action: null };
      return { result, action: changeOf('merchant key limit', before, result) };
    }),
  );
  if (limited === null) throw unknownKey(id);
  terminal.out(
    given.options.json
      ? jsonText(keyDocument(limited))
      : `key ${limited.id} may make ${limited.requestsPerS ?? "SHOUDAN_RATE_LIMIT's"} requests a second: gateways that run ` +
          'notice it within 5 seconds\n',
  );
  return exitCodes.done;
}

function changeOf(action: 'merchant key limit' | 'merchant key revoke', before: ListedKey, after: ListedKey) {
  return {
    action,
    merchantId: after.merchantId,
    subject: 'api_key' as const,
    subjectId: after.id,
    note: null,
    before: keyState(before),
    after: keyState(after),
  };
}

/** `shoudan merchant key revoke`. */
export async function revokeKey(given: GivenTo<'merchant key revoke'>, terminal: Terminal): Promise<number> {
  const id = namedKeyId(given.arguments.key);
  const operator = operatorOf('merchant key revoke', given.options.by);
  const revoked = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      const before = await findApiKey(connection, id);
      const result = before === null ? null : await revokeApiKey(connection, id);
      if (before === null || result === null) return { result, action: null };
      return { result, action: changeOf('merchant key revoke', before, result) };
    }),
  );
  if (revoked === null) throw unknownKey(id);
  terminal.out(
    given.options.json
      ? jsonText(keyDocument(revoked))
      : `key ${revoked.id} is revoked: gateways that run take it for 5 seconds more at most\n`,
  );
  return exitCodes.done;
}

function keyState({ label, requestsPerS, revokedAt }: ListedKey) {
  return { label, requests_per_s: requestsPerS, revoked_at: revokedAt?.toISOString() ?? null };
}

function keyDocument(key: ListedKey) {
  return {
    id: key.id,
    scope: key.scope,
    merchant_id: key.merchantId,
    channel_id: key.channelId,
    label: key.label,
    requests_per_s: key.requestsPerS,
    signature_required: key.signatureRequired,
    created_at: key.createdAt.toISOString(),
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt === null ? null : key.revokedAt.toISOString(),
  };
}
