import { type Static, type TObject, type TSchema, Type } from 'typebox';
import { productNames, walletNames } from '../../domain/wallets.ts';

/*
 * The forms of `operations/snapshots.ts` as schemas: answers are serialised by them, and what is missing here
 * would be missing there, so the tests compare every snapshot with its own serialisation.
 */

/** The same schema, which also takes `null`. One `type` list rather than a union, which would be tried in turn. */
export function orNull<Schema extends TSchema>(schema: Schema) {
  const { type, enum: names } = schema as { readonly type?: string; readonly enum?: readonly string[] };
  const listed = names === undefined ? {} : { enum: [...names, null] };
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: [type, 'null'], ...listed });
}

/** A string of a closed list. */
export function oneOf<const Name extends string>(names: readonly Name[], description?: string) {
  return Type.Unsafe<Name>({
    type: 'string',
    enum: names,
    ...(description === undefined ? {} : { description }),
  });
}

const time = Type.String({ format: 'date-time' });

export const amountSchema = Type.Object({ currency: Type.String(), value: Type.Integer() });

const failureSchema = Type.Object({
  code: Type.String(),
  wallet_code: orNull(Type.String()),
  message: Type.String(),
  advice: Type.String(),
});

const attentionSchema = Type.Object({ reason: Type.String(), since: time });
const nextStepSchema = Type.Object({ action: Type.String(), due_at: time });

export const paymentSchema = Type.Object({
  object: oneOf(['payment']),
  id: Type.String(),
  payment_request_id: Type.String(),
  merchant_id: Type.String(),
  merchant_order_no: Type.String(),
  product: oneOf(productNames),
  status: oneOf(['processing', 'succeeded', 'failed', 'cancelled']),
  amount: amountSchema,
  wallet: oneOf(walletNames),
  wallet_transaction_id: orNull(Type.String()),
  order_code: orNull(Type.Object({ value: Type.String(), expires_at: time })),
  store_id: Type.String(),
  terminal_id: Type.String(),
  subject: Type.String(),
  failure: orNull(failureSchema),
  refunded: amountSchema,
  cancelled_by: orNull(oneOf(['cancel', 'close', 'refund'])),
  needs_attention: orNull(attentionSchema),
  next_step: orNull(nextStepSchema),
  awaiting_payer: Type.Boolean(),
  metadata: Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: { type: 'string' },
  }),
  paid_at: orNull(time),
  expires_at: time,
  version: Type.Integer(),
  created_at: time,
  updated_at: time,
});

export const refundSchema = Type.Object({
  object: oneOf(['refund']),
  id: Type.String(),
  refund_request_id: Type.String(),
  payment_id: Type.String(),
  merchant_id: Type.String(),
  merchant_refund_no: orNull(Type.String()),
  status: oneOf(['processing', 'succeeded', 'failed']),
  amount: amountSchema,
  reason: orNull(Type.String()),
  failure: orNull(failureSchema),
  needs_attention: orNull(attentionSchema),
  next_step: orNull(nextStepSchema),
  version: Type.Integer(),
  created_at: time,
  updated_at: time,
});

export const cancelSchema = Type.Object({
  object: oneOf(['cancel']),
  /** `held`: no payment was open or paid; the cancel holds for one that may still arrive. */
  status: oneOf(['applied', 'held']),
  merchant_order_no: orNull(Type.String()),
  payment_request_id: orNull(Type.String()),
  payment: orNull(paymentSchema),
  /** What has become of a held cancel at each wallet that may have the payment. */
  wallets: Type.Array(
    Type.Object({
      wallet: oneOf(walletNames),
      status: oneOf(['processing', 'cancelled']),
      cancelled_by: orNull(oneOf(['cancel', 'close', 'refund'])),
      known_to_wallet: Type.Boolean(),
      amount: orNull(amountSchema),
      needs_attention: orNull(attentionSchema),
      next_step: orNull(nextStepSchema),
    }),
  ),
  advice: orNull(Type.String()),
});

export const timelineEventSchema = Type.Object({
  type: Type.String(),
  at: time,
  version: Type.Integer(),
  data: Type.Unsafe<Readonly<Record<string, string | number | boolean | null>>>({
    type: 'object',
    additionalProperties: true,
  }),
});

/** A list. Lists of one payment or order are short and come whole, so there is no next page yet. */
export function listOf<Item extends TObject>(item: Item) {
  return Type.Object({ data: Type.Array(item), next_cursor: orNull(Type.String()) });
}
