import { idOfKey, type ListedKey, listApiKeys, revokeApiKey } from '../adapters/postgres/api-keys.ts';
import { createApiKey } from '../adapters/postgres/merchant-records.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { fields, jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { namedMerchant } from './named-merchant.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan merchant key add`: the key is shown once; the database keeps its hash alone. */
export async function addKey({ options }: GivenTo<'merchant key add'>, terminal: Terminal): Promise<number> {
  if ((options.merchant === undefined) !== options.acquirer) {
    throw usageError('merchant key add needs either --merchant or --acquirer', 'merchant key add');
  }
  const { merchant: merchantId = null, label = 'cli' } = options;
  const settings = readSettings(terminal.env);
  return withDatabase(settings, async (database) => {
    if (merchantId !== null) await namedMerchant(database, merchantId);
    const apiKey = await createApiKey(database, { environment: settings.environment, merchantId, label });
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
    listApiKeys(database, options.merchant ?? null),
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
  const revoked = await withDatabase(readSettings(terminal.env), (database) => revokeApiKey(database, id));
  if (revoked === null) {
    throw new CommandFailure(
      exitCodes.failed,
      `no API key ${printable(id)} is known: \`shoudan merchant key list\` shows their ids`,
    );
  }
  terminal.out(given.options.json ? jsonText(keyDocument(revoked)) : `key ${revoked.id} is revoked\n`);
  return exitCodes.done;
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
