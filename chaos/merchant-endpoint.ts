import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { PaymentSnapshot, RefundSnapshot } from '../src/operations/snapshots.ts';
import type { Random } from '../test/simulation/random.ts';
import type { MerchantBooks } from './merchant-books.ts';

interface Message {
  readonly type: string;
  readonly data: { readonly payment: PaymentSnapshot; readonly refund?: RefundSnapshot };
}

export interface MerchantEndpoint {
  readonly url: string;
  /** From now on every message is taken. */
  behave(): void;
  close(): Promise<void>;
}

/** Takes messages that the public package verifies, writes down what they say, and now and then fails as endpoints do. */
export async function openMerchantEndpoint(
  secret: string,
  books: MerchantBooks,
  random: Random,
): Promise<MerchantEndpoint> {
  const webhook = new Webhook(secret);
  let failing = 0.03;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => response.destroy());
    request.on('end', () => {
      if (random.chance(failing)) {
        response.writeHead(500).end();
        return;
      }
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      try {
        take(webhook.verify(Buffer.concat(chunks).toString('utf8'), headers) as Message, books);
      } catch (error) {
        books.complain(`a message could not be verified: ${error instanceof Error ? error.message : error}`);
      }
      // The message was taken, and its sender never learns of it.
      if (random.chance(failing)) response.destroy();
      else response.end('ok');
    });
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error("the merchant's endpoint has no port");
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    behave() {
      failing = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function take({ type, data: { payment, refund } }: Message, books: MerchantBooks): void {
  const shows = refund === undefined ? `payment.${payment.status}` : `refund.${refund.status}`;
  if (shows !== type) books.complain(`a message ${type} of ${payment.id} shows ${shows}`);
  books.tell(payment);
  if (refund !== undefined) books.tellRefund(refund);
  books.tellMessage(type, refund?.id ?? payment.id);
}
