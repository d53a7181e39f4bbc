import type { Money } from '../../src/domain/money.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  NotifiedOutcome,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
} from '../../src/domain/wallet-answer.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import type { PaymentReference, PayRequest, RefundRequest } from '../../src/ports/wallet.ts';
import type { WalletClock } from './clocks.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Tally } from './tally.ts';
import type { Ledger } from './wallet-ledger.ts';

/**
 * A wallet as a model: what each call does and answers when it arrives, in the words of the port. It knows nothing of
 * who calls, of retries, or of answers that get lost. Written from the wallet's documents, not from the gateway.
 */
export interface WalletModel {
  pay(request: PayRequest): PayAnswer;
  inquire(payment: PaymentReference): InquiryAnswer;
  cancel(payment: PaymentReference): CancelAnswer;
  refund(request: RefundRequest): RefundAnswer;
  inquireRefund(request: RefundRequest): RefundInquiryAnswer;
  /** A payer opens the URL or scans the code that was issued, and is asked to pay. */
  payerComes(issued: string): void;
  /** The wallet's own word for what has become of a payment; `null` for one that it does not know. */
  statusOf(requestId: string): string | null;
  /** Refund ids that gave money back, with their amounts. */
  refundsOf(requestId: string): ReadonlyMap<string, { readonly minor: bigint }>;
  /** Refund ids that failed for good, of whichever payment. */
  readonly spentRefundIds: ReadonlySet<string>;
}

/** What a wallet has to tell a payment's gateway by itself. */
export interface Notice {
  readonly wallet: WalletName;
  readonly account: string;
  readonly requestId: string;
  readonly outcome: NotifiedOutcome;
}

/** What every wallet's model is made with. */
export interface WalletSurroundings {
  readonly scheduler: Scheduler;
  readonly clock: WalletClock;
  readonly random: Random;
  readonly tally: Tally;
  readonly ledger: Ledger;
  readonly startMs: number;
  notify(notice: Notice): void;
}

/** After that every inquiry finds what is there. */
export const hidesForMs = 60_000;

export function refused(code: string, remedy: 'payer' | 'merchant' | 'operator') {
  return { kind: 'refused', code, message: code, remedy } as const;
}

/** A payment that a wallet holds as paid, as it says so. */
export function paidAnswer(
  trade: {
    readonly transactionId: string;
    readonly amount: Money;
    readonly paidAtMs: number | null;
  },
  clock: WalletClock,
) {
  return {
    kind: 'paid',
    walletTransactionId: trade.transactionId,
    amount: trade.amount,
    paidAt: trade.paidAtMs === null ? null : clock.told(trade.paidAtMs),
  } as const;
}
