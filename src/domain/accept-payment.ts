import { attemptCore } from './ids.ts';
import { formatDecimal, type Money, minorUnitDigits } from './money.ts';
import type { Failure, Payment, TimelineEvent } from './payment.ts';
import { later } from './payment-changes.ts';
import { hastened, type PaymentPolicy, type PolicyOverride, policyFor } from './policy.ts';
import { type Refusal, refusal } from './refusals.ts';
import {
  type ProductName,
  takesCurrency,
  type WalletName,
  walletNames,
  walletsOfPaymentCode,
} from './wallets.ts';

/** A merchant's wish to be paid, its form already checked by whoever received it. */
export interface PaymentRequest {
  readonly merchantOrderNo: string;
  readonly amount: { readonly currency: string; readonly minor: bigint };
  readonly product: ProductName;
  readonly paymentCode: string;
  readonly storeId: string;
  readonly terminalId: string;
  readonly subject: string;
  readonly wallet: WalletName | null;
  readonly expiresAt: Date | null;
  readonly notifyUrl: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What must be known of a merchant to accept a payment for it. */
export interface AcceptingMerchant {
  readonly id: string;
  readonly shortNo: number;
  readonly storeIds: readonly string[];
  readonly bindings: readonly {
    readonly wallet: WalletName;
    readonly account: string;
    readonly subMerchantId: string | null;
    readonly currency: string;
  }[];
  readonly policyOverride: PolicyOverride;
  readonly notifyUrl: string | null;
}

export type Acceptance =
  | { readonly kind: 'accepted'; readonly payment: Payment; readonly policy: PaymentPolicy }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** The process that records a payment asks for its answer; when it dies, the row falls due this much later. */
export const paySafetyNetMs = 2_000;

/**
 * Whether a payment may be taken, and the row that it starts as: `submitted`, with the inquiry that guards the
 * call already due for the case that its answer never comes. Nothing is stored and nobody is called.
 *
 * Refusals: amount_not_positive, unknown_currency, unknown_store, payment_code_unknown, wallet_not_available,
 * currency_not_accepted, wallet_ambiguous, amount_too_large, sub_merchant_missing, expiry_out_of_range.
 * PAY-05, PAY-07, PAY-09, PAY-20.
 */
export function acceptPayment(
  request: PaymentRequest,
  merchant: AcceptingMerchant,
  policySpeed: number,
  now: Date,
  random: Uint8Array,
): Acceptance {
  const { amount } = request;
  if (amount.minor <= 0n) {
    return refused(
      'amount_not_positive',
      'amount.value',
      `${amount.minor}`,
      `amount.value is ${amount.minor}: send a positive integer of the currency's minor unit.`,
    );
  }
  if (minorUnitDigits(amount.currency) === null) {
    return refused(
      'unknown_currency',
      'amount.currency',
      amount.currency,
      `amount.currency ${amount.currency} is not an ISO 4217 code: send one such as CNY.`,
    );
  }
  if (!merchant.storeIds.includes(request.storeId)) {
    return refused(
      'unknown_store',
      'store_id',
      request.storeId,
      `store_id ${request.storeId} is not a store of this merchant: send one that is registered for it.`,
    );
  }
  const chosen = chooseBinding(request, merchant);
  if ('code' in chosen) return { kind: 'refused', refusal: chosen };
  const policy = paymentPolicy(chosen.wallet, request.product, merchant.policyOverride, policySpeed);
  if (amount.minor > policy.amountMaxMinor) {
    return refused(
      'amount_too_large',
      'amount.value',
      `${amount.minor}`,
      `amount.value ${amount.minor} is more than ${chosen.wallet} takes in one payment ` +
        `(${policy.amountMaxMinor}): split the order or use another way to pay.`,
    );
  }
  if (chosen.subMerchantId === null) {
    return refused(
      'sub_merchant_missing',
      'wallet',
      chosen.wallet,
      `The merchant has no ${chosen.wallet} sub-merchant id yet: the acquirer must onboard it first.`,
    );
  }
  const expiresAt = request.expiresAt ?? later(now, policy.expiryDefaultMs);
  const lifeMs = expiresAt.getTime() - now.getTime();
  if (lifeMs < policy.expiryMinMs || lifeMs > policy.expiryMaxMs) {
    return refused(
      'expiry_out_of_range',
      'expires_at',
      expiresAt.toISOString(),
      `expires_at ${expiresAt.toISOString()} must lie between ${policy.expiryMinMs / 1000} seconds and ` +
        `${policy.expiryMaxMs / 86_400_000} days from now: send such a time, or leave it out.`,
    );
  }
  const money: Money = amount;
  const core = attemptCore({
    merchantShortNo: merchant.shortNo,
    at: now,
    terminalId: request.terminalId,
    amount: money,
    merchantOrderNo: request.merchantOrderNo,
    random,
  });
  return {
    kind: 'accepted',
    policy,
    payment: {
      merchantId: merchant.id,
      id: `pay_${core}`,
      merchantOrderNo: request.merchantOrderNo,
      wallet: chosen.wallet,
      account: chosen.account,
      product: request.product,
      amount: money,
      storeId: request.storeId,
      terminalId: request.terminalId,
      subMerchantId: chosen.subMerchantId,
      subject: request.subject,
      expiresAt,
      notifyUrl: request.notifyUrl ?? merchant.notifyUrl,
      metadata: request.metadata,
      state: 'submitted',
      reversal: null,
      knownToWallet: false,
      paidEvidence: false,
      walletTransactionId: null,
      failure: null,
      cancelledBy: null,
      refundReserved: 0n,
      refunded: 0n,
      openRefunds: 0,
      nextStep: { action: 'inquire', dueAt: later(now, policy.payAnswerMs + paySafetyNetMs) },
      tries: 0,
      attention: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
    },
  };
}

/** The policy of a payment as it holds now: the wallet's, the merchant's overrides, and the trial's speed. */
export function paymentPolicy(
  wallet: WalletName,
  product: ProductName,
  override: PolicyOverride,
  policySpeed: number,
): PaymentPolicy {
  const policy = policyFor(wallet, product, override);
  return policySpeed === 1 ? policy : hastened(policy, policySpeed);
}

export function submittedEvent(payment: Payment): TimelineEvent {
  return {
    type: 'PaymentSubmitted',
    data: {
      wallet: payment.wallet,
      amount: formatDecimal(payment.amount),
      currency: payment.amount.currency,
      store_id: payment.storeId,
      terminal_id: payment.terminalId,
    },
  };
}

/** The same payment when a cancel of its order came first: recorded as cancelled and never sent. CAN-02. */
export function neverSent(payment: Payment): Payment {
  return {
    ...payment,
    state: 'cancelled',
    cancelledBy: 'cancel',
    failure: orderClosed,
    nextStep: null,
  };
}

const orderClosed: Failure = {
  code: 'order_closed',
  walletCode: null,
  message:
    'A cancel of this order was accepted before the payment arrived, so it was never sent to the wallet.',
  advice: 'If the payer shall still pay, start a payment under a new merchant_order_no.',
};

function chooseBinding(
  request: PaymentRequest,
  merchant: AcceptingMerchant,
): AcceptingMerchant['bindings'][number] | Refusal {
  const { amount, wallet } = request;
  const candidates = wallet === null ? walletsOfPaymentCode(request.paymentCode) : [wallet];
  if (candidates.length === 0) {
    return refusal(
      'payment_code_unknown',
      'payment_code',
      maskedCode(request.paymentCode),
      `payment_code ${maskedCode(request.paymentCode)} begins like no known wallet's ` +
        `(${walletNames.join(', ')}): scan the payer's code again, or name the wallet.`,
    );
  }
  const bound = merchant.bindings.filter((binding) => candidates.includes(binding.wallet));
  if (bound.length === 0) {
    return refusal(
      'wallet_not_available',
      wallet === null ? 'payment_code' : 'wallet',
      candidates.join(', '),
      `This merchant does not take ${candidates.join(' or ')}: ask the payer for another wallet, ` +
        'or the acquirer to bind it.',
    );
  }
  const taking = bound.filter(
    ({ wallet: taker, currency }) => currency === amount.currency && takesCurrency(taker, currency),
  );
  const [first] = taking;
  if (first === undefined) {
    const currencies = [...new Set(bound.map((binding) => binding.currency))].join(', ');
    return refusal(
      'currency_not_accepted',
      'amount.currency',
      amount.currency,
      `amount.currency ${amount.currency} is not taken here with ${candidates.join(' or ')}: send ${currencies}.`,
    );
  }
  if (taking.length > 1) {
    const names = taking.map((binding) => binding.wallet).join(', ');
    return refusal(
      'wallet_ambiguous',
      'wallet',
      null,
      `payment_code ${maskedCode(request.paymentCode)} may belong to several wallets: send wallet as one of ${names}.`,
    );
  }
  return first;
}

/** First two digits and the length: enough to see what was scanned, not enough to pay with. */
export function maskedCode(paymentCode: string): string {
  return `${paymentCode.slice(0, 2)}… (${paymentCode.length} characters)`;
}

function refused(...args: Parameters<typeof refusal>): Acceptance {
  return { kind: 'refused', refusal: refusal(...args) };
}
