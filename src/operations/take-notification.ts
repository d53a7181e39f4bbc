import { merchantShortNoOf, paymentIdOfRequest } from '../domain/ids.ts';
import { sameMoney } from '../domain/money.ts';
import type { Payment } from '../domain/payment.ts';
import { type StrayCancel, strayCancelId } from '../domain/stray-cancel.ts';
import type { NotifiedOutcome } from '../domain/wallet-answer.ts';
import type { WalletName } from '../domain/wallets.ts';
import type { StrayNotifications } from '../ports/stray-notifications.ts';
import type { WalletNotification } from '../ports/wallet-notifications.ts';
import type { Engine } from './engine.ts';
import { policyOf, recordPaymentInput } from './record.ts';
import { policyOfStrayCancel, recordStrayCancelInput } from './stray-cancel.ts';

/** A verified notification, with where it came in. */
export interface TakenNotification extends WalletNotification {
  readonly wallet: WalletName;
  /** Name of the wallet account whose notify URL was called. */
  readonly account: string;
  /** The bytes as received. */
  readonly raw: Uint8Array;
}

export type NotificationResult =
  /**
   * Everything that it says is recorded, or was known: the wallet may be told so. `null`: on a cancel of a payment that
   * this database has lost.
   */
  | { readonly kind: 'taken'; readonly payment: Payment | null }
  /** It contradicts what was asked for: recorded and alerted the first time, and no evidence. The wallet shall tell again, and truly. */
  | { readonly kind: 'contradicted'; readonly payment: Payment }
  /** Kept in an operator's sight: no payment of ours is meant. The wallet shall go on telling. */
  | { readonly kind: 'stray' };

/**
 * Takes a notification whose signature holds: finds its payment, compares account, amount and currency, and records what
 * it leads to under the payment's row, in one transaction with whatever else arrives at that instant. It resolves once
 * all of that is durable, and only then may the wallet be answered. NOT-01, NOT-02, RES-09…11, RES-17.
 */
export async function takeNotification(
  engine: Engine & { readonly strays: StrayNotifications },
  taken: TakenNotification,
): Promise<NotificationResult> {
  const { payment, stray } = await findNotified(engine, taken);
  if (stray !== null && isOf(stray, taken.outcome)) {
    const policy = await policyOfStrayCancel(engine, stray);
    await recordStrayCancelInput(engine, stray, { kind: 'notified', outcome: taken.outcome }, policy);
    return { kind: 'taken', payment: null };
  }
  if (payment === null || payment.wallet !== taken.wallet || payment.account !== taken.account) {
    // After a restore the wallet may know a payment that this database does not. Money case 10.
    await engine.strays.keep({
      wallet: taken.wallet,
      account: taken.account,
      requestId: taken.requestId,
      says: inWords(taken.outcome),
      raw: taken.raw,
    });
    return { kind: 'stray' };
  }
  const outcome = compared(payment, taken.outcome);
  if (outcome.kind === 'contradictory') {
    // Wallets repeat it for a day, and whoever has seen it could for ever: once is what anybody needs to know.
    if (await isOnTimeline(engine, payment, outcome.detail)) return { kind: 'contradicted', payment };
    engine.report.untrustedAnswer({
      merchantId: payment.merchantId,
      paymentId: payment.id,
      call: 'notification',
      detail: outcome.detail,
      raw: taken.raw,
    });
  }
  const policy = await policyOf(engine, payment);
  const failureToldAt = outcome.kind === 'not_paid' ? await lastFailureToldAt(engine, payment) : null;
  const recorded = await recordPaymentInput(
    engine,
    payment,
    { kind: 'notified', outcome, failureToldAt },
    policy,
  );
  return { kind: outcome.kind === 'contradictory' ? 'contradicted' : 'taken', payment: recorded };
}

/** The payment that is meant; where it is not known here, its merchant's cancel of it, if there is one. */
async function findNotified(
  engine: Engine,
  { requestId, wallet, account }: TakenNotification,
): Promise<{ readonly payment: Payment | null; readonly stray: StrayCancel | null }> {
  const shortNo = merchantShortNoOf(requestId);
  const paymentId = paymentIdOfRequest(requestId);
  const merchant =
    shortNo === null || paymentId === null ? null : await engine.merchants.findByShortNo(shortNo);
  if (merchant === null || paymentId === null) return { payment: null, stray: null };
  const payment = await engine.journal.findPayment(merchant.id, paymentId);
  if (payment !== null) return { payment, stray: null };
  const id = strayCancelId(requestId, wallet, account);
  return { payment, stray: await engine.journal.findStrayCancel(merchant.id, id) };
}

/** Whether it speaks of the amount that the wallet has named before. */
function isOf({ amount }: StrayCancel, outcome: NotifiedOutcome): boolean {
  return outcome.kind !== 'paid' || amount === null || sameMoney(outcome.amount, amount);
}

/** Amount and currency are compared with what was asked for; nothing that differs is evidence. NOT-01. */
function compared(payment: Payment, outcome: NotifiedOutcome): NotifiedOutcome {
  if (outcome.kind !== 'paid' || sameMoney(outcome.amount, payment.amount)) return outcome;
  const { amount } = payment;
  return {
    kind: 'contradictory',
    detail:
      `it states ${outcome.amount.minor} ${outcome.amount.currency} instead of ` +
      `${amount.minor} ${amount.currency}`,
  };
}

async function isOnTimeline(
  { journal }: Pick<Engine, 'journal'>,
  payment: Payment,
  contradiction: string,
): Promise<boolean> {
  const events = await journal.timeline(payment.merchantId, payment.id);
  return events.some(
    ({ type, data }) => type === 'ContradictoryNotification' && data['detail'] === contradiction,
  );
}

async function lastFailureToldAt(
  { journal }: Pick<Engine, 'journal'>,
  payment: Payment,
): Promise<Date | null> {
  const events = await journal.timeline(payment.merchantId, payment.id);
  return events.findLast(({ type }) => type === 'NotPaidNotified')?.at ?? null;
}

function inWords(outcome: NotifiedOutcome): string {
  switch (outcome.kind) {
    case 'paid':
      return `paid ${outcome.amount.minor} ${outcome.amount.currency} as ${outcome.walletTransactionId}`;
    case 'awaiting_payer':
      return 'waiting for its payer';
    case 'not_paid':
      return `not paid: ${outcome.code}`;
    case 'contradictory':
      return outcome.detail;
    default:
      return outcome satisfies never;
  }
}
