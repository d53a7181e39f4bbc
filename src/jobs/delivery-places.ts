import type { Delivery } from '../domain/delivery.ts';
import { type EndpointPolicy, standingOf } from '../domain/endpoint.ts';

/** Which deliveries a process tries at the same time. */
export interface DeliveryPlaces {
  /** Takes a place for a try; `null`: the delivery's host has as many as it may have. */
  take(delivery: Delivery): DeliveryPlace | null;
  /** Whether the endpoint holds its places for long: it fails, or the last try at its host took long. */
  isHampered(delivery: Delivery): boolean;
}

export interface DeliveryPlace {
  /** `tookMs`: how long the try has taken. */
  giveBack(tookMs: number): void;
}

/** A try that took longer has held its place for long. */
const slowMs = 1_000;

/** Hosts whose last try is remembered; of more than these the oldest are forgotten. */
const rememberedMax = 10_000;

/**
 * Places are counted by a merchant's host: a URL may be another one with each order, and what hangs is the host.
 * One that answers quickly may have all of the `count` places: it soon gives them back. One that is slow, or not
 * known to this process yet, has half of them; one that fails an eighth. Those that are slow or fail have half of them
 * together: however many merchants are out of reach, whoever can be reached is told. NOT-03.
 */
export function createDeliveryPlaces(count: number, policy: EndpointPolicy): DeliveryPlaces {
  const half = Math.max(1, Math.floor(count / 2));
  const eighth = Math.max(1, Math.floor(count / 8));
  const taken = new Map<string, number>();
  const lastTookMs = new Map<string, number>();
  let hampered = 0;

  const isFailing = (delivery: Delivery): boolean => standingOf(delivery.endpoint, policy) === 'failing';
  const isHampered = (delivery: Delivery): boolean =>
    isFailing(delivery) || (lastTookMs.get(keyOf(delivery)) ?? 0) > slowMs;
  const shareOf = (delivery: Delivery): number => {
    if (isFailing(delivery)) return eighth;
    const tookMs = lastTookMs.get(keyOf(delivery));
    return tookMs !== undefined && tookMs <= slowMs ? count : half;
  };

  return {
    isHampered,
    take(delivery) {
      const key = keyOf(delivery);
      const already = taken.get(key) ?? 0;
      const counts = isHampered(delivery);
      if (already >= shareOf(delivery) || (counts && hampered >= half)) return null;
      taken.set(key, already + 1);
      if (counts) hampered += 1;
      return {
        giveBack(tookMs) {
          const left = (taken.get(key) ?? 0) - 1;
          if (left > 0) taken.set(key, left);
          else taken.delete(key);
          if (counts) hampered -= 1;
          lastTookMs.delete(key);
          lastTookMs.set(key, tookMs);
          const [oldest] = lastTookMs.size > rememberedMax ? lastTookMs.keys() : [];
          if (oldest !== undefined) lastTookMs.delete(oldest);
        },
      };
    },
  };
}

function keyOf({ merchantId, url }: Delivery): string {
  return `${merchantId} ${URL.canParse(url) ? new URL(url).origin : url}`;
}
