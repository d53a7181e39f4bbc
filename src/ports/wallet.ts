import type { Money } from '../domain/money.ts';
import type { PaymentStart } from '../domain/payment-start.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  PayAnswer,
  Received,
  RefundAnswer,
  RefundInquiryAnswer,
} from '../domain/wallet-answer.ts';

/**
 * How long a call may take. Monotonic (the process's own clock), never wall time.
 * A call whose request has not left by `sendBeforeMs` must not send it at all: another process may meanwhile
 * have begun to inquire and cancel (money case 2). `answerBeforeMs` ends the wait for the answer.
 */
export interface CallLimit {
  /** Monotonic milliseconds, on the scale of `performance.now()`. */
  readonly sendBeforeMs: number;
  /** Monotonic milliseconds, on the scale of `performance.now()`. */
  readonly answerBeforeMs: number;
}

/** A payment as a wallet must be able to name it. */
export interface PaymentReference {
  /** Name of the wallet account that the payment was made under. */
  readonly account: string;
  /** Our upstream id: AMS `paymentRequestId`, Open Platform `out_trade_no`. ≤ 32 of `[0-9A-Za-z]`. */
  readonly requestId: string;
  /** What an answer's amount must agree with; `null` where this database has lost the payment. Money case 10. */
  readonly amount: Money | null;
}

export interface PayRequest extends PaymentReference {
  readonly amount: Money;
  readonly start: PaymentStart;
  readonly subject: string;
  readonly merchantOrderNo: string;
  readonly merchant: PlaceOfBusiness;
  readonly store: PlaceOfBusiness & { readonly id: string };
  /** A device's number for a device, the store's where a store's code was scanned. PAY-09. */
  readonly terminalId: string;
  /** The indirect merchant's id at the wallet (smid). PAY-09. */
  readonly subMerchantId: string;
  /** When the payment was asked for, on the database's clock. */
  readonly requestedAt: Date;
  /** When the wallet must close an unpaid payment. Always sent explicitly. PAY-20. */
  readonly expiresAt: Date;
}

/** A merchant or store as payers and wallets know it. */
export interface PlaceOfBusiness {
  readonly name: string;
  /** ISO 18245, four digits; `null` where nobody has said. */
  readonly mcc: string | null;
}

export interface RefundRequest extends PaymentReference {
  readonly amount: Money;
  /** The wallet's id of the payment, which some wallets take alone; `null` while it is not known. */
  readonly walletTransactionId: string | null;
  /** Our upstream refund id, the idempotency key of the refund. */
  readonly refundRequestId: string;
  readonly refundAmount: Money;
  readonly reason: string | null;
}

/**
 * The wallet calls that resolving a payment needs. No method throws for anything that the network
 * or the wallet does: silence and nonsense are values (`NoAnswer`). A throw is our own mistake.
 */
export interface WalletGateway {
  pay(request: PayRequest, limit: CallLimit): Promise<Received<PayAnswer>>;
  inquire(payment: PaymentReference, limit: CallLimit): Promise<Received<InquiryAnswer>>;
  cancel(payment: PaymentReference, limit: CallLimit): Promise<Received<CancelAnswer>>;
  refund(request: RefundRequest, limit: CallLimit): Promise<Received<RefundAnswer>>;
  inquireRefund(request: RefundRequest, limit: CallLimit): Promise<Received<RefundInquiryAnswer>>;
}
