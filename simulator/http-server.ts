import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ControlAnswer } from './control.ts';
import type { Delivery, ReceivedRequest } from './delivery.ts';
import { StartRefused } from './storage.ts';

export interface Handlers {
  /** `/gateway.do`; query and body as byte strings. */
  gateway(query: string, body: string): Promise<Delivery>;
  control(method: string, url: URL, body: string): Promise<ControlAnswer>;
  /** Everything under `/ams/`. */
  ams(request: ReceivedRequest): Promise<Delivery>;
  /** `/phone` and everything under it: pages for people. */
  phone(request: ReceivedRequest): Promise<Delivery>;
}

export interface HttpServer {
  readonly port: number;
  /** Ends every connection; answers that are on their way have a moment to go out first. */
  close(): Promise<void>;
}

/** This machine alone: the simulator's keys protect nothing. */
const host = '127.0.0.1';
const bodyBytesMax = 1_048_576;
/** A caller that is never answered is let go after this long. */
const silenceMs = 5 * 60_000;
const closingMs = 1000;

class BodyTooLong extends Error {}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new BodyTooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether a peer's address is this machine's own: 127.0.0.0/8, also mapped into IPv6, or ::1. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);
}

/** The target in origin form, which a caller may have sent in absolute form (`POST https://host/path`). */
export function originForm(target: string): string {
  const rest = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}

function sendJson(response: ServerResponse, status: number, body: string): void {
  send(response, status, 'application/json; charset=utf-8', body);
}

export async function startHttpServer(port: number, handlers: Handlers): Promise<HttpServer> {
  const working = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();

  /** Runs `action` later unless the caller or the server has gone by then. */
  function afterwards(response: ServerResponse, delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, delayMs);
    timers.add(timer);
    response.once('close', () => {
      clearTimeout(timer);
      timers.delete(timer);
    });
  }

  function deliver(request: IncomingMessage, response: ServerResponse, delivery: Delivery): void {
    switch (delivery.how) {
      case 'answer': {
        const { status, contentType, headers, body, afterMs } = delivery;
        if (afterMs === 0) send(response, status, contentType, body, headers);
        else afterwards(response, afterMs, () => send(response, status, contentType, body, headers));
        return;
      }
      case 'silence':
        afterwards(response, silenceMs, () => request.socket.destroy());
        return;
      case 'drop':
        request.socket.destroy();
        return;
      case 'reset':
        request.socket.resetAndDestroy();
        return;
      default:
        delivery satisfies never;
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = originForm(request.url ?? '/');
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    if (path === '/gateway.do') {
      if (request.method !== 'GET' && request.method !== 'POST') {
        sendJson(response, 405, '{"error":"method_not_allowed","message":"/gateway.do takes GET and POST"}');
        return;
      }
      const body = (await readBody(request)).toString('latin1');
      deliver(request, response, await handlers.gateway(mark < 0 ? '' : target.slice(mark + 1), body));
      return;
    }
    const isPhone = path === '/phone' || path.startsWith('/phone/');
    if (isPhone || path.startsWith('/ams/')) {
      const { method = 'GET', headers } = request;
      const received = { method, target, headers, body: await readBody(request) };
      deliver(request, response, await (isPhone ? handlers.phone(received) : handlers.ams(received)));
      return;
    }
    if (path === '/healthz') {
      sendJson(response, 200, '{"status":"ok"}');
      return;
    }
    if (path.startsWith('/control/')) {
      if (!isLoopback(request.socket.remoteAddress ?? '')) {
        sendJson(
          response,
          403,
          '{"error":"forbidden","message":"/control answers callers on this machine only"}',
        );
        return;
      }
      const body = (await readBody(request)).toString();
      const answer = await handlers.control(
        request.method ?? 'GET',
        new URL(target, 'http://localhost'),
        body,
      );
      sendJson(response, answer.status, answer.body);
      return;
    }
    sendJson(
      response,
      404,
      '{"error":"not_found","message":"there is /gateway.do, /ams/, /phone, /control/ and /healthz"}',
    );
  }

  async function handleSafely(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await handle(request, response);
    } catch (error) {
      if (error instanceof BodyTooLong) {
        response.setHeader('connection', 'close');
        sendJson(response, 413, `{"error":"too_large","message":"a body has at most ${bodyBytesMax} bytes"}`);
        return;
      }
      if (request.destroyed && !request.complete) return;
      process.stderr.write(`${request.method} ${request.url?.split('?')[0]} failed: ${error}\n`);
      sendJson(response, 500, '{"error":"internal","message":"the simulator failed; see its error output"}');
    }
  }

  const server = createServer((request, response) => {
    const work = handleSafely(request, response);
    working.add(work);
    work.finally(() => working.delete(work));
  });
  // Longer than the usual client keeps its connections, so that none is closed just as a request is written to it.
  server.keepAliveTimeout = 75_000;
  await listen(server, port);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');

  return {
    port: address.port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const timer of timers) clearTimeout(timer);
      let limit: NodeJS.Timeout | undefined;
      const limited = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, closingMs);
      });
      await Promise.race([Promise.allSettled(working), limited]);
      clearTimeout(limit);
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? `port ${port} on ${host} is in use; stop what uses it or set SIMULATOR_PORT`
          : `cannot listen on port ${port} of ${host} (${error.message})`;
      reject(new StartRefused(reason, { cause: error }));
    });
    server.listen(port, host, () => resolve());
  });
}
