import { Type } from 'typebox';
import { orNull } from './snapshot-schemas.ts';

const text = (description: string) => Type.String({ description });

export const faultSchema = Type.Object({
  field: orNull(Type.String(), 'the path of the field, or the name of the header or parameter'),
  value: orNull(Type.String(), 'what was sent, shortened; never a payment code or a secret'),
  detail: text('a sentence that names the field, the value and the next step'),
});

/** A problem as RFC 9457 has it. Facts are members of their own, and more may come: strings each. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri', description: 'the kind of problem, urn:shoudan:problem:<code>' }),
    title: text('the kind of problem, in words'),
    status: Type.Integer({ description: 'the HTTP status' }),
    code: text('stable, for programs; what each means stands in /docs/problems'),
    detail: text('a sentence that names the field, the value and the next step'),
    field: orNull(Type.String(), 'the field at fault, where it is one'),
    value: orNull(Type.String(), 'what was sent, shortened; never a payment code or a secret'),
    transient: Type.Boolean({ description: 'the very same request could be accepted later' }),
    errors: Type.Optional(
      Type.Array(faultSchema, { description: 'every field at fault, where there are several' }),
    ),
    payment_id: Type.Optional(text('the payment that stands in the way')),
    payment_status: Type.Optional(text('the status of that payment')),
    payment_status_url: Type.Optional(text('where that payment is looked at')),
    refund_id: Type.Optional(text('the refund that stands in the way')),
    remaining: Type.Optional(text('what is left to refund, in minor units')),
    retry_at: Type.Optional(
      Type.String({ format: 'date-time', description: 'from when on the same request is accepted' }),
    ),
  },
  { additionalProperties: { type: 'string' }, description: 'a problem after RFC 9457' },
);
