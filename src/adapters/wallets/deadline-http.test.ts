import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpChannel, type HttpChannel, type HttpChannelOptions } from './deadline-http.ts';

/* Real sockets: what matters here is which bytes left, and only the other end can say. */

const channels: HttpChannel[] = [];
const servers: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
  await Promise.all(channels.splice(0).map((channel) => channel.close()));
});

function channel(options: Partial<HttpChannelOptions> = {}): HttpChannel {
  const made = createHttpChannel({ monotonicMs: () => performance.now(), ...options });
  channels.push(made);
  return made;
}

interface Peer {
  readonly origin: string;
  /** Bodies of the requests that arrived whole, in order. */
  readonly requests: string[];
  readonly connections: () => number;
  readonly bytesReceived: () => number;
}

/** A server that reads requests `name` sent by {@link request} and lets the test say what happens then. */
async function peer(onRequest: (name: string, socket: Socket) => void): Promise<Peer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let bytes = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      text += chunk.toString();
      const match = /\r\n\r\n<(\w+)>$/.exec(text);
      if (match?.[1] === undefined) return;
      text = '';
      requests.push(match[1]);
      onRequest(match[1], socket);
    });
  });
  servers.push({ server, sockets });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => connections,
    bytesReceived: () => bytes,
  };
}

function answer(socket: Socket, body: string, head = 'HTTP/1.1 200 OK\r\nconnection: keep-alive'): void {
  socket.write(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function request(origin: string, name: string) {
  return { origin, path: '/gateway.do', headers: {}, body: `<${name}>` };
}

/** A limit from now, on the real clock. */
function within(answerMs: number, sendMs = answerMs) {
  const now = performance.now();
  return { sendBeforeMs: now + sendMs, answerBeforeMs: now + answerMs };
}

async function text(outcome: ReturnType<HttpChannel['post']>): Promise<string> {
  const got = await outcome;
  if (got.kind === 'no_answer') return `${got.reason}: ${got.detail}`;
  return `${got.status} ${Buffer.from(got.body).toString()}`;
}

describe('a call that is sent', () => {
  it('is answered, over one connection kept alive', async () => {
    const { origin, connections } = await peer((name, socket) => answer(socket, name));
    const http = channel({ connectionsPerOrigin: 1 });
    for (const name of ['a', 'b', 'c'])
      expect(await text(http.post(request(origin, name), within(20_000)))).toBe(`200 ${name}`);
    expect(connections()).toBe(1);
  });

  it('says which headers the answer has, by lower-case name', async () => {
    const head = 'HTTP/1.1 200 OK\r\nClient-Id: C1\r\nX-Twice: a\r\nx-twice: b\r\nsignature: a=b, c=d';
    const { origin } = await peer((name, socket) => answer(socket, name, head));
    const got = await channel().post(request(origin, 'a'), within(20_000));
    expect(got).toMatchObject({
      kind: 'http_answer',
      headers: { 'client-id': 'C1', 'x-twice': 'a, b', signature: 'a=b, c=d', 'content-length': '1' },
    });
  });

  it('and never answered times out, and is not sent again', async () => {
    const { origin, requests } = await peer((name, socket) => {
      if (name !== 'silent') answer(socket, name);
    });
    const http = channel();
    const began = performance.now();
    expect(await text(http.post(request(origin, 'silent'), within(800)))).toBe(
      'timeout: no answer within the limit',
    );
    expect(performance.now() - began).toBeGreaterThanOrEqual(795);
    expect(await text(http.post(request(origin, 'next'), within(20_000)))).toBe('200 next');
    expect(requests).toEqual(['silent', 'next']);
  });

  it('and answered slowly times out in the middle of the answer', async () => {
    const { origin } = await peer((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
    });
    expect(await text(channel().post(request(origin, 'slow'), within(800)))).toBe(
      'timeout: no answer within the limit',
    );
  });

  it('and reset after it was read has an unknown outcome', async () => {
    const { origin, requests } = await peer((_, socket) => socket.resetAndDestroy());
    expect(await text(channel().post(request(origin, 'a'), within(20_000)))).toMatch(/^connection_lost: /);
    expect(requests).toEqual(['a']);
  });

  it('and closed without an answer has an unknown outcome', async () => {
    const { origin, requests } = await peer((_, socket) => socket.end());
    expect(await text(channel().post(request(origin, 'a'), within(20_000)))).toMatch(/^connection_lost: /);
    expect(requests).toEqual(['a']);
  });

  it('and reset in the middle of its answer has an unknown outcome', async () => {
    const { origin } = await peer((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () => socket.resetAndDestroy());
    });
    expect(await text(channel().post(request(origin, 'a'), within(20_000)))).toMatch(/^connection_lost: /);
  });

  it('over an idle connection that the server closes at that moment is not sent again', async () => {
    const { origin, requests, connections } = await peer((name, socket) => {
      if (name === 'first') answer(socket, name);
      else socket.resetAndDestroy();
    });
    const http = channel({ connectionsPerOrigin: 1 });
    expect(await text(http.post(request(origin, 'first'), within(20_000)))).toBe('200 first');
    expect(await text(http.post(request(origin, 'second'), within(20_000)))).toMatch(/^connection_lost: /);
    expect(requests).toEqual(['first', 'second']);
    expect(connections()).toBe(1);
  });

  it('after the server has closed the idle connection goes over a new one', async () => {
    const { origin, requests, connections } = await peer((name, socket) => {
      answer(socket, name);
      if (name === 'first') socket.end();
    });
    const http = channel();
    expect(await text(http.post(request(origin, 'first'), within(20_000)))).toBe('200 first');
    const second = await text(http.post(request(origin, 'second'), within(20_000)));
    expect(second).toMatch(/^(200 second|connection_lost: .*)$/);
    expect(requests.filter((name) => name === 'second').length).toBeLessThanOrEqual(1);
    expect(connections()).toBeLessThanOrEqual(2);
  });

  it('and redirected is not followed', async () => {
    const { origin, requests } = await peer((_, socket) =>
      answer(socket, '', 'HTTP/1.1 302 Found\r\nlocation: /elsewhere'),
    );
    expect(await text(channel().post(request(origin, 'a'), within(20_000)))).toBe('302 ');
    expect(requests).toEqual(['a']);
  });

  it('and answered with too much is malformed, with what came first kept', async () => {
    const { origin } = await peer((_, socket) => answer(socket, 'x'.repeat(5000)));
    const got = await channel({ answerBytesMax: 1000 }).post(request(origin, 'a'), within(20_000));
    expect(got).toMatchObject({ reason: 'malformed', detail: 'an answer of more than 1000 bytes' });
    expect(got.kind === 'no_answer' && got.raw?.length).toBe(1000);
  });

  it('and answered with no HTTP has an unknown outcome', async () => {
    const { origin } = await peer((_, socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    expect(await text(channel().post(request(origin, 'a'), within(20_000)))).toMatch(/^connection_lost: /);
  });
});

// The second money case: a sender that wakes up after another process has begun to cancel.
describe('a call whose time to leave has passed', () => {
  const late = 'not_sent: the request could not leave within its limit';

  it.each(['a new connection', 'a kept connection'])(
    'between the call and the first byte on %s is not sent',
    async (kind) => {
      const { origin, requests, bytesReceived, connections } = await peer((name, socket) =>
        answer(socket, name),
      );
      let now = 0;
      const http = channel({ monotonicMs: () => now, connectionsPerOrigin: 1 });
      if (kind === 'a kept connection') {
        await http.post(request(origin, 'warm'), { sendBeforeMs: 5000, answerBeforeMs: 5000 });
      }
      const before = bytesReceived();
      const stalled = http.post(request(origin, 'stalled'), { sendBeforeMs: 5000, answerBeforeMs: 60_000 });
      now = 5000;
      expect(await text(stalled)).toBe(late);
      expect(bytesReceived()).toBe(before);

      expect(
        await text(http.post(request(origin, 'next'), { sendBeforeMs: 9000, answerBeforeMs: 9000 })),
      ).toBe('200 next');
      expect(requests).not.toContain('stalled');
      expect(connections()).toBe(1);
    },
  );

  it('because the event loop was blocked is not sent', async () => {
    const { origin, requests } = await peer((name, socket) => answer(socket, name));
    const http = channel();
    await http.post(request(origin, 'warm'), within(20_000));
    const stalled = http.post(request(origin, 'stalled'), within(20_000, 20));
    const wakes = performance.now() + 40;
    while (performance.now() < wakes);
    expect(await text(stalled)).toBe(late);
    expect(await text(http.post(request(origin, 'next'), within(20_000)))).toBe('200 next');
    expect(requests).toEqual(['warm', 'next']);
  });

  it('because the process was stopped is not sent', async () => {
    const { origin, requests } = await peer((name, socket) => answer(socket, name));
    const script = `
      import { createHttpChannel } from ${JSON.stringify(new URL('./deadline-http.ts', import.meta.url).href)};
      import { writeSync } from 'node:fs';
      const http = createHttpChannel({ monotonicMs: () => performance.now(), connectionsPerOrigin: 1 });
      const post = (name, ms) => http.post(
        { origin: '${origin}', path: '/', headers: {}, body: '<' + name + '>' },
        { sendBeforeMs: performance.now() + ms, answerBeforeMs: performance.now() + 30000 });
      await post('warm', 30000);
      const stalled = post('stalled', 100);
      writeSync(1, 'stopping ');
      process.kill(process.pid, 'SIGSTOP');
      const { reason } = await stalled;
      await post('next', 30000);
      console.log(reason);
      await http.close();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const exited = once(child, 'exit');
    try {
      while (!output.includes('stopping')) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const waker = setInterval(() => child.kill('SIGCONT'), 50);
      await exited;
      clearInterval(waker);
    } finally {
      child.kill('SIGKILL');
    }
    expect(output.trim()).toBe('stopping not_sent');
    expect(requests).toEqual(['warm', 'next']);
  });

  it('in the queue for a connection is not sent, not even when one is free again', async () => {
    const { origin, requests } = await peer((name, socket) => {
      if (name !== 'hanging') answer(socket, name);
    });
    const http = channel({ connectionsPerOrigin: 1 });
    const hanging = text(http.post(request(origin, 'hanging'), within(800)));
    const queued = [1, 2, 3].map((n) => text(http.post(request(origin, `queued${n}`), within(20_000, 40))));
    expect(await Promise.all(queued)).toEqual([late, late, late]);
    expect(await hanging).toMatch(/^timeout/);
    expect(await text(http.post(request(origin, 'next'), within(20_000)))).toBe('200 next');
    expect(requests).toEqual(['hanging', 'next']);
  });

  it('before the call is made needs no connection', async () => {
    const { origin, connections } = await peer((name, socket) => answer(socket, name));
    const http = channel();
    expect(await text(http.post(request(origin, 'a'), within(20_000, 0)))).toBe(late);
    expect(await text(http.post(request(origin, 'a'), within(-1, 5000)))).toBe(late);
    expect(connections()).toBe(0);
  });

  it('while a connection is being secured is not sent', async () => {
    const { origin, requests, bytesReceived } = await peer(() => {});
    const https = origin.replace('http:', 'https:');
    expect(await text(channel().post(request(https, 'a'), within(20_000, 800)))).toBe(late);
    expect(bytesReceived()).toBeGreaterThan(0);
    expect(requests).toEqual([]);
  });

  it('when its answer would be waited for no longer is not sent', async () => {
    let now = 0;
    const { origin, requests } = await peer((name, socket) => answer(socket, name));
    const http = channel({ monotonicMs: () => now });
    const stalled = http.post(request(origin, 'a'), { sendBeforeMs: 60_000, answerBeforeMs: 5000 });
    now = 6000;
    expect(await text(stalled)).toBe(late);
    expect(requests).toEqual([]);
  });
});

describe('a call without a connection', () => {
  it('is not sent when nobody listens', async () => {
    const { origin } = await peer(() => {});
    const gone = servers.pop();
    gone?.server.close();
    if (gone !== undefined) await once(gone.server, 'close');
    expect(await text(channel().post(request(origin, 'a'), within(20_000)))).toBe(
      'not_sent: no connection: ECONNREFUSED',
    );
  });

  it('is not sent when the other side does not speak TLS', async () => {
    const { origin, requests } = await peer(() => {});
    const plain = servers.at(-1);
    plain?.server.on('connection', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const outcome = await text(
      channel().post(request(origin.replace('http:', 'https:'), 'a'), within(20_000)),
    );
    expect(outcome).toMatch(/^not_sent: no connection: /);
    expect(requests).toEqual([]);
  });

  it('is not sent after the channel was closed', async () => {
    const { origin, connections } = await peer(() => {});
    const http = channel();
    await http.close();
    expect(await text(http.post(request(origin, 'a'), within(20_000)))).toBe(
      'not_sent: the connections are closed',
    );
    expect(connections()).toBe(0);
  });
});

it('a server that takes the connection for another and then fails it loses only what was sent', async () => {
  const { origin, requests } = await peer((name, socket) => {
    if (name === 'lost') socket.resetAndDestroy();
    else answer(socket, name);
  });
  const http = channel({ connectionsPerOrigin: 1 });
  const lost = text(http.post(request(origin, 'lost'), within(20_000)));
  const waiting = text(http.post(request(origin, 'waiting'), within(20_000)));
  expect(await lost).toMatch(/^connection_lost: /);
  expect(await waiting).toBe('200 waiting');
  expect(requests).toEqual(['lost', 'waiting']);
});
