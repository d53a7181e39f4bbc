import { callFaultNames, walletCalls } from './plan.ts';
import { moneyCases, type Tally } from './tally.ts';
import { lifecycles } from './timeline-audit.ts';

/** What a run should show, by group: a name that never occurred is a gap and is printed with its 0. */
const expected: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries(lifecycles).map(([name, edges]) => [name, [...edges.keys()]] as const),
  ['money case', Object.values(moneyCases)],
  [
    'fault',
    [
      'process crashes',
      'process stalls',
      'database is slow',
      'database call fails before its effect',
      'database call fails after its effect',
      'inquiry does not find at first',
      'pay beyond the horizon',
    ],
  ],
  ...walletCalls.map((call) => [`fault of ${call}`, Object.values(callFaultNames)] as const),
  ['fault of delivery', ['endpoint down', 'refused', 'times out', 'answer lost']],
  ['fault of merchant request', ['request lost', 'request late', 'answer lost']],
  ['payer', ['is asked', 'confirms', 'refuses', 'dawdles', 'is declined']],
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
