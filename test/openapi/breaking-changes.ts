import type {
  Answer,
  Content,
  OpenApiDocument,
  Operation,
  PathItem,
  Schema,
} from '../../src/inbound/rest/openapi-form.ts';

/*
 * What a client that was written after one description would stumble over in a later one. No package that does this reads
 * OpenAPI 3.1 and comes from npm's registry whole: those that do fetch a program from elsewhere when they are installed.
 */

/** `sent`: the client writes it, so it must go on being accepted. `received`: it reads it, so it must go on being understood. */
type Direction = 'sent' | 'received';

interface Comparison {
  readonly before: OpenApiDocument;
  readonly after: OpenApiDocument;
  readonly found: string[];
  /** Pairs of names that are being compared further up, since schemas may hold themselves. */
  readonly open: Set<string>;
}

/** Every change that breaks a client, as a sentence that begins with its place; none for what only grows. */
export function breakingChanges(before: OpenApiDocument, after: OpenApiDocument): readonly string[] {
  const comparison: Comparison = { before, after, found: [], open: new Set() };
  comparePaths(comparison, 'path', before.paths, after.paths, 'sent');
  comparePaths(comparison, 'webhook', before.webhooks, after.webhooks, 'received');
  if (JSON.stringify(before.security) !== JSON.stringify(after.security)) {
    comparison.found.push('security: another way to authenticate is asked for');
  }
  for (const code of problemCodes(before)) {
    if (!problemCodes(after).has(code)) comparison.found.push(`problem ${code}: the code is gone`);
  }
  return comparison.found;
}

function comparePaths(
  comparison: Comparison,
  kind: 'path' | 'webhook',
  before: { readonly [name: string]: PathItem },
  after: { readonly [name: string]: PathItem },
  bodies: Direction,
): void {
  for (const [name, item] of Object.entries(before)) {
    for (const [method, operation] of Object.entries(item)) {
      const place = kind === 'path' ? `${method.toUpperCase()} ${name}` : `webhook ${name}`;
      const now = after[name]?.[method as keyof PathItem];
      if (now === undefined) comparison.found.push(`${place}: is gone`);
      else compareOperation(comparison, place, operation, now, bodies);
    }
  }
}

function compareOperation(
  comparison: Comparison,
  place: string,
  before: Operation,
  after: Operation,
  bodies: Direction,
): void {
  const { found } = comparison;
  if (before.operationId !== after.operationId) {
    found.push(`${place}: operationId ${before.operationId} is now ${after.operationId}`);
  }
  const nameOf = ({ in: kind, name }: Operation['parameters'][number]) => `${kind} ${name.toLowerCase()}`;
  const old = new Map(before.parameters.map((one) => [nameOf(one), one]));
  const now = new Map(after.parameters.map((one) => [nameOf(one), one]));
  for (const [name, parameter] of old) {
    const same = now.get(name);
    if (same === undefined) found.push(`${place}: ${name} is gone`);
    else compareSchemas(comparison, `${place}: ${name}`, parameter.schema, same.schema, bodies);
  }
  for (const [name, { required }] of now) {
    if (bodies === 'sent' && required && old.get(name)?.required !== true) {
      found.push(`${place}: ${name} is now required`);
    }
  }
  if (bodies === 'sent' && after.requestBody?.required === true && before.requestBody?.required !== true) {
    found.push(`${place}: a body is now required`);
  }
  compareContents(
    comparison,
    `${place}: body`,
    before.requestBody?.content,
    after.requestBody?.content,
    bodies,
  );
  compareAnswers(comparison, place, before.responses, after.responses);
}

function compareAnswers(
  comparison: Comparison,
  place: string,
  before: Operation['responses'],
  after: Operation['responses'],
): void {
  for (const status of Object.keys(after)) {
    if (status.startsWith('2') && before[status] === undefined) {
      comparison.found.push(`${place}: may now be answered ${status}`);
    }
  }
  for (const [status, answer] of Object.entries(before)) {
    const now = after[status];
    const here = `${place}: answer ${status}`;
    if (now !== undefined) compareAnswer(comparison, here, answer, now);
    // A problem that comes no more, or under another status, breaks nobody who reads its code.
    else if (status.startsWith('2')) comparison.found.push(`${here} is gone`);
  }
}

function compareAnswer(comparison: Comparison, place: string, before: Answer, after: Answer): void {
  for (const name of Object.keys(before.headers ?? {})) {
    if (after.headers?.[name] === undefined) comparison.found.push(`${place}: header ${name} is gone`);
  }
  compareContents(comparison, place, before.content, after.content, 'received');
}

function compareContents(
  comparison: Comparison,
  place: string,
  before: { readonly [mediaType: string]: Content } = {},
  after: { readonly [mediaType: string]: Content } = {},
  direction: Direction,
): void {
  for (const [mediaType, { schema }] of Object.entries(before)) {
    const now = after[mediaType];
    if (now === undefined) comparison.found.push(`${place}: ${mediaType} is gone`);
    else compareSchemas(comparison, place, schema, now.schema, direction);
  }
}

function compareSchemas(
  comparison: Comparison,
  place: string,
  before: Schema,
  after: Schema,
  direction: Direction,
): void {
  const pair = `${direction} ${before.$ref} ${after.$ref}`;
  const named = before.$ref !== undefined && after.$ref !== undefined;
  if (named && comparison.open.has(pair)) return;
  if (named) comparison.open.add(pair);
  const old = plain(comparison.before, before);
  const now = plain(comparison.after, after);
  const complain = (what: string): void => {
    comparison.found.push(`${place}: ${what}`);
  };
  compareValues(old, now, direction, complain);
  compareFields(comparison, place, old, now, direction);
  const parts = ['items', 'propertyNames', 'additionalProperties'] as const;
  for (const part of parts) {
    const [one, other] = [old[part], now[part]];
    if (typeof one === 'object' && typeof other === 'object') {
      compareSchemas(comparison, `${place}/${part}`, one, other, direction);
    } else if (direction === 'sent' && other !== undefined && other !== true && one !== other) {
      complain(`${part} is narrower`);
    }
  }
  old.allOf?.forEach((one, index) => {
    compareSchemas(comparison, place, one, now.allOf?.[index] ?? {}, direction);
  });
  if (named) comparison.open.delete(pair);
}

/** Whether every value of `part` is one of `whole`; no list takes everything. */
function within(part: readonly unknown[] | undefined, whole: readonly unknown[] | undefined): boolean {
  if (whole === undefined) return true;
  return part?.every((value) => whole.includes(value)) ?? false;
}

const lowerBounds = ['minimum', 'minLength'] as const;
const upperBounds = ['maximum', 'maxLength', 'maxProperties'] as const;

function compareValues(
  before: Schema,
  after: Schema,
  direction: Direction,
  complain: (what: string) => void,
): void {
  // What is sent must still fit, what is received must have fitted before.
  const [narrow, wide] = direction === 'sent' ? [before, after] : [after, before];
  if (!within(typesOf(narrow), typesOf(wide))) {
    complain(`type ${typesOf(before)?.join(' or ')} is now ${typesOf(after)?.join(' or ') ?? 'any'}`);
  }
  const mayGrow = direction === 'received' && before['x-may-grow'] === true;
  if (!mayGrow && !within(valuesOf(narrow), valuesOf(wide))) {
    complain(direction === 'sent' ? 'takes fewer values' : 'may have values that it had not');
  }
  for (const keyword of ['pattern', 'format'] as const) {
    if (wide[keyword] !== undefined && wide[keyword] !== narrow[keyword]) complain(`has another ${keyword}`);
  }
  for (const keyword of lowerBounds) {
    if ((wide[keyword] ?? -Infinity) > (narrow[keyword] ?? -Infinity)) complain(`has another ${keyword}`);
  }
  for (const keyword of upperBounds) {
    if ((wide[keyword] ?? Infinity) < (narrow[keyword] ?? Infinity)) complain(`has another ${keyword}`);
  }
}

function compareFields(
  comparison: Comparison,
  place: string,
  before: Schema,
  after: Schema,
  direction: Direction,
): void {
  for (const [name, field] of Object.entries(before.properties ?? {})) {
    const now = after.properties?.[name];
    if (now === undefined) comparison.found.push(`${place}: field ${name} is gone`);
    else compareSchemas(comparison, `${place}/${name}`, field, now, direction);
  }
  const [fewer, more] = direction === 'sent' ? [before, after] : [after, before];
  for (const name of more.required ?? []) {
    if (
      fewer.required?.includes(name) ||
      (direction === 'received' && after.properties?.[name] === undefined)
    ) {
      continue;
    }
    comparison.found.push(
      `${place}: field ${name} is ${direction === 'sent' ? 'now required' : 'no longer always there'}`,
    );
  }
}

function typesOf({ type }: Schema): readonly string[] | undefined {
  if (type === undefined) return undefined;
  const types = [type].flat();
  // Every integer is a number.
  return types.includes('number') ? [...types, 'integer'] : types;
}

function valuesOf({ enum: values, const: only }: Schema): readonly unknown[] | undefined {
  return only === undefined ? values : [only];
}

/** What a reference stands for; a choice between something and `null` as one schema of both types. */
function plain(document: OpenApiDocument, schema: Schema): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice('#/components/schemas/'.length);
    const found = document.components.schemas[name];
    if (found === undefined) throw new Error(`${schema.$ref} is not in the document`);
    return plain(document, found);
  }
  const { anyOf } = schema;
  if (anyOf === undefined) return schema;
  const [choice, ...others] = anyOf.filter(({ type }) => type !== 'null');
  if (choice === undefined || others.length > 0) {
    throw new Error(
      'a choice of several schemas cannot be compared: teach it to test/openapi/breaking-changes.ts',
    );
  }
  const one = plain(document, choice);
  const types = typesOf(one);
  return types === undefined ? one : { ...one, type: [...new Set([...types, 'null'])] };
}

function problemCodes(document: OpenApiDocument): ReadonlySet<unknown> {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  const answers = [
    ...operations.flatMap(({ responses }) => Object.values(responses)),
    ...Object.values(document.components.responses),
  ];
  return new Set(
    answers.flatMap(({ content }) =>
      (content?.['application/problem+json']?.schema.allOf ?? []).flatMap(
        ({ properties }) => properties?.['code']?.enum ?? [],
      ),
    ),
  );
}
