import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isWalletName, type WalletName, walletNames } from '../../domain/wallets.ts';
import type { Engine } from '../../operations/engine.ts';
import { type NotificationResult, takeNotification } from '../../operations/take-notification.ts';
import type { StrayNotifications } from '../../ports/stray-notifications.ts';
import type { NotificationReader, ReceivedNotification } from '../../ports/wallet-notifications.ts';
import { inOperation } from '../rest/request-spans.ts';

export interface NotificationOptions {
  readonly engine: Engine & { readonly strays: StrayNotifications };
  readonly readers: { readonly [wallet in WalletName]: NotificationReader };
  /** A notification whose signature does not hold: recorded, and somebody is alerted. NOT-01. */
  readonly untrusted: (about: {
    readonly wallet: WalletName;
    readonly account: string;
    readonly detail: string;
    readonly raw: Uint8Array;
  }) => Promise<void>;
  /** Told what has become of each notification of a known account. */
  readonly onAnswered?: (wallet: WalletName, result: NotificationResultName) => void;
}

/**
 * `taken`, `contradicted` and `stray` hold their signature; `unrecorded` does too, and the wallet sends it again. None of the
 * others does, or can be read.
 */
export const notificationResults = [
  'taken',
  'contradicted',
  'stray',
  'unrecorded',
  'untrusted',
  'unreadable',
] as const satisfies readonly (NotificationResult['kind'] | 'unrecorded' | 'untrusted' | 'unreadable')[];
export type NotificationResultName = (typeof notificationResults)[number];

/** No wallet's notification comes near it. */
const bodyLimitBytes = 64 * 1024;

/** Where wallets tell what has become of a payment: `/notify/<wallet>/<account>`. NOT-01, NOT-02. */
export async function notificationRoutes(app: FastifyInstance, options: NotificationOptions): Promise<void> {
  await app.register(async (notify) => {
    // Bytes alone are signed: whatever the content type says, nothing is parsed before they are verified.
    notify.removeAllContentTypeParsers();
    notify.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: bodyLimitBytes },
      (_request, body, done) => done(null, body),
    );
    notify.post<{ Params: { readonly wallet: string; readonly account: string } }>(
      '/notify/:wallet/:account',
      { bodyLimit: bodyLimitBytes },
      (request, reply) => answerNotification(options, request, reply),
    );
  });
}

async function answerNotification(
  options: NotificationOptions,
  request: FastifyRequest<{ Params: { readonly wallet: string; readonly account: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { wallet, account } = request.params;
  if (!isWalletName(wallet)) return plainly(reply, 404, `no wallet of that name: ${walletNames.join(', ')}`);
  const reader = options.readers[wallet];
  const received: ReceivedNotification = {
    target: request.raw.url ?? '/',
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : new Uint8Array(),
  };
  const told = (result: NotificationResultName): void => options.onAnswered?.(wallet, result);
  const reading = reader.read(account, received);
  switch (reading.kind) {
    case 'unknown_account':
      return plainly(reply, 404, 'no account of that name');
    case 'unreadable':
      told('unreadable');
      request.log.warn({ wallet, account, detail: reading.detail }, 'a notification cannot be read');
      return plainly(reply, 400, reading.detail);
    case 'untrusted': {
      const about = { wallet, account, detail: reading.detail, raw: received.body };
      told('untrusted');
      await options.untrusted(about);
      return answered(reply, reader, account, received, false);
    }
    case 'verified': {
      let result: NotificationResultName = 'unrecorded';
      try {
        const taken = { ...reading.notification, wallet, account, raw: received.body };
        result = (await inOperation('take notification', null, () => takeNotification(options.engine, taken)))
          .kind;
      } catch (error) {
        // Not stored, so not acknowledged: the wallet sends it again.
        request.log.error({ err: error, wallet, account }, 'a notification could not be recorded');
      }
      told(result);
      return answered(reply, reader, account, received, result === 'taken');
    }
    default:
      return reading satisfies never;
  }
}

async function answered(
  reply: FastifyReply,
  reader: NotificationReader,
  account: string,
  received: ReceivedNotification,
  accepted: boolean,
): Promise<FastifyReply> {
  const { status, headers, body } = await reader.reply(account, received, accepted);
  // As bytes: what is signed must not be given another charset by the framework.
  return reply.code(status).headers(headers).send(Buffer.from(body));
}

function plainly(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`);
}
