import type { FastifyReply, FastifyRequest } from 'fastify';
import { faulty, shortened } from './problems.ts';

export const waitSecondsMax = 120;
/** How long a request that changes something waits for a final state when it says nothing. */
export const waitSecondsDefault = 30;

/**
 * How long the caller wants this request to wait for a final state, in milliseconds, from `Prefer: wait=N`
 * (RFC 7240, whole seconds). More than 120 is taken for 120; what is not a number of seconds is a problem. A
 * preference that was named is confirmed in `Preference-Applied`.
 */
export function preferredWaitMs(
  request: FastifyRequest,
  reply: FastifyReply,
  secondsUnlessNamed: number,
): number {
  const { prefer } = request.headers;
  const named = prefer === undefined ? undefined : namedWait(`${prefer}`);
  if (named === undefined) return secondsUnlessNamed * 1000;
  if (!/^\d{1,9}$/.test(named)) {
    throw faulty('invalid_parameter', [
      {
        field: 'Prefer',
        value: `wait=${named}`,
        detail: `Prefer names ${shortened(`wait=${named}`)}: send whole seconds from 0 to ${waitSecondsMax}, as in wait=30.`,
      },
    ]);
  }
  const seconds = Math.min(Number(named), waitSecondsMax);
  reply.header('preference-applied', `wait=${seconds}`);
  return seconds * 1000;
}

const preference = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;

/** The value of the first `wait`, which is the one that counts; `undefined` when none is named. */
function namedWait(prefer: string): string | undefined {
  for (const [text] of prefer.matchAll(preference)) {
    const [head = ''] = text.split(';');
    const [name = '', ...value] = head.split('=');
    if (name.trim().toLowerCase() === 'wait')
      return value
        .join('=')
        .trim()
        .replace(/^"(.*)"$/, '$1');
  }
  return undefined;
}
