/** The calls of the Open Platform that this protocol speaks, by the method that each has on the wire. */
export const methods = {
  pay: 'alipay.trade.pay',
  query: 'alipay.trade.query',
  cancel: 'alipay.trade.cancel',
  refund: 'alipay.trade.refund',
  refund_query: 'alipay.trade.fastpay.refund.query',
  precreate: 'alipay.trade.precreate',
  create: 'alipay.trade.create',
  close: 'alipay.trade.close',
} as const;

export type Call = keyof typeof methods;

/** Name of the member that answers a method: `alipay.trade.pay` → `alipay_trade_pay_response`. */
export function answerName(method: string): string {
  return `${method.replaceAll('.', '_')}_response`;
}
