import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { PrintedNotification } from './outbox.ts';

/** The receiver's answer, or why there is none. */
export type Posted = { readonly status: number; readonly body: string } | { readonly failure: string };

/** No acknowledgement is longer; what follows is not read. */
const answerBytesMax = 16_384;

/**
 * Posts a notification. A redirect is an answer like any other and is not followed. Every try has a connection of its own, so that
 * none fails because an idle one was closed. `signal` gives it up early.
 */
export function post(
  url: URL,
  { headers, body }: PrintedNotification,
  limitMs: number,
  signal: AbortSignal,
): Promise<Posted> {
  const bytes = Buffer.from(body);
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => resolve({ failure: error.code ?? error.message });
    const sent = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'POST',
      agent: false,
      signal,
      headers: { ...headers, 'content-length': bytes.length },
    });
    const limit = setTimeout(() => {
      resolve({ failure: `no answer within ${limitMs} ms` });
      sent.destroy();
    }, limitMs);
    sent.on('error', failed);
    sent.on('close', () => clearTimeout(limit));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > answerBytesMax) {
          resolve({ failure: `an answer of more than ${answerBytesMax} bytes` });
          sent.destroy();
        }
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
      response.on('error', failed);
    });
    sent.end(bytes);
  });
}

/** The URL of a receiver, or `null` when a notification cannot be posted to it. */
export function readReceiver(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : null;
}
