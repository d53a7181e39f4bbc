import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { IdempotencyKey } from '../../ports/journal.ts';
import { faulty, shortened } from './problems.ts';

/** The caller's key for this request and what it asks for; `null` when it sends none. */
export function idempotencyKeyOf(request: FastifyRequest): IdempotencyKey | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw faulty('invalid_parameter', [
      {
        field: 'Idempotency-Key',
        value: `${key}`,
        detail:
          `Idempotency-Key ${JSON.stringify(shortened(`${key}`))} cannot be a key: ` +
          'send 1 to 255 printable ASCII characters without spaces, such as a UUID, or leave the header out.',
      },
    ]);
  }
  const [path = ''] = request.url.split('?');
  return { key, fingerprint: fingerprint(`${request.method} ${path}`, request.body) };
}

/** SHA-256 of route and body; the order of the body's fields and its white space make no difference. */
export function fingerprint(route: string, body: unknown): Uint8Array {
  return createHash('sha256').update(route).update('\n').update(canonicalJson(body)).digest();
}

/** JSON with the fields of every object in the order of their names. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}
