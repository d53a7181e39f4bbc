import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { admitAll } from '../rest/admission.ts';
import { createBackground } from '../rest/background.ts';
import { JournalOutage, namingOutages } from '../rest/journal-outage.ts';
import { pageHeaders, sendNotice, toStart } from './answers.ts';
import { type Asset, readAssets } from './assets.ts';
import { type CashierContext, type CashierOptions, tokenKeysOf } from './context.ts';
import { showEntry } from './entry.ts';
import { type PageToken, readPageToken } from './page-token.ts';
import { payEntry } from './pay.ts';
import { showResult, showStatus } from './result.ts';
import { entryPath, resultPath, visitOf } from './visit.ts';

const formLimitBytes = 4 * 1024;
const closingPatienceMs = 3_000;
const assetAge = 'public, max-age=31536000, immutable';

/** The pages that a payer sees who has scanned a store's code, under `/c/`. PAY-01, PAY-04, PAY-11, PAY-12. */
export async function cashierRoutes(app: FastifyInstance, options: CashierOptions): Promise<void> {
  const engine = namingOutages(options.engine);
  const background = createBackground(engine.clock, (error) => {
    app.log.error(
      { err: error },
      'a payer’s call could not be recorded; its row is picked up when it falls due',
    );
  });
  app.addHook('onClose', async () => background.ended(closingPatienceMs));
  const context: CashierContext = {
    ...options,
    engine,
    ...publicPlace(options.publicUrl),
    assets: readAssets(),
    admission: options.admission ?? admitAll(),
    watched: background.watched,
  };

  await app.register(
    async (pages) => {
      const headers = pageHeaders(context.sandbox);
      pages.addHook('onRequest', async (_request, reply) => {
        reply.headers(headers);
      });
      pages.addContentTypeParser(
        'application/x-www-form-urlencoded',
        { parseAs: 'string', bodyLimit: formLimitBytes },
        (_request, body, done) => done(null, new URLSearchParams(body.toString())),
      );
      pages.setErrorHandler((error: FastifyError, request, reply) => failed(context, error, request, reply));
      pages.setNotFoundHandler((request, reply) =>
        sendNotice(reply, visitOf(context, request), 'unknown_code'),
      );
      assetRoute(pages, context.assets.css);
      assetRoute(pages, context.assets.js);

      await pages.register(async (limited) => {
        limited.addHook('preHandler', async (request, reply) => {
          // A page that was handed out is one attempt at most, and whoever holds it is not kept from paying.
          if (sentToken(context, request) !== null) return;
          const { code = '' } = request.params as { readonly code?: string };
          const waitS = context.retryAfterS?.(code, request.ip) ?? null;
          if (waitS === null) return;
          const visit = visitOf(context, request);
          return sendNotice(
            reply.header('retry-after', `${waitS}`),
            visit,
            'too_many_requests',
            toStart(context, visit),
          );
        });
        limited.get('/:code', (request, reply) => showEntry(context, request, reply));
        limited.post('/:code/pay', (request, reply) => payEntry(context, request, reply));
      });
      pages.get('/:code/result/:token', (request, reply) => showResult(context, request, reply));
      pages.get('/:code/status/:token', (request, reply) => showStatus(context, request, reply));
      // Whoever loads a form's answer anew without the form.
      pages.get('/:code/pay', (request, reply) => {
        const { code, keptQuery } = visitOf(context, request);
        return reply.redirect(entryPath(context, code) + keptQuery, 303);
      });
    },
    { prefix: '/c' },
  );
}

/** The address that browsers know this gateway by, in its two parts. */
function publicPlace(publicUrl: string): Pick<CashierContext, 'publicOrigin' | 'pathPrefix'> {
  const { origin, pathname } = new URL(publicUrl);
  return { publicOrigin: origin, pathPrefix: pathname.replace(/\/+$/, '') };
}

function assetRoute(pages: FastifyInstance, asset: Asset): void {
  pages.get(asset.path.slice('/c'.length), (_request, reply) =>
    reply.header('cache-control', assetAge).type(asset.contentType).send(asset.body),
  );
}

/**
 * Whether a payment was begun is unknown when its records cannot be reached, so the page leads to where its result will
 * stand, and never asks for a second payment.
 */
function failed(
  context: CashierContext,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const visit = visitOf(context, request);
  const status = error.statusCode ?? 500;
  if (!(error instanceof JournalOutage) && status >= 400 && status < 500) {
    return sendNotice(
      reply,
      visit,
      'broken_form',
      visit.code === '' ? null : toStart(context, visit),
      status,
    );
  }
  request.log.error({ err: error }, 'a page could not be made');
  reply.header('retry-after', '2');
  if (request.routeOptions.url?.includes('/status/')) return reply.code(503).send({ code: 'unavailable' });
  return sendNotice(reply, visit, 'unavailable', { kind: 'look_again', url: urlToLookAt(context, request) });
}

function urlToLookAt(context: CashierContext, request: FastifyRequest): string {
  const { code, keptQuery } = visitOf(context, request);
  const token = sentToken(context, request);
  return token === null ? entryPath(context, code) + keptQuery : resultPath(context, code, token.text);
}

/** The token that came in a form or an address, when it is one that this gateway made for the code. */
function sentToken(context: CashierContext, request: FastifyRequest): PageToken | null {
  const { code = '', token = '' } = request.params as { readonly code?: string; readonly token?: string };
  const sent = request.body instanceof URLSearchParams ? (request.body.get('token') ?? '') : token;
  return readPageToken(tokenKeysOf(context), code, sent, context.engine.clock.now());
}
