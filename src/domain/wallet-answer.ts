import type { Money } from './money.ts';

/**
 * What a wallet's answer means for the payment or refund it speaks of, in words that hold for every wallet.
 * A wallet adapter turns codes into these; the domain decides on nothing else.
 *
 * Three of them are easily confused and must not be:
 * - `refused` is the wallet's verified word that this call had no effect and that repeating it will not either;
 * - `unclear` is a verified answer that leaves the outcome open (system error, "paying", a code nobody listed);
 * - `NoAnswer` is silence: nothing arrived, or nothing that could be trusted. RES-14, RES-18.
 */

/** Why an answer is missing. Everything but `not_sent` leaves the outcome unknown. */
export type NoAnswerReason =
  /** No byte of the request left this process: the only reason that proves that nothing happened. */
  | 'not_sent'
  | 'timeout'
  /** The connection failed after the request may have left. */
  | 'connection_lost'
  /** HTTP status, content type or JSON that no wallet would send: a proxy's page, a truncated body. */
  | 'malformed'
  /** Bad or missing signature, another payment's answer, a wrong amount or currency. Raises an alert. */
  | 'untrusted';

export interface NoAnswer {
  readonly kind: 'no_answer';
  readonly reason: NoAnswerReason;
  /** For people: what was seen, without secrets. */
  readonly detail: string;
  /** As in {@link Received}, for `untrusted` and `malformed`. */
  readonly raw?: Uint8Array;
}

/** An answer with the bytes that it came as. Those of payments in trouble are kept, encrypted and shortly. RES-14, RES-19. */
export type Received<Answer> = Answer & { readonly raw?: Uint8Array };

/** A verified answer that leaves the outcome open: ask again. */
export interface Unclear {
  readonly kind: 'unclear';
  readonly code: string;
  readonly message: string;
}

/** A verified, definite refusal. */
export interface Refused {
  readonly kind: 'refused';
  /** The wallet's own code, e.g. `ACQ.BUYER_BALANCE_NOT_ENOUGH`. */
  readonly code: string;
  /** The wallet's own text. */
  readonly message: string;
  /** Who can do something about it. `operator`: configuration, contract or risk; raises attention. */
  readonly remedy: 'payer' | 'merchant' | 'operator';
}

export interface Paid {
  readonly kind: 'paid';
  readonly walletTransactionId: string;
  /** The order amount as the wallet states it; the adapter has compared it with the request. */
  readonly amount: Money;
  /** When the payer paid, as the wallet states it; `null` or left out where it does not. */
  readonly paidAt?: Date | null;
}

/**
 * How a payer comes to an entry or order code's payment: a page of the wallet to open in the payer's browser, or a
 * code to show to the payer, until the wallet lets it die.
 */
export type PayerAction =
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'show_code'; readonly value: string; readonly expiresAt: Date };

/**
 * The URL or code of an entry or order code was issued. Nobody has been charged: only a notification or an inquiry
 * makes such a payment succeed. RES-01.
 */
export interface Issued {
  readonly kind: 'issued';
  readonly action: PayerAction;
  readonly walletTransactionId: string | null;
  /**
   * Whether the wallet can name the payment from now on. `false` where an order comes into being only when its code
   * is scanned (precreate): until then nothing is found to inquire or to cancel. RES-20.
   */
  readonly known: boolean;
}

/** The wallet knows the payment and waits for the payer (password, risk check). */
export interface AwaitingPayer {
  readonly kind: 'awaiting_payer';
  readonly walletTransactionId: string | null;
}

export type PayAnswer = Paid | Issued | AwaitingPayer | Refused | Unclear | NoAnswer;

export type InquiryAnswer =
  | Paid
  | AwaitingPayer
  /** Closed at the wallet: never paid, or paid and wholly given back. Either way the payer has the money (case 13). */
  | { readonly kind: 'closed'; readonly walletTransactionId: string | null }
  /** Cancelled at the wallet; one that was paid has been given back in full. RES-04. */
  | { readonly kind: 'cancelled'; readonly walletTransactionId: string | null }
  /** The wallet's word that this attempt failed for good. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** The wallet does not know the payment *now*; a delayed `pay` may still arrive. RES-20. */
  | { readonly kind: 'not_found' }
  | Refused
  | Unclear
  | NoAnswer;

export type CancelAnswer =
  /**
   * The wallet names what it did: an unpaid payment closed, or a paid one given back. `cancelled`: undone for good
   * whichever it was, and what may still be on its way is given back by the wallet itself.
   */
  | { readonly kind: 'effected'; readonly action: 'closed' | 'refunded' | 'cancelled' }
  /** The wallet accepts the cancel and says nothing of having done anything. Not evidence by itself. RES-20. */
  | { readonly kind: 'nothing_named' }
  /** The cancel window has passed, or a refund has happened already: give back what remains by refund. RES-07. */
  | { readonly kind: 'refund_instead'; readonly code: string; readonly message: string }
  /** Not now (position too small, frozen trade, rate limit): the same call again later, in an operator's sight. */
  | { readonly kind: 'later'; readonly code: string; readonly message: string }
  | Unclear
  | NoAnswer;

export type RefundAnswer =
  | { readonly kind: 'refunded' }
  /** Accepted, but nothing moved by this call: a repeat. The refund inquiry tells. */
  | { readonly kind: 'repeated' }
  | { readonly kind: 'later'; readonly code: string; readonly message: string }
  /** Failed for good under this id, while a refund under a new id may succeed later. Money case 6. */
  | { readonly kind: 'spent'; readonly code: string; readonly message: string }
  | Refused
  | Unclear
  | NoAnswer;

export type RefundInquiryAnswer =
  | { readonly kind: 'refunded'; readonly amount: Money }
  /** The wallet's word that the refund of this id failed for good. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** The wallet has no successful refund of this id. */
  | { readonly kind: 'not_found' }
  | Refused
  | Unclear
  | NoAnswer;

/**
 * What a notification says whose signature holds, in the same words. The operation that takes it compares order, amount
 * and account with the payment before anything is decided on it. NOT-01, NOT-05.
 */
export type NotifiedOutcome =
  | Paid
  | AwaitingPayer
  /** The wallet says that the attempt failed or was closed: reason enough to inquire, no proof. RES-17. */
  | { readonly kind: 'not_paid'; readonly code: string; readonly message: string }
  /** Signed, but against what was asked for (amount, currency): changes nothing, and an inquiry looks. */
  | { readonly kind: 'contradictory'; readonly detail: string };
