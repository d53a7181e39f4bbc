import { createHash } from 'node:crypto';
import { formatDecimal, type Money } from './money.ts';

/**
 * Ids that leave this gateway.
 *
 * Every id carries the merchant's short number right after its kind, so that a look-up or a wallet's
 * notification finds the merchant (and with it the shard) without asking anything else. The core of an id is 31
 * characters of Crockford's base 32 (digits and capital letters without I, L, O, U), so that with its one-letter
 * kind it fits the narrowest wallet: 32 characters of digits and letters.
 *
 *   public id of a payment   pay_<core>      upstream id of its attempt       P<core>
 *   public id of a refund    re_<core>       upstream id of the refund        R<core>
 *                                            refund made by its reversal      V<core of the payment>, and where the
 *                                            wallet let that id fail for good, the next of W X Y Z A B …
 *
 * The upstream ids are functions of the public ones: a crash can never leave one that nobody can find again,
 * and a reversal's refund id is durable before the call because the payment is (money case 6).
 */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const coreLength = 31;
const shortNoLength = 7;
const timeLength = 7;
const digestLength = 5;
const randomLength = coreLength - shortNoLength - timeLength - digestLength;

/** Random bytes that an id needs. */
export const idRandomBytes = 15;

/** Largest short number of a merchant: seven characters of base 32. */
export const shortNoMax = 32 ** shortNoLength - 1;

export interface AttemptSeed {
  readonly merchantShortNo: number;
  /** When the attempt is made. */
  readonly at: Date;
  readonly terminalId: string;
  readonly amount: Money;
  readonly merchantOrderNo: string;
  /** At least {@link idRandomBytes} bytes from a cryptographic source. */
  readonly random: Uint8Array;
}

/**
 * Core of an attempt's id, made once per attempt and never from the order number alone. Rule PAY-06.
 *
 * Unique for ever, by construction: merchant (35 bits) and second (35 bits, good until the year 3058) separate
 * all but the attempts of one merchant in one second; those are told apart by a digest of terminal, amount and
 * order number (25 bits) and by 60 random bits. At 1 000 attempts a second of one merchant, all of one digest, two
 * agree with a chance of 4 in 10¹³ per second; and the primary key refuses the second one before anything is sent.
 * Not sequential: 85 of its bits say nothing about the attempt before.
 */
export function attemptCore(seed: AttemptSeed): string {
  const digest = createHash('sha256')
    .update(
      `${seed.terminalId}\n${seed.amount.currency}${formatDecimal(seed.amount)}\n${seed.merchantOrderNo}`,
    )
    .digest();
  return (
    number(seed.merchantShortNo, shortNoLength) +
    number(Math.floor(seed.at.getTime() / 1000), timeLength) +
    bits(digest, digestLength) +
    bits(seed.random, randomLength)
  );
}

/** Core of any other id (refund, cancel, event): merchant, second and 85 random bits. */
export function idCore(merchantShortNo: number, at: Date, random: Uint8Array): string {
  return (
    number(merchantShortNo, shortNoLength) +
    number(Math.floor(at.getTime() / 1000), timeLength) +
    bits(random, coreLength - shortNoLength - timeLength)
  );
}

/** Kinds of a reversal's refund ids, in the order in which they are used up. None stands for anything else. */
const reversalRefundKinds = 'VWXYZABDFGHJKLMNQSTU';

/** So many refund ids a reversal has. */
export const reversalRefundIdCount = reversalRefundKinds.length;

const entryCodeRandomLength = 13;
const entryCodeForm = /^[0-9A-HJKMNP-TV-Z]{20}$/;
const idForm = new RegExp(`^(?:pay_|re_|can_|evt_|[PR${reversalRefundKinds}])([0-9A-HJKMNP-TV-Z]{31})$`);

/** The short number of the merchant that an id belongs to; `null` for what is not one of our ids. */
export function merchantShortNoOf(id: string): number | null {
  const core = idForm.exec(id)?.[1];
  if (core === undefined) return null;
  return numberOf(core.slice(0, shortNoLength));
}

/** When an id was made, to the second; `null` for what is not one of our ids. */
export function madeAtOf(id: string): Date | null {
  const core = idForm.exec(id)?.[1];
  if (core === undefined) return null;
  return new Date(numberOf(core.slice(shortNoLength, shortNoLength + timeLength)) * 1000);
}

/** Upstream id of a payment: `out_trade_no`, `paymentRequestId`. */
export function paymentRequestId(paymentId: string): string {
  return `P${coreOf(paymentId, 'pay_')}`;
}

/** The payment that an upstream id belongs to; `null` for what is not one of our upstream ids. */
export function paymentIdOfRequest(requestId: string): string | null {
  return requestId.startsWith('P') && idForm.test(requestId) ? `pay_${requestId.slice(1)}` : null;
}

/** Upstream id of a merchant's refund. */
export function refundRequestId(refundId: string): string {
  return `R${coreOf(refundId, 're_')}`;
}

/**
 * Upstream id of the refund by which a payment's reversal gives back what remains. `spent` ids have failed for good at
 * the wallet, each confirmed by a refund inquiry; the last one serves for ever. Money case 6.
 */
export function reversalRefundRequestId(paymentId: string, spent = 0): string {
  const kind = reversalRefundKinds.charAt(Math.min(spent, reversalRefundKinds.length - 1));
  return `${kind}${coreOf(paymentId, 'pay_')}`;
}

/** Order number of the one attempt that a page load of an entry code can make. Money case 11. */
export function entryOrderNo(digest: Uint8Array): string {
  return `E${bits(digest, coreLength)}`;
}

/** What a store's entry code shows in its address: the merchant's short number and 65 random bits. */
export function entryCodeText(merchantShortNo: number, random: Uint8Array): string {
  return number(merchantShortNo, shortNoLength) + bits(random, entryCodeRandomLength);
}

/** The short number of the merchant that an entry code belongs to; `null` for what is not one of our codes. */
export function merchantShortNoOfEntryCode(code: string): number | null {
  return entryCodeForm.test(code) ? numberOf(code.slice(0, shortNoLength)) : null;
}

function coreOf(id: string, prefix: string): string {
  if (!id.startsWith(prefix) || !idForm.test(id))
    throw new RangeError(`${id} is not an id of the form ${prefix}…`);
  return id.slice(prefix.length);
}

function number(value: number, length: number): string {
  if (!Number.isInteger(value) || value < 0 || value >= 32 ** length) {
    throw new RangeError(`${value} does not fit ${length} characters of an id`);
  }
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) {
    text = alphabet.charAt(rest % 32) + text;
  }
  return text;
}

function numberOf(text: string): number {
  let value = 0;
  for (const character of text) value = value * 32 + alphabet.indexOf(character);
  return value;
}

/** The first `length × 5` bits of `bytes`, five to a character. */
function bits(bytes: Uint8Array, length: number): string {
  let text = '';
  let held = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    held += 8;
    while (held >= 5 && text.length < length) {
      held -= 5;
      text += alphabet.charAt((value >> held) & 31);
    }
    if (text.length === length) return text;
  }
  throw new RangeError(`${bytes.length} bytes are too few for ${length} characters`);
}
