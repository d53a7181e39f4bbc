import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MerchantMessage } from '../../ports/merchant-endpoint.ts';
import { createMerchantEndpoint, type HttpMerchantEndpoint } from './endpoint.ts';

vi.mock('node:dns', () => ({
  // Every name of these tests leads to this machine.
  lookup: (_: string, __: object, callback: (error: null, addresses: object[]) => void) =>
    callback(null, [{ address: '127.0.0.1', family: 4 }]),
}));

/** Made for these tests alone, for the name localhost. */
const selfSigned = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmVcYEi78gZWnRHFf
kVt6eXd2oMSR8SuidTuQlICPEJuhRANCAAQnqkD1xqG5ljXPF0HDh+d6JMAOlSQM
mGbvRbDd21LmErStFYFM7lE+/bjj0oQAwm+bQzBHHRenkSGlZD37umDe
-----END PRIVATE KEY-----\n`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUGKn1qqKxGKaWqNV5yNMr75uqHUowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjAxMzg1MVoYDzIxMjYxMTAy
MDEzODUxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQnqkD1xqG5ljXPF0HDh+d6JMAOlSQMmGbvRbDd21LmErStFYFM7lE+
/bjj0oQAwm+bQzBHHRenkSGlZD37umDeo1MwUTAdBgNVHQ4EFgQUSyEe04rFoSIr
T1wkBSfHKQ7DkUEwHwYDVR0jBBgwFoAUSyEe04rFoSIrT1wkBSfHKQ7DkUEwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA684ySi53CM0joZhGXY9o3
uIqAH+K3p0sTPnfgARO+PAIhAOtZYsqrGYPOTVwz/KZz772t6uPilJDPbnte7A5h
lk3Q
-----END CERTIFICATE-----\n`,
};

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function endpointOf(
  options: Partial<Parameters<typeof createMerchantEndpoint>[0]> = {},
): HttpMerchantEndpoint {
  const endpoint = createMerchantEndpoint({ publicOnly: false, connectionsPerHost: 4, ...options });
  closing.push(() => endpoint.close());
  return endpoint;
}

async function listen<AnyServer extends Server>(server: AnyServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

interface Merchant {
  readonly url: string;
  readonly requests: { readonly request: IncomingMessage; readonly body: string }[];
  readonly connections: () => number;
}

/** A merchant's server; it answers once the whole message is there. */
async function merchant(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<Merchant> {
  const requests: { request: IncomingMessage; body: string }[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ request, body: Buffer.concat(chunks).toString('utf8') });
      answer(response, request);
    });
  };
  const server = createServer(listener);
  server.on('connection', () => {
    connections += 1;
  });
  const port = await listen(server);
  closing.push(async () => server.closeAllConnections());
  return { url: `http://127.0.0.1:${port}/hook?till=7`, requests, connections: () => connections };
}

function messageTo(url: string, changes: Partial<MerchantMessage> = {}): MerchantMessage {
  return {
    url,
    messageId: 'evt_1',
    secret,
    body: '{"type":"payment.succeeded"}',
    timeoutMs: 5_000,
    ...changes,
  };
}

/** Milliseconds that the work took, beside its result. */
async function timed<Result>(work: Promise<Result>): Promise<{ result: Result; tookMs: number }> {
  const startMs = performance.now();
  const result = await work;
  return { result, tookMs: performance.now() - startMs };
}

// proves NOT-03
describe('what a merchant’s answer means', () => {
  it.each([200, 201, 202, 204, 299])('%i is an acceptance', async (status) => {
    const shop = await merchant((response) => response.writeHead(status).end());
    expect(await endpointOf().send(messageTo(shop.url))).toEqual({ kind: 'accepted' });
  });

  it.each([300, 304, 400, 401, 404, 409, 410, 429, 500, 502, 503])(
    '%i is a failure that names the status',
    async (status) => {
      const shop = await merchant((response) => response.writeHead(status).end('no'));
      expect(await endpointOf().send(messageTo(shop.url))).toEqual({
        kind: 'failed',
        reason: `the endpoint answered ${status}`,
      });
    },
  );

  // proves NOT-04
  it.each([301, 302, 303, 307, 308])('a redirect by %i is a failure and is not followed', async (status) => {
    const elsewhere = await merchant((response) => response.end());
    const shop = await merchant((response) => response.writeHead(status, { location: elsewhere.url }).end());
    expect(await endpointOf().send(messageTo(shop.url))).toEqual({
      kind: 'failed',
      reason: `the endpoint answered ${status}`,
    });
    expect(elsewhere.connections()).toBe(0);
  });
});

describe('the message on the wire', () => {
  it('is signed so that the public package, and a plain HMAC, verify it', async () => {
    const shop = await merchant((response) => response.end());
    const body = '{"subject":"咖啡 ☕","amount":{"currency":"CNY","value":1234}}';
    await endpointOf().send(messageTo(shop.url, { body }));
    const [received] = shop.requests;
    if (received === undefined) throw new Error('nothing was received');
    const headers = received.request.headers as Record<string, string>;
    expect(received.request.method).toBe('POST');
    expect(received.request.url).toBe('/hook?till=7');
    expect(headers['content-type']).toBe('application/json');
    expect(received.body).toBe(body);
    expect(new Webhook(secret).verify(received.body, headers)).toEqual(JSON.parse(body));
    const signed = `evt_1.${headers['webhook-timestamp']}.${body}`;
    const mac = createHmac('sha256', Buffer.alloc(32, 9)).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${mac}`);
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    const changed = received.body.replace('1234', '9999');
    expect(() => new Webhook(secret).verify(changed, headers)).toThrow();
  });

  it('keeps its id over every try', async () => {
    const shop = await merchant((response) => response.writeHead(shop.requests.length < 3 ? 500 : 200).end());
    const endpoint = endpointOf();
    for (let tries = 0; tries < 3; tries += 1) await endpoint.send(messageTo(shop.url));
    expect(shop.requests.map(({ request }) => request.headers['webhook-id'])).toEqual(Array(3).fill('evt_1'));
  });

  it('goes over connections of the messages before', async () => {
    const shop = await merchant((response) => response.end('thank you'));
    const endpoint = endpointOf();
    for (let count = 0; count < 8; count += 1) await endpoint.send(messageTo(shop.url));
    expect(shop.requests).toHaveLength(8);
    // One that has just answered may not be free yet when the second message leaves.
    expect(shop.connections()).toBeLessThanOrEqual(2);
  });
});

describe('an endpoint that misbehaves', () => {
  it('no answer: the wait ends at the limit', async () => {
    const shop = await merchant(() => {});
    const { result, tookMs } = await timed(endpointOf().send(messageTo(shop.url, { timeoutMs: 150 })));
    expect(result).toEqual({ kind: 'failed', reason: 'no answer within 150 ms' });
    expect(tookMs).toBeGreaterThan(140);
    expect(tookMs).toBeLessThan(3_000);
  });

  it('a head that trickles in: the wait ends at the limit', async () => {
    const port = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.write('HTTP/1.1 200 OK\r\n');
        const trickle = setInterval(() => socket.write('x-still: here\r\n'), 20);
        socket.on('close', () => clearInterval(trickle));
      }),
    );
    const message = messageTo(`http://127.0.0.1:${port}/`, { timeoutMs: 150 });
    const { result, tookMs } = await timed(endpointOf().send(message));
    expect(result).toEqual({ kind: 'failed', reason: 'no answer within 150 ms' });
    expect(tookMs).toBeLessThan(3_000);
  });

  it.each([
    { status: 200, reply: { kind: 'accepted' } },
    { status: 500, reply: { kind: 'failed', reason: 'the endpoint answered 500' } },
  ])(
    'a body that never ends: its $status counts, and the exchange ends at the limit',
    async ({ status, reply }) => {
      const closed = Promise.withResolvers<void>();
      const shop = await merchant((response) => {
        response.writeHead(status);
        const trickle = setInterval(() => response.write('.'), 20);
        response.on('close', () => {
          clearInterval(trickle);
          closed.resolve();
        });
      });
      const { result, tookMs } = await timed(endpointOf().send(messageTo(shop.url, { timeoutMs: 150 })));
      expect(result).toEqual(reply);
      expect(tookMs).toBeLessThan(3_000);
      await closed.promise;
    },
  );

  it.each([true, false])(
    'a huge body (length told: %s) is not read to its end, and its status counts',
    async (told) => {
      const huge = 512 * 1024 * 1024;
      let writtenBytes = 0;
      const closed = Promise.withResolvers<void>();
      const shop = await merchant((response) => {
        response.writeHead(200, told ? { 'content-length': huge } : {});
        const chunk = Buffer.alloc(64 * 1024);
        const write = (): void => {
          while (writtenBytes < huge && !response.destroyed) {
            writtenBytes += chunk.length;
            if (!response.write(chunk)) return;
          }
        };
        response.on('drain', write);
        response.on('close', closed.resolve);
        write();
      });
      expect(await endpointOf().send(messageTo(shop.url))).toEqual({ kind: 'accepted' });
      await closed.promise;
      // What the sockets' own buffers take is the system's business.
      expect(writtenBytes).toBeLessThan(32 * 1024 * 1024);
    },
  );

  // proves NOT-04
  it('a certificate that nobody vouches for is a failure, and nothing is sent', async () => {
    let asked = 0;
    const server = createTlsServer(selfSigned, (_request, response) => {
      asked += 1;
      response.end();
    });
    const port = await listen(server);
    expect(await endpointOf().send(messageTo(`https://localhost:${port}/hook`))).toEqual({
      kind: 'failed',
      reason: 'the endpoint could not be reached (DEPTH_ZERO_SELF_SIGNED_CERT)',
    });
    expect(asked).toBe(0);
  });

  it('a connection that is reset before an answer is a failure', async () => {
    const shop = await merchant((_, request) => request.socket.resetAndDestroy());
    expect(await endpointOf().send(messageTo(shop.url))).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^the endpoint could not be reached \((ECONNRESET|UND_ERR_SOCKET)\)$/),
    });
  });

  it('an answer that is no HTTP is a failure', async () => {
    const port = await listen(createTcpServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.9\r\n')));
    expect(await endpointOf().send(messageTo(`http://127.0.0.1:${port}/`))).toMatchObject({ kind: 'failed' });
  });

  it('nobody who listens is a failure', async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    expect(await endpointOf().send(messageTo(`http://127.0.0.1:${port}/`))).toEqual({
      kind: 'failed',
      reason: 'the endpoint could not be reached (ECONNREFUSED)',
    });
  });

  it.each(['', 'merchant.example/hook', 'https://'])('%j, which is no URL, is a failure', async (url) => {
    expect(await endpointOf().send(messageTo(url))).toEqual({
      kind: 'failed',
      reason: 'the endpoint could not be reached (ERR_INVALID_URL)',
    });
  });

  it('all connections taken by silent answers: those who wait give up at their limit', async () => {
    const shop = await merchant(() => {});
    const endpoint = endpointOf({ connectionsPerHost: 1 });
    const sent = [1, 2, 3].map(() => endpoint.send(messageTo(shop.url, { timeoutMs: 150 })));
    const { result, tookMs } = await timed(Promise.all(sent));
    expect(result).toEqual(Array(3).fill({ kind: 'failed', reason: 'no answer within 150 ms' }));
    expect(tookMs).toBeLessThan(3_000);
  });

  it('one host’s silence does not keep another host waiting', async () => {
    const silent = await merchant(() => {});
    const shop = await merchant((response) => response.end());
    const endpoint = endpointOf({ connectionsPerHost: 1 });
    const waiting = endpoint.send(messageTo(silent.url, { timeoutMs: 300 }));
    expect(await endpoint.send(messageTo(shop.url))).toEqual({ kind: 'accepted' });
    expect(await waiting).toMatchObject({ kind: 'failed' });
  });
});

// proves NOT-04
describe('with public addresses only', () => {
  it('plain http and literal private addresses are refused before anything is sent', async () => {
    const shop = await merchant((response) => response.end());
    const endpoint = endpointOf({ publicOnly: true });
    const port = new URL(shop.url).port;
    expect(await endpoint.send(messageTo(shop.url))).toEqual({
      kind: 'failed',
      reason: 'the URL must begin with https://',
    });
    for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1']) {
      expect(await endpoint.send(messageTo(`https://${host}:${port}/`)), host).toEqual({
        kind: 'failed',
        reason: 'the URL must not lead to a private address',
      });
    }
    expect(await endpoint.send(messageTo(`https://localhost:${port}/`))).toEqual({
      kind: 'failed',
      reason: 'the URL must not lead to this machine',
    });
    expect(shop.connections()).toBe(0);
  });

  it('a name that resolves to a private address is refused before anything is connected', async () => {
    const shop = await merchant((response) => response.end());
    const port = new URL(shop.url).port;
    const endpoint = endpointOf({ publicOnly: true });
    expect(await endpoint.send(messageTo(`https://inside.merchant.example:${port}/`))).toEqual({
      kind: 'failed',
      reason: 'the URL is refused: inside.merchant.example resolves to an address that is not public',
    });
    expect(shop.connections()).toBe(0);
  });
});
