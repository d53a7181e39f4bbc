import type { KeyObject } from 'node:crypto';
import { originForm, pathOfTarget } from './endpoints.ts';
import { type Headers, printHead, readHead } from './headers.ts';
import { amount, type Fields, object, readMessage, text, type ValuesOf } from './message-fields.ts';
import { settlementQuote } from './payment-messages.ts';
import { registrationStatus } from './registration-messages.ts';
import { resultField } from './result.ts';
import { readSignature, type SignedMessage, signMessage, verifySignature } from './signature.ts';
import { type Unreadable, unreadable } from './unreadable.ts';

/** Body of `notifyPayment`. A failure carries no amount and no times. */
export const paymentNotification = {
  notifyType: text(),
  result: resultField,
  paymentRequestId: text(64),
  paymentId: text(64),
  paymentAmount: amount,
  paymentCreateTime: text(),
  paymentTime: text(),
  pspCustomerInfo: object({ pspName: text(64), pspCustomerId: text(64), displayCustomerId: text(64) }),
  grossSettlementAmount: amount,
  settlementQuote,
} as const;

/** The notifications that tell how a payment has ended; the second is the older name of the first. */
export function isPaymentResult(notifyType: string): boolean {
  return notifyType === 'PAYMENT_RESULT' || notifyType === 'OFFLINE_PAYMENT_CODE';
}

/** A notification as it arrived. */
export interface ReceivedMessage {
  /** Path and query, in whichever form. */
  readonly target: string;
  readonly headers: Headers;
  /** Exactly the bytes that arrived: they are what is signed. */
  readonly body: Uint8Array;
}

export interface VerifiedNotification<F extends Fields> {
  readonly kind: 'verified';
  readonly clientId: string;
  readonly values: ValuesOf<F>;
}

export interface Forged {
  readonly kind: 'forged';
  readonly detail: string;
}

/**
 * Reads a notification of a payment and verifies it over its bytes. A body that is no notification is not taken for
 * one, however well it is signed: the same key signs answers. Rule NOT-01.
 */
export function readPaymentNotification(
  received: ReceivedMessage,
  notifyUrl: string,
  keys: readonly KeyObject[],
): VerifiedNotification<typeof paymentNotification> | Forged | Unreadable {
  const read = readNotification(paymentNotification, received, notifyUrl, keys);
  return read.kind === 'verified' && read.values.notifyType === null ? unreadable('no notifyType') : read;
}

/** Reads a notification of a registration's decision and verifies it over its bytes. */
export function readRegistrationNotification(
  received: ReceivedMessage,
  notifyUrl: string,
  keys: readonly KeyObject[],
): VerifiedNotification<typeof registrationStatus> | Forged | Unreadable {
  return readNotification(registrationStatus, received, notifyUrl, keys);
}

/**
 * The wallet signs the path of the notify URL that it calls; a proxy in front may have changed what arrives here. So
 * the URL's own path is tried first, then the target as received, with its query and without. Each of the wallet's keys that
 * is accepted is good.
 */
function readNotification<F extends Fields>(
  fields: F,
  received: ReceivedMessage,
  notifyUrl: string,
  keys: readonly KeyObject[],
): VerifiedNotification<F> | Forged | Unreadable {
  const head = readHead(received.headers, 'request-time');
  if (head.kind === 'unreadable') return head;
  if (head.clientId === null) return unreadable('no client-id');
  const message = readMessage(fields, received.body);
  if (message.kind === 'unreadable') return message;
  if (head.signature === null) return { kind: 'forged', detail: 'it is not signed' };
  const signature = readSignature(head.signature);
  if (signature.kind === 'unreadable') return { kind: 'forged', detail: signature.reason };

  const { clientId, time } = head;
  const isSigned = notifyPaths(received.target, notifyUrl).some((path) => {
    const signed = { path, clientId, time, body: received.body };
    return keys.some((key) => verifySignature(signed, signature, key));
  });
  if (!isSigned) return { kind: 'forged', detail: 'its signature does not fit' };
  return { kind: 'verified', clientId, values: message.values };
}

function notifyPaths(target: string, notifyUrl: string): readonly string[] {
  const own = originForm(notifyUrl);
  return [...new Set([own, pathOfTarget(own), originForm(target), pathOfTarget(target)])];
}

/** The one body that a wallet takes for received. */
export const acknowledged =
  '{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}';

/** A body that leaves the notification unacknowledged: the wallet sends it again. */
export const notAcknowledged =
  '{"result":{"resultCode":"UNKNOWN_EXCEPTION","resultStatus":"U","resultMessage":"not stored"}}';

export interface Acknowledgement {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A signed acknowledgement. The wallet does not ask for the signature; the vendor's library gives one too. */
export function printAcknowledgement(
  message: Omit<SignedMessage, 'body'>,
  key: KeyObject,
  keyVersion?: number,
): Acknowledgement {
  const { clientId, time } = message;
  const signature = signMessage({ ...message, body: Buffer.from(acknowledged) }, key, keyVersion);
  return { headers: printHead({ clientId, time, signature }, 'response-time'), body: acknowledged };
}
