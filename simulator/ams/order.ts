import type { JsonObject } from '../json.ts';
import {
  type Amount,
  bodyMember,
  merchantCategory,
  optionalText,
  optionalTime,
  optionalUrl,
  requiredAmount,
  requiredMember,
  requiredText,
} from './body-fields.ts';
import { type Scenario, scenarios } from './payment-records.ts';
import { AmsRefused } from './results.ts';

/** What a pay asks for. */
export interface AmsOrder {
  readonly paymentRequestId: string;
  readonly scenario: Scenario;
  readonly amount: Amount;
  /** Only of a payment code. */
  readonly paymentCode: string | null;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly storeId: string;
  readonly storeName: string;
  readonly description: string;
  readonly notifyUrl: string;
  readonly redirectUrl: string | null;
  readonly userAgent: string | null;
  /** `null`: as the contract says. */
  readonly expiresAtMs: number | null;
}

/**
 * Reads and checks a pay. `orderAmount` is only shown and not compared with `paymentAmount`. Refusals: PARAM_ILLEGAL,
 * CURRENCY_NOT_SUPPORT, PAYMENT_AMOUNT_EXCEED_LIMIT.
 */
export function readOrder(json: JsonObject): AmsOrder {
  const body = bodyMember(json);
  const order = requiredMember(body, 'order');
  const merchant = requiredMember(order, 'merchant');
  const store = requiredMember(merchant, 'store');
  const method = requiredMember(body, 'paymentMethod');
  const scenarioText = requiredText(requiredMember(body, 'paymentFactor'), 'inStorePaymentScenario', 32);
  const scenario = scenarios.find((one) => one === scenarioText);
  if (scenario === undefined)
    throw new AmsRefused('PARAM_ILLEGAL', `inStorePaymentScenario is none of ${scenarios.join(', ')}`);
  if (requiredText(body, 'productCode', 64) !== 'IN_STORE_PAYMENT')
    throw new AmsRefused('PARAM_ILLEGAL', 'productCode is not IN_STORE_PAYMENT');
  if (requiredText(method, 'paymentMethodType', 64) !== 'CONNECT_WALLET')
    throw new AmsRefused('PARAM_ILLEGAL', 'paymentMethodType is not CONNECT_WALLET');
  const notifyUrl = optionalUrl(body, 'paymentNotifyUrl');
  if (notifyUrl === null) throw new AmsRefused('PARAM_ILLEGAL', 'paymentNotifyUrl is missing');
  requiredAmount(order, 'orderAmount');
  merchantCategory(merchant, 'merchantMCC');
  merchantCategory(store, 'storeMCC', 'storeMcc');
  optionalText(order, 'referenceOrderId', 64);
  return {
    paymentRequestId: requestIdOf(requiredText(body, 'paymentRequestId', 64)),
    scenario,
    amount: requiredAmount(body, 'paymentAmount'),
    paymentCode: scenario === 'PaymentCode' ? requiredText(method, 'paymentMethodId', 128) : null,
    merchantId: requiredText(merchant, 'referenceMerchantId', 64),
    merchantName: requiredText(merchant, 'merchantName', 256),
    storeId: requiredText(store, 'referenceStoreId', 64),
    storeName: requiredText(store, 'storeName', 256),
    description: requiredText(order, 'orderDescription', 256),
    notifyUrl,
    redirectUrl: optionalUrl(body, 'paymentRedirectUrl'),
    userAgent: userAgentOf(order.value, scenario),
    expiresAtMs: optionalTime(body, 'paymentExpiryTime'),
  };
}

function requestIdOf(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new AmsRefused('PARAM_ILLEGAL', 'paymentRequestId has blanks');
  return text;
}

/** Which wallet an entry code was opened in; needed there, of no use elsewhere. */
function userAgentOf(order: JsonObject, scenario: Scenario): string | null {
  if (scenario !== 'EntryCode') return null;
  return requiredText(requiredMember({ value: order, path: 'order.' }, 'env'), 'userAgent', 4096);
}
