import type { Delivery } from '../domain/delivery.ts';
import type { FailingEndpoint } from '../domain/endpoint.ts';
import type { Payment } from '../domain/payment.ts';
import type { Refund } from '../domain/refund.ts';
import type { StrayCancel } from '../domain/stray-cancel.ts';
import type { WalletName } from '../domain/wallets.ts';

/**
 * Rows whose next step is due. Each row is its own timer; there is no second place that could disagree with it.
 * A lease decides who acts, never whose evidence counts.
 */
export type DueRow = (
  | { readonly kind: 'payment'; readonly payment: Payment }
  | { readonly kind: 'refund'; readonly refund: Refund }
  | { readonly kind: 'stray_cancel'; readonly cancel: StrayCancel }
  | { readonly kind: 'delivery'; readonly delivery: Delivery }
) & {
  /** What it shares with others that may pile up: its wallet account, its merchant. */
  readonly lanes: readonly string[];
};

export interface ClaimOptions {
  /** So many deliveries at most; as many as there are when it is left out. */
  readonly deliveryLimit?: number;
  /** How many rows of each lane the claimant works on already. */
  readonly underWay?: ReadonlyMap<string, number>;
}

/** Rows whose steps call a wallet account. */
export type AccountRowKind = 'payment' | 'refund' | 'stray_cancel';

/** A claimed step that cannot be taken while its wallet account does not answer. */
export interface HeldStep {
  readonly kind: AccountRowKind;
  readonly merchantId: string;
  readonly id: string;
  readonly version: number;
  readonly wallet: WalletName;
  readonly account: string;
  /** When it is tried again, should nobody release it sooner. */
  readonly dueAt: Date;
  /** When the wallet's usual cancel window ends: who is released first. */
  readonly windowEndsAt: Date;
}

export interface DueRows {
  /**
   * Claims up to `limit` due rows that nobody has a lease on, the longest due first, but for rows of a lane that has its
   * share of the places: one account, or one merchant, with any number of due rows leaves room for the others'. A row
   * whose claim fails is left to the next look.
   */
  claimDue(limit: number, leaseMs: number, options?: ClaimOptions): Promise<DueRow[]>;
  /** Claims this payment if its step is due and nobody has a lease on it. */
  claimPayment(merchantId: string, paymentId: string, leaseMs: number): Promise<Payment | null>;
  claimRefund(merchantId: string, refundId: string, leaseMs: number): Promise<Refund | null>;
  /** When the next row falls due, on the database's clock; `null` when none waits. */
  nextDueAt(): Promise<Date | null>;
  /** Puts a claimed refund's step off to a later time and ends its lease; nothing else changes. */
  postponeRefund(refund: Refund, dueAt: Date): Promise<void>;
  postponePayment(payment: Payment, dueAt: Date): Promise<void>;
  postponeStrayCancel(cancel: StrayCancel, dueAt: Date): Promise<void>;
  /** Puts a step off like the three above, and has it wait for its account until the row is recorded anew. CAN-01. */
  hold(step: HeldStep): Promise<void>;
  /**
   * Brings forward up to `limit` steps that wait for this account and are not due yet, the oldest window end first, and
   * answers with their number. Several processes may call it at once: no step is counted by two. CAN-01, money case 14.
   */
  releaseHeld(wallet: WalletName, account: string, limit: number): Promise<number>;
  /** Makes the row's step due now; `false` when no step of it waits. */
  bringForward(kind: AccountRowKind, merchantId: string, id: string): Promise<boolean>;
}

/** What becomes of deliveries, and of the endpoints that they go to. */
export interface DeliveryJournal {
  /** The delivery was answered with 2xx: what is kept of its endpoint's failures goes, unless that is disabled. */
  recordDelivered(delivery: Delivery): Promise<void>;
  recordWithdrawn(delivery: Delivery): Promise<void>;
  /** Counts the failure against the endpoint too, and answers with how that stands now. */
  recordTryFailed(delivery: Delivery, reason: string, retryAt: Date): Promise<FailingEndpoint>;
  recordExhausted(delivery: Delivery, reason: string): Promise<FailingEndpoint>;
  /** The delivery was not tried, and is due again then. */
  recordPutOff(delivery: Delivery, dueAt: Date): Promise<void>;
  /** Puts off what else is due to the delivery's endpoint, like `putOffMs`: at most a thousand, nothing under a lease. */
  putOffOthers(delivery: Delivery, longestMs: number): Promise<void>;
  /** The delivery waits until its endpoint is enabled. `false`: that is not disabled, and nothing was recorded. */
  recordHeld(delivery: Delivery): Promise<boolean>;
  /** Nothing more is sent to it. `false`: a try has succeeded since it was read, or others were faster. */
  disableEndpoint(endpoint: FailingEndpoint): Promise<boolean>;
  /**
   * Has the endpoint's failures forgotten and everything that was held replayed, the oldest first, one every `everyMs`.
   * Answers with how many those are; `null`: it is not disabled and nothing is held.
   */
  enableEndpoint(merchantId: string, url: string, everyMs: number): Promise<number | null>;
  /**
   * Has deliveries sent again under their ids, with the state of then, on a schedule that begins anew; the oldest first,
   * one every `everyMs`. What is withdrawn, and what is just being tried, stays as it is. Each leaves an event on its
   * payment's timeline. Answers with the ids of those that will be sent.
   */
  replay(merchantId: string, deliveryIds: readonly string[], everyMs: number): Promise<string[]>;
  /** Whether a delivery of the payment has used up its schedule and was not replayed. */
  hasExhausted(merchantId: string, paymentId: string): Promise<boolean>;
}

const accountPrefix = 'account ';
const merchantPrefix = 'merchant ';
const deliveryPrefix = 'deliveries ';

/** The lanes of a row that calls a wallet: its account's, and its merchant's within that. */
export function lanesOfStep(merchantId: string, wallet: WalletName, account: string): string[] {
  const name = `${wallet}/${account}`;
  return [`${merchantPrefix}${merchantId} at ${name}`, accountPrefix + name];
}

/** Deliveries hang for reasons of their own: they are a merchant's other lane. */
export function lanesOfDelivery(merchantId: string): string[] {
  return [deliveryPrefix + merchantId];
}

export function isAccountLane(lane: string): boolean {
  return lane.startsWith(accountPrefix);
}

/** Lanes by their kind, each without the word that stands before it. */
export function lanesByKind(lanes: readonly string[]): {
  readonly merchants: readonly string[];
  readonly accounts: readonly string[];
  readonly deliveries: readonly string[];
} {
  const after = (prefix: string): string[] =>
    lanes.filter((lane) => lane.startsWith(prefix)).map((lane) => lane.slice(prefix.length));
  return {
    merchants: after(merchantPrefix),
    accounts: after(accountPrefix),
    deliveries: after(deliveryPrefix),
  };
}
