import { attemptCore } from './ids.ts';
import { formatDecimal, type Money, minorUnitDigits } from './money.ts';
import type { Failure, Payment, TimelineEvent } from './payment.ts';
import { later } from './payment-changes.ts';
import type { PaymentStart } from './payment-start.ts';
import {
  hastened,
  offersProduct,
  orderCodeLifeMs,
  type PaymentPolicy,
  type PolicyOverrides,
  policyFor,
} from './policy.ts';
import { type Refusal, refusal } from './refusals.ts';
import {
  amountStepOf,
  type ProductName,
  takesCurrency,
  type WalletName,
  walletNames,
  walletsOfPaymentCode,
  wantsCategory,
} from './wallets.ts';

/** A merchant's wish to be paid, its form already checked by whoever received it. */
export interface PaymentRequest {
  readonly merchantOrderNo: string;
  readonly amount: { readonly currency: string; readonly minor: bigint };
  readonly start: PaymentStart;
  readonly storeId: string;
  /** A device's number for a device, the store's where a store's code was scanned. PAY-09. */
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
  /** ISO 18245 category, four digits; `null` until somebody has said. */
  readonly mcc: string | null;
  readonly stores: readonly { readonly id: string }[];
  readonly bindings: readonly {
    readonly wallet: WalletName;
    readonly account: string;
    readonly subMerchantId: string | null;
    readonly currency: string;
  }[];
  /** `null`: order codes are off, as they are until somebody has named the scene that needs them. PAY-16. */
  readonly orderCodes: OrderCodePermission | null;
  readonly policyOverrides: PolicyOverrides;
  readonly notifyUrl: string | null;
}

/**
 * A merchant may show order codes: where, and how long one lives unless the request says otherwise, or its wallet takes
 * no time as late. PAY-16.
 */
export interface OrderCodePermission {
  readonly scene: string;
  readonly expiryMs: number;
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
 * Refusals: amount_not_positive, unknown_currency, unknown_store, order_codes_off, payment_code_unknown,
 * wallet_not_available, product_not_offered, currency_not_accepted, wallet_ambiguous, amount_not_payable,
 * amount_too_large, sub_merchant_missing, merchant_category_missing, expiry_out_of_range.
 * PAY-05, PAY-07, PAY-09, PAY-16, PAY-20.
 */
export function acceptPayment(
  request: PaymentRequest,
  merchant: AcceptingMerchant,
  policySpeed: number,
  now: Date,
  random: Uint8Array,
): Acceptance {
  const { amount, start } = request;
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
  if (!merchant.stores.some((store) => store.id === request.storeId)) {
    return refused(
      'unknown_store',
      'store_id',
      request.storeId,
      `store_id ${request.storeId} is not a store of this merchant: send one that is registered for it.`,
    );
  }
  if (start.product === 'order_code' && merchant.orderCodes === null) {
    return refused(
      'order_codes_off',
      'product',
      start.product,
      'product order_code is off for this merchant: anybody who sees such a code can pay it. Ask the acquirer to ' +
        'enable it for the scene that needs it.',
    );
  }
  const chosen = chooseBinding(request, merchant);
  if ('code' in chosen) return { kind: 'refused', refusal: chosen };
  const policy = paymentPolicy(chosen.wallet, start.product, merchant.policyOverrides, policySpeed);
  const step = amountStepOf(chosen.wallet, amount.currency);
  if (amount.minor % step !== 0n) {
    return refused(
      'amount_not_payable',
      'amount.value',
      `${amount.minor}`,
      `amount.value ${amount.minor} is no multiple of ${step}, and no smaller ${amount.currency} circulates: round it.`,
    );
  }
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
  if (merchant.mcc === null && wantsCategory(chosen.wallet)) {
    return refused(
      'merchant_category_missing',
      'wallet',
      chosen.wallet,
      `The merchant has no category (MCC), which ${chosen.wallet} wants with every payment: the acquirer must set it.`,
    );
  }
  const expiryMs =
    start.product === 'order_code'
      ? orderCodeLifeMs(policy, merchant.orderCodes?.expiryMs ?? null)
      : policy.expiryDefaultMs;
  const expiresAt = request.expiresAt ?? later(now, expiryMs);
  const lifeMs = expiresAt.getTime() - now.getTime();
  if (lifeMs < policy.expiryMinMs || lifeMs > policy.expiryMaxMs) {
    return refused(
      'expiry_out_of_range',
      'expires_at',
      expiresAt.toISOString(),
      `expires_at ${expiresAt.toISOString()} must lie between ${policy.expiryMinMs / 1000} seconds and ` +
        `${spanInWords(policy.expiryMaxMs)} from now: send such a time, or leave it out.`,
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
      product: start.product,
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
      payerAction: null,
      payerActiveUntil:
        policy.givesUpAt === 'close_time' ? later(now, policy.payAnswerMs + policy.payerActiveMs) : null,
      paidAt: null,
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
  overrides: PolicyOverrides,
  policySpeed: number,
): PaymentPolicy {
  const policy = policyFor(wallet, product, overrides);
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
  const { amount, start, wallet } = request;
  const candidates = wallet !== null ? [wallet] : walletsOfStart(start);
  if (candidates.length === 0) {
    const code = start.product === 'payment_code' ? maskedCode(start.paymentCode) : '';
    return refusal(
      'payment_code_unknown',
      'payment_code',
      code,
      `payment_code ${code} begins like no known wallet's (${walletNames.join(', ')}): scan the payer's code again, ` +
        'or name the wallet.',
    );
  }
  const named = wallet !== null || start.product !== 'payment_code' ? 'wallet' : 'payment_code';
  const bound = merchant.bindings.filter((binding) => candidates.includes(binding.wallet));
  if (bound.length === 0) {
    return refusal(
      'wallet_not_available',
      named,
      candidates.join(', '),
      `This merchant does not take ${candidates.join(' or ')}: ask the payer for another wallet, ` +
        'or the acquirer to bind it.',
    );
  }
  const offering = bound.filter((binding) => offersProduct(binding.wallet, start.product));
  if (offering.length === 0) {
    return refusal(
      'product_not_offered',
      'product',
      start.product,
      `product ${start.product} cannot be paid with ${walletsOf(bound)}: use another product, or another wallet.`,
    );
  }
  const taking = offering.filter(
    ({ wallet: taker, currency }) => currency === amount.currency && takesCurrency(taker, currency),
  );
  const [first] = taking;
  if (first === undefined) {
    const currencies = [...new Set(offering.map((binding) => binding.currency))].join(', ');
    return refusal(
      'currency_not_accepted',
      'amount.currency',
      amount.currency,
      `amount.currency ${amount.currency} is not taken here with ${walletsOf(offering)}: send ${currencies}.`,
    );
  }
  if (taking.length > 1) {
    const names = taking.map((binding) => binding.wallet).join(', ');
    return refusal(
      'wallet_ambiguous',
      'wallet',
      null,
      `Several wallets can take this ${start.product} in ${amount.currency}: send wallet as one of ${names}.`,
    );
  }
  return first;
}

function walletsOfStart(start: PaymentStart): readonly WalletName[] {
  return start.product === 'payment_code' ? walletsOfPaymentCode(start.paymentCode) : walletNames;
}

function walletsOf(bindings: readonly { readonly wallet: WalletName }[]): string {
  return [...new Set(bindings.map((binding) => binding.wallet))].join(' or ');
}

function spanInWords(ms: number): string {
  const days = ms / 86_400_000;
  return Number.isInteger(days) ? `${days} days` : `${ms / 60_000} minutes`;
}

/** First two digits and the length: enough to see what was scanned, not enough to pay with. */
export function maskedCode(paymentCode: string): string {
  return `${paymentCode.slice(0, 2)}… (${paymentCode.length} characters)`;
}

function refused(...args: Parameters<typeof refusal>): Acceptance {
  return { kind: 'refused', refusal: refusal(...args) };
}
