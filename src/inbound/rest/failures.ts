import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { faultsOf } from './form-faults.ts';
import { JournalOutage } from './journal-outage.ts';
import { unsupported } from './json-body.ts';
import {
  faulty,
  type Problem,
  ProblemAnswer,
  problemDocument,
  problemMediaType,
  sendProblem,
} from './problems.ts';

/** Turns everything that a handler, the framework or Node's parser throws into a problem. */
export function answerFailures(app: FastifyInstance, bodyLimitBytes: number): void {
  app.setErrorHandler((error: FastifyError | ProblemAnswer, request, reply) => {
    const problem = problemOf(error, request, bodyLimitBytes);
    if (problem.code === 'internal' || problem.code === 'unavailable') {
      request.log.error({ err: error, code: problem.code }, problem.detail);
    }
    return sendProblem(reply, problem);
  });
}

export function problemOf(
  error: FastifyError | ProblemAnswer,
  request: FastifyRequest,
  bodyLimitBytes: number,
): Problem {
  if (error instanceof ProblemAnswer) return error.problem;
  if (error instanceof JournalOutage) return unavailable(request);
  if (error.validation !== undefined) {
    const inBody = error.validationContext === 'body';
    const form = inBody ? 'The body' : 'The query';
    return faulty(inBody ? 'invalid_request' : 'invalid_parameter', faultsOf(error.validation, form)).problem;
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': {
      const length = request.headers['content-length'] ?? null;
      return {
        code: 'body_too_large',
        field: null,
        value: length,
        detail: `The body has ${length ?? 'too many'} bytes, and ${bodyLimitBytes} are the most: send a smaller one.`,
      };
    }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return unsupported('Content-Type', request.headers['content-type'] ?? null, 'application/json').problem;
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return {
        code: 'malformed_request',
        field: 'Content-Length',
        value: request.headers['content-length'] ?? null,
        detail: 'Content-Length differs from the length of the body: send the body whole.',
      };
    case 'FST_ERR_BAD_URL':
      return {
        code: 'malformed_request',
        field: null,
        value: request.url,
        detail: 'The path is not a valid URL path: encode it as RFC 3986 says.',
      };
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return {
        code: 'route_not_found',
        field: null,
        value: request.url,
        detail: 'A part of the path is longer than any id: check the id that it names.',
      };
    default:
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? brokenOff
        : internal(request);
  }
}

const brokenOff: Problem = {
  code: 'malformed_request',
  field: null,
  value: null,
  detail: 'The request did not arrive whole: send it again.',
};

function unavailable(request: FastifyRequest): Problem {
  return {
    code: 'unavailable',
    field: null,
    value: null,
    detail: `The gateway cannot reach its records just now. ${nextStepAfterFailure(request)}`,
    headers: { 'retry-after': '1' },
  };
}

function internal(request: FastifyRequest): Problem {
  return {
    code: 'internal',
    field: null,
    value: null,
    detail: `The gateway failed by a mistake of its own, under Request-Id ${request.id}. ${nextStepAfterFailure(request)}`,
  };
}

function nextStepAfterFailure(request: FastifyRequest): string {
  return request.method === 'POST'
    ? 'Whether this request took effect is unknown: repeat it with the same Idempotency-Key, or look with ' +
        'GET /v1/payments?merchant_order_no= before anything else is done.'
    : 'Repeat the request.';
}

/** Answers what Node's parser refused before there was a request. */
export function answerBrokenConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const document = problemDocument(connectionProblem(error.code));
  const body = JSON.stringify(document);
  socket.end(
    `HTTP/1.1 ${document.status} ${document.title}\r\nContent-Type: ${problemMediaType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
  );
}

function connectionProblem(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        code: 'headers_too_large',
        field: null,
        value: null,
        detail: 'The headers are too large: send fewer or shorter ones.',
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        code: 'request_timeout',
        field: null,
        value: null,
        detail: 'The request did not arrive in time: send it again, whole.',
      };
    default:
      return {
        code: 'malformed_request',
        field: null,
        value: null,
        detail: 'This is not HTTP/1.1 as this server reads it: check the client and what stands before it.',
      };
  }
}
