import type { Money } from '../../domain/money.ts';
import { printAmount, readAmount } from './amount.ts';
import { type Unreadable, unreadable } from './unreadable.ts';

/*
 * The bodies of AMS as tables of fields, each of which both prints and reads: what is printed is read back.
 *
 * On the wire every scalar is a JSON string, booleans and numbers too. A field without a value is left out, never sent
 * empty. Reading is lenient: a field is `null` when it is absent, empty or not of its form, and what nobody knows is
 * ignored; whoever needs a field as evidence must find it.
 */

export interface TextField {
  readonly form: 'text';
  /** Characters at most; `null` where nothing is promised. */
  readonly lengthMax: number | null;
}

export interface AmountField {
  readonly form: 'amount';
}

/** `"true"` and `"false"`; a bare JSON boolean is read too. */
export interface FlagField {
  readonly form: 'flag';
}

export interface ObjectField<F extends Fields = Fields> {
  readonly form: 'object';
  readonly fields: F;
}

export interface ListField<E extends Element = Element> {
  readonly form: 'list';
  readonly of: E;
  readonly entriesMax: number;
}

type Element = TextField | { readonly form: 'object'; readonly fields: Fields };

export type Field = (
  | TextField
  | AmountField
  | FlagField
  | { readonly form: 'object'; readonly fields: Fields }
  | { readonly form: 'list'; readonly of: Element; readonly entriesMax: number }
) & {
  /** Printing without it throws. */
  readonly required?: true;
  /** Other names that it is seen under; read, never printed. */
  readonly alsoNamed?: readonly string[];
};

export interface Fields {
  readonly [name: string]: Field;
}

type ReadValue<F> = F extends { readonly form: 'text' }
  ? string
  : F extends { readonly form: 'amount' }
    ? Money
    : F extends { readonly form: 'flag' }
      ? boolean
      : F extends { readonly form: 'object'; readonly fields: infer Inner extends Fields }
        ? ValuesOf<Inner>
        : F extends { readonly form: 'list'; readonly of: infer Of }
          ? readonly ReadValue<Of>[]
          : never;

/** What a message was found to say. */
export type ValuesOf<F extends Fields> = { readonly [Name in keyof F]: ReadValue<F[Name]> | null };

type PrintValue<F> = F extends { readonly form: 'object'; readonly fields: infer Inner extends Fields }
  ? PrintableOf<Inner>
  : F extends { readonly form: 'list'; readonly of: infer Of }
    ? readonly PrintValue<Of>[]
    : ReadValue<F>;

type RequiredNames<F extends Fields> = {
  [Name in keyof F]: F[Name] extends { readonly required: true } ? Name : never;
}[keyof F];

/** What a message is printed from. */
export type PrintableOf<F extends Fields> = {
  readonly [Name in RequiredNames<F>]: PrintValue<F[Name]>;
} & {
  readonly [Name in Exclude<keyof F, RequiredNames<F>>]?: PrintValue<F[Name]> | null | undefined;
};

export function text(lengthMax: number | null = null) {
  return { form: 'text', lengthMax } as const satisfies Field;
}

export const amount = { form: 'amount' } as const satisfies Field;
export const flag = { form: 'flag' } as const satisfies Field;

export function object<const F extends Fields>(fields: F): ObjectField<F> {
  return { form: 'object', fields };
}

export function list<const E extends Element>(of: E, entriesMax = 100): ListField<E> {
  return { form: 'list', of, entriesMax };
}

export function required<const F extends Field>(field: F): F & { readonly required: true } {
  return { ...field, required: true };
}

export function alsoNamed<const F extends Field>(field: F, ...names: readonly string[]): F {
  return { ...field, alsoNamed: names };
}

/**
 * The body of a message.
 * @throws RangeError naming a field that is missing or too long: whoever accepts values from outside checks them
 * first, so here it is our own mistake.
 */
export function printMessage<F extends Fields>(fields: F, values: PrintableOf<F>): string {
  return JSON.stringify(printed(fields, values, ''));
}

export interface Message<F extends Fields> {
  readonly kind: 'message';
  readonly values: ValuesOf<F>;
}

/** Reads a body: UTF-8, a byte order mark allowed, one JSON object. */
export function readMessage<F extends Fields>(fields: F, body: Uint8Array): Message<F> | Unreadable {
  const parsed = parsedObject(body);
  if (parsed === null) return unreadable('the body is not a JSON object in UTF-8');
  return { kind: 'message', values: readFields(fields, parsed) };
}

/** At most `max` UTF-16 units of a text that people read, no character cut in two. */
export function shortened(value: string, max: number): string {
  if (value.length <= max) return value;
  const last = value.charCodeAt(max - 1);
  return value.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

type JsonObject = Readonly<Record<string, unknown>>;

function parsedObject(body: Uint8Array): JsonObject | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readFields<F extends Fields>(fields: F, from: JsonObject): ValuesOf<F> {
  const values = Object.entries(fields).map(([name, field]) => {
    const names = [name, ...(field.alsoNamed ?? [])];
    const found = names.find((one) => Object.hasOwn(from, one) && from[one] !== null);
    return [name, found === undefined ? null : readValue(field, from[found])];
  });
  return Object.fromEntries(values) as ValuesOf<F>;
}

function readValue(field: Field, value: unknown): unknown {
  switch (field.form) {
    case 'text':
      return typeof value === 'string' && value !== '' ? value : null;
    case 'amount':
      return readAmount(value);
    case 'flag':
      if (value === true || value === 'true') return true;
      return value === false || value === 'false' ? false : null;
    case 'object':
      return isObject(value) ? readFields(field.fields, value) : null;
    case 'list':
      if (!Array.isArray(value)) return null;
      return value.map((entry: unknown) => readValue(field.of, entry)).filter((entry) => entry !== null);
    default:
      return field satisfies never;
  }
}

function printed(fields: Fields, values: JsonObject, path: string): JsonObject {
  const members: [string, unknown][] = [];
  for (const [name, field] of Object.entries(fields)) {
    const value = values[name] ?? null;
    const member = value === null ? null : printedValue(field, value, `${path}${name}`);
    if (member !== null) members.push([name, member]);
    else if (field.required) throw new RangeError(`${path}${name} is missing`);
  }
  return Object.fromEntries(members);
}

/** `null` for a value that is left out. */
function printedValue(field: Field, value: unknown, path: string): unknown {
  switch (field.form) {
    case 'text': {
      const characters = value as string;
      if (field.lengthMax !== null && characters.length > field.lengthMax) {
        throw new RangeError(`${path} takes ${field.lengthMax} characters, not ${characters.length}`);
      }
      return characters === '' ? null : characters;
    }
    case 'amount':
      return printAmount(value as Money);
    case 'flag':
      return String(value);
    case 'object': {
      const members = printed(field.fields, value as JsonObject, `${path}.`);
      return Object.keys(members).length === 0 ? null : members;
    }
    case 'list': {
      const entries = value as readonly unknown[];
      if (entries.length > field.entriesMax) {
        throw new RangeError(`${path} takes ${field.entriesMax} entries, not ${entries.length}`);
      }
      const members = entries
        .map((entry) => printedValue(field.of, entry, path))
        .filter((entry) => entry !== null);
      return members.length === 0 ? null : members;
    }
    default:
      return field satisfies never;
  }
}
