import { CommandFailure, exitCodes } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/** Where a gateway is, and the key to speak to it with. */
export interface GatewayTarget {
  readonly url: string;
  readonly apiKey: string;
}

/** The gateway's REST API as a command needs it. Every failure is a {@link CommandFailure}. */
export interface GatewayClient {
  /** `waitSeconds`: how long the gateway shall wait for a final result; 0 unless given. */
  get<Answer>(path: string, waitSeconds?: number): Promise<Answer>;
  /**
   * `ifLost` is what people can do when the gateway is gone before it has answered: whether it has done what was
   * asked is then unknown.
   */
  post<Answer>(path: string, request: PostRequest): Promise<Answer>;
}

export interface PostRequest {
  readonly body?: object | undefined;
  /** How long the gateway shall wait for a final result; `undefined` leaves it to the gateway. */
  readonly waitSeconds: number | undefined;
  readonly ifLost: string;
}

/** A wait that names nothing ends after 30 seconds; the rest is for the way there and back. */
const unnamedWaitSeconds = 30;
const slackMs = 15_000;

export function connectGateway(target: GatewayTarget): GatewayClient {
  async function call<Answer>(
    method: 'GET' | 'POST',
    path: string,
    request: PostRequest | null,
    waitSeconds: number | undefined,
  ): Promise<Answer> {
    const headers: Record<string, string> = {
      accept: 'application/json, application/problem+json',
      authorization: `Bearer ${target.apiKey}`,
    };
    if (request?.body !== undefined) headers['content-type'] = 'application/json';
    if (waitSeconds !== undefined) headers['prefer'] = `wait=${waitSeconds}`;
    const limitMs = (waitSeconds ?? (request === null ? 0 : unnamedWaitSeconds)) * 1000 + slackMs;
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(target.url + path, {
        method,
        headers,
        // A redirect would carry the request, and perhaps the key, to somebody who was not named.
        redirect: 'manual',
        signal: AbortSignal.timeout(limitMs),
        ...(request?.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      text = await answer.text();
    } catch (error) {
      throw unanswered(target, error, request);
    }
    const document = jsonObjectOf(text);
    if (answer.ok && document !== null) return document as Answer;
    throw refusalOf(target, answer, document);
  }
  return {
    get: (path, waitSeconds) => call('GET', path, null, waitSeconds),
    post: (path, request) => call('POST', path, request, request.waitSeconds),
  };
}

/** Failures before a connection was there: the request has surely not been seen. */
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function unanswered(target: GatewayTarget, error: unknown, request: PostRequest | null): CommandFailure {
  const reason = reasonOf(error);
  if (reason === null) throw error;
  const hint =
    request === null || neverSent.has(reason)
      ? 'is it running, and is SHOUDAN_URL right?'
      : `whether it has done what was asked is unknown: ${request.ifLost}`;
  return new CommandFailure(
    exitCodes.unreachable,
    neverSent.has(reason)
      ? `the gateway at ${target.url} cannot be reached (${reason}): ${hint}`
      : `the gateway at ${target.url} gave no whole answer (${reason}): ${hint}`,
  );
}

/** Why `fetch` failed, in a word; `null` when it is no failure of the network. */
function reasonOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'TimeoutError') return 'no answer in time';
  let cause: unknown = error;
  while (cause instanceof Error) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
    cause = cause instanceof AggregateError ? cause.errors[0] : cause.cause;
  }
  if (error.message !== 'fetch failed' && error.message !== 'terminated') return null;
  return error.cause instanceof Error ? error.cause.message : 'connection lost';
}

function jsonObjectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function refusalOf(
  target: GatewayTarget,
  answer: Response,
  document: Record<string, unknown> | null,
): CommandFailure {
  const { detail, code } = document ?? {};
  if (typeof detail !== 'string' || typeof code !== 'string') {
    const type = answer.headers.get('content-type') ?? 'no content type';
    return new CommandFailure(
      answer.status >= 502 && answer.status <= 504 ? exitCodes.unreachable : exitCodes.failed,
      `${target.url} answered ${answer.status} (${printable(type)}), which is no answer of a gateway: ` +
        'is SHOUDAN_URL right?',
    );
  }
  const line = `${printable(detail)} (${printable(code)})`;
  if (answer.status < 500) return new CommandFailure(exitCodes.refused, line, document);
  const exitCode = answer.status === 503 ? exitCodes.unreachable : exitCodes.failed;
  return new CommandFailure(exitCode, `the gateway answered ${answer.status}: ${line}`, document);
}
