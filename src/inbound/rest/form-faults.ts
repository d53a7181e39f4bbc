import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import { maskedCode } from '../../domain/accept-payment.ts';
import { type Fault, shortened } from './problems.ts';

/** A validator's error with what its `verbose` mode adds. */
export interface FormError extends FastifySchemaValidationError {
  readonly data?: unknown;
  readonly parentSchema?: FormSchema;
  readonly propertyName?: string;
}

/** The parts of a form's schema that people are told of. A `description` completes the sentence "send …". */
interface FormSchema {
  readonly description?: string;
  readonly properties?: { readonly [name: string]: FormSchema };
}

const faultsMax = 20;

/** What people are told of a form that does not fit its schema: one fault a field, the first one first. */
export function faultsOf(errors: readonly FormError[], form: string): readonly [Fault, ...Fault[]] {
  const faults = new Map<string, Fault>();
  for (const error of errors) {
    // The key's own fault; the error of the same key that follows says it for the whole field.
    if (error.propertyName !== undefined) continue;
    const fault = faultOf(error, form);
    if (!faults.has(fault.field ?? '')) faults.set(fault.field ?? '', fault);
    if (faults.size === faultsMax) break;
  }
  const [first, ...others] = faults.values();
  if (first === undefined) throw new Error('a form was refused without an error');
  return [first, ...others];
}

function faultOf(error: FormError, form: string): Fault {
  const path = error.instancePath.split('/').slice(1).map(unescaped);
  const { params, parentSchema } = error;
  switch (error.keyword) {
    case 'required': {
      const name = `${params['missingProperty']}`;
      const wanted = parentSchema?.properties?.[name]?.description ?? 'it';
      const field = [...path, name].join('.');
      return { field, value: null, detail: `${field} is missing: send ${wanted}.` };
    }
    case 'additionalProperties': {
      const field = shortened([...path, `${params['additionalProperty']}`].join('.'));
      const known = Object.keys(parentSchema?.properties ?? {});
      const fields = known.length === 0 ? 'It takes no fields' : `Its fields are ${known.join(', ')}`;
      const owner = path.length === 0 ? form.toLowerCase() : path.join('.');
      // Its value is not shown: a misspelt field may carry a payment code.
      return { field, value: null, detail: `${field} is no field of ${owner}: leave it out. ${fields}.` };
    }
    case 'propertyNames': {
      const name = shortened(`${params['propertyName']}`);
      const field = [...path, name].join('.');
      const wanted = parentSchema?.description ?? 'another name';
      return { field, value: name, detail: `${field} has a name that cannot be kept: send ${wanted}.` };
    }
    default: {
      const field = path.length === 0 ? null : path.join('.');
      const wanted = parentSchema?.description ?? 'another value';
      if (field === null && error.data === null) {
        return { field, value: null, detail: `${form} is missing: send ${wanted}.` };
      }
      const value = shownValue(path, error.data);
      return { field, value: value.member, detail: `${field ?? form} is ${value.sentence}: send ${wanted}.` };
    }
  }
}

/** A value as the member `value` shows it, and as a sentence does. Payment codes are masked in both. */
function shownValue(path: readonly string[], data: unknown): { member: string; sentence: string } {
  const text = literalOf(data);
  if (path.at(-1) === 'payment_code' && data !== null && typeof data !== 'object') {
    return { member: maskedCode(text), sentence: maskedCode(text) };
  }
  const member = shortened(text);
  return { member, sentence: typeof data === 'string' ? JSON.stringify(member) : member };
}

function literalOf(data: unknown): string {
  if (typeof data === 'symbol') return data.description ?? '';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object' && data !== null) return 'an object';
  return `${data}`;
}

/** A step of a JSON pointer. */
function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
