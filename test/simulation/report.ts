import { paymentMoves } from '../../src/domain/payment.ts';
import { clockFaultNames } from './clocks.ts';
import { lostSaleEnds, lostSaleKinds } from './lost-sales.ts';
import { merchantDeeds } from './merchant-traits.ts';
import { noticeFaultNames } from './notices.ts';
import { outageNames, outageSteps } from './outage.ts';
import { partitionNames } from './partitions.ts';
import { callFaultNames, walletCalls } from './plan.ts';
import { situations } from './run-tally.ts';
import { misleadingStatuses, moneyCases, type Tally } from './tally.ts';
import { lifecycles } from './timeline-audit.ts';

/** What a run should show, by group: a name that never occurred is a gap and is printed with its 0. */
const expected: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries(lifecycles).map(([name, edges]) => [name, [...edges.keys()]] as const),
  ['money case', Object.values(moneyCases)],
  ['misleading status', Object.values(misleadingStatuses)],
  [
    'fault',
    [
      'process crashes',
      'process stalls',
      'database is slow',
      'database call fails before its effect',
      'database call fails after its effect',
      'inquiry does not find at first',
      'cancel does not find at first',
      'pay beyond the horizon',
      ...Object.values(outageNames),
      ...Object.values(clockFaultNames),
      ...Object.values(partitionNames),
    ],
  ],
  ['through an outage', Object.values(outageSteps)],
  ...walletCalls.map((call) => [`fault of ${call}`, Object.values(callFaultNames)] as const),
  ['fault of delivery', ['endpoint down', 'refused', 'times out', 'answer lost']],
  [
    'endpoint',
    ['is disabled', 'is enabled', 'is enabled with what was held', 'hears again what was given up'],
  ],
  ['fault of merchant request', ['request lost', 'request late', 'answer lost']],
  ['fault of notification', noticeFaultNames],
  [
    'notification',
    [
      'paid is acknowledged',
      'not_paid is acknowledged',
      'awaiting_payer is acknowledged',
      'is the first evidence of payment',
      'is kept as nobody’s',
      'is given up by its wallet',
    ],
  ],
  ['success notified of a payment that is', Object.keys(paymentMoves).filter((state) => state !== 'failed')],
  [
    'payer',
    [
      'is asked',
      'confirms',
      'refuses',
      'dawdles',
      'is declined',
      'confirms about the close',
      'is too late',
      'scans a dead code',
      'scans what another one has scanned',
      'scans what is paid or closed',
    ],
  ],
  [
    'visitor',
    [
      'is shown a code',
      'is the second one at a code',
      'is sent to the wallet',
      'taps twice',
      'reloads and begins anew',
      'comes with a second phone',
      'dawdles',
      'abandons',
      'comes about the close or later',
      'gets no URL in time',
      'closes the page before the end',
      'sees the payment succeed',
    ],
  ],
  [
    'wallet',
    [
      'issues for an entry_code',
      'issues for an order_code',
      'issues a code that is no trade yet',
      'gets the money of what it has cancelled',
      'cancels what nobody here asked it to',
      'lets a refund id fail for good',
      'is given a new refund id by a reversal',
      'finds nothing to cancel',
      'cancels an unpaid payment',
      'cancels a paid payment',
      'cancel window has passed',
      'is told to cancel what has failed',
      'is told to cancel what is closed',
      'refunds',
      'refuses a refund',
      'is told to refund again',
      'is told to refund too soon',
      'position is short',
    ],
  ],
  [
    'merchant',
    [
      ...Object.values(merchantDeeds),
      'cancel by payment accepted',
      'cancel by order accepted',
      'cancel by order held',
      'cancel by request accepted',
    ],
  ],
  ['lost sale', [...Object.values(lostSaleKinds), ...Object.values(lostSaleEnds)]],
  ['situation', Object.values(situations)],
  ['paid by', ['entry_code', 'order_code']],
  ['reported', [...walletCalls, 'notification'].map((call) => `untrusted answer to ${call}`)],
]);

const lineWidth = 110;

/** The tally as lines: a paragraph for each group, the expected names first; one that never occurred is a gap. */
export function tallyLines(tally: Tally): string[] {
  const lines: string[] = [];
  for (const group of new Set([...expected.keys(), ...tally.counts.keys()])) {
    const counted = tally.counts.get(group) ?? new Map<string, number>();
    const names = new Set([...(expected.get(group) ?? []), ...[...counted.keys()].sort()]);
    let line = `${group}:`;
    for (const name of names) {
      const count = counted.get(name) ?? 0;
      const part = ` ${name} ${count}${count === 0 ? ' (a gap)' : ''};`;
      if (line.length + part.length > lineWidth) {
        lines.push(line);
        line = '   ';
      }
      line += part;
    }
    lines.push(line.replace(/;$/, ''));
  }
  return lines;
}

/** Names that should have occurred and did not. */
export function gaps(tally: Tally): string[] {
  return [...expected].flatMap(([group, names]) =>
    names.filter((name) => !tally.counts.get(group)?.has(name)).map((name) => `${group}: ${name}`),
  );
}

/**
 * So many seeds show everything that a run should show: what is rarest occurs some ten times in them. In fewer, chance may leave
 * something out.
 */
const completeFrom = 10_000;

/** What so many seeds had to show, and did not. */
export function missingFrom(tally: Tally, seeds: number): string[] {
  return seeds < completeFrom ? [] : gaps(tally);
}
