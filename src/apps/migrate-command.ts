import { migrate } from '../adapters/postgres/migrations.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes } from '../inbound/cli/exit-codes.ts';
import { jsonText } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { sharedDatabase } from './database-of-settings.ts';
import { readSettings } from './settings.ts';

/** `shoudan migrate`: brings the database to the schema of this version. Safe to repeat and to run twice at once. */
export async function migrateDatabase({ options }: GivenTo<'migrate'>, terminal: Terminal): Promise<number> {
  const access = await sharedDatabase(readSettings(terminal.env), () => {});
  try {
    const applied = await migrate(access.url);
    const lines = applied.map((name) => `applied ${name}\n`).join('');
    terminal.out(
      options.json
        ? jsonText({ database: access.description, applied })
        : `${lines}the schema of ${access.description} is up to date\n`,
    );
    return exitCodes.done;
  } finally {
    await access.release();
  }
}
