import type { JsonObject } from '../json.ts';

export type NotifyingWallet = 'alipay_open' | 'alipay_plus';

/** What is to be told to a merchant's URL. */
export interface NotificationDraft {
  readonly wallet: NotifyingWallet;
  /** The application's id (`alipay_open`) or the client's (`alipay_plus`). */
  readonly appId: string;
  /** The merchant's number of the payment: `out_trade_no` or `paymentRequestId`. */
  readonly requestId: string;
  readonly url: string;
  /** What it says, before signing. */
  readonly facts: JsonObject;
}

/** One try on the wire. */
export interface PrintedNotification {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How one wallet notifies. */
export interface NotifyingWalletWays {
  /** Signs anew for each try; `path` is that of the URL. */
  print(draft: NotificationDraft, atMs: number, path: string): PrintedNotification;
  acknowledges(status: number, body: string): boolean;
  /** Time from each unacknowledged try to the next one. */
  readonly scheduleMs: readonly number[];
}

export interface NotificationOutbox {
  /** Belongs inside a journal transaction; the first sending leaves after its commit. */
  enqueue(draft: NotificationDraft, nowMs: number): void;
  /**
   * Sends what is due of that payment now, in front of the call's own answer. Resolves when it has been acknowledged, refused, or
   * one second has passed. To be called after the transaction that enqueued it (fault `notification_before_answer`).
   */
  sendNow(requestId: string): Promise<void>;
  /** Takes up what an earlier process left. */
  resume(): void;
  stop(): void;
}
