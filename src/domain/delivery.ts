import type { AnnouncementType } from './announcement.ts';

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
}

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

/** How long a merchant's endpoint may take to answer. */
export const deliveryTimeoutMs = 5_000;
