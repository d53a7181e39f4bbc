/** Pages that one address may open of one code within a minute: a queue of payers behind one shop's Wi-Fi fits. */
const perMinute = 120;
const minuteMs = 60_000;
/** Addresses that are remembered at most; beyond that the longest silent are forgotten. */
const remembered = 50_000;

/**
 * Whether an address may open a page of a code: a bound on what one of them can ask of the database and of wallets.
 * Answers with the seconds to wait, or `null`.
 */
export function createPageLimit(nowMs: () => number): (code: string, address: string) => number | null {
  const minutes = new Map<string, { readonly sinceMs: number; opened: number }>();
  return (code, address) => {
    const key = `${code} ${address}`;
    const now = nowMs();
    const current = minutes.get(key);
    const minute =
      current !== undefined && now - current.sinceMs < minuteMs ? current : { sinceMs: now, opened: 0 };
    minutes.delete(key);
    minutes.set(key, minute);
    const [oldest] = minutes.keys();
    if (minutes.size > remembered && oldest !== undefined) minutes.delete(oldest);
    minute.opened += 1;
    if (minute.opened <= perMinute) return null;
    return Math.max(1, Math.ceil((minute.sinceMs + minuteMs - now) / 1000));
  };
}
