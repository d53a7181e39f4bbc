import type { Call } from './endpoints.ts';
import type { Result, ResultStatus } from './result.ts';

/**
 * What the caller of AMS does about a result code. Several may apply, in this order.
 *
 * - `ok`: the call did what it promises; its fields say what that is.
 * - `inquire`: the outcome is open.
 * - `same`: the same call with the same ids and amounts again.
 * - `later`: the same call again when somebody has changed something.
 * - `cancel`: and then cancel, when inquiring has not settled it.
 * - `refund`: give the money back by a refund instead.
 * - `new_id`: this id is spent; a new one may succeed.
 * - `payer`: failed for good; the payer may do something about it.
 * - `stop`: failed for good.
 * - `by_hand`: people must settle it with the payer.
 * - `register`: the merchant must be registered first.
 * - `wait`: it is decided elsewhere.
 * - `configure`: configuration or contract; nothing was done.
 * - `alert`: somebody must look.
 */
export type Step =
  | 'ok'
  | 'inquire'
  | 'same'
  | 'later'
  | 'cancel'
  | 'refund'
  | 'new_id'
  | 'payer'
  | 'stop'
  | 'by_hand'
  | 'register'
  | 'wait'
  | 'configure'
  | 'alert';

/** The status that a code comes with, and what to do about it. */
export type CodeEntry = readonly [status: ResultStatus, ...steps: readonly [Step, ...Step[]]];

type CodeTable = Readonly<Record<string, CodeEntry>>;

/** Codes that every call may get: it was refused before any business was done. */
export const configurationCodes = {
  ACCESS_DENIED: ['F', 'configure'],
  INVALID_API: ['F', 'configure'],
  API_INVALID: ['F', 'configure'],
  CLIENT_INVALID: ['F', 'configure'],
  INVALID_CLIENT: ['F', 'configure'],
  INVALID_SIGNATURE: ['F', 'configure'],
  SIGNATURE_INVALID: ['F', 'configure'],
  KEY_NOT_FOUND: ['F', 'configure'],
  NO_INTERFACE_DEF: ['F', 'configure'],
  METHOD_NOT_SUPPORTED: ['F', 'configure'],
  MEDIA_TYPE_NOT_ACCEPTABLE: ['F', 'configure'],
  PARAM_ILLEGAL: ['F', 'configure'],
  INVALID_CONTRACT: ['F', 'configure'],
  INVALID_MERCHANT_STATUS: ['F', 'configure'],
  MERCHANT_KYB_NOT_QUALIFIED: ['F', 'configure'],
  CURRENCY_NOT_SUPPORT: ['F', 'configure'],
} as const satisfies CodeTable;

/**
 * Codes of each call besides {@link configurationCodes}. Complete for what AMS documents for payments in shops, with
 * those that its libraries know from its other products.
 */
export const callCodes = {
  pay: {
    SUCCESS: ['S', 'ok'],
    PAYMENT_IN_PROCESS: ['U', 'inquire', 'cancel', 'new_id'],
    UNKNOWN_EXCEPTION: ['U', 'inquire', 'same'],
    REQUEST_TRAFFIC_EXCEED_LIMIT: ['U', 'same'],
    MERCHANT_NOT_REGISTERED: ['F', 'register', 'new_id'],
    NO_PAY_OPTIONS: ['F', 'stop'],
    PAYMENT_NOT_QUALIFIED: ['F', 'stop'],
    PAYMENT_AMOUNT_EXCEED_LIMIT: ['F', 'stop', 'new_id'],
    PAYMENT_COUNT_EXCEED_LIMIT: ['F', 'stop'],
    ORDER_IS_CLOSED: ['F', 'inquire', 'new_id'],
    ORDER_IS_CANCELED: ['F', 'inquire', 'new_id'],
    REPEAT_REQ_INCONSISTENT: ['F', 'inquire', 'new_id'],
    RISK_REJECT: ['F', 'stop', 'alert'],
    USER_NOT_EXIST: ['F', 'payer'],
    PROCESS_FAIL: ['F', 'stop', 'alert'],
    SYSTEM_ERROR: ['F', 'inquire', 'stop', 'alert'],
    EXPIRED_CODE: ['F', 'payer', 'new_id'],
    INVALID_PAYMENT_CODE: ['F', 'payer', 'new_id'],
    USER_BALANCE_NOT_ENOUGH: ['F', 'payer', 'new_id'],
    USER_AMOUNT_EXCEED_LIMIT: ['F', 'payer', 'new_id'],
    USER_KYC_NOT_QUALIFIED: ['F', 'payer'],
    USER_PAYMENT_VERIFICATION_FAILED: ['F', 'payer', 'new_id'],
    USER_STATUS_ABNORMAL: ['F', 'payer'],
    FRAUD_REJECT: ['F', 'stop'],
    SUSPECTED_RISK: ['F', 'stop'],
    INVALID_ACCESS_TOKEN: ['F', 'stop'],
    BUSINESS_NOT_SUPPORT: ['F', 'stop'],
    UNAVAILABLE_PAYMENT_METHOD: ['F', 'stop'],
    SETTLE_CONTRACT_NOT_MATCH: ['F', 'stop'],
    VERIFY_TIMES_EXCEED_LIMIT: ['F', 'stop'],
    ORDER_STATUS_INVALID: ['F', 'inquire', 'stop'],
  },
  inquire_payment: {
    SUCCESS: ['S', 'ok'],
    ORDER_NOT_EXIST: ['F', 'inquire', 'cancel'],
    PROCESS_FAIL: ['F', 'inquire', 'cancel'],
    SYSTEM_ERROR: ['F', 'inquire', 'cancel'],
    UNKNOWN_EXCEPTION: ['U', 'inquire'],
    REQUEST_TRAFFIC_EXCEED_LIMIT: ['U', 'inquire'],
    PAYMENT_IN_PROCESS: ['U', 'inquire'],
  },
  cancel: {
    SUCCESS: ['S', 'ok'],
    CANCEL_WINDOW_EXCEED: ['F', 'refund'],
    ORDER_NOT_EXIST: ['F', 'same'],
    ORDER_STATUS_INVALID: ['F', 'inquire', 'refund'],
    MERCHANT_BALANCE_NOT_ENOUGH: ['F', 'later', 'alert'],
    PAYMENT_METHOD_NOT_SUPPORTED: ['F', 'refund', 'alert'],
    USER_NOT_EXIST: ['F', 'refund', 'alert'],
    USER_STATUS_ABNORMAL: ['F', 'refund', 'alert'],
    PROCESS_FAIL: ['F', 'later', 'alert'],
    SYSTEM_ERROR: ['F', 'later', 'alert'],
    UNKNOWN_EXCEPTION: ['U', 'same'],
    REQUEST_TRAFFIC_EXCEED_LIMIT: ['U', 'same'],
  },
  refund: {
    SUCCESS: ['S', 'ok'],
    REFUND_IN_PROCESS: ['U', 'inquire'],
    UNKNOWN_EXCEPTION: ['U', 'same'],
    REQUEST_TRAFFIC_EXCEED_LIMIT: ['U', 'same'],
    REFUND_AMOUNT_EXCEED: ['F', 'stop'],
    REFUND_WINDOW_EXCEED: ['F', 'stop', 'by_hand'],
    MULTIPLE_REFUNDS_NOT_SUPPORTED: ['F', 'stop'],
    PARTIAL_REFUND_NOT_SUPPORTED: ['F', 'stop'],
    REFUND_NOT_SUPPORTED: ['F', 'stop'],
    MERCHANT_BALANCE_NOT_ENOUGH: ['F', 'later', 'new_id'],
    ORDER_IS_CANCELED: ['F', 'stop', 'inquire'],
    ORDER_STATUS_INVALID: ['F', 'stop', 'inquire'],
    ORDER_NOT_EXIST: ['F', 'stop'],
    REPEAT_REQ_INCONSISTENT: ['F', 'inquire', 'new_id'],
    RISK_REJECT: ['F', 'alert'],
    PROCESS_FAIL: ['F', 'alert'],
    SYSTEM_ERROR: ['F', 'alert'],
  },
  inquire_refund: {
    SUCCESS: ['S', 'ok'],
    ORDER_NOT_EXIST: ['F', 'inquire'],
    UNKNOWN_EXCEPTION: ['U', 'inquire'],
    REQUEST_TRAFFIC_EXCEED_LIMIT: ['U', 'inquire'],
  },
  register: {
    SUCCESS: ['S', 'ok'],
    REPEAT_REQ_INCONSISTENT: ['F', 'new_id'],
    REGISTRATION_UNDER_REVIEW: ['F', 'wait'],
    REPEAT_REGISTRATION: ['F', 'stop'],
  },
  inquire_registration_status: {
    SUCCESS: ['S', 'ok'],
    RECORD_NOT_FOUND: ['F', 'stop'],
  },
  inquire_registration_info: {
    SUCCESS: ['S', 'ok'],
    RECORD_NOT_FOUND: ['F', 'stop'],
    REPEAT_REQ_INCONSISTENT: ['F', 'stop'],
  },
} as const satisfies Record<Call, CodeTable>;

/** A result judged by the tables. */
export interface JudgedResult extends Result {
  /** What to do; `null` where the tables do not say. */
  readonly steps: readonly [Step, ...Step[]] | null;
}

/**
 * Judges a result. A code that nobody has listed goes by its status alone. A listed code under another status than
 * its own says two things at once, and so leaves the outcome open.
 */
export function judge(call: Call, result: Result): JudgedResult {
  const entry = entryOf(callCodes[call], result.code) ?? entryOf(configurationCodes, result.code);
  if (entry === null) return { ...result, steps: null };
  const [status, ...steps] = entry;
  return status === result.status ? { ...result, steps } : { ...result, status: 'U', steps: null };
}

function entryOf(table: CodeTable, code: string): CodeEntry | null {
  return Object.hasOwn(table, code) ? (table[code] ?? null) : null;
}
