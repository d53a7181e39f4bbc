import type { Delivery } from '../domain/delivery.ts';
import { type EndpointPolicy, standingOf } from '../domain/endpoint.ts';

/** Which deliveries a process tries at the same time. */
export interface DeliveryPlaces {
  /** Takes a place for a try. `false`: the delivery's endpoint has as many as it may have. */
  take(delivery: Delivery): boolean;
  giveBack(delivery: Delivery): void;
}

/**
 * Of the `count` places one endpoint has half at most, so that one that is slow keeps no other waiting; one that fails
 * has an eighth, and all of those together half: however many merchants are out of reach, whoever can be reached is
 * told. NOT-03.
 */
export function createDeliveryPlaces(count: number, policy: EndpointPolicy): DeliveryPlaces {
  const half = Math.max(1, Math.floor(count / 2));
  const eighth = Math.max(1, Math.floor(count / 8));
  const taken = new Map<string, number>();
  /** Those that stand for endpoints that failed when the delivery was claimed. */
  let failing = 0;
  const isFailing = (delivery: Delivery): boolean => standingOf(delivery.endpoint, policy) === 'failing';
  return {
    take(delivery) {
      const key = keyOf(delivery);
      const already = taken.get(key) ?? 0;
      if (isFailing(delivery)) {
        if (already >= eighth || failing >= half) return false;
        failing += 1;
      } else if (already >= half) return false;
      taken.set(key, already + 1);
      return true;
    },
    giveBack(delivery) {
      const key = keyOf(delivery);
      const left = (taken.get(key) ?? 0) - 1;
      if (left > 0) taken.set(key, left);
      else taken.delete(key);
      if (isFailing(delivery)) failing -= 1;
    },
  };
}

function keyOf({ merchantId, url }: Delivery): string {
  return `${merchantId} ${url}`;
}
