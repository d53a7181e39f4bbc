import {
  findApiKey,
  idOfKey,
  type ListedKey,
  listApiKeys,
  revokeApiKey,
} from '../adapters/postgres/api-keys.ts';
import { createApiKey } from '../adapters/postgres/merchant-records.ts';
import { withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { fields, jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { namedMerchant } from './named-merchant.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan merchant key add`: the key is shown once; the database keeps its hash alone. */
export async function addKey({ options }: GivenTo<'merchant key add'>, terminal: Terminal): Promise<number> {
  if ((options.merchant === undefined) !== options.acquirer) {
    throw usageError('merchant key add needs either --merchant or --acquirer', 'merchant key add');
  }
  const { merchant: merchantId = null, label = 'cli' } = options;
  const operator = operatorOf('merchant key add', options.by);
  const settings = readSettings(terminal.env);
  return withDatabase(settings, async (database) => {
    if (merchantId !== null) await namedMerchant(database, merchantId);
    const apiKey = await withOperatorAction(database, operator, async (connection) => {
      const result = await createApiKey(connection, { environment: settings.environment, merchantId, label });
      const scope = merchantId === null ? 'acquirer' : 'merchant';
      return {
        result,
        action: {
          action: 'merchant key add',
          merchantId,
          subject: 'api_key',
          subjectId: idOfKey(result),
          note: null,
          before: null,
          after: { scope, label },
        },
      };
    });
    const id = idOfKey(apiKey);
    terminal.out(
      options.json
        ? jsonText({ id, api_key: apiKey, merchant_id: merchantId, label })
        : `${fields([
            ['key', id],
            ['for', merchantId === null ? 'the acquirer' : `merchant ${merchantId}`],
            ['label', label],
          ])}\nThe API key, shown this once:\n  ${apiKey}\n`,
    );
    return exitCodes.done;
  });
}

/** `shoudan merchant key list`. */
export async function listKeys(
  { options }: GivenTo<'merchant key list'>,
  terminal: Terminal,
): Promise<number> {
  const keys = await withDatabase(readSettings(terminal.env), (database) =>
    listApiKeys(database, { merchantId: options.merchant }),
  );
  if (options.json) terminal.out(jsonText({ data: keys.map(keyDocument) }));
  else if (keys.length === 0) terminal.out('no API key yet: `shoudan merchant key add`\n');
  else {
    const rows = keys.map((key) => [
      key.id,
      key.merchantId ?? 'acquirer',
      key.label,
      key.createdAt.toISOString(),
      key.revokedAt === null ? '' : key.revokedAt.toISOString(),
    ]);
    terminal.out(table(['key', 'for', 'label', 'created', 'revoked'], rows));
  }
  return exitCodes.done;
}

/** `shoudan merchant key revoke`: by its id, or by the key itself when that is all that was found. */
export async function revokeKey(given: GivenTo<'merchant key revoke'>, terminal: Terminal): Promise<number> {
  const { key } = given.arguments;
  const id = key.startsWith('sk_') ? idOfKey(key) : key.toLowerCase();
  const operator = operatorOf('merchant key revoke', given.options.by);
  const revoked = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      const before = await findApiKey(connection, id);
      const result = before === null ? null : await revokeApiKey(connection, id);
      if (before === null || result === null) return { result, action: null };
      return {
        result,
        action: {
          action: 'merchant key revoke',
          merchantId: result.merchantId,
          subject: 'api_key',
          subjectId: id,
          note: null,
          before: keyState(before),
          after: keyState(result),
        },
      };
    }),
  );
  if (revoked === null) {
    throw new CommandFailure(
      exitCodes.failed,
      `no API key ${printable(id)} is known: \`shoudan merchant key list\` shows their ids`,
    );
  }
  terminal.out(given.options.json ? jsonText(keyDocument(revoked)) : `key ${revoked.id} is revoked\n`);
  return exitCodes.done;
}

function keyState({ label, revokedAt }: ListedKey) {
  return { label, revoked_at: revokedAt?.toISOString() ?? null };
}

function keyDocument(key: ListedKey) {
  return {
    id: key.id,
    scope: key.scope,
    merchant_id: key.merchantId,
    label: key.label,
    created_at: key.createdAt.toISOString(),
    revoked_at: key.revokedAt === null ? null : key.revokedAt.toISOString(),
  };
}
