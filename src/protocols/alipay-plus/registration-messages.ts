import { alsoNamed, list, object, required, text } from './message-fields.ts';
import { address } from './payment-messages.ts';
import { resultField } from './result.ts';

/*
 * The bodies of the calls that register a secondary merchant and its stores, and of the notification that tells the
 * decision. A registration that is accepted is not yet decided.
 */

const merchantInfo = object({
  referenceMerchantId: required(text(64)),
  merchantDisplayName: required(text()),
  merchantMCC: required(text()),
  merchantAddress: required(address),
  logo: object({ logoName: text(), logoUrl: text() }),
  websites: list(object({ name: text(), url: text(), desc: text() })),
  registrationDetail: required(
    object({
      legalName: text(),
      registrationType: text(),
      registrationNo: text(),
      registrationAddress: address,
      businessType: text(),
      contactInfo: list(object({ contactType: text(), contactNo: text() })),
      registrationEffectiveDate: text(),
      registrationExpireDate: text(),
      attachments: list(object({ attachmentType: text(), attachmentName: text(), file: text() })),
    }),
  ),
});

const storeInfo = object({
  referenceStoreId: required(text(32)),
  storeName: text(),
  storeMCC: alsoNamed(text(), 'storeMcc'),
  storeAddress: address,
});

export const registrationRequest = {
  /** Idempotency key of the registration. */
  registrationRequestId: required(text(64)),
  productCodes: required(list(text())),
  /** With a capital `URL`, unlike every other name. */
  registrationNotifyURL: text(2048),
  /** A JSON text that comes back as it is. */
  passThroughInfo: text(2048),
  merchantInfo: required(merchantInfo),
  /** In shops it must not be missing. */
  storeInfo: required(storeInfo),
} as const;

export const registrationAnswer = { result: resultField, passThroughInfo: text(2048) } as const;

/** At least one of the three. */
export const registrationReference = {
  registrationRequestId: text(64),
  referenceMerchantId: text(64),
  referenceStoreId: text(32),
} as const;

const registrationResult = object({
  /** `PENDING`, `APPROVED`, `COMPLETED`; how a rejection is spelt is not known. */
  registrationStatus: text(),
  /** One text, as the vendor's library has it. */
  rejectReasons: text(),
});

/** Answer to the status inquiry, and body of `notifyRegistrationStatus`. */
export const registrationStatus = {
  result: resultField,
  registrationRequestId: text(64),
  referenceMerchantId: text(64),
  referenceStoreId: text(32),
  registrationResult,
  pspRegistrationResultList: list(object({ pspName: text(64), registrationResult })),
  passThroughInfo: text(2048),
} as const;

export const registrationInfoReference = {
  referenceMerchantId: required(text(64)),
  referenceStoreId: text(32),
} as const;

export const registrationInfoAnswer = {
  result: resultField,
  merchantInfo,
  storeInfo,
  productCodes: list(text()),
} as const;
