import type { Json, JsonObject } from '../json.ts';

/** Result codes that the simulator gives, each with its status and the text for people. */
const results = {
  SUCCESS: ['S', 'success'],
  PAYMENT_IN_PROCESS: ['U', 'The payment is being processed.'],
  UNKNOWN_EXCEPTION: ['U', 'The call failed for an unknown reason.'],
  INVALID_CLIENT: ['F', 'The client is invalid.'],
  INVALID_SIGNATURE: ['F', 'The signature is invalid.'],
  KEY_NOT_FOUND: ['F', 'The key is not found.'],
  NO_INTERFACE_DEF: ['F', 'The API is not defined.'],
  METHOD_NOT_SUPPORTED: ['F', 'The server supports the method POST only.'],
  MEDIA_TYPE_NOT_ACCEPTABLE: ['F', 'The server does not take this content type.'],
  PARAM_ILLEGAL: ['F', 'A parameter is missing or illegal.'],
  MERCHANT_NOT_REGISTERED: ['F', 'The merchant is not registered.'],
  CURRENCY_NOT_SUPPORT: ['F', 'The currency is not supported.'],
  NO_PAY_OPTIONS: ['F', 'No payment method is available.'],
  PAYMENT_AMOUNT_EXCEED_LIMIT: ['F', 'The amount exceeds the limit.'],
  ORDER_IS_CLOSED: ['F', 'The order is closed.'],
  ORDER_IS_CANCELED: ['F', 'The order is canceled.'],
  REPEAT_REQ_INCONSISTENT: ['F', 'The repeated request is not the same.'],
  EXPIRED_CODE: ['F', 'The code has expired.'],
  INVALID_PAYMENT_CODE: ['F', 'The payment code is invalid.'],
  USER_BALANCE_NOT_ENOUGH: ['F', 'The balance of the user is not enough.'],
  USER_PAYMENT_VERIFICATION_FAILED: ['F', 'The user has not verified the payment.'],
  ORDER_NOT_EXIST: ['F', 'The order does not exist.'],
  ORDER_STATUS_INVALID: ['F', 'The status of the order does not allow this.'],
  CANCEL_WINDOW_EXCEED: ['F', 'The order can no longer be canceled.'],
  REFUND_AMOUNT_EXCEED: ['F', 'The refunds exceed the amount of the payment.'],
  REFUND_WINDOW_EXCEED: ['F', 'The order can no longer be refunded.'],
  MERCHANT_BALANCE_NOT_ENOUGH: ['F', 'The balance of the merchant is not enough.'],
  REGISTRATION_UNDER_REVIEW: ['F', 'The registration is under review.'],
  REPEAT_REGISTRATION: ['F', 'The merchant is registered already.'],
  RECORD_NOT_FOUND: ['F', 'The record is not found.'],
} as const satisfies Record<string, readonly ['S' | 'F' | 'U', string]>;

export type ResultCode = keyof typeof results;

/** Members of an answer beside its `result`. Scalars are texts, as on the real wire. */
export type Fields = Readonly<Record<string, Json>>;

/** A call that is answered with a refusal. Thrown before anything of the call has been done. */
export class AmsRefused extends Error {
  readonly code: ResultCode;

  constructor(code: ResultCode, detail?: string) {
    super(detail === undefined ? results[code][1] : `${results[code][1]} ${detail}`);
    this.code = code;
  }
}

export function resultOf(code: ResultCode, message: string = results[code][1]): JsonObject {
  return { resultCode: code, resultStatus: results[code][0], resultMessage: message.slice(0, 256) };
}

export function answered(code: ResultCode, fields: Fields = {}): Fields {
  return { result: resultOf(code), ...fields };
}

export function refusalFields(refusal: AmsRefused): Fields {
  return { result: resultOf(refusal.code, refusal.message) };
}
