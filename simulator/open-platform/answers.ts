import type { Json } from '../json.ts';

/** Members of a `…_response` node, in the order they are written. Scalars are texts, as on the real wire. */
export type Fields = Readonly<Record<string, Json>>;

export const publicMessages = {
  '10000': 'Success',
  '10003': 'order success pay inprocess',
  '20000': 'Service Currently Unavailable',
  '20001': 'Insufficient Token Permissions',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
} as const;

export type PublicCode = keyof typeof publicMessages;

/** Business refusals that the simulator gives, with the text for people. */
export const businessRefusals = {
  'ACQ.INVALID_PARAMETER': '参数无效',
  'ACQ.TOTAL_FEE_EXCEED': '订单总金额不在允许范围内',
  'ACQ.SUB_GOODS_SIZE_MAX_COUNT': '商品明细超过最大条数',
  'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR': '当前时间已晚于订单失效时间',
  'ACQ.PAYMENT_AUTH_CODE_INVALID': '支付授权码无效',
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': '买家余额不足',
  'ACQ.BUYER_NOT_EXIST': '买家不存在',
  'ACQ.TRADE_HAS_SUCCESS': '交易已被支付',
  'ACQ.TRADE_HAS_CLOSE': '交易已经关闭',
  'ACQ.TRADE_HAS_FINISHED': '交易已经完结',
  'ACQ.CONTEXT_INCONSISTENT': '交易信息被篡改',
  'ACQ.APPLY_PC_MERCHANT_CODE_ERROR': '申请二维码失败，该订单号已申请过',
  'ACQ.TRADE_NOT_EXIST': '交易不存在',
  'ACQ.TRADE_STATUS_ERROR': '交易状态不合法',
  'ACQ.TRADE_CANCEL_TIME_OUT': '超过撤销时间范围，请调用退款接口',
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': '退款金额无效',
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': '商户余额不足',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': '退款金额超限',
  'ACQ.DISCORDANT_REPEAT_REQUEST': '请求信息不一致',
} as const;

export type BusinessRefusal = keyof typeof businessRefusals;

/** A call that is answered with an error. Thrown before anything of the call has been done, unless said otherwise. */
export class Refused extends Error {
  readonly code: PublicCode;
  readonly subCode: string;
  /** Members beside code and text. */
  readonly fields: Fields;

  constructor(code: PublicCode, subCode: string, subMessage: string, fields: Fields = {}) {
    super(subMessage);
    this.code = code;
    this.subCode = subCode;
    this.fields = fields;
  }
}

export function refused(subCode: BusinessRefusal, detail?: string, fields: Fields = {}): Refused {
  const text = businessRefusals[subCode];
  return new Refused('40004', subCode, detail === undefined ? text : `${text}：${detail}`, fields);
}

export function answered(code: PublicCode, fields: Fields): Fields {
  return { code, msg: publicMessages[code], ...fields };
}

export function refusalFields(refusal: Refused): Fields {
  return {
    code: refusal.code,
    msg: publicMessages[refusal.code],
    sub_code: refusal.subCode,
    sub_msg: refusal.message,
    ...refusal.fields,
  };
}

/** The raw text of a node: one line, slashes escaped as the real gateway does. These very bytes are signed. */
export function printNode(fields: Fields, asciiOnly: boolean): string {
  const text = JSON.stringify(fields).replaceAll('/', '\\/');
  if (!asciiOnly) return text;
  return text.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
