import { type Difference, differences, statusOf, type Violation } from './audit.ts';
import type { Victim } from './kill-plan.ts';
import type { PlainResult } from './plain-contestant.ts';
import type { Rows, WaitingRows } from './rows.ts';
import type { TillCounts } from './till.ts';
import type { LedgerLine } from './wallet-control.ts';

export interface Outcome {
  readonly print: (line: string) => void;
  readonly violations: readonly Violation[];
  readonly rows: Rows;
  readonly ledger: readonly LedgerLine[];
  readonly kills: ReadonlyMap<Victim, number>;
  readonly waiting: WaitingRows;
  readonly counts: TillCounts;
  readonly plain: PlainResult;
  readonly database: string;
  timeline(paymentId: string): Promise<readonly string[]>;
}

/** Violations that are shown with all that is known of their payment; the others are named. */
const shownMax = 5;
const namedMax = 50;

/** What happened, what came of it, and as the last line what counts. */
export async function printReport(outcome: Outcome): Promise<void> {
  const { print, rows, ledger, counts, kills, waiting, violations, plain } = outcome;
  print('');
  print(outcome.database);
  print(`kill -9: ${[...kills].map(([victim, times]) => `${victim} ${times}`).join(', ')}`);
  print(
    `tills: ${counts.sales} sales; ${counts.unanswered} calls without an answer, ${counts.vanished} tills switched off, ` +
      `${counts.gaveUp} gave up`,
  );
  print(`refused: ${inOrder(counts.refusals)}`);
  const event = (type: string): number => rows.events.get(type) ?? 0;
  print(
    `wallet: ${event('WalletAnswerMissing')} pays without a final answer, ${event('SuccessFound')} of them found paid later; ` +
      `${event('ReversalDecided')} reversals, ${event('NothingFoundToCancel')} of them found nothing at first, ` +
      `${event('PaymentEvidenceAfterEnd')} late payments given back, ${rows.refunds.length} refunds, ` +
      `${rows.deliveries.length} messages`,
  );
  print('');
  for (const line of productLines(rows)) print(line);
  print('');
  for (const difference of Object.keys(differences) as Difference[]) {
    const found = violations.filter((violation) => violation.difference === difference);
    print(`${difference.padEnd(13)} ${`${found.length}`.padStart(5)}   ${differences[difference]}`);
  }
  const still = waiting.payments + waiting.refunds + waiting.deliveries;
  if (still > 0) print(`${still} rows did not come to rest in time`);
  print('');
  const share = (part: number, whole: number): string =>
    `${part} of ${whole} (${whole === 0 ? '0' : ((100 * part) / whole).toFixed(1)} %)`;
  const oneSided = violations.filter(({ difference }) => difference === 'one_sided').length;
  print(`one-sided here:                             ${share(oneSided, rows.payments.length)}`);
  print(`one-sided by the plain official-SDK way:    ${share(plain.oneSided, plain.payments)}`);
  await printViolations(outcome, ledger);
  const killed = [...kills.values()].reduce((sum, times) => sum + times, 0);
  print(`${rows.payments.length} payments, ${killed} kills, ${violations.length} violations`);
}

async function printViolations(
  { print, violations, timeline }: Outcome,
  ledger: readonly LedgerLine[],
): Promise<void> {
  for (const [index, { difference, detail, paymentId }] of violations.entries()) {
    if (index === namedMax) {
      print(`… and ${violations.length - namedMax} more`);
      break;
    }
    print(`${difference}: ${detail}`);
    if (index >= shownMax || paymentId === null) continue;
    for (const line of await timeline(paymentId)) print(`    ${line}`);
    const requestId = paymentId.replace(/^pay_/, 'P');
    const line = ledger.find((one) => one.payment_request_id === requestId);
    print(`    wallet: ${line === undefined ? 'knows nothing of it' : JSON.stringify(line)}`);
  }
}

function inOrder(counts: ReadonlyMap<string, number>): string {
  const most = [...counts].toSorted(([, a], [, b]) => b - a);
  return most.length === 0 ? 'nothing' : most.map(([name, times]) => `${name} ${times}`).join(', ');
}

const ends = ['succeeded', 'failed', 'cancelled', 'processing'] as const;

/** Payments by wallet and product, and how they ended. */
function productLines({ payments }: Rows): string[] {
  const groups = Map.groupBy(payments, ({ wallet, product }) => `${wallet} ${product}`);
  const head = ['payments'.padEnd(26), ...['all', ...ends].map((name) => name.padStart(11))].join('');
  const lines = [...groups]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, group]) => {
      const by = Map.groupBy(group, statusOf);
      const counts = [group.length, ...ends.map((end) => by.get(end)?.length ?? 0)];
      return [name.padEnd(26), ...counts.map((count) => `${count}`.padStart(11))].join('');
    });
  return [head, ...lines];
}
