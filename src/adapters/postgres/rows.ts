import type { AnnouncementType } from '../../domain/announcement.ts';
import type { Delivery } from '../../domain/delivery.ts';
import type { FailingEndpoint } from '../../domain/endpoint.ts';
import type {
  Attention,
  AttentionReason,
  Failure,
  NextStep,
  Payment,
  PaymentAction,
  PaymentState,
  Reversal,
  ReversalState,
} from '../../domain/payment.ts';
import type { Refund, RefundAction, RefundState } from '../../domain/refund.ts';
import type { StrayCancel, StrayCancelState } from '../../domain/stray-cancel.ts';
import type { PayerAction } from '../../domain/wallet-answer.ts';
import type { ProductName, WalletName } from '../../domain/wallets.ts';

/** Rows as the driver gives them, and the domain values they stand for. The only place where either is turned into the other. */
export interface PaymentRow {
  readonly merchant_id: string;
  readonly id: string;
  readonly merchant_order_no: string;
  readonly wallet: WalletName;
  readonly account: string;
  readonly product: ProductName;
  readonly currency: string;
  readonly amount: bigint;
  readonly store_id: string;
  readonly terminal_id: string;
  readonly sub_merchant_id: string;
  readonly subject: string;
  readonly notify_url: string | null;
  readonly metadata: Record<string, string>;
  readonly expires_at: Date;
  readonly created_at: Date;
  readonly state: PaymentState;
  readonly reversal_state: ReversalState | null;
  readonly reversal_by: Reversal['by'] | null;
  readonly refund_instead: boolean;
  readonly refund_ids_spent: number;
  readonly refund_id_doubted: boolean;
  readonly known_to_wallet: boolean;
  readonly paid_evidence: boolean;
  readonly wallet_transaction_id: string | null;
  readonly payer_action: StoredPayerAction | null;
  readonly payer_active_until: Date | null;
  readonly paid_at: Date | null;
  readonly failure: Failure | null;
  readonly cancelled_by: Payment['cancelledBy'];
  readonly refund_reserved: bigint;
  readonly refunded: bigint;
  readonly open_refunds: number;
  readonly next_step: PaymentAction | null;
  readonly due_at: Date | null;
  readonly tries: number;
  readonly attention: AttentionReason | null;
  readonly attention_since: Date | null;
  readonly version: number;
  readonly updated_at: Date;
}

export function paymentOf(row: PaymentRow): Payment {
  return {
    merchantId: row.merchant_id,
    id: row.id,
    merchantOrderNo: row.merchant_order_no,
    wallet: row.wallet,
    account: row.account,
    product: row.product,
    amount: { currency: row.currency, minor: row.amount },
    storeId: row.store_id,
    terminalId: row.terminal_id,
    subMerchantId: row.sub_merchant_id,
    subject: row.subject,
    expiresAt: row.expires_at,
    notifyUrl: row.notify_url,
    metadata: row.metadata,
    state: row.state,
    reversal:
      row.reversal_state === null || row.reversal_by === null
        ? null
        : {
            state: row.reversal_state,
            by: row.reversal_by,
            refundInstead: row.refund_instead,
            refundIdsSpent: row.refund_ids_spent,
            refundIdDoubted: row.refund_id_doubted,
          },
    knownToWallet: row.known_to_wallet,
    paidEvidence: row.paid_evidence,
    walletTransactionId: row.wallet_transaction_id,
    payerAction: payerActionOf(row.payer_action),
    payerActiveUntil: row.payer_active_until,
    paidAt: row.paid_at,
    failure: row.failure,
    cancelledBy: row.cancelled_by,
    refundReserved: row.refund_reserved,
    refunded: row.refunded,
    openRefunds: row.open_refunds,
    nextStep: stepOf(row.next_step, row.due_at),
    tries: row.tries,
    attention: attentionOf(row),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** As stored: JSON has no dates. */
type StoredPayerAction =
  | Extract<PayerAction, { readonly kind: 'redirect' }>
  | (Omit<Extract<PayerAction, { readonly kind: 'show_code' }>, 'expiresAt'> & {
      readonly expiresAt: string;
    });

function payerActionOf(stored: StoredPayerAction | null): PayerAction | null {
  if (stored === null || stored.kind === 'redirect') return stored;
  return { ...stored, expiresAt: new Date(stored.expiresAt) };
}

export interface RefundRow {
  readonly merchant_id: string;
  readonly id: string;
  readonly payment_id: string;
  readonly merchant_refund_no: string | null;
  readonly currency: string;
  readonly amount: bigint;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly state: RefundState;
  readonly failure: Failure | null;
  readonly next_step: RefundAction | null;
  readonly due_at: Date | null;
  readonly tries: number;
  readonly attention: AttentionReason | null;
  readonly attention_since: Date | null;
  readonly version: number;
  readonly updated_at: Date;
}

export function refundOf(row: RefundRow): Refund {
  return {
    merchantId: row.merchant_id,
    id: row.id,
    paymentId: row.payment_id,
    merchantRefundNo: row.merchant_refund_no,
    amount: { currency: row.currency, minor: row.amount },
    reason: row.reason,
    state: row.state,
    failure: row.failure,
    nextStep: stepOf(row.next_step, row.due_at),
    tries: row.tries,
    attention: attentionOf(row),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export interface StrayCancelRow {
  readonly merchant_id: string;
  readonly id: string;
  readonly payment_request_id: string;
  readonly wallet: WalletName;
  readonly account: string;
  readonly currency: string | null;
  readonly amount: bigint | null;
  readonly state: StrayCancelState;
  readonly reversal_state: ReversalState;
  readonly refund_instead: boolean;
  readonly refund_ids_spent: number;
  readonly refund_id_doubted: boolean;
  readonly known_to_wallet: boolean;
  readonly paid_evidence: boolean;
  readonly wallet_transaction_id: string | null;
  readonly cancelled_by: Payment['cancelledBy'];
  readonly next_step: PaymentAction | null;
  readonly due_at: Date | null;
  readonly tries: number;
  readonly attention: AttentionReason | null;
  readonly attention_since: Date | null;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export function strayCancelOf(row: StrayCancelRow): StrayCancel {
  return {
    merchantId: row.merchant_id,
    id: row.id,
    requestId: row.payment_request_id,
    wallet: row.wallet,
    account: row.account,
    amount:
      row.currency === null || row.amount === null ? null : { currency: row.currency, minor: row.amount },
    state: row.state,
    reversal: {
      state: row.reversal_state,
      by: 'merchant',
      refundInstead: row.refund_instead,
      refundIdsSpent: row.refund_ids_spent,
      refundIdDoubted: row.refund_id_doubted,
    },
    knownToWallet: row.known_to_wallet,
    paidEvidence: row.paid_evidence,
    walletTransactionId: row.wallet_transaction_id,
    cancelledBy: row.cancelled_by,
    nextStep: stepOf(row.next_step, row.due_at),
    tries: row.tries,
    attention: attentionOf(row),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export interface DeliveryRow {
  readonly merchant_id: string;
  readonly id: string;
  readonly type: AnnouncementType;
  readonly subject: Delivery['subject'];
  readonly subject_id: string;
  readonly payment_id: string;
  readonly url: string;
  readonly tries: number;
  readonly created_at: Date;
}

/** A delivery beside the row of its endpoint, if there is one. */
export type ClaimedDeliveryRow = DeliveryRow &
  (
    | {
        readonly failing_since: Date;
        readonly failures: number;
        readonly endpoint_failure: string;
        readonly disabled_at: Date | null;
      }
    | { readonly failing_since: null }
  );

export function deliveryOf(row: ClaimedDeliveryRow): Delivery {
  return {
    merchantId: row.merchant_id,
    id: row.id,
    type: row.type,
    subject: row.subject,
    subjectId: row.subject_id,
    paymentId: row.payment_id,
    url: row.url,
    tries: row.tries,
    createdAt: row.created_at,
    endpoint:
      row.failing_since === null
        ? null
        : endpointOf({
            merchant_id: row.merchant_id,
            url: row.url,
            failing_since: row.failing_since,
            failures: row.failures,
            last_failure: row.endpoint_failure,
            disabled_at: row.disabled_at,
          }),
  };
}

export interface EndpointRow {
  readonly merchant_id: string;
  readonly url: string;
  readonly failing_since: Date;
  readonly failures: number;
  readonly last_failure: string;
  readonly disabled_at: Date | null;
}

export function endpointOf(row: EndpointRow): FailingEndpoint {
  return {
    merchantId: row.merchant_id,
    url: row.url,
    failingSince: row.failing_since,
    failures: row.failures,
    lastFailure: row.last_failure,
    disabledAt: row.disabled_at,
  };
}

function stepOf<Action extends string>(action: Action | null, dueAt: Date | null): NextStep<Action> | null {
  return action === null || dueAt === null ? null : { action, dueAt };
}

function attentionOf(row: {
  readonly attention: AttentionReason | null;
  readonly attention_since: Date | null;
}): Attention | null {
  return row.attention === null || row.attention_since === null
    ? null
    : { reason: row.attention, since: row.attention_since };
}
