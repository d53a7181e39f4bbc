import { sourceOf } from '../rest/source-address.ts';

/** Pages of one code that one address may open within a minute: a queue of payers behind one shop's Wi-Fi fits. */
const perCode = 120;
/**
 * Pages of all codes, made-up ones too: what a mall's Wi-Fi, or the many phones behind one address of a mobile network,
 * come to at their busiest. Ten look-ups a second are little beside what the database serves.
 */
const perAddress = 600;
const minuteMs = 60_000;
/** Windows that are remembered of each kind; beyond that the longest silent are forgotten. About 10 MB in all. */
const remembered = 50_000;
/** Longer ones are no codes, and need not be told apart. */
const codeLength = 24;

/**
 * Whether an address may open a page of a code: a bound on what one of them can ask of the database and of wallets.
 * Answers with the seconds to wait, or `null`.
 */
export function createPageLimit(nowMs: () => number): (code: string, address: string) => number | null {
  const ofAddress = createWindows(perAddress, nowMs);
  const ofCode = createWindows(perCode, nowMs);
  return (code, address) => {
    const source = sourceOf(address);
    // In this order: an address that has had its share makes no more windows, and so drives nobody else's out.
    return ofAddress(source) ?? ofCode(`${code.slice(0, codeLength)} ${source}`);
  };
}

/** Counts what comes under a key within its minute; beyond `most`, answers with the seconds that are left of it. */
function createWindows(most: number, nowMs: () => number): (key: string) => number | null {
  const minutes = new Map<string, { readonly sinceMs: number; seen: number }>();
  return (key) => {
    const now = nowMs();
    const current = minutes.get(key);
    const minute =
      current !== undefined && now - current.sinceMs < minuteMs ? current : { sinceMs: now, seen: 0 };
    minutes.delete(key);
    minutes.set(key, minute);
    const [oldest] = minutes.keys();
    if (minutes.size > remembered && oldest !== undefined) minutes.delete(oldest);
    minute.seen += 1;
    if (minute.seen <= most) return null;
    return Math.max(1, Math.ceil((minute.sinceMs + minuteMs - now) / 1000));
  };
}
