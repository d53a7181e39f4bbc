import { type EventOf, eventOfMove, type StateOf } from './lifecycle.ts';
import type { Money } from './money.ts';
import type { RefundEventType } from './refund.ts';
import type { PayerAction } from './wallet-answer.ts';
import type { ProductName, WalletName } from './wallets.ts';

/**
 * Legal moves of a payment.
 *
 * - `submitted`: the call that pays may have left; its answer is awaited. A payment is born here, once, and the
 *   call is made by the process that recorded it: nobody else ever sends it.
 * - `issued`: the wallet has issued the URL or code of an entry or order code. Nobody has been charged, and a payer may
 *   pay until the close time. RES-01, RES-16.
 * - `awaiting_payer`: the wallet knows the payment and waits for the payer (password, risk check).
 * - `unknown`: the wallet may hold the money; only evidence leaves this state. RES-01…08.
 * - `reversing`: a reversal has begun and its result decides. RES-05…07, RES-09.
 * - `cancelled_provisionally`: nothing was found to cancel, and a delayed call could still be paid. RES-20.
 *
 * `succeeded` is left only by a merchant's cancel. Nothing leaves `failed` and `cancelled`: money that turns up
 * later is given back by a reversal beside the state (money case 5).
 */
export const paymentMoves = {
  submitted: {
    succeeded: 'PaymentSucceeded',
    failed: 'PaymentFailed',
    issued: 'PayerActionIssued',
    awaiting_payer: 'PayerAsked',
    unknown: 'WalletAnswerMissing',
    cancelled: 'CancelFoundBeforeAnswer',
    reversing: 'ReversalBegunBeforeAnswer',
  },
  issued: {
    succeeded: 'IssuedPaymentPaid',
    failed: 'IssuedPaymentFailed',
    awaiting_payer: 'PayerCame',
    cancelled: 'CancelFoundBeforePayer',
    reversing: 'ReversalBegunBeforePayerCame',
  },
  awaiting_payer: {
    succeeded: 'PayerConfirmed',
    failed: 'PayerRefused',
    cancelled: 'CancelFoundWhileAwaitingPayer',
    reversing: 'ReversalBegunBeforePayer',
  },
  unknown: {
    succeeded: 'SuccessFound',
    failed: 'FailureFound',
    issued: 'PayerActionIssuedLate',
    awaiting_payer: 'PayerFoundAsked',
    cancelled: 'CancelFound',
    reversing: 'ReversalBegun',
  },
  succeeded: { reversing: 'ReversalBegunAfterSuccess' },
  reversing: {
    cancelled: 'PaymentCancelled',
    cancelled_provisionally: 'PaymentCancelledProvisionally',
  },
  cancelled_provisionally: { cancelled: 'ProvisionalCancelConfirmed' },
  failed: {},
  cancelled: {},
} as const;

export type PaymentState = StateOf<typeof paymentMoves>;

/**
 * Legal moves of a reversal: the work of undoing a payment, whatever the payment's own state is by then.
 *
 * - `cancelling`: the wallet is told to cancel, again and again, and inquired where its answer proves nothing.
 * - `settling`: refunds are under way and end first (money case 7).
 * - `refunding`: the cancel window has passed or refunds have happened; what remains is refunded. RES-07.
 * - `watching`: nothing was found; inquire and cancel until no call of this id can live. RES-20.
 * - `effected`: the payer has the money. `baseless`: the horizon passed and nothing was ever there.
 *   Both are left again only by fresh evidence of payment.
 */
export const reversalMoves = {
  cancelling: {
    watching: 'NothingFoundToCancel',
    settling: 'RefundsAwaited',
    refunding: 'CancelWindowPassed',
    effected: 'ReversalTookEffect',
    baseless: 'NothingToReverse',
  },
  settling: { refunding: 'RefundsSettled', effected: 'RefundsCoveredAll', cancelling: 'RefundsFailed' },
  refunding: { effected: 'RemainderRefunded' },
  watching: {
    cancelling: 'LatePaymentFound',
    effected: 'LatePaymentReversed',
    baseless: 'NothingEverFound',
  },
  effected: { cancelling: 'PaymentEvidenceAfterReversal' },
  baseless: { cancelling: 'PaymentEvidenceAfterHorizon' },
} as const;

export type ReversalState = StateOf<typeof reversalMoves>;

/** What a due row asks for. */
export type PaymentAction = 'inquire' | 'cancel' | 'refund' | 'inquire_refund' | 'await_refunds';

export interface NextStep<Action extends string> {
  readonly action: Action;
  /** On the database's clock. */
  readonly dueAt: Date;
}

export interface Failure {
  /** Our own stable code. */
  readonly code: string;
  /** The wallet's code, when a wallet said it. */
  readonly walletCode: string | null;
  readonly message: string;
  /** What the merchant can do now. */
  readonly advice: string;
}

export interface Attention {
  readonly reason: AttentionReason;
  readonly since: Date;
}

export type AttentionReason =
  | 'cancel_unresolved'
  | 'refund_unresolved'
  | 'inquiry_unresolved'
  | 'refused_by_wallet_configuration'
  | 'paid_after_end'
  | 'closed_after_success'
  | 'second_wallet_transaction'
  | 'refunded_after_failure'
  | 'step_failing'
  | 'delivery_exhausted';

export interface Reversal {
  readonly state: ReversalState;
  readonly by: 'merchant' | 'gateway';
  /** Cancel cannot undo this payment any more; refund does, once an inquiry says that it is paid. */
  readonly refundInstead: boolean;
  /** How many refund ids the wallet has let fail for good; the next one is derived from it. Money case 6. */
  readonly refundIdsSpent: number;
  /** The present refund id was answered so, and a refund inquiry has yet to confirm it. */
  readonly refundIdDoubted: boolean;
}

/** A reversal that has just been decided on. */
export function newReversal(by: Reversal['by']): Reversal {
  return { state: 'cancelling', by, refundInstead: false, refundIdsSpent: 0, refundIdDoubted: false };
}

/** One attempt to pay an order. Amounts are of `amount.currency`. */
export interface Payment {
  readonly merchantId: string;
  readonly id: string;
  readonly merchantOrderNo: string;
  readonly wallet: WalletName;
  readonly account: string;
  readonly product: ProductName;
  readonly amount: Money;
  readonly storeId: string;
  readonly terminalId: string;
  readonly subMerchantId: string;
  readonly subject: string;
  /** The expiry that the wallet was told. After it and a grace no call of this id can be paid. */
  readonly expiresAt: Date;
  readonly notifyUrl: string | null;
  readonly metadata: Readonly<Record<string, string>>;

  readonly state: PaymentState;
  readonly reversal: Reversal | null;
  /** The wallet has shown, in an answer we trust, that it knows the payment. */
  readonly knownToWallet: boolean;
  /** The wallet has said, in an answer we trust, that the payment was paid. Never unset. Money case 5. */
  readonly paidEvidence: boolean;
  readonly walletTransactionId: string | null;
  /** The URL or code of an entry or order code, once the wallet has issued it. */
  readonly payerAction: PayerAction | null;
  /** Until then somebody waits at the payer's side, and inquiries come at short distance. RES-16. */
  readonly payerActiveUntil: Date | null;
  /** When the payer paid, by the wallet's word. */
  readonly paidAt: Date | null;
  readonly failure: Failure | null;
  readonly cancelledBy: 'cancel' | 'close' | 'refund' | null;
  /** Sum of refunds accepted and not finally failed. `refunded ≤ refundReserved ≤ amount`. Money case 6. */
  readonly refundReserved: bigint;
  /** Sum of what the payer got back by refunds, a reversal's refund included. */
  readonly refunded: bigint;
  readonly openRefunds: number;
  readonly nextStep: NextStep<PaymentAction> | null;
  /** Tries of the present loop (inquiries, cancels, …) that did not end it. */
  readonly tries: number;
  readonly attention: Attention | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type PublicStatus = 'processing' | 'succeeded' | 'failed' | 'cancelled';

/** The smaller list that merchants see. The one place where it is mapped. */
const publicStatuses: { readonly [state in PaymentState]: PublicStatus } = {
  submitted: 'processing',
  issued: 'processing',
  awaiting_payer: 'processing',
  unknown: 'processing',
  reversing: 'processing',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  cancelled_provisionally: 'cancelled',
};

export function publicStatus(payment: Pick<Payment, 'state'>): PublicStatus {
  return publicStatuses[payment.state];
}

/**
 * Whether a new attempt on the same order must be refused because of this one: it may still be paid, or is.
 * The database holds the same rule as a partial unique index. Rule PAY-13.
 */
export function holdsOrder(payment: Pick<Payment, 'state'>): boolean {
  return payment.state !== 'failed' && payment.state !== 'cancelled';
}

/** States in which the pay call or the inquiries decide, and no reversal has begun. */
export function isOpen(payment: Pick<Payment, 'state'>): boolean {
  switch (payment.state) {
    case 'submitted':
    case 'issued':
    case 'awaiting_payer':
    case 'unknown':
      return true;
    case 'succeeded':
    case 'reversing':
    case 'cancelled_provisionally':
    case 'failed':
    case 'cancelled':
      return false;
    default:
      return payment.state satisfies never;
  }
}

export type PaymentEventType =
  | EventOf<typeof paymentMoves>
  | EventOf<typeof reversalMoves>
  | 'PaymentSubmitted'
  | 'PaymentNeverSent'
  | 'ReversalDecided'
  | 'PaymentEvidenceAfterEnd'
  | 'PayerActionUndelivered'
  | 'NotPaidNotified'
  | 'ContradictoryNotification'
  | 'UntrustedAnswer'
  | 'AttentionRaised'
  | 'AttentionEnded'
  | 'ResolvedByHand'
  | 'DeliveryReplayed'
  | RefundEventType;

/** One line of a payment's timeline. Past tense and specific. `data` is JSON. */
export interface TimelineEvent {
  readonly type: PaymentEventType;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

export function paymentMoveEvent(from: PaymentState, to: PaymentState): EventOf<typeof paymentMoves> {
  return eventOfMove(paymentMoves, from, to);
}

export function reversalMoveEvent(from: ReversalState, to: ReversalState): EventOf<typeof reversalMoves> {
  return eventOfMove(reversalMoves, from, to);
}
