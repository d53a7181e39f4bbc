import { type Static, type TObject, type TSchema, Type } from 'typebox';
import { productNames, walletNames } from '../../domain/wallets.ts';

/*
 * The forms of `operations/snapshots.ts` as schemas: answers are serialised by them, and what is missing here
 * would be missing there, so the tests compare every snapshot with its own serialisation.
 */

/** Schemas that take `null` too, with the ones that they were made of. */
const madeNullable = new WeakMap<object, TSchema>();

/** The schema that {@link orNull} was given to make this one; `null` for every other. */
export function withoutNull(schema: object): TSchema | null {
  return madeNullable.get(schema) ?? null;
}

/** The same schema, which also takes `null`. One `type` list rather than a union, which would be tried in turn. */
export function orNull<Schema extends TSchema>(schema: Schema, description?: string) {
  const { type, enum: names } = schema as { readonly type?: string; readonly enum?: readonly string[] };
  const listed = names === undefined ? {} : { enum: [...names, null] };
  const said = description === undefined ? {} : { description };
  const nullable = Type.Unsafe<Static<Schema> | null>({
    ...schema,
    type: [type, 'null'],
    ...listed,
    ...said,
  });
  madeNullable.set(nullable, schema);
  return nullable;
}

/** A string of a closed list. */
export function oneOf<const Name extends string>(names: readonly Name[], description?: string) {
  return Type.Unsafe<Name>({
    type: 'string',
    enum: names,
    ...(description === undefined ? {} : { description }),
  });
}

/** A string of a list that may grow: whoever reads it takes an unknown one for news. */
export function growing<const Name extends string>(names: readonly Name[], description: string) {
  return Type.Unsafe<Name>({ type: 'string', enum: names, description, 'x-may-grow': true });
}

const text = (description: string) => Type.String({ description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const version = Type.Integer({
  description: 'grows with every change; of two snapshots the higher one is the newer',
});

export const amountSchema = Type.Object(
  {
    currency: text('an ISO 4217 code'),
    value: Type.Integer({ description: "in the currency's minor unit: 1234 CNY is 12.34 yuan" }),
  },
  { description: 'an amount of money' },
);

export const failureSchema = Type.Object(
  {
    code: text("the gateway's own stable code"),
    wallet_code: orNull(Type.String(), "the wallet's code, where the wallet said no"),
    message: text('what happened, in a sentence'),
    advice: text('what to do now'),
  },
  { description: 'why it failed' },
);

export const attentionSchema = Type.Object(
  { reason: text('what a person at the acquirer has to look at'), since: time('since when') },
  { description: 'what waits for a person at the acquirer; the gateway goes on meanwhile' },
);

export const nextStepSchema = Type.Object(
  { action: text('what the gateway does next by itself'), due_at: time('when') },
  { description: 'what the gateway does next, and when' },
);

const metadata = Type.Unsafe<Readonly<Record<string, string>>>({
  type: 'object',
  additionalProperties: { type: 'string' },
  description: "the merchant's own words, as they were sent",
});

const cancelWays = ['cancel', 'close', 'refund'] as const;

export const paymentSchema = Type.Object({
  object: oneOf(['payment']),
  id: text('the id under which the payment is looked at, cancelled and refunded'),
  payment_request_id: text('its id at the wallet; names it in POST /v1/cancels'),
  merchant_id: text('whose payment it is'),
  merchant_order_no: text("the merchant's order number"),
  product: growing(productNames, 'how the payer pays'),
  status: oneOf(
    ['processing', 'succeeded', 'failed', 'cancelled'],
    'cancelled never turns into succeeded: money that comes late is given back',
  ),
  amount: amountSchema,
  wallet: growing(walletNames, 'the wallet that is asked for the money'),
  wallet_transaction_id: orNull(Type.String(), "the wallet's own number, once it has told it"),
  order_code: orNull(
    Type.Object({ value: text('what the QR shows'), expires_at: time('until when it can be paid') }),
    'the code to show, for product order_code once it is issued; show it only while status is processing',
  ),
  store_id: text('the store'),
  terminal_id: text('the terminal'),
  subject: text('what is sold, as the payer reads it'),
  failure: orNull(failureSchema, 'why it failed, for status failed'),
  refunded: amountSchema,
  cancelled_by: orNull(oneOf(cancelWays), 'how a cancelled payment was undone'),
  needs_attention: orNull(attentionSchema),
  next_step: orNull(nextStepSchema),
  awaiting_payer: Type.Boolean({ description: 'the wallet waits for the payer, as for a password' }),
  metadata,
  paid_at: orNull(Type.String({ format: 'date-time' }), "when the payer paid, by the wallet's word"),
  expires_at: time('when the wallet stops taking the money'),
  version,
  created_at: time('when it was accepted'),
  updated_at: time('when it last changed'),
});

export const refundSchema = Type.Object({
  object: oneOf(['refund']),
  id: text('the id under which the refund is looked at'),
  refund_request_id: text('its id at the wallet'),
  payment_id: text('the payment that it gives back'),
  merchant_id: text('whose refund it is'),
  merchant_refund_no: orNull(Type.String(), "the merchant's own refund number, where it sent one"),
  status: oneOf(['processing', 'succeeded', 'failed'], 'what has become of it'),
  amount: amountSchema,
  reason: orNull(Type.String(), 'why, as it was sent'),
  failure: orNull(failureSchema, 'why it failed, for status failed'),
  needs_attention: orNull(attentionSchema),
  next_step: orNull(nextStepSchema),
  version,
  created_at: time('when it was accepted'),
  updated_at: time('when it last changed'),
});

export const cancelSchema = Type.Object({
  object: oneOf(['cancel']),
  status: oneOf(
    ['applied', 'held'],
    'held: no payment was open or paid, and the cancel holds for one that may still arrive',
  ),
  merchant_order_no: orNull(Type.String(), 'the order that it names'),
  payment_request_id: orNull(Type.String(), 'the payment that it names'),
  payment: orNull(paymentSchema, 'the payment, where one is known'),
  wallets: Type.Array(
    Type.Object({
      wallet: growing(walletNames, 'the wallet that was asked'),
      status: oneOf(['processing', 'cancelled'], 'what has become of the cancel there'),
      cancelled_by: orNull(oneOf(cancelWays), 'how it was undone there'),
      known_to_wallet: Type.Boolean({ description: 'the wallet has shown that it knows the payment' }),
      amount: orNull(amountSchema, "its amount, by the wallet's word"),
      needs_attention: orNull(attentionSchema),
      next_step: orNull(nextStepSchema),
    }),
    { description: 'what has become of a held cancel at each wallet that may have the payment' },
  ),
  advice: orNull(Type.String(), 'what to do now'),
});

export const timelineEventSchema = Type.Object({
  type: text('what happened, in the past tense'),
  at: time('when'),
  version: Type.Integer({ description: 'the version of the payment that it made' }),
  data: Type.Unsafe<Readonly<Record<string, string | number | boolean | null>>>({
    type: 'object',
    additionalProperties: true,
    description: 'what belongs to it; differs from type to type',
  }),
});

/** A list. Lists of one payment or order are short and come whole, so there is no next page yet. */
export function listOf<Item extends TObject>(item: Item) {
  return Type.Object({
    data: Type.Array(item),
    next_cursor: orNull(Type.String(), 'where the next page begins; null on the last one'),
  });
}
