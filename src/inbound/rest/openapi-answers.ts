import type { Answer, Header, Reference, Schema } from './openapi-form.ts';
import { published, refTo } from './openapi-schemas.ts';
import { type AnswerWords, type OperationWords, problemsOfEveryRequest } from './operation-words.ts';
import { problemCatalogue } from './problem-catalogue.ts';
import { codeAnswer, type ProblemCode, problemMediaType } from './problems.ts';

const text: Schema = { type: 'string' };
const seconds: Schema = { type: 'integer', minimum: 0 };

/** The headers of answers, by their names; all but those of every answer are named where they can come. */
export const answerHeaders = {
  Allow: { description: 'The methods that the path takes.', schema: text },
  'Idempotent-Replayed': {
    description: 'This answer tells what has become of an earlier request with the same key.',
    schema: { const: 'true' },
  },
  Location: { description: 'Where what was created is looked at.', schema: text },
  'Preference-Applied': {
    description: 'The `wait=N` that was heeded, when one was named.',
    schema: { type: 'string', pattern: '^wait=\\d{1,3}$' },
  },
  RateLimit: {
    description: 'What is left of the limit: `r` requests now, and all of them again in `t` seconds.',
    schema: { type: 'string', pattern: '^"[a-z]+";r=\\d+;t=\\d+$' },
  },
  'RateLimit-Policy': {
    description: 'The limit that the request came under: `q` requests in `w` seconds.',
    schema: { type: 'string', pattern: '^"[a-z]+";q=\\d+;w=\\d+$' },
  },
  'Request-Id': { description: 'Names this request in the logs of the acquirer.', schema: text },
  'Retry-After': { description: 'Seconds after which it is worth asking again.', schema: seconds },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: text },
} as const satisfies { readonly [name: string]: Header };

type HeaderName = keyof typeof answerHeaders;

/** Only what was refused before there was a request comes without them. */
const headersOfEveryAnswer = ['Request-Id', 'RateLimit', 'RateLimit-Policy'] as const;

function headersNamed(names: readonly HeaderName[]): { readonly [name: string]: Reference } {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Every answer of an operation: what it promises, and each problem that it can end in. */
export function answersOf(words: OperationWords, schema: object): { readonly [status: string]: Answer } {
  const good = Object.entries(words.answers).map(([status, answer]) => [
    status,
    goodAnswer(words, answer, schema),
  ]);
  const codes = new Set<ProblemCode>([...problemsOfEveryRequest, ...words.problems]);
  const byStatus = Map.groupBy(codes, (code) => codeAnswer(code).status);
  const bad = [...byStatus].map(([status, codesOfIt]) => [`${status}`, problemAnswer(codesOfIt)]);
  return Object.fromEntries([...good, ...bad]);
}

function goodAnswer(words: OperationWords, answer: AnswerWords, schema: object): Answer {
  const { waitSecondsDefault, idempotencyKey, leadsTo = [] } = words;
  const links = leadsTo.map((operationId) => [
    operationId,
    { operationId, parameters: { id: '$response.body#/id' } },
  ]);
  return {
    description: answer.description,
    headers: headersNamed([
      ...headersOfEveryAnswer,
      ...answer.headers,
      ...(idempotencyKey === 'replays' ? (['Idempotent-Replayed'] as const) : []),
      ...(waitSecondsDefault === null ? [] : (['Preference-Applied'] as const)),
    ]),
    content: { 'application/json': { schema: published(schema), example: answer.example } },
    ...(links.length === 0 ? {} : { links: Object.fromEntries(links) }),
  };
}

const problemHeaders: { readonly [status: number]: readonly HeaderName[] } = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** One status with the codes that come under it, each with what it means. */
export function problemAnswer(codes: readonly ProblemCode[]): Answer {
  const [first] = codes;
  if (first === undefined) throw new Error('an answer was asked for without a code');
  const { status } = codeAnswer(first);
  // What is refused before there is a request has no number yet.
  const beforeRequests = codes.every((code) => code === 'request_timeout' || code === 'headers_too_large');
  return {
    description: codes
      .toSorted()
      .map((code) => `\`${code}\`: ${problemCatalogue[code].cause.en}`)
      .join('\n\n'),
    headers: headersNamed([
      ...(beforeRequests ? [] : headersOfEveryAnswer),
      ...(problemHeaders[status] ?? []),
    ]),
    content: {
      [problemMediaType]: {
        schema: {
          allOf: [
            refTo('Problem'),
            {
              type: 'object',
              properties: {
                status: { const: status },
                code: { type: 'string', enum: codes.toSorted(), 'x-may-grow': true },
              },
            },
          ],
        },
      },
    },
  };
}
