import { type Static, Type } from 'typebox';
import type { PaymentRequest } from '../../domain/accept-payment.ts';
import type { PaymentStart } from '../../domain/payment-start.ts';
import { requestedProductNames, walletNames } from '../../domain/wallets.ts';
import type { RefundCommand } from '../../operations/refund.ts';
import { type Fault, faulty, shortened } from './problems.ts';
import { oneOf, orNull } from './snapshot-schemas.ts';

/*
 * What requests look like. Each `description` says what to send and completes the sentence "send …", in problems
 * as in the published description. Fields that are not listed are refused: a misspelt optional field would
 * otherwise be dropped in silence. `null` stands for a field left out.
 *
 * Texts take no lone surrogates and no control characters: the one cannot be encoded, the other cannot be signed
 * and stored alike everywhere.
 */

const closed = { additionalProperties: false } as const;
const closedObject = { ...closed, description: 'a JSON object' } as const;

const merchantId = Type.String({
  pattern: '^[0-9A-Za-z]{1,32}$',
  description: "a merchant's id, 1 to 32 digits and letters",
});

/** The narrowest wallet shows at most 32 characters of it to the payer, so none is cut. */
const merchantOrderNo = Type.String({
  pattern: '^[\\x21-\\x7e]{1,32}$',
  description: "the merchant's order number, 1 to 32 printable ASCII characters without spaces",
});

const amount = Type.Object(
  {
    currency: Type.String({
      pattern: '^[A-Z]{3}$',
      description: 'an ISO 4217 code in capitals, such as "CNY"',
    }),
    value: Type.Integer({
      description:
        "a JSON integer of the currency's minor unit from 1 to 9007199254740991, without fraction, exponent or quotes",
    }),
  },
  { ...closed, description: 'an object such as {"currency": "CNY", "value": 1234}, in minor units' },
);

export const paymentForm = Type.Object(
  {
    merchant_id: Type.Optional(orNull(merchantId)),
    merchant_order_no: merchantOrderNo,
    amount,
    product: oneOf(
      requestedProductNames,
      `one of ${requestedProductNames.join(', ')}; payments of an entry code begin on its page`,
    ),
    payment_code: Type.Optional(
      orNull(
        Type.String({
          pattern: '^[0-9A-Za-z]{1,128}$',
          description: "the code that the payer's wallet shows, 1 to 128 digits or letters, as a string",
        }),
      ),
    ),
    store_id: Type.String({
      pattern: '^[0-9A-Za-z]{1,32}$',
      description: "the store's id, 1 to 32 digits and letters",
    }),
    terminal_id: Type.String({
      pattern: '^[0-9A-Za-z]{1,8}$',
      description: "the terminal's id, 1 to 8 digits and letters",
    }),
    subject: Type.String({
      pattern: '^[^\\p{Cc}\\p{Cs}]{1,256}$',
      description: 'what is sold, as the payer shall read it: 1 to 256 characters, no control characters',
    }),
    wallet: Type.Optional(orNull(oneOf(walletNames, `one of ${walletNames.join(', ')}, or leave it out`))),
    expires_at: Type.Optional(
      orNull(
        Type.String({
          pattern: '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$',
          description: 'an RFC 3339 time with its offset, such as "2026-07-01T12:00:00+08:00"',
        }),
      ),
    ),
    notify_url: Type.Optional(
      orNull(
        Type.String({
          pattern: '^[\\x21-\\x7e]{1,512}$',
          description: 'an absolute http or https URL of at most 512 characters',
        }),
      ),
    ),
    metadata: Type.Optional(
      orNull(
        Type.Unsafe<Readonly<Record<string, string>>>({
          type: 'object',
          maxProperties: 20,
          propertyNames: { type: 'string', pattern: '^(?!__proto__$)[^\\p{Cc}\\p{Cs}]{1,40}$' },
          additionalProperties: {
            type: 'string',
            pattern: '^[^\\0\\p{Cs}]{0,500}$',
            description: 'a string of at most 500 characters',
          },
          description: 'an object of at most 20 strings by keys of 1 to 40 characters',
        }),
      ),
    ),
  },
  closedObject,
);

export const ordersQuery = Type.Object(
  { merchant_order_no: merchantOrderNo, merchant_id: Type.Optional(merchantId) },
  closedObject,
);

export const emptyForm = Type.Unsafe<Record<never, never> | null>({
  type: ['object', 'null'],
  properties: {},
  additionalProperties: false,
  description: 'no body, or an empty object',
});

export const cancelForm = Type.Object(
  {
    merchant_id: Type.Optional(orNull(merchantId)),
    merchant_order_no: Type.Optional(orNull(merchantOrderNo)),
    payment_request_id: Type.Optional(
      orNull(
        Type.String({
          pattern: '^[0-9A-Za-z]{1,64}$',
          description: 'the payment_request_id that the payment showed',
        }),
      ),
    ),
  },
  closedObject,
);

export const refundForm = Type.Object(
  {
    amount,
    reason: Type.Optional(
      orNull(
        Type.String({
          pattern: '^[^\\p{Cc}\\p{Cs}]{1,256}$',
          description: 'why, in 1 to 256 characters, no control characters',
        }),
      ),
    ),
    merchant_refund_no: Type.Optional(
      orNull(
        Type.String({
          pattern: '^[\\x21-\\x7e]{1,64}$',
          description: "the merchant's refund number, 1 to 64 printable ASCII characters without spaces",
        }),
      ),
    ),
  },
  closedObject,
);

/** What is wrong with a URL that deliveries would go to, as the end of a sentence; `null` when nothing is. */
export type MerchantUrlCheck = (url: string) => string | null;

/** The wish to be paid that a valid form states; its times and URLs are looked at here. */
export function paymentRequestOf(
  form: Static<typeof paymentForm>,
  checkMerchantUrl: MerchantUrlCheck,
): PaymentRequest {
  const start = startOf(form);
  const faults = [
    'field' in start ? start : null,
    expiryFault(form.expires_at),
    urlFault(form.notify_url, checkMerchantUrl),
  ].filter((fault) => fault !== null);
  const [first, ...others] = faults;
  if (first !== undefined) throw faulty('invalid_request', [first, ...others]);
  if ('field' in start) throw new Error('a fault of the product was not told');
  return {
    merchantOrderNo: form.merchant_order_no,
    amount: { currency: form.amount.currency, minor: BigInt(form.amount.value) },
    start,
    storeId: form.store_id,
    terminalId: form.terminal_id,
    subject: form.subject,
    wallet: form.wallet ?? null,
    expiresAt: form.expires_at == null ? null : new Date(form.expires_at),
    notifyUrl: form.notify_url ?? null,
    metadata: form.metadata ?? {},
  };
}

export function refundCommandOf(paymentId: string, form: Static<typeof refundForm>): RefundCommand {
  return {
    paymentId,
    amount: { currency: form.amount.currency, minor: BigInt(form.amount.value) },
    reason: form.reason ?? null,
    merchantRefundNo: form.merchant_refund_no ?? null,
  };
}

/** What a product needs, and nothing that it has no use for. */
function startOf({ product, payment_code: paymentCode }: Static<typeof paymentForm>): PaymentStart | Fault {
  switch (product) {
    case 'payment_code':
      if (paymentCode != null) return { product, paymentCode };
      return {
        field: 'payment_code',
        value: null,
        detail:
          "payment_code is missing: send the code that the payer's wallet shows, or use product order_code.",
      };
    case 'order_code':
      if (paymentCode == null) return { product };
      return {
        field: 'payment_code',
        value: null,
        detail: 'payment_code is sent with product order_code, whose code the wallet issues: leave it out.',
      };
    default:
      return product satisfies never;
  }
}

function expiryFault(text: string | null | undefined): Fault | null {
  if (text == null) return null;
  const [year, month, day] = text.split(/[-Tt]/, 3).map(Number);
  const calendarDay = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day ?? 0));
  const exists = calendarDay.getUTCMonth() + 1 === month && calendarDay.getUTCDate() === day;
  if (exists && !Number.isNaN(new Date(text).getTime())) return null;
  return {
    field: 'expires_at',
    value: text,
    detail: `expires_at is ${JSON.stringify(text)}, a time that does not exist: send one from the calendar, with its offset.`,
  };
}

function urlFault(url: string | null | undefined, checkMerchantUrl: MerchantUrlCheck): Fault | null {
  if (url == null) return null;
  const parsed = URL.parse(url);
  const web = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  const complaint =
    parsed === null || !web
      ? 'is not an absolute http or https URL'
      : parsed.username !== '' || parsed.password !== ''
        ? 'carries a user name or password, which signed deliveries do not need'
        : checkMerchantUrl(url);
  if (complaint === null) return null;
  const shown = shortened(url.replace(/\/\/[^/?#]*@/, '//…@'));
  return {
    field: 'notify_url',
    value: shown,
    detail: `notify_url ${shown} ${complaint}: send another, or leave it out.`,
  };
}
