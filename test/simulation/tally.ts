/** How often things have occurred, by group and name. */
export interface Tally {
  count(group: string, name: string): void;
  readonly counts: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Adds what another tally has counted. */
  add(other: Pick<Tally, 'counts'>): void;
}

export function createTally(): Tally {
  const counts = new Map<string, Map<string, number>>();
  const add = (group: string, name: string, number: number): void => {
    let names = counts.get(group);
    if (names === undefined) {
      names = new Map();
      counts.set(group, names);
    }
    names.set(name, (names.get(name) ?? 0) + number);
  };
  return {
    count: (group, name) => add(group, name, 1),
    counts,
    add(other) {
      for (const [group, names] of other.counts) {
        for (const [name, number] of names) add(group, name, number);
      }
    },
  };
}

/** The cases that lose money, by their numbers in the design, as a run can show that they occurred. */
export const moneyCases = {
  1: '1: a pay arrives after a cancel found nothing',
  2: '2: a stalled sender finds its time to send passed',
  3: '3: a cancel of an order and its payment cross, or the cancel comes first',
  4: '4: another attempt while one is open',
  5: '5: evidence of payment during or after a cancel',
  6: '6: a refund is repeated under its id',
  7: '7: a cancel after a partial refund',
  10: '10: the wallet knows a payment that nobody here does',
  11: '11: a page is confirmed again',
  12: '12: the database’s clock has gone back between two events of a payment',
  13: '13: a status misleads',
  14: '14: what waited through an outage is brought forward',
} as const;

/** Statuses that do not mean what they seem to, by what they are told of. Money case 13. */
export const misleadingStatuses = {
  closedUnpaid: 'TRADE_CLOSED of what nobody has paid',
  closedPaid: 'TRADE_CLOSED of what was paid and given back',
  successGivenBack: 'SUCCESS of what was given back',
  systemErrorPaid: 'ACQ.SYSTEM_ERROR of what is paid',
  htmlPage: 'an HTML page with HTTP 200 instead of an answer',
} as const;

export function countMisleading(tally: Tally, status: keyof typeof misleadingStatuses): void {
  tally.count('misleading status', misleadingStatuses[status]);
  tally.count('money case', moneyCases[13]);
}
