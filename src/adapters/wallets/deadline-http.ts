import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import type { NoAnswer } from '../../domain/wallet-answer.ts';
import type { CallLimit } from '../../ports/wallet.ts';

export interface HttpChannelOptions {
  /** The clock that {@link CallLimit} is measured on. */
  readonly monotonicMs: () => number;
  /** Connections held to one origin at most. More calls wait for one to be free; their limits run on. */
  readonly connectionsPerOrigin?: number | undefined;
  /**
   * How long an idle connection is kept; a server's hint only shortens it. Below what servers usually allow (5 s
   * and more), so that we and not they close it: a request that crosses their close has an unknown outcome.
   */
  readonly keepAliveTimeoutMs?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** An answer longer than this is malformed. */
  readonly answerBytesMax?: number | undefined;
}

export interface HttpPost {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface HttpAnswer {
  readonly kind: 'http_answer';
  readonly status: number;
  /** By lower-case name; a name that occurs more than once has its values joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sends each request at most once, and says truthfully whether it may have left. */
export interface HttpChannel {
  /** Never rejects. Nothing is repeated, and no redirect is followed. */
  post(request: HttpPost, limit: CallLimit): Promise<HttpAnswer | NoAnswer>;
  /** Lets the running calls end and closes the connections; a later post is not sent. */
  close(): Promise<void>;
}

/**
 * HTTP connections to wallets, kept alive, under the limits of each call.
 *
 * A call is in one of three phases. It *waits* while it is queued or a connection is being made. It is *sent* from
 * the moment just before its first byte is handed to the socket; that moment is `onRequestStart`, which undici calls
 * in the same turn right before it writes, and which prevents the write when it throws. It has *ended* when its caller
 * was told. So the deadline `sendBeforeMs` is checked after all queueing and connecting (money case 2), a
 * call that ended while it waited can never be written later, and a failure means `not_sent` in the first phase and
 * an unknown outcome in the second, whatever the error is.
 */
export function createHttpChannel(options: HttpChannelOptions): HttpChannel {
  const { monotonicMs } = options;
  const answerBytesMax = options.answerBytesMax ?? 1024 * 1024;
  const keepAliveTimeout = options.keepAliveTimeoutMs ?? 4000;
  const pools = new Map<string, Pool>();
  let closed = false;

  function poolOf(origin: string): Pool {
    const known = pools.get(origin);
    if (known !== undefined) return known;
    const pool = new Pool(origin, {
      connections: options.connectionsPerOrigin ?? 128,
      connectTimeout: options.connectTimeoutMs ?? 3000,
      keepAliveTimeout,
      keepAliveMaxTimeout: keepAliveTimeout,
      // One request at a time on a connection, of HTTP/1.1 alone: only there is the moment of writing known.
      pipelining: 1,
      allowH2: false,
      useMilo: false,
      // The limits of each call rule instead.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    pools.set(origin, pool);
    return pool;
  }

  function post(request: HttpPost, limit: CallLimit): Promise<HttpAnswer | NoAnswer> {
    const sendMs = Math.min(limit.sendBeforeMs, limit.answerBeforeMs) - monotonicMs();
    if (closed) return Promise.resolve(noAnswer('not_sent', 'the connections are closed'));
    if (sendMs <= 0) return Promise.resolve(tooLate());

    return new Promise((resolve) => {
      let phase: 'waiting' | 'sent' | 'ended' = 'waiting';
      let status = 0;
      let headers: Readonly<Record<string, string>> = {};
      let received = 0;
      const chunks: Uint8Array[] = [];
      let timer = setTimeout(() => end(tooLate()), timerMs(sendMs));

      function end(outcome: HttpAnswer | NoAnswer): void {
        if (phase === 'ended') return;
        phase = 'ended';
        clearTimeout(timer);
        resolve(outcome);
      }

      const handler: Dispatcher.DispatchHandler = {
        onRequestStart(controller) {
          const now = monotonicMs();
          if (phase === 'waiting' && now < limit.sendBeforeMs && now < limit.answerBeforeMs) {
            phase = 'sent';
            clearTimeout(timer);
            timer = setTimeout(
              () => {
                end(noAnswer('timeout', 'no answer within the limit'));
                controller.abort(new Error('no answer within the limit'));
              },
              timerMs(limit.answerBeforeMs - now),
            );
            return;
          }
          if (phase === 'waiting') end(tooLate());
          throw new Error('this request must not be sent any more');
        },
        onResponseStart(_controller, statusCode, named) {
          status = statusCode;
          headers = joined(named);
        },
        onResponseData(controller, chunk) {
          received += chunk.length;
          chunks.push(chunk);
          if (received <= answerBytesMax) return;
          const raw = Buffer.concat(chunks).subarray(0, answerBytesMax);
          end({ ...noAnswer('malformed', `an answer of more than ${answerBytesMax} bytes`), raw });
          controller.abort(new Error('the answer is too long'));
        },
        onResponseEnd() {
          end({ kind: 'http_answer', status, headers, body: Buffer.concat(chunks) });
        },
        onResponseError(_controller, error) {
          end(
            phase === 'waiting'
              ? noAnswer('not_sent', `no connection: ${errorCode(error)}`)
              : noAnswer('connection_lost', errorCode(error)),
          );
        },
      };
      poolOf(request.origin).dispatch(
        { method: 'POST', path: request.path, headers: { ...request.headers }, body: request.body },
        handler,
      );
    });
  }

  async function close(): Promise<void> {
    closed = true;
    await Promise.all([...pools.values()].map((pool) => pool.close()));
  }

  return { post, close };
}

function joined(received: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(received)) {
    if (value !== undefined) headers.push([name.toLowerCase(), [value].flat().join(', ')]);
  }
  return Object.fromEntries(headers);
}

function tooLate(): NoAnswer {
  return noAnswer('not_sent', 'the request could not leave within its limit');
}

function noAnswer(reason: NoAnswer['reason'], detail: string): NoAnswer {
  return { kind: 'no_answer', reason, detail };
}

function errorCode(error: Error & { code?: unknown }): string {
  return typeof error.code === 'string' ? error.code : error.name;
}

/** What a timer can hold; a limit without end becomes one of some weeks. */
function timerMs(ms: number): number {
  return Math.min(Math.max(ms, 0), 2 ** 31 - 1);
}
