import { type Difference, differences, statusOf, type Violation } from './audit.ts';
import type { Victim } from './kill-plan.ts';
import type { PlainResult } from './plain-contestant.ts';
import type { Rows, WaitingRows } from './rows.ts';
import type { TillCounts } from './till.ts';
import type { LedgerLine, WalletControl } from './wallet-control.ts';

export interface Outcome {
  readonly print: (line: string) => void;
  readonly violations: readonly Violation[];
  readonly rows: Rows;
  readonly ledger: readonly LedgerLine[];
  readonly kills: ReadonlyMap<Victim, number>;
  readonly killsPlanned: number;
  readonly faults: Awaited<ReturnType<WalletControl['recentFaults']>>;
  readonly waiting: WaitingRows;
  readonly counts: TillCounts;
  readonly plain: PlainResult;
  readonly database: string;
  timeline(paymentId: string): Promise<readonly string[]>;
}

/** Money that turned up after the payment had ended, or after nothing was found to cancel. */
const lateEvents = [
  'LatePaymentFound',
  'PaymentEvidenceAfterEnd',
  'PaymentEvidenceAfterReversal',
  'PaymentEvidenceAfterHorizon',
];
/** Payments that are shown with all that is known of them, and violations that are named. */
const shownMax = 5;
const namedMax = 50;

/** What happened, what came of it, and as the last line what counts. */
export async function printReport(outcome: Outcome): Promise<void> {
  const { print, rows, counts, kills, waiting, violations, plain } = outcome;
  print('');
  print(outcome.database);
  const killed = [...kills.values()].reduce((sum, times) => sum + times, 0);
  print(
    `kill -9: ${[...kills].map(([victim, times]) => `${victim} ${times}`).join(', ')}; ` +
      `${killed} of ${outcome.killsPlanned} planned`,
  );
  const { calls, faults } = outcome.faults;
  const met = [...faults].toSorted().map(([fault, times]) => `${fault} ${times}`);
  print(`faults in the wallets' last ${calls} calls: ${met.length === 0 ? 'none' : met.join(', ')}`);
  print(
    `tills: ${counts.sales} sales; ${counts.unanswered} calls without an answer, ${counts.vanished} tills switched off, ` +
      `${counts.gaveUp} gave up`,
  );
  print(`refused: ${inOrder(counts.refusals)}`);
  const event = (type: string): number => rows.events.get(type) ?? 0;
  print(
    `wallet: ${event('WalletAnswerMissing')} pays without a final answer, ${event('SuccessFound')} of them found paid later; ` +
      `${event('ReversalDecided')} reversals, ${event('NothingFoundToCancel')} of them found nothing at first, ` +
      `${lateEvents.reduce((sum, type) => sum + event(type), 0)} late payments found and given back, ${rows.refunds.length} refunds, ` +
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
  for (const line of [...violationLines(violations), ...(await traceLines(outcome))]) print(line);
  print(`${rows.payments.length} payments, ${killed} kills, ${violations.length} violations`);
}

/** Each violation in a line, up to a number that people read. */
export function violationLines(violations: readonly Violation[]): string[] {
  const lines = violations.slice(0, namedMax).map(({ difference, detail }) => `${difference}: ${detail}`);
  const more = violations.length - lines.length;
  return more === 0 ? lines : [...lines, `… and ${more} more`];
}

/** All that is known of the first payments that something is wrong with. */
async function traceLines({ violations, timeline, ledger }: Outcome): Promise<string[]> {
  const ids = new Set(violations.flatMap(({ paymentId }) => paymentId ?? []));
  const lines: string[] = [];
  for (const id of [...ids].slice(0, shownMax)) {
    const line = ledger.find((one) => one.payment_request_id === id.replace(/^pay_/, 'P'));
    lines.push(`${id}; wallet: ${line === undefined ? 'knows nothing of it' : JSON.stringify(line)}`);
    for (const event of await timeline(id)) lines.push(`    ${event}`);
  }
  return lines;
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
