import type { JsonObject } from '../json.ts';
import { isJsonObject, parseJsonObject } from '../json.ts';
import {
  bodyMember,
  type Member,
  merchantCategory,
  optionalText,
  optionalUrl,
  requiredMember,
  requiredText,
  someText,
} from './body-fields.ts';
import type { AmsBooks, AmsCall } from './payments.ts';
import type { Registration } from './registration-records.ts';
import { AmsRefused, answered, type Fields } from './results.ts';

/**
 * merchants/registration: a secondary merchant with a store. Accepted at once; the decision follows, and until then no payment is
 * taken for the merchant. A same repeat answers the same.
 */
export function register(books: AmsBooks, call: AmsCall): Fields {
  const { client, nowMs } = call;
  const asked = readRegistration(call);
  const echoed = asked.passThrough === null ? {} : { passThroughInfo: asked.passThrough };
  const known = books.registrations.find(client.clientId, asked.registrationRequestId);
  if (known !== undefined) {
    if (known.content !== asked.content) throw new AmsRefused('REPEAT_REQ_INCONSISTENT');
    return answered('SUCCESS', echoed);
  }
  const [earlier] = books.registrations.ofMerchant(client.clientId, asked.merchantId, asked.storeId);
  if (earlier !== undefined)
    throw new AmsRefused(nowMs < earlier.decidedAtMs ? 'REGISTRATION_UNDER_REVIEW' : 'REPEAT_REGISTRATION');
  books.registrations.insert({
    ...asked,
    clientId: client.clientId,
    registeredAtMs: nowMs,
    decidedAtMs: nowMs + books.settingsFor(client).plus_registration_review_ms,
  });
  return answered('SUCCESS', echoed);
}

/** merchants/inquiryRegistrationStatus: PENDING, then APPROVED. */
export function inquireRegistrationStatus(books: AmsBooks, call: AmsCall): Fields {
  const body = bodyMember(call.body);
  someText(body, 'registrationRequestId', 'referenceMerchantId');
  const requestId = optionalText(body, 'registrationRequestId', 64);
  const found =
    requestId === null
      ? ofNames(books, call, body)
      : books.registrations.find(call.client.clientId, requestId);
  if (found === undefined) throw new AmsRefused('RECORD_NOT_FOUND');
  const status = call.nowMs < found.decidedAtMs ? 'PENDING' : 'APPROVED';
  return answered('SUCCESS', {
    registrationResult: { registrationStatus: status },
    ...(found.passThrough === null ? {} : { passThroughInfo: found.passThrough }),
  });
}

/** merchants/inquiryRegistrationInfo: what was registered. */
export function inquireRegistrationInfo(books: AmsBooks, call: AmsCall): Fields {
  const body = bodyMember(call.body);
  requiredText(body, 'referenceMerchantId', 64);
  const found = ofNames(books, call, body);
  if (found === undefined) throw new AmsRefused('RECORD_NOT_FOUND');
  return answered('SUCCESS', parseJsonObject(found.content) ?? {});
}

/** Whether payments are taken for the merchant: it came with the client, or a registration of it has been approved. */
export function isRegistered(books: AmsBooks, call: AmsCall, merchantId: string): boolean {
  const { client, nowMs } = call;
  if (client.merchants.includes(merchantId)) return true;
  return books.registrations
    .ofMerchant(client.clientId, merchantId, null)
    .some((one) => nowMs >= one.decidedAtMs);
}

function ofNames(books: AmsBooks, call: AmsCall, body: Member): Registration | undefined {
  const merchantId = requiredText(body, 'referenceMerchantId', 64);
  const storeId = optionalText(body, 'referenceStoreId', 32);
  return books.registrations.ofMerchant(call.client.clientId, merchantId, storeId)[0];
}

function readRegistration({
  body,
}: AmsCall): Omit<Registration, 'clientId' | 'registeredAtMs' | 'decidedAtMs'> {
  const whole = bodyMember(body);
  const products = body['productCodes'];
  if (!Array.isArray(products) || !products.includes('IN_STORE_PAYMENT'))
    throw new AmsRefused('PARAM_ILLEGAL', 'productCodes must name IN_STORE_PAYMENT');
  const merchant = requiredMember(whole, 'merchantInfo');
  const store = requiredMember(whole, 'storeInfo');
  requiredText(merchant, 'merchantDisplayName', 256);
  merchantCategory(merchant, 'merchantMCC');
  checkAddress(requiredMember(merchant, 'merchantAddress'));
  checkDetail(requiredMember(merchant, 'registrationDetail'));
  requiredText(store, 'storeName', 256);
  merchantCategory(store, 'storeMCC', 'storeMcc');
  optionalUrl(whole, 'registrationNotifyURL');
  return {
    registrationRequestId: requiredText(whole, 'registrationRequestId', 64),
    merchantId: requiredText(merchant, 'referenceMerchantId', 64),
    storeId: requiredText(store, 'referenceStoreId', 32),
    content: JSON.stringify({ merchantInfo: merchant.value, storeInfo: store.value, productCodes: products }),
    passThrough: optionalText(whole, 'passThroughInfo', 2048),
  };
}

function checkAddress(address: Member): void {
  if (!/^[A-Z]{2}$/.test(requiredText(address, 'region', 2)))
    throw new AmsRefused('PARAM_ILLEGAL', `${address.path}region is not 2 capital letters`);
}

function checkDetail(detail: Member): void {
  for (const name of ['legalName', 'registrationType', 'registrationNo']) requiredText(detail, name, 256);
  const contacts = detail.value['contactInfo'] ?? [];
  const isContact = (contact: unknown): contact is JsonObject => isJsonObject(contact);
  if (!Array.isArray(contacts) || !contacts.every(isContact))
    throw new AmsRefused('PARAM_ILLEGAL', `${detail.path}contactInfo is no list of contacts`);
}
