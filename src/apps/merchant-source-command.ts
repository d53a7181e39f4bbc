import { lockChannels } from '../adapters/postgres/channels.ts';
import {
  type CorrectedMerchant,
  correctSources,
  type SourceHolder,
} from '../adapters/postgres/merchant-sources.ts';
import { type AuditDocument, withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { sourceForm } from '../inbound/cli/merchant-options.ts';
import { jsonText, printable } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { namedChannel } from './named-channel.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan merchant source set`: who has brought merchants, corrected for many of them at once. ONB-02. */
export async function setSources(
  { options }: GivenTo<'merchant source set'>,
  terminal: Terminal,
): Promise<number> {
  const from = options.from === '' ? null : pidOf('from', options.from);
  const to = pidOf('to', options.to);
  const of = holderOf(options);
  const operator = operatorOf('merchant source set', options.by);
  const corrected = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      await lockChannels(connection);
      if (of.kind === 'branch') await namedChannel(connection, 'channel', of.channelId);
      const result = await correctSources(connection, { from, to, of });
      if (result.length === 0) return { result, action: null };
      return {
        result,
        action: {
          action: 'merchant source set',
          merchantId: null,
          subject: 'source',
          subjectId: to,
          note: null,
          before: { source: from },
          after: { source: to, ...loggedMerchants(result) },
        },
      };
    }),
  );
  const unusual = corrected.filter(({ isUnusual }) => isUnusual).map(({ merchantId }) => merchantId);
  if (unusual.length > 0) {
    terminal.err(
      `shoudan: ${unusual.length} of them have another default than ${to}, their channel's or the seller of their account: ` +
        '`shoudan merchant show` tells, `--from` and `--to` the other way round take it back\n',
    );
  }
  const merchants = corrected.map(({ merchantId }) => merchantId);
  if (options.json)
    terminal.out(jsonText({ source: to, corrected_merchants: merchants, unusual_merchants: unusual }));
  else terminal.out(`the source of ${merchants.length} merchants was corrected to ${to}\n`);
  return exitCodes.done;
}

/** As many of the merchants stand in the audit log by their ids. */
const loggedMax = 100;

/** What the audit log tells of merchants whose source was corrected. */
export function loggedMerchants(corrected: readonly CorrectedMerchant[]): AuditDocument {
  const merchants = corrected.slice(0, loggedMax).map(({ merchantId }) => merchantId);
  return { corrected: corrected.length, corrected_merchants: merchants };
}

function holderOf(options: GivenTo<'merchant source set'>['options']): SourceHolder {
  if (options.channel === undefined) return { kind: options.acquirer ? 'acquirer' : 'all' };
  if (!options.acquirer) return { kind: 'branch', channelId: options.channel };
  throw usageError('merchant source set takes --channel or --acquirer, not both', 'merchant source set');
}

function pidOf(option: 'from' | 'to', text: string): string {
  if (sourceForm.test(text)) return text;
  throw usageError(`--${option} ${printable(text)} is not the 16 digits of a PID`, 'merchant source set');
}
