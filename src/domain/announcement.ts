import { type Payment, publicStatus } from './payment.ts';
import { publicRefundStatus, type Refund } from './refund.ts';

export type AnnouncementType =
  | 'payment.succeeded'
  | 'payment.failed'
  | 'payment.cancelled'
  | 'refund.succeeded'
  | 'refund.failed';

/** Something that the merchant shall be told, recorded with the change that it tells of. RES-11. */
export interface Announcement {
  readonly type: AnnouncementType;
  readonly subject: 'payment' | 'refund';
  readonly subjectId: string;
  /** Where to; decided when the payment was accepted. */
  readonly url: string;
}

/** What a change of a payment tells its merchant: each final status once, at the change that made it final. */
export function announcementsOfPayment(before: Payment | null, after: Payment): Announcement[] {
  const status = publicStatus(after);
  if (after.notifyUrl === null || status === 'processing') return [];
  if (before !== null && publicStatus(before) === status) return [];
  return [{ type: `payment.${status}`, subject: 'payment', subjectId: after.id, url: after.notifyUrl }];
}

export function announcementsOfRefund(
  before: Refund,
  after: Refund,
  notifyUrl: string | null,
): Announcement[] {
  const status = publicRefundStatus(after);
  if (notifyUrl === null || status === 'processing' || publicRefundStatus(before) === status) return [];
  return [{ type: `refund.${status}`, subject: 'refund', subjectId: after.id, url: notifyUrl }];
}
