import { Webhook } from 'standardwebhooks';
import { Agent, errors } from 'undici';
import type { MerchantEndpoint, MerchantReply } from '../../ports/merchant-endpoint.ts';
import { AddressNotPublicError, complaintAboutMerchantUrl, lookupPublic } from './public-addresses.ts';

export interface MerchantEndpointOptions {
  /** In production: https only, and no address but public ones. NOT-04. */
  readonly publicOnly: boolean;
  readonly connectionsPerHost: number;
}

export interface HttpMerchantEndpoint extends MerchantEndpoint {
  close(): Promise<void>;
}

/**
 * Delivers signed messages over HTTP after the Standard Webhooks specification. Any 2xx is an acceptance, whatever
 * becomes of its body; redirects are not followed. What the endpoint says beside its status is thrown away, and the
 * whole exchange ends by the message's limit. NOT-03, NOT-04.
 */
export function createMerchantEndpoint(options: MerchantEndpointOptions): HttpMerchantEndpoint {
  const agent = new Agent({
    connections: options.connectionsPerHost,
    pipelining: 1,
    keepAliveTimeout: 4_000,
    connect: { timeout: 3_000, ...(options.publicOnly ? { lookup: lookupPublic } : {}) },
    maxResponseSize: 64 * 1024,
  });
  return {
    async send(message) {
      const complaint = options.publicOnly ? complaintAboutMerchantUrl(message.url) : null;
      if (complaint !== null) return { kind: 'failed', reason: `the URL ${complaint}` };
      const sentAt = new Date();
      const signature = new Webhook(message.secret).sign(message.messageId, sentAt, message.body);
      try {
        const url = new URL(message.url);
        const answer = await agent.request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'user-agent': 'Shoudan-Webhooks/1',
            'webhook-id': message.messageId,
            'webhook-timestamp': `${Math.floor(sentAt.getTime() / 1000)}`,
            'webhook-signature': signature,
          },
          body: message.body,
          signal: AbortSignal.timeout(message.timeoutMs),
        });
        await answer.body.dump();
        return replyOf(answer.statusCode);
      } catch (error) {
        return { kind: 'failed', reason: reasonOf(error, message.timeoutMs) };
      }
    },
    close: () => agent.close(),
  };
}

function replyOf(statusCode: number): MerchantReply {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'accepted' };
  return { kind: 'failed', reason: `the endpoint answered ${statusCode}` };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  if (error instanceof AddressNotPublicError) return `the URL is refused: ${error.message}`;
  if (error instanceof errors.UndiciError || error instanceof Error) {
    const code = 'code' in error ? ` (${String(error.code)})` : '';
    return `the endpoint could not be reached${code}`;
  }
  return 'the endpoint could not be reached';
}
