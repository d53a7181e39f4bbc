import type { NotifiedOutcome } from '../domain/wallet-answer.ts';

/** A wallet's call to our notify URL, as it arrived. */
export interface ReceivedNotification {
  /** Path and query as received; a proxy in front may have changed it. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Exactly the bytes that arrived: they are what is signed. */
  readonly body: Uint8Array;
}

/** What a verified notification is about and says. */
export interface WalletNotification {
  /** Our upstream id of the payment: AMS `paymentRequestId`, Open Platform `out_trade_no`. */
  readonly requestId: string;
  readonly outcome: NotifiedOutcome;
}

export type NotificationReading =
  | { readonly kind: 'verified'; readonly notification: WalletNotification }
  /** The signature does not hold, or it speaks of another application: recorded and alerted, never acted on. */
  | { readonly kind: 'untrusted'; readonly detail: string }
  /** Nothing that the wallet would send. */
  | { readonly kind: 'unreadable'; readonly detail: string }
  | { readonly kind: 'unknown_account' };

/** An HTTP answer to a notification. */
export interface NotificationReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One wallet's notifications: how they are read, and how they are answered. Nothing here changes a payment. */
export interface NotificationReader {
  /** Verifies over the exact bytes. Never throws for what anybody may send. NOT-01. */
  read(account: string, received: ReceivedNotification): NotificationReading;
  /**
   * What the wallet wants to hear: `accepted` once everything is durably stored, else an answer that makes it send
   * again. NOT-02.
   */
  reply(account: string, received: ReceivedNotification, accepted: boolean): Promise<NotificationReply>;
}
