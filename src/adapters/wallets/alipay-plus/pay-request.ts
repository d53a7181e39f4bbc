import type { PayRequest } from '../../../ports/wallet.ts';
import { printMessage, shortened } from '../../../protocols/alipay-plus/message-fields.ts';
import {
  connectWallet,
  inStoreProduct,
  payRequest,
  scenarios,
} from '../../../protocols/alipay-plus/payment-messages.ts';
import { printWireTime } from '../../../protocols/alipay-plus/wire-time.ts';
import type { AlipayPlusAccount } from './account.ts';

/**
 * The body of `pay`. Nothing in it changes when it is made again, so that a repeat is one. Merchant, store and
 * terminal are those of the payment (PAY-09), and it always says when it closes (PAY-20).
 * @throws RangeError for what AMS would refuse, a merchant or store without a category code among it.
 */
export function payBody(request: PayRequest, account: AlipayPlusAccount): string {
  const { start, amount, merchant, store } = request;
  const merchantMcc = merchant.mcc ?? store.mcc ?? '';
  return printMessage(payRequest, {
    productCode: inStoreProduct,
    paymentRequestId: request.requestId,
    paymentAmount: amount,
    paymentMethod: {
      paymentMethodType: connectWallet,
      paymentMethodId: start.product === 'payment_code' ? start.paymentCode : null,
    },
    paymentFactor: { inStorePaymentScenario: scenarios[start.product] },
    paymentNotifyUrl: account.notifyUrl,
    paymentRedirectUrl: start.product === 'entry_code' ? start.returnUrl : null,
    paymentExpiryTime: printWireTime(request.expiresAt),
    settlementStrategy: { settlementCurrency: account.settlementCurrency },
    merchantRegion: account.merchantRegion,
    order: {
      orderAmount: amount,
      orderDescription: shortened(request.subject, 256) || request.requestId,
      referenceOrderId: request.merchantOrderNo,
      merchant: {
        referenceMerchantId: request.subMerchantId,
        merchantName: shortened(merchant.name, 256),
        merchantMCC: merchantMcc,
        store: {
          referenceStoreId: store.id,
          storeName: shortened(store.name, 256),
          storeMCC: store.mcc ?? merchantMcc,
        },
      },
      env: {
        userAgent: start.product === 'entry_code' ? start.userAgent : null,
        storeTerminalId: request.terminalId,
        storeTerminalRequestTime: printWireTime(request.requestedAt),
      },
    },
  });
}
