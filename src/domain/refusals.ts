/**
 * Everything that the gateway refuses by its own rules, in order of precedence: when several hold, the first one
 * is answered, and that order is part of the contract. `transient` says whether the very same request could be
 * accepted later without anybody changing it.
 */
export const refusals = {
  unknown_merchant: { transient: false },
  amount_not_positive: { transient: false },
  unknown_currency: { transient: false },
  unknown_store: { transient: false },
  order_codes_off: { transient: false },
  payment_code_unknown: { transient: false },
  wallet_not_available: { transient: false },
  product_not_offered: { transient: false },
  currency_not_accepted: { transient: false },
  wallet_ambiguous: { transient: false },
  amount_not_payable: { transient: false },
  amount_too_large: { transient: false },
  sub_merchant_missing: { transient: false },
  merchant_category_missing: { transient: false },
  expiry_out_of_range: { transient: false },
  wallet_unavailable: { transient: true },
  idempotency_key_reused: { transient: false },
  order_already_paid: { transient: false },
  order_has_open_payment: { transient: true },
  order_repeated: { transient: false },
  payment_not_found: { transient: true },
  refund_not_found: { transient: true },
  payment_not_refundable: { transient: true },
  refund_currency_mismatch: { transient: false },
  refund_exceeds_remaining: { transient: false },
  refund_no_reused: { transient: false },
} as const satisfies { readonly [code: string]: { readonly transient: boolean } };

export type RefusalCode = keyof typeof refusals;

/** A refusal with what people need: which field, which value, what to do next. */
export interface Refusal {
  readonly code: RefusalCode;
  /** Path of the request field, `null` when no single field is at fault. */
  readonly field: string | null;
  readonly value: string | null;
  /** A sentence that names the field, the value and the next step. */
  readonly detail: string;
  /** Facts for programs: ids of what stands in the way, `retry_at`, … */
  readonly facts?: Readonly<Record<string, string>>;
  /** When the same request may be made again, in seconds. */
  readonly retryAfterS?: number;
}

export function refusal(
  code: RefusalCode,
  field: string | null,
  value: string | null,
  detail: string,
  facts?: Refusal['facts'],
): Refusal {
  return facts === undefined ? { code, field, value, detail } : { code, field, value, detail, facts };
}
