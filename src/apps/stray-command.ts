import {
  clearStrays,
  findStrays,
  type ListedStray,
  listStrayNotifications,
} from '../adapters/postgres/notifications.ts';
import { withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import { writtenLine } from '../inbound/cli/written-line.ts';
import type { Terminal } from './command-line.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

const listedAtMost = 10_000;

/** `shoudan stray list`. */
export async function listStrays({ options }: GivenTo<'stray list'>, terminal: Terminal): Promise<number> {
  const { rows, total } = await withDatabase(readSettings(terminal.env), (database) =>
    listStrayNotifications(database, listedAtMost, options.all ? 'all' : 'open'),
  );
  if (options.json) terminal.out(jsonText({ data: rows.map(strayDocument), total }));
  else if (total === 0) terminal.out(`no stray notification${options.all ? '' : ' that is not cleared'}\n`);
  else terminal.out(straysText(rows, options.all));
  if (total > rows.length) terminal.err(`shoudan: the first ${rows.length} of ${total}\n`);
  return exitCodes.done;
}

/** `shoudan stray clear`: everything that one account has told of the upstream id. Money case 10. */
export async function clearStray(given: GivenTo<'stray clear'>, terminal: Terminal): Promise<number> {
  const { request } = given.arguments;
  const note = writtenLine('stray clear', 'note', given.options.note, 500);
  const operator = operatorOf('stray clear', given.options.by);
  const cleared = await withDatabase(readSettings(terminal.env), async (database) => {
    const { wallet, account } = given.options;
    const named = (await findStrays(database, request)).filter(
      (stray) =>
        (wallet === undefined || stray.wallet === wallet) &&
        (account === undefined || stray.account === account),
    );
    const meant = onlyOpen(named, request);
    return withOperatorAction(database, operator, async (connection) => {
      const result = await clearStrays(connection, meant, note);
      const after = {
        wallet: meant.wallet,
        account: meant.account,
        cleared: result.map(({ says }) => says),
      };
      return {
        result,
        action: {
          action: 'stray clear',
          merchantId: null,
          subject: 'stray_notification',
          subjectId: request,
          note,
          before: null,
          after,
        },
      };
    });
  });
  terminal.out(
    given.options.json
      ? jsonText({ data: cleared.map(strayDocument) })
      : `cleared ${printable(request)}: ${cleared.map(({ says }) => printable(says)).join('; ')}\n`,
  );
  return exitCodes.done;
}

function onlyOpen(strays: readonly ListedStray[], request: string): ListedStray {
  const open = strays.filter(({ cleared }) => cleared === null);
  const [first] = open;
  if (first === undefined) {
    const cleared = strays.at(-1)?.cleared ?? null;
    throw new CommandFailure(
      exitCodes.failed,
      cleared === null
        ? `no stray notification names ${printable(request)}: \`shoudan stray list\` shows those that there are`
        : `${printable(request)} is cleared since ${cleared.at.toISOString()}: ${printable(cleared.note)}`,
    );
  }
  const other = open.find(({ wallet, account }) => wallet !== first.wallet || account !== first.account);
  if (other === undefined) return first;
  throw new CommandFailure(
    exitCodes.failed,
    `${printable(request)} was told of by ${first.wallet}/${first.account} and ${other.wallet}/${other.account}: ` +
      'choose one with --wallet and --account',
  );
}

function straysText(strays: readonly ListedStray[], withCleared: boolean): string {
  const rows = strays.map((stray) => [
    stray.wallet,
    stray.account,
    stray.paymentRequestId,
    stray.says,
    `${stray.times}`,
    stray.since.toISOString(),
    stray.lastAt.toISOString(),
    ...(withCleared ? [stray.cleared?.at.toISOString() ?? '', stray.cleared?.note ?? ''] : []),
  ]);
  const head = ['wallet', 'account', 'payment_request_id', 'says', 'times', 'since', 'last'];
  return table(withCleared ? [...head, 'cleared', 'note'] : head, rows);
}

function strayDocument(stray: ListedStray) {
  return {
    wallet: stray.wallet,
    account: stray.account,
    payment_request_id: stray.paymentRequestId,
    says: stray.says,
    times: stray.times,
    since: stray.since.toISOString(),
    last_at: stray.lastAt.toISOString(),
    cleared_at: stray.cleared?.at.toISOString() ?? null,
    note: stray.cleared?.note ?? null,
  };
}
