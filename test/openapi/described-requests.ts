import * as fc from 'fast-check';
import type { MethodName, OpenApiDocument, Operation, Schema } from '../../src/inbound/rest/openapi-form.ts';

/*
 * Requests generated from the published description: as it says, nearly so, and anything at all.
 */

export interface GeneratedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `null`: none is sent. */
  readonly body: string | null;
}

/** Values that are known to mean something, by the name of the field or parameter that they may stand in. */
export type KnownValues = (name: string) => readonly unknown[];

export function describedRequests(
  document: OpenApiDocument,
  known: KnownValues,
): fc.Arbitrary<GeneratedRequest> {
  const values = createValues(document, known);
  const requests = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      arbitrary: requestsOf(path, method as MethodName, operation, values),
      // What makes something has more to go wrong.
      weight: operation.operationId.startsWith('create') ? 4 : 1,
    })),
  );
  return fc.oneof(...requests);
}

function requestsOf(
  path: string,
  method: MethodName,
  operation: Operation,
  values: Values,
): fc.Arbitrary<GeneratedRequest> {
  const parts = operation.parameters.map(({ name, schema, required, in: place }) =>
    fc.record({
      name: fc.constant(name),
      place: fc.constant(place),
      value: fc.option(mostly(values.of(schema, name).map(String), wildText), { freq: required ? 30 : 2 }),
    }),
  );
  return fc
    .record({
      method: mostly(fc.constant(method.toUpperCase()), fc.constantFrom('GET', 'POST', 'PUT', 'DELETE')),
      parts: fc.tuple(...parts),
      contentType: mostly(
        fc.constant('application/json'),
        fc.constantFrom('text/plain', 'application/json; charset=gbk', 'application/xml', ''),
      ),
      body: bodyOf(operation, values),
    })
    .map(({ method: chosen, parts: filled, contentType, body }) => ({
      method: chosen,
      url: urlOf(path, filled),
      headers: {
        ...(body === null ? {} : { 'content-type': contentType }),
        ...Object.fromEntries(
          filled.flatMap(({ name, place, value }) =>
            place === 'header' && value !== null ? [[name.toLowerCase(), headerSafe(value)]] : [],
          ),
        ),
      },
      body,
    }));
}

/** Nine times in ten the first. */
function mostly<Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ arbitrary: usual, weight: 9 }, { arbitrary: odd, weight: 1 });
}

const wildText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ minLength: 200, maxLength: 400 }),
  fc.constantFrom('', '0', '-1', 'null', '../..', '%00', "'; drop table payments; --", '\u0000'),
);

interface Part {
  readonly name: string;
  readonly place: string;
  readonly value: string | null;
}

function urlOf(path: string, parts: readonly Part[]): string {
  const filled = parts
    .filter(({ place }) => place === 'path')
    .reduce((text, { name, value }) => text.replace(`{${name}}`, encoded(value ?? '')), path);
  const query = parts.flatMap(({ name, place, value }) =>
    place === 'query' && value !== null ? [`${encoded(name)}=${encoded(value)}`] : [],
  );
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
}

/** `.` and `..` are no parts of a path, however they are written: whoever sends them has sent another path. */
function encoded(text: string): string {
  return /^\.\.?$/.test(text) ? 'dots' : encodeURIComponent(text.toWellFormed());
}

/** What a client's HTTP library lets out at all. */
function headerSafe(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?');
}

interface Values {
  of(schema: Schema, name: string): fc.Arbitrary<unknown>;
  knows(name: string): boolean;
  known(name: string): fc.Arbitrary<unknown>;
}

function bodyOf(operation: Operation, values: Values): fc.Arbitrary<string | null> {
  const content = operation.requestBody?.content['application/json'];
  if (content === undefined) return fc.constant(null);
  const examples = Object.values(content.examples ?? {}).map(({ value }) => value as object);
  const valid = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(...examples).chain((one) => variedAfter(one, content.schema, values)),
    },
    { weight: 1, arbitrary: values.of(content.schema, 'body') },
  );
  return fc.oneof(
    { weight: 10, arbitrary: valid.map((value) => JSON.stringify(value)) },
    { weight: 6, arbitrary: valid.chain(spoilt).map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: fc.json() },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'binary', maxLength: 200 }).map((text) => text.toWellFormed()),
    },
    { weight: 1, arbitrary: valid.map((value) => JSON.stringify(value).slice(0, -2)) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

/** An example in which one field, or none, is what the schema allows for it. */
function variedAfter(example: object, schema: Schema, values: Values): fc.Arbitrary<unknown> {
  const fresh = freshly(example, values);
  const varied = fc.tuple(fresh, values.of(schema, 'body'), fc.nat()).map(([body, whole, which]) => {
    const fields = Object.entries(whole ?? {});
    const field = fields[which % Math.max(1, fields.length)];
    return field === undefined ? body : { ...body, [field[0]]: field[1] };
  });
  return fc.oneof(fresh, varied);
}

/** Another order and other amounts than the example's, so that not everything is a repetition. */
function freshly(body: object, values: Values): fc.Arbitrary<object> {
  const fields = Object.keys(body).filter((name) => values.knows(name));
  return fc
    .record(Object.fromEntries(fields.map((name) => [name, values.known(name)])))
    .map((fresh) => ({ ...body, ...fresh }));
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 53, 1e300, '', '0', [], {}, '\ud800', '\u0000'),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.jsonValue(),
);

/** One field is missing, of another kind, or one too many; at the top or one level below. */
function spoilt(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return odd;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const names = Object.keys(fields);
  const extra = fc
    .tuple(fc.string({ maxLength: 12 }), odd)
    .map(([name, more]) => ({ ...fields, [name]: more }));
  if (names.length === 0) return extra;
  return fc.constantFrom(...names).chain((name) => {
    const { [name]: one, ...others } = fields;
    return fc.oneof(
      fc.constant(others),
      odd.map((other) => ({ ...fields, [name]: other })),
      spoiltBelow(one).map((other) => ({ ...fields, [name]: other })),
      extra,
    );
  });
}

function spoiltBelow(value: unknown): fc.Arbitrary<unknown> {
  return typeof value === 'object' && value !== null ? spoilt(value) : odd;
}

function createValues(document: OpenApiDocument, known: KnownValues): Values {
  const of = (schema: Schema, name: string): fc.Arbitrary<unknown> => {
    const made = { arbitrary: madeAfter(schema, name), weight: 1 };
    const meaningful = known(name);
    if (meaningful.length === 0) return made.arbitrary;
    const nothing = schema.type?.includes('null') ? [{ arbitrary: fc.constant(null), weight: 4 }] : [];
    return fc.oneof({ arbitrary: fc.constantFrom(...meaningful), weight: 24 }, made, ...nothing);
  };

  function madeAfter(schema: Schema, name: string): fc.Arbitrary<unknown> {
    if (schema.$ref !== undefined) return madeAfter(referred(document, schema.$ref), name);
    if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => madeAfter(one, name)));
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
    return fc.oneof(...types.map((type) => ofType(type, schema)));
  }

  function ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
    switch (type) {
      case 'null':
        return fc.constant(null);
      case 'boolean':
        return fc.boolean();
      case 'integer':
        return fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.maxSafeInteger());
      case 'string':
        return textAfter(schema.pattern);
      case 'object':
        return objectAfter(schema);
      default:
        throw new Error(
          `no values are known of type ${type}: teach them to test/openapi/described-requests.ts`,
        );
    }
  }

  function objectAfter({
    properties = {},
    required = [],
    additionalProperties,
  }: Schema): fc.Arbitrary<unknown> {
    const fields = Object.entries(properties).map(([name, property]) => [name, of(property, name)] as const);
    const fixed = fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
    if (typeof additionalProperties !== 'object') return fixed;
    const more = fc.dictionary(fc.string({ minLength: 1, maxLength: 40 }), of(additionalProperties, ''), {
      maxKeys: 5,
    });
    return fc.tuple(fixed, more).map(([some, others]) => ({ ...others, ...some }));
  }

  return {
    of,
    knows: (name) => known(name).length > 0,
    known: (name) => fc.constantFrom(...known(name)),
  };
}

function textAfter(pattern: string | undefined): fc.Arbitrary<string> {
  return pattern === undefined
    ? fc.string({ maxLength: 30 })
    : fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' });
}

function referred(document: OpenApiDocument, ref: string): Schema {
  const name = ref.slice('#/components/schemas/'.length);
  const schema = document.components.schemas[name];
  if (schema === undefined) throw new Error(`${ref} is not in the document`);
  return schema;
}
