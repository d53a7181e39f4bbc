export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object a text holds, or `null` when it is no JSON or another kind of value. */
export function parseJsonObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A request to `/control` that cannot be done; `body` is the answer, sent with `status`. */
export class ControlRefused extends Error {
  readonly status: number;
  readonly body: JsonObject;

  constructor(status: number, body: JsonObject & { readonly message: string }) {
    super(body['message'] as string);
    this.status = status;
    this.body = body;
  }
}

/** 400: names the field, the value it had and what is allowed. */
export function invalidValue(field: string, value: Json | undefined, allowed: Json): ControlRefused {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  const choice = Array.isArray(allowed) ? `one of ${allowed.join(', ')}` : String(allowed);
  return new ControlRefused(400, {
    error: 'invalid_value',
    field,
    value: value ?? null,
    allowed,
    message: `${field} is ${shown}; allowed is ${choice}`,
  });
}

export function notFound(message: string): ControlRefused {
  return new ControlRefused(404, { error: 'not_found', message });
}

export function conflict(message: string): ControlRefused {
  return new ControlRefused(409, { error: 'conflict', message });
}

/** Refuses names that the request does not have, so that a misspelt one is not silently ignored. */
export function onlyFields(json: JsonObject, allowed: readonly string[]): void {
  for (const name of Object.keys(json)) {
    if (!allowed.includes(name)) throw invalidValue('name of a field', name, allowed);
  }
}

/** A text of 1 to `max` characters. */
export function textField(json: JsonObject, name: string, max: number): string {
  const value = json[name];
  if (typeof value !== 'string' || value === '' || value.length > max) {
    throw invalidValue(name, value, `a text of 1 to ${max} characters`);
  }
  return value;
}

export function integerField(json: JsonObject, name: string, min: number, max: number): number {
  const value = json[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
    throw invalidValue(name, value, `an integer from ${min} to ${max}`);
  }
  return value;
}
