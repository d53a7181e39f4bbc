import { type AuditDocument, withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import { listValuesToReseal, resealAll, type Unsealed } from '../adapters/postgres/resealing.ts';
import { masterKeyName, SealingError } from '../adapters/sealing.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { fields, jsonText } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { masterKeyOf, sealingOf } from './master-key.ts';
import { operatorOf } from './operator.ts';
import { readSettings, type Settings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/**
 * `shoudan master-key rotate`: every value that is not marked as sealed under the master key is sealed again. What was
 * stopped half-way is begun again, and goes on where it was.
 */
export async function rotateMasterKey(
  { options }: GivenTo<'master-key rotate'>,
  terminal: Terminal,
): Promise<number> {
  const operator = operatorOf('master-key rotate', options.by);
  const settings = readSettings(terminal.env);
  if (settings.furtherMasterKeys.length === 0) {
    throw new CommandFailure(
      exitCodes.failed,
      'SHOUDAN_FURTHER_MASTER_KEYS is not set: there is no key to change from. Set it to the one before.',
    );
  }
  const sealing = sealingOf(settings);
  const name = masterKeyName(masterKeyOf(settings));
  return withDatabase(settings, async (database) => {
    if (!options.check) {
      // Before the first value, so that nothing is changed without it; how many there were is known by then.
      await withOperatorAction(database, operator, async (connection) => ({
        result: null,
        action: {
          action: 'master-key rotate',
          merchantId: null,
          subject: 'master_key',
          subjectId: name,
          note: null,
          before: null,
          after: { master_key: name, to_seal: tallied(await listValuesToReseal(connection, sealing)) },
        },
      }));
    }
    const sealed = new Map<string, number>();
    if (!options.check) {
      await orComplaint(settings, () =>
        resealAll(database, sealing, (table, values) => {
          sealed.set(table, (sealed.get(table) ?? 0) + values);
        }),
      );
    }
    const left = await listValuesToReseal(database, sealing);
    const names = settings.furtherMasterKeys.map(masterKeyName);
    terminal.out(
      options.json
        ? jsonText({
            master_key: name,
            further_master_keys: names,
            sealed: Object.fromEntries(sealed),
            left: tallied(left),
          })
        : fields([
            ['master key', name],
            ...[...sealed].map(([table, values]) => [table, `${values} sealed again`] as const),
            ...left.map(({ table, values }) => [table, `${values} left`] as const),
            ['further keys', left.length === 0 ? `${names.join(', ')}: needed no more` : names.join(', ')],
          ]),
    );
    if (left.length === 0) return exitCodes.done;
    terminal.err(
      options.check
        ? 'shoudan: values are left: `shoudan master-key rotate` seals them again\n'
        : 'shoudan: values are left: a process still seals with another key; begin again when none does\n',
    );
    return exitCodes.failed;
  });
}

function tallied(values: readonly Unsealed[]): AuditDocument {
  return Object.fromEntries(values.map((each) => [each.table, each.values]));
}

/** What cannot be opened with the given keys stops it: leaving it behind would lose it with the old key. */
async function orComplaint(settings: Settings, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    const given = [masterKeyOf(settings), ...settings.furtherMasterKeys].map(masterKeyName).join(', ');
    throw new CommandFailure(
      exitCodes.failed,
      `${error.message}; given are ${given}. What was sealed again so far stays so: give the right keys and begin again`,
    );
  }
}
