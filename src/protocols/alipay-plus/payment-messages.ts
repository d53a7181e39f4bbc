import { alsoNamed, amount, flag, list, object, required, text } from './message-fields.ts';
import { resultField } from './result.ts';

/*
 * The bodies of pay, inquiryPayment and cancel. Lengths that the vendor only implies are not limits here. Times are
 * text: ISO 8601 with an offset, as `wire-time.ts` writes them and reads them.
 */

/** How a payer is reached in a shop. */
export const scenarios = {
  payment_code: 'PaymentCode',
  entry_code: 'EntryCode',
  order_code: 'OrderCode',
} as const;

export type Scenario = keyof typeof scenarios;

export const inStoreProduct = 'IN_STORE_PAYMENT';
export const connectWallet = 'CONNECT_WALLET';

export const address = object({
  region: text(2),
  state: text(),
  city: text(),
  address1: text(),
  address2: text(),
  zipCode: text(),
  label: text(),
});

export const settlementQuote = object({
  quoteId: text(64),
  /** Letters (`USD/JPY`) or numbers (`392/156`): text either way. */
  quoteCurrencyPair: text(16),
  quotePrice: text(),
  quoteStartTime: text(),
  quoteExpiryTime: text(),
  guaranteed: flag,
});

const pspCustomerInfo = object({ pspName: text(64), pspCustomerId: text(64), displayCustomerId: text(64) });

const redirectActionForm = object({
  method: text(),
  redirectUrl: text(2048),
  /** Fields of a form to post, as a JSON text. */
  parameters: text(2048),
  actionFormType: text(),
});

export const payRequest = {
  productCode: required(text()),
  /** Idempotency key of the attempt: letters, digits, `_` and `-`. */
  paymentRequestId: required(text(64)),
  paymentAmount: required(amount),
  paymentMethod: required(
    object({
      paymentMethodType: required(text(64)),
      /** The scanned payment code. Not limited here: codes grow, and AMS judges them. Rule PAY-05. */
      paymentMethodId: text(),
    }),
  ),
  paymentFactor: required(object({ inStorePaymentScenario: required(text()) })),
  paymentNotifyUrl: required(text(2048)),
  paymentRedirectUrl: text(2048),
  /** When AMS closes an unpaid order. Rule PAY-20. */
  paymentExpiryTime: alsoNamed(text(), 'paymentExpireTime'),
  settlementStrategy: object({ settlementCurrency: text(3) }),
  merchantRegion: text(2),
  order: required(
    object({
      /** What the payer is shown; AMS does not compare it with `paymentAmount`. */
      orderAmount: required(amount),
      orderDescription: required(text(256)),
      referenceOrderId: text(64),
      merchant: required(
        object({
          referenceMerchantId: required(text(64)),
          merchantName: required(text()),
          merchantMCC: required(text()),
          merchantDisplayName: text(),
          merchantAddress: address,
          merchantRegisterDate: text(),
          merchantType: text(),
          store: required(
            object({
              referenceStoreId: required(text(64)),
              storeName: required(text()),
              storeMCC: required(alsoNamed(text(), 'storeMcc')),
              storeDisplayName: text(),
              storeTerminalId: text(),
              storeOperatorId: text(),
              storeAddress: address,
              storePhoneNo: text(),
            }),
          ),
        }),
      ),
      env: object({
        /** The payer's browser, which tells wallets apart; an entry code cannot do without. Rule PAY-01. */
        userAgent: text(),
        storeTerminalId: text(),
        storeTerminalRequestTime: text(),
        terminalType: text(),
        osType: text(),
        clientIp: text(64),
        deviceTokenId: text(64),
        cookieId: text(),
        extendInfo: text(2048),
      }),
      goods: list(
        object({
          referenceGoodsId: text(),
          goodsName: text(),
          goodsUnitAmount: amount,
          goodsQuantity: text(),
        }),
      ),
      extendInfo: text(),
    }),
  ),
} as const;

export const payAnswer = {
  result: resultField,
  paymentRequestId: text(64),
  /** May be missing from failures. */
  paymentId: text(64),
  paymentAmount: amount,
  paymentCreateTime: text(),
  paymentTime: text(),
  /** Entry code: what wakes the wallet. */
  redirectActionForm,
  orderCodeForm: object({
    paymentMethodType: text(),
    /** When the code dies. */
    expireTime: text(),
    codeDetails: list(
      object({
        /** `QRCODE` or `BARCODE`. */
        codeValueType: text(),
        /** `TEXT` to render, or the address of an image: `SMALLIMAGE`, `MIDDLEIMAGE`, `BIGIMAGE`. */
        displayType: text(),
        codeValue: text(2048),
      }),
    ),
  }),
  pspCustomerInfo,
  challengeActionForm: object({ challengeType: text(), triggerSource: text() }),
  grossSettlementAmount: amount,
  settlementQuote,
} as const;

/** Inquiry and cancel name the payment alike; the wallet's id wins where both are sent. */
export const paymentReference = { paymentId: text(64), paymentRequestId: text(64) } as const;

export const inquiryAnswer = {
  /** Of the inquiry, not of the payment. */
  result: resultField,
  paymentStatus: text(),
  paymentRequestId: text(64),
  paymentId: text(64),
  paymentAmount: amount,
  paymentResultCode: text(64),
  paymentResultMessage: text(256),
  paymentCreateTime: text(),
  paymentTime: text(),
  authExpiryTime: text(),
  pspCustomerInfo,
  redirectActionForm,
  transactions: list(
    object({
      transactionType: text(),
      transactionStatus: text(),
      transactionId: text(64),
      transactionRequestId: text(64),
      transactionAmount: amount,
      transactionTime: text(),
      transactionResult: resultField,
      grossSettlementAmount: amount,
      settlementQuote,
    }),
  ),
  grossSettlementAmount: amount,
  settlementQuote,
} as const;

export type PaymentStatus = 'SUCCESS' | 'FAIL' | 'PROCESSING' | 'CANCELLED' | 'PENDING';

/** A payment's status at AMS; `null` for one that is not documented. A refund leaves it `SUCCESS`. */
export function readPaymentStatus(status: string | null): PaymentStatus | null {
  switch (status) {
    case 'SUCCESS':
    case 'FAIL':
    case 'PROCESSING':
    case 'CANCELLED':
    case 'PENDING':
      return status;
    default:
      return null;
  }
}

export const cancelAnswer = {
  result: resultField,
  paymentRequestId: text(64),
  paymentId: text(64),
  cancelTime: text(),
} as const;
