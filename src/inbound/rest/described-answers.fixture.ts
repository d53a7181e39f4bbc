import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { openApiDocument } from './openapi.ts';
import { answerHeaders } from './openapi-answers.ts';
import type { Answer, MethodName, OpenApiDocument } from './openapi-form.ts';
import { problemMediaType } from './problems.ts';
import { routesOf } from './routes.ts';

/*
 * Holds what a gateway answers against its published description, with a validator that is not the gateway's own. Every
 * answer that a test provokes under `/v1` passes here.
 */

export interface GivenAnswer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

export type AnswerCheck = (answer: GivenAnswer) => readonly string[];

/** What is wrong with a value by the schema at a JSON pointer of the document. */
export function createSchemaCheck(
  document: OpenApiDocument,
): (pointer: string, value: unknown) => readonly string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi');
  const validators = new Map<string, ValidateFunction>();
  return (pointer, value) => {
    const validate = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` });
    validators.set(pointer, validate);
    return validate(value) ? [] : (validate.errors ?? []).map(told);
  };
}

/** What an answer has that the document does not promise, or the reverse, as sentences. */
export function createAnswerCheck(document: OpenApiDocument): AnswerCheck {
  const complaintsAt = createSchemaCheck(document);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { responses }]) => ({
      path,
      method,
      responses,
      pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]*')}$`),
    })),
  );

  return ({ method, path, status, headers, body }) => {
    const name = `${method} ${path}: ${status}`;
    const operation = operations.find((one) => one.method === method.toLowerCase() && one.pattern.test(path));
    const place =
      operation === undefined
        ? elsewhere(document, status)
        : answerAt(
            operation.responses,
            status,
            `/paths/${step(operation.path)}/${operation.method as MethodName}/responses`,
          );
    if (place === null) return [`${name} is not described`];
    const mediaType = `${headers['content-type']}`.split(';')[0] ?? '';
    if (place.answer.content?.[mediaType] === undefined) return [`${name} is not described as ${mediaType}`];
    const complaints = undescribedHeaders(headers, place.answer).map((one) => `${name} ${one}`);
    const value: unknown = JSON.parse(body);
    const pointer = `${place.pointer}/content/${step(mediaType)}/schema`;
    complaints.push(...complaintsAt(pointer, value).map((one) => `${name} ${one}`));
    const known = document.components.schemas['Problem']?.properties ?? {};
    if (mediaType === problemMediaType) {
      const undescribed = Object.keys(value as object).filter((member) => !Object.hasOwn(known, member));
      complaints.push(...undescribed.map((member) => `${name} has a fact ${member} that is not described`));
    }
    return complaints;
  };
}

/** What no operation answers: 404, or 405 for another method. */
function elsewhere({ components }: OpenApiDocument, status: number) {
  const name = status === 405 ? 'MethodNotAllowed' : 'RouteNotFound';
  return status === 404 || status === 405
    ? answerAt(components.responses, name, '/components/responses')
    : null;
}

function answerAt(answers: { readonly [name: string]: Answer }, name: string | number, pointer: string) {
  const answer = answers[name];
  return answer === undefined ? null : { answer, pointer: `${pointer}/${name}` };
}

function undescribedHeaders(headers: GivenAnswer['headers'], answer: Answer): string[] {
  const described = Object.keys(answer.headers ?? {});
  return Object.keys(answerHeaders)
    .filter((name) => headers[name.toLowerCase()] !== undefined && !described.includes(name))
    .map((name) => `carries ${name}, which is not described`);
}

function told({ instancePath, message }: ErrorObject): string {
  return `${instancePath === '' ? 'the body' : instancePath} ${message}`;
}

/** A step of a JSON pointer in a URL. */
export function step(text: string): string {
  return encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** Routes that a test adds for itself are described nowhere, and passed over. */
const checks = new Map<string, AnswerCheck>();

function checkOf(app: FastifyInstance): AnswerCheck {
  const described = routesOf(app).filter(({ operation }) => operation !== null);
  const key = described.map(({ method, url }) => `${method} ${url}`).join();
  const known = checks.get(key) ?? createAnswerCheck(openApiDocument(described));
  checks.set(key, known);
  return known;
}

/** Throws where an answer under `/v1` differs from the description of the gateway that gave it. */
export function requireDescribed(
  app: FastifyInstance,
  method: string,
  url: string,
  response: Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body'>,
): void {
  const [path = ''] = url.split('?');
  if (!path.startsWith('/v1/') || method === 'HEAD' || isTestRoute(app, path)) return;
  const { statusCode: status, headers, body } = response;
  const complaints = checkOf(app)({ method, path, status, headers, body });
  if (complaints.length > 0) {
    throw new Error(`an answer differs from the published description:\n${complaints.join('\n')}\n${body}`);
  }
}

function isTestRoute(app: FastifyInstance, path: string): boolean {
  return routesOf(app).some(({ url, operation }) => operation === null && url === path);
}
