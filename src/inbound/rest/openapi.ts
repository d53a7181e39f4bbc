import { answerExamples } from './answer-examples.ts';
import { answerHeaders, answersOf, problemAnswer } from './openapi-answers.ts';
import type {
  MethodName,
  OpenApiDocument,
  Operation,
  Parameter,
  PathItem,
  RequestBody,
  Schema,
} from './openapi-form.ts';
import { componentSchemas, paymentEvents, published, refTo, refundEvents } from './openapi-schemas.ts';
import { type OperationWords, tags } from './operation-words.ts';
import { waitSecondsMax } from './prefer-wait.ts';
import type { Route } from './routes.ts';

/** Grows with the document, by semantic versioning; `/v1` itself only ever grows. */
const documentVersion = '1.0.0';

const introduction = `Payments that end the same for payer, wallet, acquirer and merchant: paid once or not at all.

Every request carries \`Authorization: Bearer <key>\`. Amounts are integers of the currency's minor unit. A request waits
for a final state as long as \`Prefer: wait=N\` says, and an \`Idempotency-Key\` makes it safe to repeat. A path that takes no
such method is answered 405 \`method_not_allowed\`, one that does not exist 404 \`route_not_found\`.

\`/v1\` only ever grows: operations, optional fields of requests, fields of answers, problem codes and types of events may
come, and none is taken away. Take unknown ones for news, not for faults.`;

/**
 * The gateway's description in OpenAPI 3.1, made of the routes and of the very schemas that validate their requests and
 * write their answers. A route under `/v1` without words in `config.operation` is our own mistake.
 */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  return {
    openapi: '3.1.1',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Shoudan',
      version: documentVersion,
      description: introduction,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'the gateway that serves this document' }],
    security: [{ apiKey: [] }],
    tags: Object.entries(tags).map(([name, { description }]) => ({ name, description: description.en })),
    paths: pathsOf(routes.filter(({ url }) => url.startsWith('/v1/'))),
    webhooks: Object.fromEntries([...paymentEvents, ...refundEvents].map((type) => [type, webhook(type)])),
    components: {
      schemas: componentSchemas(),
      headers: answerHeaders,
      responses: {
        MethodNotAllowed: problemAnswer(['method_not_allowed']),
        RouteNotFound: problemAnswer(['route_not_found']),
      },
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'A key that the acquirer issued: `Authorization: Bearer <key>`.',
        },
      },
    },
  };
}

/** A route's path as the document writes it: `/v1/payments/{id}`. */
export function publishedPath(url: string): string {
  return url.replace(/:([A-Za-z_]+)/g, '{$1}');
}

function pathsOf(routes: readonly Route[]): { readonly [path: string]: PathItem } {
  const paths = Map.groupBy(routes, ({ url }) => publishedPath(url));
  return Object.fromEntries(
    [...paths].map(([path, ofPath]) => [
      path,
      Object.fromEntries(ofPath.map((route) => [methodOf(route), operationOf(route)])),
    ]),
  );
}

function methodOf({ method }: Route): MethodName {
  return method.toLowerCase() as MethodName;
}

function operationOf({ method, url, schema, operation: words }: Route): Operation {
  if (words === null) throw new Error(`${method} ${url} is not described: give its route a config.operation`);
  const answer = (schema.response as { readonly '2xx'?: object } | undefined)?.['2xx'];
  if (answer === undefined) throw new Error(`${method} ${url} has no schema for its answers`);
  return {
    operationId: words.id,
    summary: words.summary.en,
    description: words.description.en,
    tags: [words.tag],
    parameters: [
      ...membersAs('path', schema.params),
      ...membersAs('query', schema.querystring),
      ...headersOf(words),
    ],
    ...(schema.body === undefined ? {} : { requestBody: requestBodyOf(words, schema.body as Schema) }),
    responses: answersOf(words, answer),
  };
}

function requestBodyOf({ requestExamples }: OperationWords, schema: Schema): RequestBody {
  return {
    required: !(Array.isArray(schema.type) && schema.type.includes('null')),
    content: {
      'application/json': {
        schema: published(schema),
        examples: Object.fromEntries(
          Object.entries(requestExamples).map(([name, { summary, value }]) => [
            name,
            { summary: summary.en, value },
          ]),
        ),
      },
    },
  };
}

/** The members of a form as parameters, each with its own schema. */
function membersAs(place: 'path' | 'query', form: unknown): Parameter[] {
  if (form === undefined) return [];
  const { properties = {}, required = [] } = form as Schema;
  return Object.entries(properties).map(([name, property]) => {
    const { description = name, ...schema } = published(property);
    return { name, in: place, required: place === 'path' || required.includes(name), description, schema };
  });
}

function headersOf({ waitSecondsDefault, idempotencyKey }: OperationWords): Parameter[] {
  const parameters: Parameter[] = [];
  if (idempotencyKey !== null) {
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description:
        idempotencyKey === 'replays'
          ? 'Makes the request safe to repeat: the same key is answered with what has become of the first request, the same ' +
            'key with another body is 409. Kept for at least 30 days. Without it a repeated order is 409.'
          : 'Taken and not needed: repeating the request changes nothing.',
      schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
      example: '1b671a64-40d5-491e-99b0-da01ff1f3341',
    });
  }
  if (waitSecondsDefault !== null) {
    parameters.push({
      name: 'Prefer',
      in: 'header',
      required: false,
      description:
        `\`wait=N\` holds the answer until the state is final, for N seconds at most (0 to ${waitSecondsMax}; ` +
        `${waitSecondsDefault} unless it is named). Other preferences are passed over.`,
      schema: { type: 'string', examples: ['wait=30'] },
      example: 'wait=30',
    });
  }
  return parameters;
}

/** A delivery to the merchant's endpoint, as the Standard Webhooks specification has it. */
function webhook(type: (typeof paymentEvents)[number] | (typeof refundEvents)[number]): PathItem {
  const ofRefund = type.startsWith('refund.');
  const status = type.slice(type.indexOf('.') + 1);
  const header = (name: string, description: string): Parameter => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string' },
  });
  return {
    post: {
      operationId: type.replace('.', '_'),
      summary: `A ${ofRefund ? 'refund' : 'payment'} has ${status === 'cancelled' ? 'been cancelled' : status}`,
      description:
        'Sent once for each final status, and again until it is acknowledged. Answer within 5 s and do the work afterwards.',
      tags: [ofRefund ? 'refunds' : 'payments'],
      security: [],
      parameters: [
        header('webhook-id', 'the id of the event'),
        header('webhook-timestamp', 'when it was sent, in seconds since 1970'),
        header(
          'webhook-signature',
          'after the Standard Webhooks specification, with the secret of the endpoint',
        ),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: refTo(ofRefund ? 'RefundEvent' : 'PaymentEvent'),
            example: {
              id: 'msg_00000011MTA2T0B9D5MPJTB9D5MPJTB',
              type,
              created_at: answerExamples.paid.updated_at,
              version: 2,
              data: ofRefund
                ? {
                    payment: answerExamples.paid,
                    refund: status === 'failed' ? answerExamples.failedRefund : answerExamples.refunded,
                  }
                : { payment: exampleOf(status) },
            },
          },
        },
      },
      responses: { '2XX': { description: 'The delivery is acknowledged. Anything else is tried again.' } },
    },
  };
}

function exampleOf(status: string) {
  switch (status) {
    case 'succeeded':
      return answerExamples.paid;
    case 'cancelled':
      return answerExamples.cancelled;
    default:
      return answerExamples.failed;
  }
}
