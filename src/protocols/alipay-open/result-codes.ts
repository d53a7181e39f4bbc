import type { Call } from './calls.ts';

/**
 * What the caller of the Open Platform does about a result code. Several may apply, in this order.
 *
 * - `ok`: the call succeeded; its fields say what happened.
 * - `query`: the outcome is open; inquire.
 * - `retry`, `retry_later`: the same call with the same ids and amounts again, soon or when something has changed.
 * - `cancel`: and then cancel, when inquiring has not settled it.
 * - `refund`: give the money back by a refund instead.
 * - `verify`: compare with the wallet's record of that id; it may well be a success.
 * - `final`, `final_buyer`, `final_new_number`: this attempt failed for good. The payer may do something about it;
 *   a sale that goes on needs a new number.
 * - `alert`: configuration, contract or risk; somebody must look.
 */
export type Step =
  | 'ok'
  | 'query'
  | 'retry'
  | 'retry_later'
  | 'cancel'
  | 'refund'
  | 'verify'
  | 'final'
  | 'final_buyer'
  | 'final_new_number'
  | 'alert';

export type Steps = readonly [Step, ...Step[]];

type BusinessCodes = Readonly<Record<string, Steps>>;

interface PublicCode {
  /** For calls that do not differ. `null`: only the calls named in `except` get this code. */
  readonly steps: Steps | null;
  readonly except?: { readonly [call in Call]?: Steps };
  /** Detail codes that the platform documents for this code. */
  readonly subCodes: readonly string[];
}

/** Codes that every call may get. `40004` is not here: each call has its own table of business failures. */
export const publicCodes = {
  '10000': { steps: ['ok'], subCodes: [] },
  '10003': { steps: null, except: { pay: ['query', 'cancel'] }, subCodes: [] },
  '20000': {
    steps: ['retry'],
    except: { pay: ['query'], create: ['query'] },
    subCodes: ['isp.unknow-error', 'aop.unknow-error', 'aop.ACQ.SYSTEM_ERROR'],
  },
  '20001': {
    steps: ['alert'],
    subCodes: [
      'aop.invalid-auth-token',
      'aop.auth-token-time-out',
      'aop.invalid-app-auth-token',
      'aop.invalid-app-auth-token-no-api',
      'aop.app-auth-token-time-out',
      'aop.no-product-reg-by-partner',
    ],
  },
  '40001': {
    steps: ['final', 'alert'],
    subCodes: [
      'isv.missing-method',
      'isv.missing-signature',
      'isv.missing-signature-type',
      'isv.missing-signature-key',
      'isv.missing-app-id',
      'isv.missing-timestamp',
      'isv.missing-version',
      'isv.decryption-error-missing-encrypt-type',
    ],
  },
  '40002': {
    steps: ['final', 'alert'],
    subCodes: [
      'isv.invalid-parameter',
      'isv.upload-fail',
      'isv.invalid-file-extension',
      'isv.invalid-file-size',
      'isv.invalid-method',
      'isv.invalid-format',
      'isv.invalid-signature-type',
      'isv.invalid-signature',
      'isv.invalid-encrypt-type',
      'isv.invalid-encrypt',
      'isv.invalid-app-id',
      'isv.invalid-timestamp',
      'isv.invalid-charset',
      'isv.invalid-digest',
      'isv.decryption-error-not-valid-encrypt-type',
      'isv.decryption-error-not-valid-encrypt-key',
      'isv.decryption-error-unknown',
      'isv.missing-signature-config',
      'isv.not-support-app-auth',
      'isv.suspected-attack',
      'isv.illegal-json',
      'isv.missing-app-cert-sn',
      'isv.missing-alipay-root-cert-sn',
      'isv.app-cert-expired',
    ],
  },
  '40003': { steps: ['alert'], subCodes: ['isv.missing-signature-config', 'invalid-auth-relations'] },
  '40005': { steps: ['retry_later'], subCodes: ['isv.app-call-limited', 'isv.method-call-limited'] },
  '40006': {
    steps: ['alert'],
    subCodes: ['isv.insufficient-isv-permissions', 'isv.insufficient-user-permissions'],
  },
} as const satisfies Readonly<Record<string, PublicCode>>;

/** Business failures of `alipay.trade.pay`; create and precreate share them. A `*` stands for any ending. */
const pay = {
  SYSTEM_ERROR: ['query', 'cancel'],
  INVALID_PARAMETER: ['final', 'alert'],
  ACCESS_FORBIDDEN: ['final', 'alert'],
  PARTNER_ERROR: ['final', 'alert'],
  EXIST_FORBIDDEN_WORD: ['final_new_number'],
  TOTAL_FEE_EXCEED: ['final'],
  PAYMENT_AUTH_CODE_INVALID: ['final_buyer'],
  CONTEXT_INCONSISTENT: ['query', 'final_new_number'],
  TRADE_HAS_SUCCESS: ['verify'],
  TRADE_HAS_CLOSE: ['final_new_number'],
  BUYER_BALANCE_NOT_ENOUGH: ['final_buyer'],
  BUYER_BANKCARD_BALANCE_NOT_ENOUGH: ['final_buyer'],
  ERROR_BALANCE_PAYMENT_DISABLE: ['final_buyer'],
  NO_PAYMENT_INSTRUMENTS_AVAILABLE: ['final_buyer'],
  BUYER_SELLER_EQUAL: ['final_buyer'],
  TRADE_BUYER_NOT_MATCH: ['final_buyer'],
  BUYER_ENABLE_STATUS_FORBID: ['final_buyer'],
  BUYER_NOT_EXIST: ['final_buyer'],
  PAYER_UNMATCHED: ['final_buyer'],
  NOT_CERTIFIED_USER: ['final_buyer'],
  BUYER_NOT_MAINLAND_CERT: ['final_buyer'],
  PULL_MOBILE_CASHIER_FAIL: ['final_buyer'],
  MOBILE_PAYMENT_SWITCH_OFF: ['final_buyer'],
  USER_FACE_PAYMENT_SWITCH_OFF: ['final_buyer'],
  PAYMENT_FAIL: ['final_buyer'],
  BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR: ['final_buyer'],
  BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR: ['final_buyer'],
  BEYOND_PAY_RESTRICTION: ['final', 'alert'],
  BEYOND_PER_RECEIPT_RESTRICTION: ['final', 'alert'],
  BEYOND_PER_RECEIPT_SINGLE_RESTRICTION: ['final', 'alert'],
  BEYOND_PER_RECEIPT_DAY_RESTRICTION: ['final', 'alert'],
  MERCHANT_PERM_RECEIPT_SINGLE_LIMIT: ['final', 'alert'],
  MERCHANT_PERM_RECEIPT_DAY_LIMIT: ['final', 'alert'],
  MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT: ['final', 'alert'],
  PRODUCT_AMOUNT_LIMIT_ERROR: ['final', 'alert'],
  SELLER_BEEN_BLOCKED: ['final', 'alert'],
  MERCHANT_STATUS_NOT_NORMAL: ['final', 'alert'],
  SECONDARY_MERCHANT_STATUS_ERROR: ['final', 'alert'],
  SECONDARY_MERCHANT_ISV_PUNISH_INDIRECT: ['final', 'alert'],
  SECONDARY_MERCHANT_ID_INVALID: ['final', 'alert'],
  SECONDARY_MERCHANT_ID_BLANK: ['final', 'alert'],
  SECONDARY_MERCHANT_NOT_MATCH: ['final', 'alert'],
  SUB_MERCHANT_TYPE_INVALID: ['final', 'alert'],
  SUB_MERCHANT_CREATE_FAIL: ['final', 'alert'],
  ERROR_BUYER_CERTIFY_LEVEL_LIMIT: ['final_buyer'],
  ERROR_SELLER_CERTIFY_LEVEL_LIMIT: ['final', 'alert'],
  PAYMENT_REQUEST_HAS_RISK: ['final_buyer'],
  INVALID_STORE_ID: ['final', 'alert'],
  NOW_TIME_AFTER_EXPIRE_TIME_ERROR: ['final', 'alert'],
  SUB_GOODS_SIZE_MAX_COUNT: ['final', 'alert'],
  RISK_MERCHANT_IP_NOT_EXIST: ['final', 'alert'],
  UN_SUPPORT_TRADE_SCENE: ['final', 'alert'],
  RESTRICTED_MERCHANT_INDUSTRY: ['final', 'alert'],
  INVALID_RECEIVE_ACCOUNT: ['final', 'alert'],
  SELLER_NOT_EXIST: ['final', 'alert'],
  TRADE_SETTLE_ERROR: ['final', 'alert'],
  AUTH_NO_ERROR: ['final'],
  AUTH_AMOUNT_NOT_ENOUGH: ['final'],
  AUTH_ORDER_NOT_PAID: ['final'],
  AUTH_ORDER_HAS_FINISHED: ['final'],
  AUTH_ORDER_HAS_CLOSED: ['final'],
  PRE_AUTH_PROD_CODE_INCONSISTENT: ['final'],
  REQUEST_AMOUNT_EXCEED: ['final'],
  AUTH_TOKEN_IS_NOT_EXIST: ['final'],
  MERCHANT_AGREEMENT_NOT_EXIST: ['alert'],
  MERCHANT_AGREEMENT_INVALID: ['alert'],
  'AGREEMENT_*': ['alert'],
  'CYCLE_PAY_*': ['alert'],
} as const satisfies BusinessCodes;

/** What create and precreate add to the codes of pay. */
const order = {
  ...pay,
  SYSTEM_ERROR: ['retry'],
  APPLY_PC_MERCHANT_CODE_ERROR: ['final_new_number'],
  CUSTOMER_VALIDATE_ERROR: ['final', 'alert'],
  STORE_INFO_INVALID: ['final', 'alert'],
  ILLEGAL_ARGUMENT: ['final', 'alert'],
  DEFAULT_SETTLE_RULE_NOT_EXIST: ['final', 'alert'],
  USER_LOGONID_DUP: ['final', 'alert'],
  PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID: ['final', 'alert'],
  NOT_SUPPORT_PAYMENT_INST: ['final', 'alert'],
} as const satisfies BusinessCodes;

/**
 * Business failures (`40004`) of each call, by the code without its `ACQ.`. Complete for the codes that the
 * platform documents; one that is not here says nothing about the outcome.
 */
export const businessCodes = {
  pay,
  create: order,
  precreate: order,
  query: {
    SYSTEM_ERROR: ['retry'],
    INVALID_PARAMETER: ['final', 'alert'],
    TRADE_NOT_EXIST: ['query', 'cancel'],
  },
  cancel: {
    SYSTEM_ERROR: ['retry'],
    SELLER_BALANCE_NOT_ENOUGH: ['alert', 'retry_later'],
    REASON_TRADE_BEEN_FREEZEN: ['alert'],
    TRADE_HAS_FINISHED: ['final', 'query', 'refund'],
    CANCEL_NOT_ALLOWED: ['final', 'query', 'refund'],
    TRADE_CANCEL_TIME_OUT: ['refund'],
    REASON_TRADE_REFUND_FEE_ERR: ['refund'],
  },
  refund: {
    SYSTEM_ERROR: ['retry'],
    SELLER_BALANCE_NOT_ENOUGH: ['retry_later'],
    REFUND_AMT_NOT_EQUAL_TOTAL: ['final'],
    REASON_TRADE_REFUND_FEE_ERR: ['final'],
    REFUND_FEE_ERROR: ['final'],
    TRADE_NOT_EXIST: ['final', 'query'],
    TRADE_STATUS_ERROR: ['final', 'query'],
    REASON_TRADE_STATUS_INVALID: ['final', 'query'],
    TRADE_HAS_FINISHED: ['final'],
    TRADE_NOT_ALLOW_REFUND: ['final'],
    TRADE_HAS_CLOSE: ['verify'],
    DISCORDANT_REPEAT_REQUEST: ['verify'],
    REASON_TRADE_BEEN_FREEZEN: ['alert'],
    BUYER_ERROR: ['alert'],
    BUYER_NOT_EXIST: ['alert'],
    CUSTOMER_VALIDATE_ERROR: ['alert'],
    NOT_ALLOW_PARTIAL_REFUND: ['final'],
    ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND: ['final'],
    REFUND_CHARGE_ERROR: ['retry_later'],
  },
  refund_query: {
    SYSTEM_ERROR: ['retry'],
    TRADE_NOT_EXIST: ['final'],
  },
  close: {
    SYSTEM_ERROR: ['retry'],
    TRADE_NOT_EXIST: ['final'],
    TRADE_STATUS_ERROR: ['query'],
    REASON_TRADE_STATUS_INVALID: ['query'],
    REASON_ILLEGAL_STATUS: ['query'],
  },
} as const satisfies Record<Call, BusinessCodes>;

/**
 * Refusals that tell a `pay` or a `precreate` that the wallet has seen this number before. They speak of the repeat, not of the
 * payment, which may have succeeded: never a failure, always an inquiry. Rule RES-18.
 */
const repeatRefusals: ReadonlySet<string> = new Set([
  'TRADE_HAS_SUCCESS',
  'TRADE_HAS_CLOSE',
  'CONTEXT_INCONSISTENT',
  'OUT_TRADE_NO_USED',
  'REPEAT_REQ_INCONSISTENT',
  'APPLY_PC_MERCHANT_CODE_ERROR',
]);

export function isRepeatRefusal(subCode: string | null): boolean {
  return subCode !== null && repeatRefusals.has(businessName(subCode));
}

/**
 * A business code without the prefixes that the platform writes before it in its own various ways
 * (`ACQ.`, the misspelt `AQC.`, `aop.ACQ.`) and without regard to case.
 */
export function businessName(subCode: string): string {
  return subCode.replace(/^(?:aop\.)?(?:ACQ|AQC)\./i, '').toUpperCase();
}

/**
 * What to do about an answer's code; `null` for a code that nobody has listed for this call, which leaves the
 * outcome open and is never a failure.
 *
 * A code of the gateway rejects the call before any business is done, unless its detail code is a business code:
 * then that one decides. A platform that is out of service (`20000`) is sure of nothing, whatever detail it gives. RES-08.
 */
export function stepsFor(call: Call, code: string, subCode: string | null): Steps | null {
  if (code === '40004') return subCode === null ? null : businessSteps(call, subCode);
  if (!Object.hasOwn(publicCodes, code)) return null;
  const entry: PublicCode = publicCodes[code as keyof typeof publicCodes];
  const steps = entry.except?.[call] ?? entry.steps;
  if (code === '10000' || code === '20000' || subCode === null || entry.subCodes.includes(subCode))
    return steps;
  return /^(isv|aop)\.[a-z0-9-]+$/.test(subCode) && subCode !== 'aop.unknow-error'
    ? steps
    : businessSteps(call, subCode);
}

function businessSteps(call: Call, subCode: string): Steps | null {
  const codes: BusinessCodes = businessCodes[call];
  const name = businessName(subCode);
  if (Object.hasOwn(codes, name)) return codes[name] ?? null;
  const pattern = Object.keys(codes).find((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)));
  return pattern === undefined ? null : (codes[pattern] ?? null);
}
