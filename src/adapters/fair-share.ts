import { type AccountRowKind, isAccountLane } from '../ports/due-rows.ts';

/**
 * How many times the places that would be left free a lane may have: an account four times, so that four fifths of all
 * places are its at most; a merchant twice, so that within an account's share there is room for other merchants.
 */
const accountGreed = 4;
const merchantGreed = 2;

function greedOf(lane: string): number {
  return isAccountLane(lane) ? accountGreed : merchantGreed;
}

export interface FairShareOptions {
  /** Places that are free. */
  readonly limit: number;
  /** Of these, how many deliveries may take. */
  readonly deliveryLimit: number;
  /** Rows of each lane that are worked on already. */
  readonly underWay: ReadonlyMap<string, number>;
}

export interface FairShare {
  /** Takes a place for a row of these lanes, or passes it over. */
  take(kind: AccountRowKind | 'delivery', lanes: readonly string[]): boolean;
  /** Lanes of which a row was passed over. */
  full(): readonly string[];
  /** Whether every place is taken. */
  isUsedUp(): boolean;
}

/**
 * Shares free places out among lanes (wallet accounts, and merchants within each). A lane is full while it has a certain
 * multiple of the places that are left free: however many lanes pile up, the next place that is given back goes to whoever
 * has few. RES-13.
 */
export function createFairShare({ limit, deliveryLimit, underWay }: FairShareOptions): FairShare {
  const taken = new Map(underWay);
  const full = new Set<string>();
  let free = limit;
  let freeForDeliveries = deliveryLimit;
  return {
    take(kind, lanes) {
      const places = kind === 'delivery' ? Math.min(free, freeForDeliveries) : free;
      if (places <= 0) return false;
      const crowded = lanes.filter((lane) => (taken.get(lane) ?? 0) >= greedOf(lane) * places);
      for (const lane of crowded) full.add(lane);
      if (crowded.length > 0) return false;
      for (const lane of lanes) taken.set(lane, (taken.get(lane) ?? 0) + 1);
      free -= 1;
      if (kind === 'delivery') freeForDeliveries -= 1;
      return true;
    },
    full: () => [...full],
    isUsedUp: () => free <= 0,
  };
}
