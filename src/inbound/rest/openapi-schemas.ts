import { type TSchema, Type } from 'typebox';
import { cancelForm, paymentForm, refundForm } from './forms.ts';
import type { Schema } from './openapi-form.ts';
import { faultSchema, problemSchema } from './problem-schema.ts';
import {
  amountSchema,
  attentionSchema,
  cancelSchema,
  failureSchema,
  growing,
  nextStepSchema,
  paymentSchema,
  refundSchema,
  timelineEventSchema,
  withoutNull,
} from './snapshot-schemas.ts';

/** What every delivery says, and whose payment it is about. */
function eventSchema(types: readonly string[], data: Parameters<typeof Type.Object>[0]) {
  return Type.Object({
    id: Type.String({ description: 'the same id is the same event, however often it comes' }),
    type: growing(types, 'what happened'),
    created_at: Type.String({ format: 'date-time', description: 'when it happened' }),
    version: Type.Integer({
      description: 'the version of the payment or refund; there is no promise of order',
    }),
    data: Type.Object(data, { description: 'the whole state of the moment it is sent' }),
  });
}

export const paymentEvents = ['payment.succeeded', 'payment.failed', 'payment.cancelled'] as const;
export const refundEvents = ['refund.succeeded', 'refund.failed'] as const;

const namedSchemas = {
  Amount: amountSchema,
  Attention: attentionSchema,
  Cancel: cancelSchema,
  CancelForm: cancelForm,
  Failure: failureSchema,
  Fault: faultSchema,
  NextStep: nextStepSchema,
  Payment: paymentSchema,
  PaymentEvent: eventSchema(paymentEvents, { payment: paymentSchema }),
  PaymentForm: paymentForm,
  Problem: problemSchema,
  Refund: refundSchema,
  RefundEvent: eventSchema(refundEvents, { payment: paymentSchema, refund: refundSchema }),
  RefundForm: refundForm,
  TimelineEvent: timelineEventSchema,
} as const satisfies { readonly [name: string]: TSchema };

const names = new Map<object, string>(Object.entries(namedSchemas).map(([name, schema]) => [schema, name]));

export function componentSchemas(): { readonly [name: string]: Schema } {
  return Object.fromEntries(
    Object.entries(namedSchemas).map(([name, schema]) => [name, withReferences(schema as Schema)]),
  );
}

export function refTo(name: keyof typeof namedSchemas): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A schema of a route as the document shows it: those with a name are referred to by it. */
export function published(schema: object): Schema {
  const name = names.get(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  const given = schema as Schema;
  const inner = withoutNull(schema);
  const innerName = inner === null ? undefined : names.get(inner);
  if (innerName === undefined) return withReferences(given);
  return {
    ...(given.description === undefined ? {} : { description: given.description }),
    anyOf: [{ $ref: `#/components/schemas/${innerName}` }, { type: 'null' }],
  };
}

/**
 * A pattern that every engine can read. Control characters are named one by one, and lone surrogates, which no text in
 * UTF-8 has, not at all.
 */
function portable(pattern: string): string {
  return pattern
    .replaceAll('\\p{Cc}', '\\u0000-\\u001f\\u007f-\\u009f')
    .replaceAll('\\p{Cs}', '')
    .replaceAll('\\0', '\\u0000');
}

function withReferences(schema: Schema): Schema {
  const { properties, items, additionalProperties, propertyNames, pattern, ...rest } = schema;
  return {
    ...rest,
    ...(pattern === undefined ? {} : { pattern: portable(pattern) }),
    ...(propertyNames === undefined ? {} : { propertyNames: withReferences(propertyNames) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, published(property)]),
          ),
        }),
    ...(items === undefined ? {} : { items: published(items) }),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'boolean'
              ? additionalProperties
              : published(additionalProperties),
        }),
  };
}
