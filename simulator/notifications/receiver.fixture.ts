import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../test-wallet.ts';

/** A notification as it has arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type ReceiversAnswer = (response: ServerResponse, received: Received) => void;

/** A merchant's endpoint on a port of its own, which notes what comes and answers as it is told to. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  answer: ReceiversAnswer;
  /** Waits until so many have come. */
  has(count: number): Promise<readonly Received[]>;
  close(): Promise<void>;
}

export const success: ReceiversAnswer = (response) => response.end('success');
export const failure: ReceiversAnswer = (response) => response.end('fail');

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      received.push(one);
      receiver.answer(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify?of=shop`,
    received,
    answer: success,
    has: (count) => eventually(async () => received.length >= count && received),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
