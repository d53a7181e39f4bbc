import { isJsonObject, type JsonObject } from '../json.ts';
import { isAmsCurrency } from './currencies.ts';
import { AmsRefused } from './results.ts';
import { parseWireTime } from './wire-time.ts';

/** Reading members of a body. Every scalar is a JSON text. Everything here refuses with PARAM_ILLEGAL unless said otherwise. */

/** A member and the way to it, for the text of a refusal. */
export interface Member {
  readonly value: JsonObject;
  readonly path: string;
}

export function bodyMember(body: JsonObject): Member {
  return { value: body, path: '' };
}

function illegal(parent: Member, name: string, rule: string): AmsRefused {
  return new AmsRefused('PARAM_ILLEGAL', `${parent.path}${name} ${rule}`);
}

function optionalMember(parent: Member, name: string): Member | null {
  const value = parent.value[name] ?? null;
  if (value === null) return null;
  if (!isJsonObject(value)) throw illegal(parent, name, 'is no object');
  return { value, path: `${parent.path}${name}.` };
}

export function requiredMember(parent: Member, name: string): Member {
  const member = optionalMember(parent, name);
  if (member === null) throw illegal(parent, name, 'is missing');
  return member;
}

export function optionalText(parent: Member, name: string, max: number): string | null {
  const value = parent.value[name] ?? null;
  if (value === null) return null;
  if (typeof value !== 'string') throw illegal(parent, name, 'is no text');
  if (value === '') throw illegal(parent, name, 'is empty');
  if (value.length > max) throw illegal(parent, name, `is longer than ${max}`);
  return value;
}

export function requiredText(parent: Member, name: string, max: number): string {
  const text = optionalText(parent, name, max);
  if (text === null) throw illegal(parent, name, 'is missing');
  return text;
}

export function optionalUrl(parent: Member, name: string): string | null {
  const text = optionalText(parent, name, 2048);
  if (text === null) return null;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw illegal(parent, name, 'is no URL');
  return text;
}

export function optionalTime(parent: Member, name: string): number | null {
  const text = optionalText(parent, name, 64);
  if (text === null) return null;
  const atMs = parseWireTime(text);
  if (atMs === null) throw illegal(parent, name, 'is no ISO 8601 time with an offset');
  return atMs;
}

/** Four digits of ISO 18245, under one of the names. */
export function merchantCategory(parent: Member, ...names: readonly [string, ...string[]]): string {
  const name = names.find((one) => parent.value[one] !== undefined) ?? names[0];
  const text = requiredText(parent, name, 4);
  if (!/^\d{4}$/.test(text)) throw illegal(parent, name, 'is not 4 digits');
  return text;
}

/** Of several names at least one must be there. */
export function someText(parent: Member, ...names: readonly string[]): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = optionalText(parent, name, 64);
    if (text !== null) found[name] = text;
  }
  if (Object.keys(found).length === 0) throw illegal(parent, names.join(' or '), 'is missing');
  return found;
}

export interface Amount {
  readonly currency: string;
  readonly minor: bigint;
}

const amountMax = 100_000_000_000n;

/** `{currency, value}`: value is a positive integer of minor units. Refusals besides: CURRENCY_NOT_SUPPORT, PAYMENT_AMOUNT_EXCEED_LIMIT. */
export function requiredAmount(parent: Member, name: string): Amount {
  const member = requiredMember(parent, name);
  const currency = requiredText(member, 'currency', 3);
  if (!/^[A-Z]{3}$/.test(currency)) throw illegal(member, 'currency', 'is not 3 capital letters');
  const value = requiredText(member, 'value', 16);
  if (!/^[1-9]\d*$/.test(value)) throw illegal(member, 'value', 'is no positive integer of minor units');
  if (!isAmsCurrency(currency)) throw new AmsRefused('CURRENCY_NOT_SUPPORT', currency);
  if (currency === 'IDR' && !value.endsWith('00')) throw illegal(member, 'value', 'of IDR must end in 00');
  const minor = BigInt(value);
  if (minor > amountMax) throw new AmsRefused('PAYMENT_AMOUNT_EXCEED_LIMIT');
  return { currency, minor };
}

export function printAmount(currency: string, minor: bigint): JsonObject {
  return { currency, value: minor.toString() };
}
