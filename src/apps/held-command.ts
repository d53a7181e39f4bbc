import {
  type ClearedHeldCancel,
  clearHeldCancel,
  findHeldCancel,
  type HeldCancel,
  listHeldCancels,
} from '../adapters/postgres/held-cancels.ts';
import { type AuditDocument, withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import type { StrayCancel } from '../domain/stray-cancel.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import { writtenLine } from '../inbound/cli/written-line.ts';
import { strayCancelSnapshot } from '../operations/snapshots.ts';
import type { Terminal } from './command-line.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

const listedAtMost = 10_000;

/** `shoudan held list`. */
export async function listHeld({ options }: GivenTo<'held list'>, terminal: Terminal): Promise<number> {
  const { rows, total } = await withDatabase(readSettings(terminal.env), (database) =>
    listHeldCancels(database, listedAtMost, options.all ? 'all' : 'in_sight'),
  );
  if (options.json) terminal.out(jsonText({ data: rows.map(heldDocument), total }));
  else if (total === 0) terminal.out(`no held cancel${options.all ? '' : ' that is not cleared'}\n`);
  else terminal.out(heldText(rows, options.all));
  if (total > rows.length) terminal.err(`… and ${total - rows.length} more\n`);
  return exitCodes.done;
}

/** `shoudan held clear`. Money case 10. */
export async function clearHeld(given: GivenTo<'held clear'>, terminal: Terminal): Promise<number> {
  const { request } = given.arguments;
  const { 'give-up': givesUp } = given.options;
  const note = writtenLine('held clear', 'note', given.options.note, 500);
  const operator = operatorOf('held clear', given.options.by);
  const held = await withDatabase(readSettings(terminal.env), async (database) => {
    const found = await findHeldCancel(database, request);
    if (found === null) {
      throw new CommandFailure(
        exitCodes.failed,
        `no held cancel names ${printable(request)}: \`shoudan held list\` shows those that there are`,
      );
    }
    const result = await withOperatorAction<ClearedHeldCancel>(database, operator, async (connection) => {
      const outcome = await clearHeldCancel(connection, found, note, givesUp);
      if (outcome.kind === 'open') return { result: outcome, action: null };
      return {
        result: outcome,
        action: {
          action: 'held clear',
          merchantId: found.merchantId,
          subject: 'held_cancel',
          subjectId: request,
          note,
          before: heldState(found, null),
          after: heldState(outcome.held, givesUp),
        },
      };
    });
    if (result.kind === 'cleared') return result.held;
    const accounts = result.strays.map(({ wallet, account }) => `${wallet}/${account}`).join(', ');
    throw new CommandFailure(
      exitCodes.failed,
      `the cancel of ${printable(request)} is still on its way to ${accounts}: wait for its end, or add --give-up when ` +
        'you know from the wallet that there is nothing left to cancel',
    );
  });
  terminal.out(
    given.options.json
      ? jsonText(heldDocument(held))
      : `cleared the cancel of ${printable(held.paymentRequestId)}\n`,
  );
  return exitCodes.done;
}

/** As the audit log has it. */
function heldState({ cleared, strays }: HeldCancel, givenUp: boolean | null): AuditDocument {
  return {
    cleared_at: cleared?.at.toISOString() ?? null,
    given_up: givenUp,
    next_steps: strays.map(
      ({ wallet, account, nextStep }) => `${wallet}/${account} ${nextStep?.action ?? '-'}`,
    ),
  };
}

/** One line for each account that it goes to. */
export function heldText(held: readonly HeldCancel[], withCleared: boolean): string {
  const rows = held.flatMap((each) => {
    const { merchantId, paymentRequestId, since, strays, cleared } = each;
    const lines: readonly string[][] =
      strays.length === 0 ? [['-', 'no account to send it to']] : strays.map(wayOf);
    return lines.map((way) => [
      merchantId,
      paymentRequestId,
      since.toISOString(),
      ...way,
      ...(withCleared ? [cleared?.at.toISOString() ?? '', cleared?.note ?? ''] : []),
    ]);
  });
  const head = ['merchant', 'payment_request_id', 'since', 'account', 'has come to'];
  return table(withCleared ? [...head, 'cleared', 'note'] : head, rows);
}

function wayOf(cancel: StrayCancel): string[] {
  return [`${cancel.wallet}/${cancel.account}`, outcomeText(cancel)];
}

function outcomeText(cancel: StrayCancel): string {
  const { reversal, nextStep, attention, tries } = cancel;
  const next =
    nextStep === null
      ? ''
      : `; next ${nextStep.action} at ${nextStep.dueAt.toISOString()} after ${tries} tries`;
  const needs = attention === null ? '' : `; ${attention.reason} since ${attention.since.toISOString()}`;
  const givenUp = nextStep === null && reversal.state !== 'effected' && reversal.state !== 'baseless';
  return `${givenUp ? 'given up by hand' : outcomes[reversal.state]}${next}${needs}`;
}

const outcomes: { readonly [state in StrayCancel['reversal']['state']]: string } = {
  cancelling: 'being cancelled',
  settling: 'being refunded',
  refunding: 'being refunded',
  watching: 'the wallet does not know it so far, and is asked again',
  effected: 'undone at the wallet',
  baseless: 'the wallet never knew it',
};

/** As `--json` shows it. */
export function heldDocument({ merchantId, paymentRequestId, since, strays, cleared }: HeldCancel) {
  return {
    merchant_id: merchantId,
    payment_request_id: paymentRequestId,
    since: since.toISOString(),
    wallets: strays.map((cancel) => ({
      ...strayCancelSnapshot(cancel),
      account: cancel.account,
      outcome: cancel.reversal.state,
      tries: cancel.tries,
    })),
    cleared_at: cleared?.at.toISOString() ?? null,
    note: cleared?.note ?? null,
  };
}
