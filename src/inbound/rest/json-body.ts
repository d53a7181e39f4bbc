import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { firstJsonFault } from './json-fault.ts';
import { ProblemAnswer, shortened } from './problems.ts';

const bodies = new WeakMap<FastifyRequest, Buffer>();

/** The bytes of a request's body as they arrived. */
export function bodyOf(request: FastifyRequest): Buffer {
  return bodies.get(request) ?? Buffer.alloc(0);
}

/** JSON bodies and nothing else; what is not one ends in a problem that says where and why. */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      try {
        requireUtf8(request.headers);
        bodies.set(request, body);
        done(null, jsonOf(body));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  // A client that names another type for an empty body has sent nothing that could be misread.
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) done(null, undefined);
    else done(unsupported('Content-Type', request.headers['content-type'] ?? null, 'application/json'));
  });
}

function requireUtf8(headers: { readonly [name: string]: string | string[] | undefined }): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw unsupported('Content-Encoding', `${encoding}`, 'the body as it is, without compression');
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(`${headers['content-type']}`)?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw unsupported('Content-Type', `${headers['content-type']}`, 'JSON in UTF-8');
  }
}

export function unsupported(header: string, value: string | null, want: string): ProblemAnswer {
  const sent = value === null ? 'is missing' : `is ${JSON.stringify(shortened(value))}`;
  return new ProblemAnswer({
    code: 'unsupported_media_type',
    field: header,
    value,
    detail: `${header} ${sent}: send ${want}.`,
  });
}

/**
 * The value of a JSON text. A number that is not a plain integer within ±(2⁵³ − 1), as it is written, comes out as
 * a symbol that carries the literal: `1e3`, `1.0`, `-0` or 9007199254740993 can then pass for no integer, and no
 * amount is ever rounded in silence. An empty text is `undefined`. PAY-07.
 */
export function jsonOf(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) {
    throw new ProblemAnswer({
      code: 'invalid_json',
      field: null,
      value: null,
      detail: 'The body is not UTF-8 text: send a JSON object in UTF-8.',
    });
  }
  const text = body.toString('utf8');
  try {
    return oddNumber.test(text) ? parseWithSource(text, literalKept) : JSON.parse(text);
  } catch {
    throw brokenJson(text);
  }
}

/** Finds every text with an odd number, and some without: digits in strings look alike. */
const oddNumber = /[:[,\s](?:-0|-?\d+[.eE]|-?\d{16})/;

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
/** The reviver's third argument is in the language and in the runtime, not yet in the compiler's library. */
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown;

const literalKept: SourceReviver = (_key, value, { source }) => {
  if (typeof value !== 'number' || source === undefined) return value;
  return Number.isSafeInteger(value) && /^(?:0|-?[1-9]\d*)$/.test(source) ? value : Symbol(source);
};

function brokenJson(text: string): ProblemAnswer {
  const fault = firstJsonFault(text);
  if (fault === null) {
    return new ProblemAnswer({
      code: 'invalid_json',
      field: null,
      value: null,
      detail: 'The body is nested too deeply: send a JSON object of the fields that this request has.',
    });
  }
  const place = `line ${fault.line}, column ${fault.column}${fault.field === null ? '' : ` (${fault.field})`}`;
  const found = fault.found === null ? 'the body ends' : `stands ${JSON.stringify(fault.found)}`;
  return new ProblemAnswer({
    code: 'invalid_json',
    field: fault.field,
    value: fault.found,
    detail: `The body is not JSON: at ${place} ${found} where ${fault.expected} belongs. Correct it and send it again.`,
  });
}
