import type { AnnouncementType } from './announcement.ts';
import type { EndpointStanding, FailingEndpoint } from './endpoint.ts';

/** A message to a merchant that waits to be delivered. Its body is made when it is sent, from the state of then. */
export interface Delivery {
  readonly merchantId: string;
  /** Also the message id that the merchant sees. */
  readonly id: string;
  readonly type: AnnouncementType;
  readonly subject: 'payment' | 'refund';
  readonly subjectId: string;
  readonly paymentId: string;
  readonly url: string;
  readonly tries: number;
  readonly createdAt: Date;
  /** How its endpoint stood when it was claimed; `null` where the last try has succeeded. */
  readonly endpoint: FailingEndpoint | null;
}

/**
 * What has become of a delivery. `withdrawn`: the payment has left behind what it tells. `exhausted`: its schedule is
 * used up. `held`: its endpoint is disabled, and enabling that sends it.
 */
export const deliveryStates = ['pending', 'delivered', 'withdrawn', 'exhausted', 'held'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/**
 * Waits before the second, third, … try of a delivery: fast while somebody waits at the till, then on the
 * Open Platform's own schedule. NOT-03.
 */
export const deliveryScheduleMs: readonly number[] = [
  1 * secondMs,
  1 * secondMs,
  2 * secondMs,
  4 * secondMs,
  4 * minuteMs,
  10 * minuteMs,
  10 * minuteMs,
  1 * hourMs,
  2 * hourMs,
  6 * hourMs,
  15 * hourMs,
];

/** Wait after `tries` (≥ 1) failed tries; `null` when the schedule is used up. */
export function deliveryDelayMs(tries: number): number | null {
  return deliveryScheduleMs[tries - 1] ?? null;
}

/**
 * Wait of a delivery that is due and finds its endpoint taken up by others: half of its age, at least a second. No try is
 * counted. Of a hundred thousand that wait, few are in anybody's way.
 */
export function putOffMs(delivery: Pick<Delivery, 'createdAt'>, longestMs: number, now: Date): number {
  const ageMs = now.getTime() - delivery.createdAt.getTime();
  return Math.min(longestMs, Math.max(secondMs, Math.floor(ageMs / 2)));
}

/** An endpoint that fails is given time: when it is back, everything is tried within an hour. */
export function longestPutOffMs(standing: EndpointStanding): number {
  return standing === 'sound' ? 10 * secondMs : hourMs;
}

/** How long a merchant's endpoint may take to answer. */
export const deliveryTimeoutMs = 5_000;
